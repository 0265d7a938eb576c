import test from 'ava'
import fc from 'fast-check'
import { LINE_HTTP_MAX } from '../../../wire/limits.ts'
import {
  type BinaryRequest,
  decodeBinaryRequest,
  decodeBinaryResponse,
  encodeBinaryRequest,
  encodeBinaryResponse,
} from '../../../wire/line/bhttp.ts'
import { FIELDS_MAX, type Field } from '../../../wire/line/bhttp-fields.ts'
import { LineFormatError } from '../../../wire/line/cbor.ts'
import { seeded } from '../../random.ts'

const SEED = 9_292
const MUTATIONS = 100_000
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (dump: string): Buffer => Buffer.from(dump.replaceAll(/\s/g, ''), 'hex')
const NONE = new Uint8Array(0)

/** RFC 9292 §5.1, figures 7 to 9. */
const REQUEST: BinaryRequest = {
  method: 'GET',
  scheme: 'https',
  authority: '',
  path: '/hello.txt',
  headers: [
    ['user-agent', 'curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3'],
    ['host', 'www.example.com'],
    ['accept-language', 'en, mi'],
  ],
  content: NONE,
}
const KNOWN_REQUEST = bytes(`
  00034745 54056874 74707300 0a2f6865 6c6c6f2e 74787440 6c0a7573 65722d61
  67656e74 34637572 6c2f372e 31362e33 206c6962 6375726c 2f372e31 362e3320
  4f70656e 53534c2f 302e392e 376c207a 6c69622f 312e322e 3304686f 73740f77
  77772e65 78616d70 6c652e63 6f6d0f61 63636570 742d6c61 6e677561 67650665
  6e2c206d 690000`)
const ENDED_REQUEST = bytes(`
  02034745 54056874 74707300 0a2f6865 6c6c6f2e 7478740a 75736572 2d616765
  6e743463 75726c2f 372e3136 2e33206c 69626375 726c2f37 2e31362e 33204f70
  656e5353 4c2f302e 392e376c 207a6c69 622f312e 322e3304 686f7374 0f777777
  2e657861 6d706c65 2e636f6d 0f616363 6570742d 6c616e67 75616765 06656e2c
  206d6900 00000000 00000000 00000000`)
/** RFC 9292 §5.2, figures 11 and 13. */
const ENDED_RESPONSE = bytes(`
  03406607 72756e6e 696e670a 22736c65 65702031 35220040 67046c69 6e6b233c
  2f737479 6c652e63 73733e3b 2072656c 3d707265 6c6f6164 3b206173 3d737479
  6c65046c 696e6b24 3c2f7363 72697074 2e6a733e 3b207265 6c3d7072 656c6f61
  643b2061 733d7363 72697074 0040c804 64617465 1d4d6f6e 2c203237 204a756c
  20323030 39203132 3a32383a 35332047 4d540673 65727665 72064170 61636865
  0d6c6173 742d6d6f 64696669 65641d57 65642c20 3232204a 756c2032 30303920
  31393a31 353a3536 20474d54 04657461 67142233 34616133 38372d64 2d313536
  38656230 30220d61 63636570 742d7261 6e676573 05627974 65730e63 6f6e7465
  6e742d6c 656e6774 68023531 04766172 790f4163 63657074 2d456e63 6f64696e
  670c636f 6e74656e 742d7479 70650a74 6578742f 706c6169 6e003348 656c6c6f
  20576f72 6c642120 4d792063 6f6e7465 6e742069 6e636c75 64657320 61207472
  61696c69 6e672043 524c462e 0d0a0000`)
const KNOWN_RESPONSE = bytes(`
  0140c800 1d546869 7320636f 6e74656e 7420636f 6e746169 6e732043 524c462e
  0d0a0d07 74726169 6c657204 74657874`)

test('RFC 9292 figure 8: a request of known length, written and read', (t) => {
  t.is(hex(encodeBinaryRequest(REQUEST)), hex(KNOWN_REQUEST))
  t.deepEqual(decodeBinaryRequest(KNOWN_REQUEST), { ...REQUEST, trailers: [] })
})

test('RFC 9292 figure 9: the same with sections that end with a zero, and 10 bytes of padding', (t) => {
  t.deepEqual(decodeBinaryRequest(ENDED_REQUEST), decodeBinaryRequest(KNOWN_REQUEST))
})

test('RFC 9292 figure 11: a response after two informational ones', (t) => {
  const { status, headers, content, informational, trailers } = decodeBinaryResponse(ENDED_RESPONSE)
  t.is(status, 200)
  t.is(Buffer.from(content).toString(), 'Hello World! My content includes a trailing CRLF.\r\n')
  t.deepEqual(informational, [
    { status: 102, headers: [['running', '"sleep 15"']] },
    {
      status: 103,
      headers: [
        ['link', '</style.css>; rel=preload; as=style'],
        ['link', '</script.js>; rel=preload; as=script'],
      ],
    },
  ])
  t.deepEqual(headers, [
    ['date', 'Mon, 27 Jul 2009 12:28:53 GMT'],
    ['server', 'Apache'],
    ['last-modified', 'Wed, 22 Jul 2009 19:15:56 GMT'],
    ['etag', '"34aa387-d-1568eb00"'],
    ['accept-ranges', 'bytes'],
    ['content-length', '51'],
    ['vary', 'Accept-Encoding'],
    ['content-type', 'text/plain'],
  ])
  t.deepEqual(trailers, [])
})

test('RFC 9292 figure 13: a response with a trailer, written and read', (t) => {
  const content = new Uint8Array(Buffer.from('This content contains CRLF.\r\n'))
  const response = { status: 200, headers: [], content, trailers: [['trailer', 'text']] as const }
  t.is(hex(encodeBinaryResponse(response)), hex(KNOWN_RESPONSE))
  t.deepEqual(decodeBinaryResponse(KNOWN_RESPONSE), { ...response, trailers: [['trailer', 'text']], informational: [] })
})

test('cut at every length: good only where a part begins, and §3.8 lets it be left out', (t) => {
  const between = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)
  type Case = readonly [Buffer, (bytes: Uint8Array) => { readonly headers: readonly Field[] }, readonly number[]]
  const messages: readonly Case[] = [
    [KNOWN_REQUEST, decodeBinaryRequest, between(133, 135)],
    // Content, trailer and ten bytes of padding.
    [ENDED_REQUEST, decodeBinaryRequest, between(132, 144)],
    // Without content and trailer, and without trailer; the content's own end may not be missing.
    [ENDED_RESPONSE, decodeBinaryResponse, [314, 367, 368]],
    [KNOWN_RESPONSE, decodeBinaryResponse, [4, 34, 48]],
  ]
  for (const [message, decode, good] of messages) {
    for (let length = 0; length <= message.length; length++) {
      const cut = message.subarray(0, length)
      if (good.includes(length)) t.deepEqual(decode(cut).headers, decode(message).headers, `${length}`)
      else t.throws(() => decode(cut), { instanceOf: LineFormatError }, `${length}`)
    }
  }
  for (const length of between(132, 144)) {
    t.deepEqual(decodeBinaryRequest(ENDED_REQUEST.subarray(0, length)), decodeBinaryRequest(KNOWN_REQUEST))
  }
  t.deepEqual(decodeBinaryResponse(KNOWN_RESPONSE.subarray(0, 34)).trailers, [])
  t.is(decodeBinaryResponse(KNOWN_RESPONSE.subarray(0, 4)).content.length, 0)
})

test('padding is zeros, of any length up to the limit', (t) => {
  const padded = (length: number, last: number): Buffer => {
    const all = Buffer.concat([KNOWN_RESPONSE, Buffer.alloc(length)])
    all[all.length - 1] = last
    return all
  }
  t.is(decodeBinaryResponse(padded(1, 0)).status, 200)
  t.is(decodeBinaryResponse(padded(LINE_HTTP_MAX - KNOWN_RESPONSE.length, 0)).status, 200)
  const long = padded(LINE_HTTP_MAX - KNOWN_RESPONSE.length + 1, 0)
  t.throws(() => decodeBinaryResponse(long), { instanceOf: LineFormatError, message: /at most 12288 bytes/ })
  for (const last of [1, 0x20, 0xff]) {
    t.throws(() => decodeBinaryResponse(padded(5, last)), { instanceOf: LineFormatError, message: /padding/ })
  }
})

test('another framing indicator, or a request for a response, is refused', (t) => {
  for (const first of [1, 3, 4, 5, 8, 0x3f]) {
    const wrong = Buffer.concat([Uint8Array.of(first), KNOWN_REQUEST.subarray(1)])
    t.throws(() => decodeBinaryRequest(wrong), { instanceOf: LineFormatError }, `${first}`)
  }
  for (const first of [0, 2, 4, 7]) {
    const wrong = Buffer.concat([Uint8Array.of(first), KNOWN_RESPONSE.subarray(1)])
    t.throws(() => decodeBinaryResponse(wrong), { instanceOf: LineFormatError }, `${first}`)
  }
})

const WRONG_CONTROL: readonly (readonly [what: string, wrong: Partial<BinaryRequest>])[] = [
  ['no method', { method: '' }],
  ['a method in lower case', { method: 'post' }],
  ['a method with a line end', { method: 'GET\r\n' }],
  ['a method without end', { method: 'G'.repeat(17) }],
  ['no scheme', { scheme: '' }],
  ['a scheme in capitals', { scheme: 'HTTPS' }],
  ['a scheme with a slash', { scheme: 'a/b' }],
  ['user information', { authority: 'user:password@keyline' }],
  ['an authority with a blank', { authority: 'key line' }],
  ['an authority with a path', { authority: 'keyline/pay' }],
  ['no path', { path: '' }],
  ['an asterisk', { path: '*' }],
  ['the absolute form', { path: 'https://keyline/pay' }],
  ['a path with a blank', { path: '/a b' }],
  ['a path with a line end', { path: '/a\r\nhost: x' }],
  ['a fragment', { path: '/pay#x' }],
  ['a backslash', { path: '/\\pay' }],
  ['a path beyond ASCII', { path: '/日本' }],
  ['a path with a zero', { path: '/pay\0' }],
  ['a path without end', { path: `/${'a'.repeat(2048)}` }],
]
for (const [what, wrong] of WRONG_CONTROL) {
  test(`control data with ${what} are neither written nor read`, (t) => {
    t.throws(() => encodeBinaryRequest({ ...REQUEST, ...wrong }), { instanceOf: LineFormatError })
    const { method, scheme, authority, path } = { ...REQUEST, ...wrong }
    const text = [method, scheme, authority, path].map((it) => {
      const latin1 = Buffer.from(it, 'latin1')
      const length = latin1.length < 64 ? [latin1.length] : [0x40 | (latin1.length >> 8), latin1.length & 0xff]
      return Buffer.concat([Uint8Array.from(length), latin1])
    })
    const message = Buffer.concat([Uint8Array.of(0), ...text, Uint8Array.of(0)])
    t.throws(() => decodeBinaryRequest(message), { instanceOf: LineFormatError })
  })
}

const WRONG_FIELDS: readonly (readonly [what: string, field: Field])[] = [
  ['no name', ['', 'x']],
  ['a name in capitals', ['Host', 'x']],
  ['a pseudo-field', [':path', '/pay']],
  ['another pseudo-field', [':protocol', 'x']],
  ['a name with a blank', ['a b', 'x']],
  ['a name with a colon', ['a:', 'x']],
  ['a name with a line end', ['a\r\nb', 'x']],
  ['a name beyond ASCII', ['é', 'x']],
  ['a value with a line end', ['a', 'x\r\nset-cookie: y']],
  ['a value with a zero', ['a', 'x\0']],
  ['a value with an escape', ['a', '\x1b[2J']],
  ['a value with DEL', ['a', 'x\x7f']],
  ['a value that begins with a blank', ['a', ' x']],
  ['a value that ends with a tab', ['a', 'x\t']],
  ['a value of a blank', ['a', ' ']],
]
for (const [what, field] of WRONG_FIELDS) {
  test(`a field with ${what} is neither written nor read, in header and trailer`, (t) => {
    const about = { instanceOf: LineFormatError }
    t.throws(() => encodeBinaryResponse({ status: 200, headers: [field], content: NONE }), about)
    t.throws(() => encodeBinaryResponse({ status: 200, headers: [], content: NONE, trailers: [field] }), about)
    const line = Buffer.concat(field.map((it) => Buffer.concat([Uint8Array.of(it.length), Buffer.from(it, 'latin1')])))
    const header = Buffer.concat([Uint8Array.of(1, 0x40, 200, line.length), line])
    const trailer = Buffer.concat([Uint8Array.of(1, 0x40, 200, 0, 0, line.length), line])
    const ended = Buffer.concat([Uint8Array.of(3, 0x40, 200), line, Uint8Array.of(0, 0, 0)])
    for (const message of [header, trailer]) t.throws(() => decodeBinaryResponse(message), about)
    // There, a name of no length is the end of the section.
    if (field[0] !== '') t.throws(() => decodeBinaryResponse(ended), about)
  })
}

test('a value may have a tab inside, bytes beyond ASCII, or nothing; a name any token character', (t) => {
  const headers: Field[] = [
    ['a', 'x\ty z'],
    ['b', 'caf\xe9'],
    ['c', ''],
    ["!#$%&'*+-.^_`|~09az", 'x'],
  ]
  t.deepEqual(decodeBinaryResponse(encodeBinaryResponse({ status: 599, headers, content: NONE })).headers, headers)
  const about = { instanceOf: LineFormatError, message: /one byte a character/ }
  t.throws(() => encodeBinaryResponse({ status: 200, headers: [['a', '日']], content: NONE }), about)
})

test('only final statuses are written; a status of no class ends the reading', (t) => {
  for (const status of [0, 100, 199, 600, 200.5, Number.NaN]) {
    t.throws(() => encodeBinaryResponse({ status, headers: [], content: NONE }), { instanceOf: LineFormatError })
  }
  for (const status of [0, 99]) {
    t.throws(() => decodeBinaryResponse(Uint8Array.of(1, 0x40, status, 0)), { instanceOf: LineFormatError })
  }
  t.throws(() => decodeBinaryResponse(bytes('01 4258 00')), { instanceOf: LineFormatError, message: /at most 599/ })
})

test('what is counted is bounded: fields, informational responses, bytes', (t) => {
  const about = { instanceOf: LineFormatError, message: /at most/ }
  const many = Array.from({ length: FIELDS_MAX }, (): Field => ['a', ''])
  t.is(decodeBinaryResponse(encodeBinaryResponse({ status: 200, headers: many, content: NONE })).headers.length, 64)
  t.throws(() => encodeBinaryResponse({ status: 200, headers: [...many, ['a', '']], content: NONE }), about)
  const line = '016100'
  t.throws(() => decodeBinaryResponse(bytes(`03 40c8 ${line.repeat(FIELDS_MAX + 1)} 00`)), about)
  const hints = '40 67 00'.repeat(16)
  t.is(decodeBinaryResponse(bytes(`01 ${hints} 40c8 00`)).informational.length, 16)
  t.throws(() => decodeBinaryResponse(bytes(`01 ${hints} 4067 00 40c8 00`)), about)
  const room = LINE_HTTP_MAX - 8 // indicator, status (2), header, content length (4 at most), trailer
  t.is(encodeBinaryResponse({ status: 200, headers: [], content: new Uint8Array(room) }).length, LINE_HTTP_MAX - 1)
  t.throws(() => encodeBinaryResponse({ status: 200, headers: [], content: new Uint8Array(room + 2) }), about)
  // A length that says more than there is, with all eight bytes of it.
  t.throws(() => decodeBinaryResponse(bytes('01 40c8 00 ffffffffffffffff')), { instanceOf: LineFormatError })
})

test('a field line that reaches out of its section is refused', (t) => {
  // The section has 3 bytes; its field's value says 5.
  t.throws(() => decodeBinaryResponse(bytes('01 40c8 03 016105 68656c6c6f 00')), { instanceOf: LineFormatError })
  t.throws(() => decodeBinaryResponse(bytes('01 40c8 02 0161 00')), { instanceOf: LineFormatError })
})

test('content in chunks is put together', (t) => {
  const message = bytes('03 40c8 00 04 54686973 06 20636f6e7465 02 6e74 00 00')
  t.is(Buffer.from(decodeBinaryResponse(message).content).toString(), 'This content')
  t.throws(() => decodeBinaryResponse(bytes('03 40c8 00 04 54686973')), { instanceOf: LineFormatError })
})

test('what was read is a copy: wiping it leaves the message, and the other way round', (t) => {
  const message = Buffer.from(KNOWN_RESPONSE)
  const { content } = decodeBinaryResponse(message)
  content.fill(0)
  t.is(hex(message), hex(KNOWN_RESPONSE))
  const again = decodeBinaryResponse(message)
  message.fill(0)
  t.is(Buffer.from(again.content).toString(), 'This content contains CRLF.\r\n')
})

test('an error never holds what was given', (t) => {
  const secret = 'nobody-may-read-this'
  for (const wrong of [{ path: secret }, { authority: `@${secret}` }, { headers: [['a', `${secret}\0`]] as const }]) {
    const error = t.throws(() => encodeBinaryRequest({ ...REQUEST, ...wrong }))
    t.false(error?.message.includes(secret))
  }
})

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/)
const value = fc.stringMatching(/^([!-~\x80-\xff]([ -~\t\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/)
const fields = fc.array(fc.tuple(name, value), { maxLength: 8 })

test('any request comes back, and any response', (t) => {
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'M-SEARCH'),
    scheme: fc.constantFrom('https', 'http', 'coap+tcp'),
    authority: fc.constantFrom('', 'keyline', '[::1]:443', 'a.example:8443'),
    path: fc.stringMatching(/^\/[!-"$-[\]-~]{0,80}$/),
    headers: fields,
    content: fc.uint8Array({ maxLength: 300 }),
    trailers: fields,
  })
  const response = fc.record({
    status: fc.integer({ min: 200, max: 599 }),
    headers: fields,
    content: fc.uint8Array({ maxLength: 300 }),
    trailers: fields,
  })
  t.notThrows(() => {
    fc.assert(
      fc.property(request, (it) => t.deepEqual(decodeBinaryRequest(encodeBinaryRequest(it)), it)),
      { seed: SEED },
    )
    fc.assert(
      fc.property(response, (it) =>
        t.deepEqual(decodeBinaryResponse(encodeBinaryResponse(it)), { ...it, informational: [] }),
      ),
      { seed: SEED },
    )
  })
})

test(`${MUTATIONS} mutated messages each give a message that can be written again, or LineFormatError`, (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const seeds = [KNOWN_REQUEST, ENDED_REQUEST, ENDED_RESPONSE, KNOWN_RESPONSE]
  const other: unknown[] = []
  let refusals = 0
  for (let n = 0; n < MUTATIONS; n++) {
    const which = n % seeds.length
    const message = Buffer.from(seeds[which] ?? KNOWN_REQUEST)
    for (let k = random(4); k >= 0; k--) message[random(message.length)] = random(256)
    const cut = random(3) === 0 ? message.subarray(0, random(message.length + 1)) : message
    try {
      if (which < 2) encodeBinaryRequest(decodeBinaryRequest(cut))
      else encodeBinaryResponse(decodeBinaryResponse(cut))
    } catch (error) {
      if (error instanceof LineFormatError) refusals++
      else other.push(error)
    }
  }
  t.deepEqual(other, [])
  t.true(refusals > MUTATIONS / 4 && refusals < MUTATIONS)
})
