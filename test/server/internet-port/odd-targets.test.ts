import test from 'ava'
import type { Purchases } from '../../../server/shop/purchases.ts'
import { answerTo, openWorld } from './open-world.ts'
import { Terminal } from './port-world.ts'

/** Request lines as they stand on the wire, with what is answered in the open and in a session. */
const TARGETS: readonly (readonly [line: string, open: string, session?: string])[] = [
  // The secret route, however it is written.
  ['POST /pay', 'ROUTE_NEEDS_LINE'],
  ['POST /pay?tag=x', 'ROUTE_NEEDS_LINE'],
  ['GET /pay', 'ROUTE_NEEDS_LINE'],
  ['HEAD /pay', '403'],
  ['POST /PAY', 'ROUTE_NEEDS_LINE'],
  ['POST /pay/', 'ROUTE_NEEDS_LINE'],
  ['POST //pay', 'ROUTE_NEEDS_LINE'],
  ['POST /./pay', 'ROUTE_NEEDS_LINE'],
  ['POST /x/../pay', 'ROUTE_NEEDS_LINE'],
  ['POST /%2e%2e/pay', 'ROUTE_NEEDS_LINE'],
  ['POST /x/%2e%2e%2fpay', 'ROUTE_NEEDS_LINE'],
  ['POST /%70ay', 'ROUTE_NEEDS_LINE'],
  ['POST /%2570ay', 'ROUTE_NEEDS_LINE'],
  ['POST /pay%2f', 'ROUTE_NEEDS_LINE'],
  ['POST /pay%00', 'ROUTE_NEEDS_LINE'],
  ['POST /pay;x=1', 'ROUTE_NEEDS_LINE'],
  ['POST /pay/x', 'ROUTE_NEEDS_LINE'],
  ['POST /\\pay', 'ROUTE_NEEDS_LINE'],
  ['POST \\pay', 'HTTP_INVALID'],
  ['POST /pay#x', 'ROUTE_NEEDS_LINE'],
  ['POST https://server/pay', 'ROUTE_NEEDS_LINE'],
  ['POST http://server@x/pay', 'ROUTE_NEEDS_LINE'],
  ['POST https://server//%70ay', 'ROUTE_NEEDS_LINE'],
  ['post /pay', 'HTTP_INVALID'],
  ['Post /pay', 'HTTP_INVALID'],
  ['POST /pay\0', 'HTTP_INVALID'],
  ['POST pay', 'HTTP_INVALID'],
  // Routes of sessions, from the open side: as if they were not there. In a session the odd ones are not there either.
  ['GET /menu', 'NOT_FOUND', '200'],
  ['GET //menu', 'NOT_FOUND'],
  ['GET /menu/', 'NOT_FOUND'],
  ['GET /MENU', 'NOT_FOUND'],
  ['GET /%6denu', 'NOT_FOUND'],
  ['GET /./menu', 'NOT_FOUND'],
  ['GET /shop/../menu', 'NOT_FOUND'],
  ['GET /menu;x', 'NOT_FOUND'],
  ['GET /menu%00', 'NOT_FOUND'],
  ['GET /menu%3fx', 'NOT_FOUND'],
  ['GET /menu\\', 'NOT_FOUND'],
  ['GET https://server/menu', 'NOT_FOUND'],
  ['GET /session', 'NOT_FOUND', '200'],
  ['GET /session/', 'NOT_FOUND'],
  ['POST /session', 'NOT_FOUND', 'BODY_INVALID'],
  ['POST /session/rekey', 'NOT_FOUND', 'BODY_INVALID'],
  ['GET /content/../menu', 'NOT_FOUND'],
  ['GET /content/..', 'NOT_FOUND'],
  ['GET /content/%2e%2e', 'NOT_FOUND'],
  ['GET /content/x%2f..%2f..%2fmenu', 'NOT_FOUND'],
  ['GET /orders', 'NOT_FOUND', '200'],
  ['GET /orders/K-000001', 'NOT_FOUND'],
  ['GET /shop/orders', 'NOT_FOUND', '200'],
  ['GET /shop//orders', 'NOT_FOUND'],
  ['GET /shop/%6frders', 'NOT_FOUND'],
  // Other forms and methods.
  ['OPTIONS *', 'NOT_FOUND'],
  ['TRACE /', 'METHOD_NOT_ALLOWED'],
  ['DELETE /', 'METHOD_NOT_ALLOWED'],
  ['GET /?/../pay', '200'],
  ['GET /?x=%2Fpay', '200'],
  ['get /', 'HTTP_INVALID'],
  ['GET /goods/L-100%20', 'NOT_FOUND'],
  ['GET /goods/../goods/L-100', 'NOT_FOUND'],
  ['GET /b\u00e4sket', 'HTTP_INVALID'],
  [`GET /${'a'.repeat(3000)}`, 'NOT_FOUND'],
  ['GET /shop/enter', 'METHOD_NOT_ALLOWED', 'NOT_FOUND'],
]

/** The status, or the code of the refusal. */
function meaning(answer: string): string {
  const code = /"code":"([A-Z_]+)"/.exec(answer)?.[1]
  return code ?? /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? answer
}

test(`${TARGETS.length} odd targets over real TLS reach no line route from anywhere, and no session route from the open side`, async (t) => {
  const paid: unknown[] = []
  const purchases: Purchases = {
    open: async (payer) => {
      paid.push(payer)
      return { verdict: 'refused', reason: 'TAG_UNKNOWN', retryAfterSeconds: 0 }
    },
    pay: async (payer) => {
      paid.push(payer)
      return { outcome: 'pending', orderId: 1 }
    },
  }
  const it = await openWorld(t, { purchases, limits: { connectionsPerSession: 200 } })
  const [key] = await it.keys()
  t.is((await (await it.terminal(key)).login()).status, 200)
  const body = '{"userId":7}'
  for (const [line, open, session = open] of TARGETS) {
    const post = /^post/i.test(line)
    const head = `host: shop.example\r\nconnection: close\r\n${post ? `content-type: application/json\r\ncontent-length: ${body.length}\r\n` : ''}`
    const bytes = `${line} HTTP/1.1\r\n${head}\r\n${post ? body : ''}`
    t.is(meaning(await answerTo(await it.socket(), bytes)), open, `open: ${line}`)
    const { socket } = await it.terminal(key)
    t.is(meaning(await answerTo(socket, bytes)), session, `session: ${line}`)
  }
  t.deepEqual(paid, [])
  t.deepEqual(
    it.events.filter(({ event }) => event.endsWith('.fault')),
    [],
  )
})

test('two readings of one request (CL.TE, TE.CL, obs-fold, bare LF) are refused', async (t) => {
  const it = await openWorld(t)
  const [key] = await it.keys()
  const smuggled = 'POST /pay HTTP/1.1\r\nhost: x\r\n\r\n'
  for (const bytes of [
    `POST /shop/basket HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    `POST /shop/basket HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd${smuggled}`,
    `POST /shop/basket HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n${smuggled}`,
    `GET / HTTP/1.1\r\nhost: x\r\nx: y\n z\r\n\r\n`,
    'GET / HTTP/1.1\nhost: x\n\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/9.9\r\nhost: x\r\n\r\n',
  ]) {
    t.regex(await answerTo(await it.socket(), bytes), /^HTTP\/1\.1 400 /, JSON.stringify(bytes))
    t.regex(await answerTo((await it.terminal(key)).socket, bytes), /^HTTP\/1\.1 400 /, JSON.stringify(bytes))
  }
})

test('CONNECT and Upgrade lead nowhere on the open side', async (t) => {
  const it = await openWorld(t)
  const tunnel = 'CONNECT backend:80 HTTP/1.1\r\nhost: x\r\n\r\n'
  t.regex(await answerTo(await it.socket(), tunnel), /^HTTP\/1\.1 405 /)
  const upgrade = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade, close\r\nupgrade: h2c\r\n\r\n'
  t.regex(await answerTo(await it.socket(), upgrade), /^HTTP\/1\.1 200 /)
  const one = new Terminal(t, await it.socket())
  t.is((await one.ask('GET', '/')).status, 200)
})
