import test from 'ava'
import fc from 'fast-check'
import { holdsCardNumber } from '../../../host-driver/gateway/card-number.ts'
import { Expected, splitCookies } from '../../../host-driver/gateway/cookie.ts'
import { BodyEnd, FramingError } from '../../../host-driver/gateway/framing.ts'
import { HEAD_MAX, readRequestHead } from '../../../host-driver/gateway/request-head.ts'
import { wayOf } from '../../../host-driver/gateway/way.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_531
const HOSTS = ['127.0.0.1:8080', 'localhost:8080']
const GOOD =
  'POST /shop/basket?a=1 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nOrigin: http://127.0.0.1:8080\r\nContent-Length: 3\r\n\r\nabc'

test('a head: method, target, headers in lower case, how long the body is', (t) => {
  const result = readRequestHead(Buffer.from(GOOD))
  if (result.type !== 'head') return t.fail()
  t.is(result.length, GOOD.length - 3)
  t.like(result.head, { method: 'POST', target: '/shop/basket?a=1', body: { type: 'length', length: 3 } })
  t.deepEqual(result.head.headers[0], ['host', '127.0.0.1:8080'])
})

test('a head cut anywhere is incomplete, never another one', (t) => {
  for (let length = 0; length < GOOD.length - 3; length++) {
    t.is(readRequestHead(Buffer.from(GOOD.slice(0, length))).type, 'incomplete', `${length}`)
  }
})

test('what two readers could understand differently is refused', (t) => {
  const wrong = [
    'GET / HTTP/1.0\r\n\r\n',
    'GET / HTTP/1.1\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\n\r\n\r\n',
    'GET  / HTTP/1.1\r\n\r\n',
    'GET /a b HTTP/1.1\r\n\r\n',
    'get / HTTP/1.1\r\n\r\n',
    'CONNECT x:1 HTTP/1.1\r\n\r\n',
    'OPTIONS * HTTP/1.1\r\n\r\n',
    'TRACE / HTTP/1.1\r\n\r\n',
    'GET http://evil/ HTTP/1.1\r\n\r\n',
    'GET * HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET / HTTP/1.1\r\n Host: x\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n',
    'GET / HTTP/1.1\r\nno header\r\n\r\n',
    'GET / HTTP/1.1\r\nA: b\0c\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'GET / HTTP/1.1\r\nCookie: a\r\nCookie: b\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: 03\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: \r\n\r\n',
    'GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    'POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n',
    `GET /${'a'.repeat(9000)} HTTP/1.1\r\n\r\n`,
    `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(101)}\r\n`,
    'x'.repeat(HEAD_MAX),
  ]
  for (const text of wrong)
    t.is(readRequestHead(Buffer.from(text, 'latin1')).type, 'refused', JSON.stringify(text.slice(0, 80)))
})

test(`100,000 mutated heads never throw (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const seen = new Set<string>()
  for (let n = 0; n < 100_000; n++) {
    const bytes = Buffer.from(GOOD)
    for (let k = 0; k <= random(5); k++) bytes[random(bytes.length)] = random(256)
    seen.add(readRequestHead(bytes).type)
  }
  t.deepEqual([...seen].sort(), ['head', 'incomplete', 'refused'])
})

const way = (target: string, more = '', method = 'GET') => {
  const text = `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n${more}\r\n`
  const result = readRequestHead(Buffer.from(text, 'latin1'))
  return result.type === 'head' ? wayOf(result.head, { hosts: HOSTS, secretRoutes: ['/pay', '/secret/route'] }) : result
}

test('nothing that could be read as a secret or a local route goes upstream', (t) => {
  const odd = [
    ...['/pay', '/pay/', '/pay/x', '/PAY', '/Pay?x=1', '//pay', '///pay//x', '/./pay', '/x/../pay', '/x/%2e%2e/pay'],
    ...['/%70ay', '/%50AY', '/%2570ay', '/pa%79', '/pay%2F', '/%2Fpay', '/pay;x=1', '/pay;/x', '/x/..;/pay', '/pay%00'],
    ...['/\\pay', '/x\\..\\pay', '/pay%5C', '/%5Cpay', '/pay%3Bx', '/pay.', '/.//pay', '/a/b/../../pay', '/%2e/pay'],
    ...['/keyline', '/keyline/events', '/KEYLINE', '//keyline', '/%6beyline', '/x/../keyline/erase', '/keyline;x'],
    ...['/secret/route', '/secret/route/x', '/SECRET/Route', '/secret//route', '/secret/%72oute', '/secret/./route'],
    ...['/secret/x/../route', '/secret%2Froute', '/secret/route?x', '/x/%2e%2e/secret/route', '/secret/route;y=1'],
    ...['/pay#x', '/pay?tag=../..', '/%252570ay', '/pay/../pay', '/pay%20', '/pay%09'],
  ]
  for (const target of odd) {
    const found = way(target)
    // What is neither is at least not the route itself for any server: `/pay.` and `/pay%20` are other names.
    if (found.type === 'upstream') t.regex(target, /^\/pay(\.|%20|%09|%00)$|%2525/, target)
    else t.true(['local', 'refused'].includes(found.type), target)
  }
  t.like(way('/shop/goods?x=%2Fpay'), { type: 'upstream', target: '/shop/goods?x=%2Fpay' })
  t.like(way('/payments'), { type: 'upstream' })
})

test('another name for this address, and requests of other sites, are refused', (t) => {
  const of = (host: string, more: string, method = 'POST') => {
    const result = readRequestHead(Buffer.from(`${method} /shop/x HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`))
    return result.type === 'head' ? wayOf(result.head, { hosts: HOSTS, secretRoutes: ['/pay'] }) : result
  }
  for (const host of [
    'evil.example',
    'evil.example:8080',
    '127.0.0.1',
    '127.0.0.1:80',
    '127.0.0.1:8080.evil',
    '[::1]:8080',
    '',
  ]) {
    t.like(of(host, '', 'GET'), { type: 'refused', status: 421 }, host)
  }
  const own = 'Origin: http://127.0.0.1:8080\r\n'
  t.is(of(HOSTS[0] ?? '', own).type, 'upstream')
  t.is(of('LOCALHOST:8080', 'Origin: http://LOCALHOST:8080\r\n').type, 'upstream')
  t.is(of(HOSTS[0] ?? '', 'Sec-Fetch-Site: same-origin\r\nOrigin: null\r\n').type, 'upstream')
  for (const more of [
    '',
    'Origin: null\r\n',
    'Origin: http://evil.example\r\n',
    'Origin: https://127.0.0.1:8080\r\n',
    'Origin: http://localhost:8080\r\n',
    'Sec-Fetch-Site: cross-site\r\n',
    `Sec-Fetch-Site: same-site\r\n${own}`,
    `Sec-Fetch-Site: cross-site\r\n${own}`,
  ]) {
    t.like(of(HOSTS[0] ?? '', more), { type: 'refused', status: 403 }, more)
  }
})

test('card numbers are found however they are written; other numbers are left alone', (t) => {
  const found = [
    ...['4242424242424242', 'n=4242+4242+4242+4242', '4242-4242-4242-4242', '4242 4242 4242 4242'],
    ...[
      '4242.4242.4242.4242',
      '4242  4242  4242  4242',
      '4242 - 4242 - 4242 - 4242',
      '4 2 4 2 4 2 4 2 4 2 4 2 4 2 4 2',
    ],
    ...['card=4242%204242%204242%204242', 'card=4242%2D4242%2d4242%2D4242', 'n=%2534%2532%25342424242424242'],
    '%34%32%34%32%34%32%34%32%34%32%34%32%34%32%34%32',
    Buffer.from('4242\u00a04242\u202f4242\u20114242').toString('latin1'),
    ...['{"a":"378282246310005"}', '{"a":"\\u0034242424242424242"}', '[4242424242424242,12]', 'n=2223003122003222'],
    ...['x\r\n\r\n5555555555554444\r\n--', '004242424242424242', '4222222222222', '6304000000000000000'],
    ...['4242 4242 4242 4242 12 30 123', '12 30 4242 4242 4242 4242', 'a4242424242424242b', '%zz4242424242424242'],
  ]
  for (const text of found) t.true(holdsCardNumber(text), text)
  const others = [
    ...['4242424242424241', '12345', 'product=L-100&quantity=2', '', '%', '%zz4', '+49 30 1234567 12', '2026-11-23'],
    ...['424242424242', '42424242424242424242', 'tag=4242_4242_4242_4242', '4242,4242,4242,4242', 'Ｆ４２４２'],
  ]
  for (const text of others) t.false(holdsCardNumber(text), text)
  // Moments in milliseconds and other long numbers pass, whatever their last digit.
  for (let n = 0; n < 1000; n++) t.false(holdsCardNumber(`{"at":${1_795_000_000_000 + n}}`))
})

test('the cookie of a gateway stays here, whichever its port; all others go on', (t) => {
  const own = 'keyline-8080'
  t.deepEqual(splitCookies('a=1; keyline-8080=secret; basket=b2', own), { own: ['secret'], others: 'a=1; basket=b2' })
  t.deepEqual(splitCookies(undefined, own), { own: [], others: '' })
  t.deepEqual(splitCookies('keyline-9090=other; keyline=old;x', own), { own: [], others: 'x' })
  t.deepEqual(splitCookies('keyline-8080=a; keyline-8080 = b', own), { own: ['a', ' b'], others: '' })
  t.deepEqual(splitCookies('keylines=x; KEYLINE=y', own), { own: [], others: 'keylines=x; KEYLINE=y' })
})

test('a secret is the same or it is not, whatever the lengths', (t) => {
  const expected = new Expected('abc')
  t.true(expected.is('abc'))
  for (const other of ['', 'ab', 'abd', 'abcd', 'ABC', 'äbc']) t.false(expected.is(other), other)
})

test('a card number in the query, and a worker that would answer for our pages, go nowhere', (t) => {
  t.like(way('/collect?n=4242+4242+4242+4242'), { type: 'refused', status: 403, code: 'PERSONAL_DATA_REFUSED' })
  t.like(way('/collect?a=1?n=%34242424242424242'), { type: 'refused', code: 'PERSONAL_DATA_REFUSED' })
  t.like(way('/worker.js', 'Service-Worker: script\r\n'), { type: 'refused', status: 403 })
})

test('the end of a chunked body is found wherever it is cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
      fc.nat(),
      (chunks, seed) => {
        const parts = chunks.map((chunk) =>
          Buffer.concat([Buffer.from(`${chunk.length.toString(16)};x=y\r\n`), chunk, Buffer.from('\r\n')]),
        )
        const body = Buffer.concat([...parts, Buffer.from('0\r\nTrailer: x\r\n\r\n'), Buffer.from('NEXT')])
        const random = seeded(seed)
        const end = new BodyEnd({ type: 'chunked' })
        let at = 0
        while (!end.over) {
          const some = body.subarray(at, at + 1 + random(7))
          if (some.length === 0) return false
          at += end.take(some, 0)
        }
        return body.subarray(at).toString() === 'NEXT'
      },
    ),
  )
  t.pass()
})

test('chunks that are none end the connection', (t) => {
  for (const text of [
    'x\r\n',
    '\r\n',
    '-1\r\n',
    '3\r\nabcd\r\n',
    '3\nabc\r\n',
    '3 3\r\n',
    '1'.repeat(2000),
    '3\r\nabc\rX',
  ]) {
    t.throws(
      () => new BodyEnd({ type: 'chunked' }).take(Buffer.from(text), 0),
      { instanceOf: FramingError },
      text.slice(0, 20),
    )
  }
})
