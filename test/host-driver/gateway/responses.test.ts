import test from 'ava'
import { FramingError } from '../../../host-driver/gateway/framing.ts'
import { ResponseEnds } from '../../../host-driver/gateway/response-end.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_533
const FENCE =
  "content-security-policy: script-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'\r\n"
const ANSWERS = [
  ['GET', 'HTTP/1.1 200 OK\r\n', 'Content-Length: 5\r\n\r\nhello'],
  ['GET', 'HTTP/1.1 204 No Content\r\n', '\r\n'],
  ['HEAD', 'HTTP/1.1 200 OK\r\n', 'Content-Length: 99\r\n\r\n'],
  ['GET', 'HTTP/1.1 200\r\n', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['POST', 'HTTP/1.1 404 Not Found\r\n', 'content-type: text/plain\r\nContent-Length: 0\r\n\r\n'],
  ['GET', 'HTTP/1.1 304 Not Modified\r\n', 'Content-Length: 7\r\n\r\n'],
] as const
const INTERIM = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'

/** Feeds a stream in pieces. @returns what went on to the browser */
function through(methods: readonly string[], stream: Buffer, size: number) {
  const ends = new ResponseEnds()
  for (const method of methods) ends.expect(method)
  const passed: Buffer[] = []
  for (let at = 0; at < stream.length; at += size) {
    ends.take(stream.subarray(at, at + size), (part) => passed.push(Buffer.from(part)))
  }
  return { ends, passed: Buffer.concat(passed).toString('latin1') }
}

test('responses go on as they are, with our own policy in each head, however the bytes come', (t) => {
  const stream = Buffer.from(ANSWERS.map(([, first, rest]) => `${INTERIM}${first}${rest}`).join(''))
  const expected = ANSWERS.map(([, first, rest]) => `${first}${FENCE}${rest}`).join('')
  const methods = ANSWERS.map(([method]) => method)
  for (const size of [...Array(60).keys(), stream.length]) {
    const { ends, passed } = through(methods, stream, size + 1)
    t.is(passed, expected, `${size}`)
    t.is(ends.outstanding, 0)
    t.false(ends.begun)
  }
})

test('a response cut anywhere is not answered, and has begun with its whole head only', (t) => {
  const [, first, rest] = ANSWERS[0]
  const text = first + rest
  const head = text.indexOf('hello')
  for (let length = 0; length < text.length; length++) {
    const { ends, passed } = through(['GET'], Buffer.from(text.slice(0, length)), 7)
    t.is(ends.outstanding, 1)
    t.is(ends.begun, length >= head, `${length}`)
    t.is(passed === '', length < head, `${length}`)
  }
})

test('where this end and the browser could see another end of a response, the connection is over', (t) => {
  const ok = 'HTTP/1.1 200 OK\r\n'
  const wrong = [
    'SSH-2.0\r\n\r\n',
    'HTTP/1.1 999 x\r\n\r\n',
    'HTTP/1.1 20 x\r\n\r\n',
    'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n',
    ' HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n',
    '\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n',
    'HTTP/1.1  200 OK\r\nContent-Length: 1\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
    `${ok}\r\n`, // ends with its connection: who could tell that it is whole?
    `${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    `${ok}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`,
    `${ok}Content-Length: 1, 1\r\n\r\n`,
    `${ok}Content-Length: +1\r\n\r\n`,
    `${ok}Content-Length: 0x1\r\n\r\n`,
    `${ok}Content-Length: \r\n\r\n`,
    `${ok}Content-Length : 1\r\n\r\n`,
    `${ok}Content-Length: 9999999999999999\r\n\r\n`,
    `${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    `${ok}Transfer-Encoding: gzip\r\n\r\n`,
    `${ok}Transfer-Encoding: chunked, gzip\r\n\r\n`,
    `${ok}Transfer-Encoding:\tchunked\r\nTransfer-Encoding: identity\r\n\r\n`,
    `${ok}Transfer-Encoding\t: chunked\r\n\r\n`,
    `${ok}X: a\r\n Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    `${ok}X: a\rContent-Length: 9\r\nContent-Length: 2\r\n\r\n`,
    `${ok}X: a\nContent-Length: 9\r\nContent-Length: 2\r\n\r\n`,
    `${ok}X: a\0\r\nContent-Length: 2\r\n\r\n`,
    `${ok}X: ${'y'.repeat(70_000)}`,
    // Browsers read no body here: what follows would answer their next request.
    'HTTP/1.1 205 Reset Content\r\nContent-Length: 20\r\n\r\nHTTP/1.1 200 Forged!',
    'HTTP/1.1 204 No Content\r\nContent-Length: 20\r\n\r\nHTTP/1.1 200 Forged!',
    `${ok}Content-Length: 2\r\n\r\nokmore than was asked for`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nokX\r\n`,
    `${ok}Transfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n`,
  ]
  for (const text of wrong) {
    const error = t.throws(
      () => through(['GET'], Buffer.from(text, 'latin1'), text.length),
      undefined,
      text.slice(0, 90),
    )
    t.true(error instanceof FramingError)
  }
  t.throws(() => through([], Buffer.from(`${ok}Content-Length: 0\r\n\r\n`), 99), { instanceOf: FramingError })
})

test(`100,000 mutated responses: whole, unfinished or refused, and never more is passed on than came (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const good = Buffer.from(ANSWERS.map(([, first, rest]) => first + rest).join(''))
  const methods = ANSWERS.map(([method]) => method)
  const seen = { whole: 0, unfinished: 0, refused: 0 }
  for (let n = 0; n < 100_000; n++) {
    const bytes = Buffer.from(good)
    for (let k = 0; k <= random(3); k++) bytes[random(bytes.length)] = random(256)
    try {
      const { ends, passed } = through(methods, bytes, 1 + random(bytes.length))
      if (passed.length > bytes.length + methods.length * FENCE.length) t.fail('more came out than went in')
      seen[ends.outstanding === 0 ? 'whole' : 'unfinished']++
    } catch (error) {
      if (!(error instanceof FramingError)) throw error
      seen.refused++
    }
  }
  t.log(JSON.stringify(seen))
  t.true(Object.values(seen).every((count) => count > 1000))
})
