import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { Secret } from '../../../keys/secret.ts'
import { httpGateway } from '../../../server/settlement/http-gateway.ts'
import { systemTime } from '../../../server/time.ts'
import { clockAt, START } from '../world.ts'
import { acquirerWorld } from './acquirer-world.ts'
import { GOOD_CARD } from './memory-gateway.ts'

const SECRET = Buffer.alloc(32, 7)
const KEY = 'AAAAAAAAAAAAAAAAAAAAAA'
const PAYMENT = { key: KEY, amount: 1999, currency: 'JPY', card: GOOD_CARD }
const GOOD = { key: KEY, state: 'authorised', amount: 1999, currency: 'JPY' }

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

type Handler = (seen: Seen, response: ServerResponse) => void

/** A server that answers as the test says; and a gateway to it. */
async function server(t: ExecutionContext, handle: Handler, path = '') {
  const seen: Seen[] = []
  const it = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, path: url, headers, body: await text(request) })
    handle(seen.at(-1) as Seen, response) // it was pushed just now
  })
  await once(it.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    it.close()
    it.closeAllConnections()
  })
  const url = new URL(`http://127.0.0.1:${(it.address() as AddressInfo).port}${path}`) // it listens on TCP
  const faults: string[] = []
  const gateway = httpGateway({
    url,
    keyId: 'shop-1',
    key: new Secret(Uint8Array.from(SECRET)),
    clock: systemTime,
    timeoutMs: 400,
    onFault: (why) => faults.push(why),
  })
  return { gateway, seen, faults, url }
}

interface Forgery {
  readonly status?: number
  readonly signedStatus?: number
  readonly secret?: Uint8Array
  readonly keyId?: string
  /** In place of the request's signature. */
  readonly request?: string
  readonly digestOf?: string
  readonly headers?: Readonly<Record<string, string>>
}

const digest = (body: string): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`

const endless: Handler = (_, response) => {
  const timer = setInterval(() => response.write('x'.repeat(1000)), 1)
  response.once('close', () => clearInterval(timer))
}

/** Signs an answer as the card company would, or nearly. */
function answer({ headers }: Seen, response: ServerResponse, body: string, forgery: Forgery = {}): void {
  const { status = 200, secret = SECRET, keyId = 'shop-1' } = forgery
  const request = forgery.request ?? /:(.*):/.exec(String(headers.signature))?.[1]
  const params = `("@status" "content-digest" "signature";req;key="keyline");created=1;keyid="${keyId}"`
  const contentDigest = digest(forgery.digestOf ?? body)
  const base = [
    `"@status": ${forgery.signedStatus ?? status}`,
    `"content-digest": ${contentDigest}`,
    `"signature";req;key="keyline": :${request}:`,
    `"@signature-params": ${params}`,
  ].join('\n')
  const signature = createHmac('sha256', secret).update(base).digest('base64')
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-digest': contentDigest,
    'signature-input': `keyline=${params}`,
    signature: `keyline=:${signature}:`,
    ...forgery.headers,
  })
  response.end(body)
}

test('a request is signed as RFC 9421 says, and names its payment in path and Idempotency-Key', async (t) => {
  const { gateway, seen } = await server(t, (it, response) => answer(it, response, JSON.stringify(GOOD)))
  t.deepEqual(await gateway.authorise(PAYMENT), { state: 'authorised' })
  const [it] = seen
  t.like(it, { method: 'POST', path: `/payments/${KEY}/authorise` })
  t.deepEqual(JSON.parse(it?.body ?? ''), { amount: 1999, currency: 'JPY', card: GOOD_CARD })
  const headers: IncomingMessage['headers'] = it?.headers ?? {}
  t.is(headers['idempotency-key'], `"${KEY}"`)
  t.is(headers['content-digest'], digest(it?.body ?? ''))
  t.is(headers['accept-encoding'], 'identity')
  const input = /^keyline=(\(.*\);created=([0-9]+);keyid="shop-1";nonce="([A-Za-z0-9_-]{22})")$/.exec(
    String(headers['signature-input']),
  )
  t.true(Math.abs(Number(input?.[2]) - Date.now() / 1000) < 60)
  const base = [
    '"@method": POST',
    `"@path": /payments/${KEY}/authorise`,
    `"content-digest": ${headers['content-digest']}`,
    `"idempotency-key": "${KEY}"`,
    `"@signature-params": ${input?.[1]}`,
  ].join('\n')
  t.is(headers.signature, `keyline=:${createHmac('sha256', SECRET).update(base).digest('base64')}:`)
})

test('each request has its own nonce; below a path too; GET has the digest of nothing', async (t) => {
  const reply: Handler = (it, response) => answer(it, response, JSON.stringify({ key: KEY, state: 'unknown' }))
  const { gateway, seen } = await server(t, reply, '/card/v1/')
  for (let n = 0; n < 3; n++) t.deepEqual(await gateway.look(KEY), { state: 'unknown' })
  t.is(new Set(seen.map(({ headers }) => headers['signature-input'])).size, 3)
  t.like(seen[0], { method: 'GET', path: `/card/v1/payments/${KEY}`, body: '' })
  t.is(seen[0]?.headers['content-digest'], digest(''))
})

test('a base path with two slashes does not become another host', async (t) => {
  const reply: Handler = (it, response) => answer(it, response, JSON.stringify({ key: KEY, state: 'unknown' }))
  const { gateway, seen } = await server(t, reply, '//example.com')
  t.deepEqual(await gateway.look(KEY), { state: 'unknown' })
  t.is(seen[0]?.path, `//example.com/payments/${KEY}`)
})

test('the time of a signature is the clock’s', async (t) => {
  const clock = await clockAt()
  let input = ''
  const gateway = httpGateway({
    url: new URL('https://acquirer.example'),
    keyId: 'shop-1',
    key: new Secret(Uint8Array.from(SECRET)),
    clock,
    fetch: async (_url, init) => {
      input = new Headers(init?.headers).get('signature-input') ?? ''
      throw new Error('no network here')
    },
  })
  t.deepEqual(await gateway.void(KEY), { state: 'unreachable' })
  t.regex(input, new RegExp(`;created=${START / 1000};`))
})

for (const [name, body, forgery] of [
  ['no JSON', 'authorised', {}],
  ['nothing', '', {}],
  ['HTML', '<html>authorised</html>', {}],
  ['no UTF-8 and no object', '"\u0000"', {}],
  ['a list', JSON.stringify([GOOD]), {}],
  ['another payment', JSON.stringify({ ...GOOD, key: 'BBBBBBBBBBBBBBBBBBBBBB' }), {}],
  ['another amount', JSON.stringify({ ...GOOD, amount: 1998 }), {}],
  ['an amount as text', JSON.stringify({ ...GOOD, amount: '1999' }), {}],
  ['a fraction', JSON.stringify({ ...GOOD, amount: 1999.5 }), {}],
  ['another currency', JSON.stringify({ ...GOOD, currency: 'EUR' }), {}],
  ['captured for less', JSON.stringify({ ...GOOD, state: 'captured', amount: 1 }), {}],
  ['no amount', JSON.stringify({ key: KEY, state: 'authorised' }), {}],
  ['a state of its own', JSON.stringify({ ...GOOD, state: 'approved' }), {}],
  ['unreachable as a state', JSON.stringify({ key: KEY, state: 'unreachable' }), {}],
  ['more fields', JSON.stringify({ ...GOOD, also: 1 }), {}],
  ['a refusal without reason', JSON.stringify({ key: KEY, state: 'refused' }), {}],
  ['a refusal with HTML', JSON.stringify({ key: KEY, state: 'refused', reason: '<script>' }), {}],
  ['a refusal with a long reason', JSON.stringify({ key: KEY, state: 'refused', reason: 'a'.repeat(41) }), {}],
  ['5 kB', JSON.stringify({ ...GOOD, also: 'x'.repeat(5000) }), {}],
  ['status 201', JSON.stringify(GOOD), { status: 201 }],
  ['status 401', JSON.stringify(GOOD), { status: 401 }],
  ['status 500', JSON.stringify(GOOD), { status: 500 }],
  ['a redirection', JSON.stringify(GOOD), { status: 307, headers: { location: '/elsewhere' } }],
  ['a status that was not signed', JSON.stringify(GOOD), { signedStatus: 201 }],
  ['a key of its own', JSON.stringify(GOOD), { secret: Buffer.alloc(32, 8) }],
  ['another key ID', JSON.stringify(GOOD), { keyId: 'shop-2' }],
  ['the answer to another request', JSON.stringify(GOOD), { request: `${'A'.repeat(43)}=` }],
  ['a content that was exchanged', JSON.stringify(GOOD), { digestOf: '{}' }],
  ['no signature', JSON.stringify(GOOD), { headers: { signature: '' } }],
  ['no signature input', JSON.stringify(GOOD), { headers: { 'signature-input': '' } }],
  [
    'a signature under another label',
    JSON.stringify(GOOD),
    { headers: { 'signature-input': 'x=();created=1;keyid=""' } },
  ],
  ['a compressed answer that is none', JSON.stringify(GOOD), { headers: { 'content-encoding': 'gzip' } }],
] as const satisfies readonly (readonly [string, string, Forgery])[]) {
  test(`not believed: ${name}`, async (t) => {
    const { gateway, seen, faults } = await server(t, (it, response) => answer(it, response, body, forgery))
    t.deepEqual(await gateway.authorise(PAYMENT), { state: 'unreachable' })
    t.is(seen.length, 1) // a redirection was not followed
    t.is(faults.length, 1)
    for (const word of [KEY, GOOD_CARD.cardNumber, GOOD_CARD.name]) t.false(faults[0]?.includes(word))
  })
}

for (const [name, handle] of [
  ['silence', () => {}],
  ['headers and no end', (_, response) => response.writeHead(200).write('{')],
  ['a broken connection', (_, response) => response.destroy()],
  ['a body without end', endless],
] as const satisfies readonly (readonly [string, Handler])[]) {
  test(`unreachable: ${name}`, async (t) => {
    const { gateway, faults } = await server(t, handle)
    t.deepEqual(await gateway.capture(KEY), { state: 'unreachable' })
    t.is(faults.length, 1)
  })
}

test('nobody listens, and the caller gives up: unreachable, each with its reason', async (t) => {
  const { gateway, faults, url } = await server(t, () => {})
  const gone = httpGateway({
    url: new URL(`http://127.0.0.1:${Number(url.port) === 1 ? 2 : 1}`),
    keyId: 'shop-1',
    key: new Secret(Uint8Array.from(SECRET)),
    clock: systemTime,
    onFault: (why) => faults.push(why),
  })
  t.deepEqual(await gone.look(KEY), { state: 'unreachable' })
  const stop = new AbortController()
  const asked = gateway.look(KEY, stop.signal)
  stop.abort()
  t.deepEqual(await asked, { state: 'unreachable' })
  t.deepEqual(await gateway.look(KEY, stop.signal), { state: 'unreachable' })
  t.deepEqual(await gateway.look(KEY), { state: 'unreachable' })
  t.deepEqual(faults, ['connection', 'given up', 'given up', 'timeout'])
})

test('an answer that comes twice is not taken for the answer to the next request', async (t) => {
  const { acquirer, gateway, charges } = await acquirerWorld(t, ['--answer-twice', '1'])
  t.deepEqual(await gateway.authorise(PAYMENT), { state: 'authorised' })
  // Each of them may meet the second answer to the one before on its connection: then it is unreachable, never a wrong state.
  const until = async (ask: () => Promise<{ readonly state: string }>): Promise<string> => {
    for (;;) {
      const { state } = await ask()
      if (state !== 'unreachable') return state
    }
  }
  t.is(await until(() => gateway.capture(KEY)), 'captured')
  t.is(await until(() => gateway.void(KEY)), 'captured')
  t.is(await until(() => gateway.look('BBBBBBBBBBBBBBBBBBBBBB')), 'unknown')
  t.is(await charges(KEY), 1)
  t.true((await acquirer.payments()).length === 1)
})
