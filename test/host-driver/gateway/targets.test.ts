import test from 'ava'
import { seeded } from '../../random.ts'
import { raw, relayedRaw } from './relayed.ts'

const SEED = 20_000_534
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'

/** How somebody might write `/pay` or `/keyline` so that one reader sees it and another does not. */
const ODD = [
  ...['/pay', '/pay/', '/pay/x', '/pay/x/events', '/PAY', '/Pay', '/pAy?x=1', '/pay?tag=../..', '//pay', '///pay'],
  ...[
    '//pay//',
    '/./pay',
    '/.//pay',
    '/x/../pay',
    '/x/./../pay',
    '/a/b/../../pay',
    '/../pay',
    '/../../pay',
    '/pay/../pay',
  ],
  ...['/x/%2e%2e/pay', '/x/%2E%2e/pay', '/x/.%2e/pay', '/%2e/pay', '/x%2f..%2fpay', '/%2fpay', '/%2Fpay%2F', '/pay%2f'],
  ...['/%70ay', '/%70%61%79', '/%50AY', '/pa%79', '/p%61y?x', '/%2570ay', '/%25%37%30ay', '/%252570ay', '/%25252570ay'],
  ...['/pay%00', '/pay%00.html', '/pay%20', '/pay%09', '/pay%0a', '/pay%0d%0aX:y', '/pay%3fx', '/pay%23x', '/pay%3b'],
  ...[
    '/pay;',
    '/pay;x=1',
    '/pay;/x',
    '/x/..;/pay',
    '/;/pay',
    '/.;/pay',
    '/pay%3Bx',
    '/\\pay',
    '/x\\..\\pay',
    '/%5cpay',
  ],
  ...[
    '/pay%5c',
    '/pay%5Cx',
    '\\pay',
    '/%EF%BD%90ay',
    '/p%EF%BD%81y',
    '/%c0%afpay',
    '/pay%c0%80',
    '/pay#x',
    '/#/../pay',
  ],
  ...[
    '/keyline',
    '/keyline/',
    '/KEYLINE',
    '//keyline',
    '/%6beyline',
    '/%E2%84%AAeyline',
    '/x/../keyline/erase',
    '/keyline;x',
  ],
  ...['/keyline%2ferase', '/keyline/./erase', '/keyline/../keyline', '/keyline?x=/', '/Keyline/Login', '/keyline%00'],
  ...[
    'http://evil.example/pay',
    'http://127.0.0.1/pay',
    'HTTP://x/pay',
    '//evil.example/pay',
    'pay',
    '*',
    'evil:443',
    '?/pay',
  ],
]

/** Whether a request line that reached the server could be read as a secret route, decoded as often as one likes. */
function looksSecret(said: string): boolean {
  return said
    .split('\r\n')
    .filter((line) => line.endsWith(' HTTP/1.1'))
    .some((line) => {
      let target = line.split(' ')[1]?.split('?')[0] ?? ''
      for (let n = 0; n < 5; n++) {
        target = target.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        )
      }
      const parts: string[] = []
      for (const part of target.toLowerCase().split(/[/\\]+/)) {
        const [bare = ''] = part.trim().split(/[;?#\0\s]/)
        if (bare === '..') parts.pop()
        else if (bare !== '' && bare !== '.') parts.push(bare)
      }
      return parts[0] === 'pay' || parts[0] === 'keyline'
    })
}

test(`${ODD.length} ways to write a route that never goes over the Internet: not one byte of them does`, async (t) => {
  const it = await relayedRaw(t, (socket) => socket.write(OK))
  t.true(ODD.length >= 80)
  for (const target of ODD) {
    for (const method of ['GET', 'POST', 'post', 'Get', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'PURGE']) {
      const head = `${method} ${target} HTTP/1.1\r\nHost: ${it.host}\r\nOrigin: http://${it.host}\r\nContent-Length: 0\r\n\r\n`
      const seen = await raw(it.port, head, '\r\n\r\n')
      t.regex(seen, /^HTTP\/1\.1 (200|400|403|404|405) /, `${method} ${target}`)
    }
  }
  t.false(looksSecret(it.said()), it.said().slice(0, 2000))
  t.is(it.said(), '')
  // The search itself sees what it must find, and an open route passes.
  for (const line of ['GET /%70ay HTTP/1.1', 'GET /x/..//PAY;y HTTP/1.1']) t.true(looksSecret(line))
  await raw(it.port, `GET /payments?x=/pay HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`, '\r\n\r\n')
  t.regex(it.said(), /^GET \/payments\?x=\/pay HTTP\/1\.1\r\n/)
})

test(`2,000 targets mixed from pieces: none that reaches the server can be read as secret (seed ${SEED})`, async (t) => {
  const random = seeded(SEED)
  const it = await relayedRaw(t, (socket) => socket.write(OK))
  const pieces = [
    '/',
    '//',
    '/./',
    '/../',
    '%2f',
    '%2e',
    '%5c',
    '\\',
    ';',
    '%00',
    '?',
    '%',
    '%25',
    'x',
    'p',
    'a',
    'y',
    'P',
  ]
  pieces.push('pay', 'PAY', '%70', '%61', '%79', 'keyline', '%6b', 'shop', '.', '..', '%20', '#', 'é', '%c3%a9')
  for (let n = 0; n < 2000; n++) {
    const target = `/${Array.from({ length: 1 + random(7) }, () => pieces[random(pieces.length)]).join('')}`
    await raw(it.port, `GET ${target} HTTP/1.1\r\nHost: ${it.host}\r\n\r\n`, '\r\n\r\n')
  }
  t.true(it.said().length > 10_000)
  const lines = it.said().split('\r\n')
  t.deepEqual(
    lines.filter((line) => looksSecret(line)),
    [],
  )
})
