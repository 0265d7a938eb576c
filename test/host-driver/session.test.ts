import { once } from 'node:events'
import { createServer as createTcp } from 'node:net'
import { Readable } from 'node:stream'
import { createServer as createTls } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import type { Progress } from '../../host-driver/events.ts'
import { Session, type SessionParts } from '../../host-driver/session.ts'
import { type CallKeys, KeyPool } from '../../host-driver/stored/key-pool.ts'
import { Secret } from '../../keys/secret.ts'
import { FakeClock } from '../fake-clock.ts'
import { CALL, until } from './fake-card.ts'
import { loggedIn, steps, world } from './world.ts'

const key = (byte: number) => ({ id: `id-${byte}`, psk: new Secret(new Uint8Array(32).fill(byte)) })

const FROM: CallKeys = {
  userId: 'alice',
  server: '127.0.0.1:1',
  cardId: 'card-7',
  lifetimeSeconds: 100,
  secretRoutes: [],
}

/** A session whose keys and clock the test holds; its server need not exist. */
function bare(t: ExecutionContext, more: Partial<CallKeys> = {}, parts: Partial<SessionParts> = {}) {
  const clock = new FakeClock()
  const time = { after: (ms: number, run: () => void) => clock.after(ms, run), now: () => clock.now() }
  const keys = [key(1), key(2)] as const
  const from = { ...FROM, ...more }
  const pool = new KeyPool(time)
  pool.add(from, keys, 1)
  const events: Progress[] = []
  const onProgress = (event: Progress): void => void events.push(event)
  const session = new Session({ from, key: keys[0], keys: pool, call: CALL, onProgress, ...time, ...parts })
  t.teardown(() => session.forget())
  return { session, keys, pool, clock, events }
}

test('a request goes under the session key and comes back as a web Response', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  const response = await session.fetch('/echo?a=1&b=%20', { method: 'PUT', body: 'hello' })
  t.true(response instanceof Response)
  t.is(response.status, 200)
  t.is(response.headers.get('content-type'), 'application/json')
  const body = await response.json()
  t.deepEqual(body, { method: 'PUT', url: '/echo?a=1&b=%20', body: 'hello', host: w.server.internet })
})

test('bodies may be bytes or streams', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  const bytes = await session.fetch('/echo', { method: 'POST', body: Buffer.from('bytes') })
  t.like(await bytes.json(), { body: 'bytes' })
  const stream = await session.fetch('/echo', { method: 'POST', body: Readable.from(['in ', 'parts']) })
  t.like(await stream.json(), { body: 'in parts' })
})

test('any status is a Response; only the path itself can fail', async (t) => {
  const session = await loggedIn(t, await world(t))
  const response = await session.fetch('/nowhere')
  t.is(response.status, 404)
  t.like(await response.json(), { code: 'NOT_FOUND' })
})

test('connections are kept and used again', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  for (let n = 0; n < 10; n++) await session.menu()
  t.is(w.server.connections, 1)
})

test('what is secret never goes over the Internet, however it is written', async (t) => {
  const w = await world(t, { secretRoutes: ['/purchase', '/card/number'] })
  const session = await loggedIn(t, w)
  const before = w.server.seen.length
  const paths = [
    '/purchase',
    '/purchase/',
    '/purchase/7?x=1',
    '//purchase',
    '/PURCHASE',
    '/%70urchase',
    '/a/../purchase',
  ]
  for (const path of [...paths, '/card/./number', '/card//number', '/%2570urchase', '/card%2fnumber']) {
    await t.throwsAsync(session.fetch(path, { method: 'POST', body: 'x' }), { code: 'ROUTE_NEEDS_LINE' }, path)
  }
  t.is(w.server.seen.length, before)
  t.is((await session.fetch('/card')).status, 404)
})

test('a path that is none is refused', async (t) => {
  const session = await loggedIn(t, await world(t))
  for (const path of [
    '',
    'menu',
    'http://elsewhere/menu',
    '/a b',
    '/a\r\nX: y',
    '/é',
    '/a#b',
    '\\menu',
    `/${'a'.repeat(3000)}`,
  ]) {
    await t.throwsAsync(session.fetch(path), { code: 'PATH_INVALID' }, path.slice(0, 20))
  }
})

test('S17: the menu is checked', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  w.server.add('a.txt', Buffer.from('hello'), 'A greeting')
  const [item] = await session.menu()
  t.like(item, { name: 'a.txt', title: 'A greeting', size: 5, kind: 'text' })
  t.regex(item?.sha256 ?? '', /^[0-9a-f]{64}$/)
  t.is(steps(w.events).at(-1), 'S17')
})

test('rekey goes on under the next key without another call, and erases the one before', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 3)
  await session.rekey()
  t.is(session.keysLeft, 1)
  t.deepEqual(await session.menu(), [])
  await session.rekey()
  t.is(session.keysLeft, 0)
  t.deepEqual(await session.menu(), [])
  t.is(w.server.connections, 3)
  t.is(w.card.asked.filter(({ method }) => method === 'line.login').length, 1)
  await t.throwsAsync(session.rekey(), { code: 'NO_KEYS_LEFT' })
})

test('a response that streams while the session is rekeyed comes whole', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 2)
  const bytes = Buffer.alloc(4_000_000, 7)
  w.server.add('big.bin', bytes)
  const response = await session.fetch('/content/big.bin')
  await session.rekey()
  t.is((await response.arrayBuffer()).byteLength, bytes.length)
  t.deepEqual((await session.menu()).length, 1)
})

test('a rekey whose answer was lost is repeated with the same key', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 3)
  w.server.mischief.push({ cutAfter: 0 })
  await t.throwsAsync(session.rekey(), { code: 'INTERNET_BROKEN' })
  t.is(session.keysLeft, 2)
  await session.rekey()
  t.is(session.keysLeft, 1)
  t.deepEqual(await session.menu(), [])
  t.is(w.server.spare, 1)
})

test('two rekeys at once are one', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 3)
  await Promise.all([session.rekey(), session.rekey()])
  t.is(session.keysLeft, 1)
  t.deepEqual(await session.menu(), [])
})

test('a key that the server does not know any more is no key: those of its call are wiped, the session goes on', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 3)
  w.server.add('a', Buffer.from('a'))
  t.is((await session.menu()).length, 1)
  w.server.eraseSpare()
  await t.throwsAsync(session.rekey(), { code: 'INTERNET_PATH_REFUSED' })
  t.is(session.keysLeft, 0)
  await t.throwsAsync(session.rekey(), { code: 'NO_KEYS_LEFT' })
  t.is((await session.menu()).length, 1)
})

test('a rekey takes keys of a later call too', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  await t.throwsAsync(session.rekey(), { code: 'NO_KEYS_LEFT' })
  await w.terminal.prefetch({ userId: 'alice', password: w.server.password, keys: 2 })
  t.is(session.keysLeft, 2)
  await session.rekey()
  t.deepEqual(await session.menu(), [])
  t.is(session.keysLeft, 1)
})

test('S18: close erases on both sides; the keys that wait are left', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 2)
  t.deepEqual(await session.close(), { serverErased: true })
  t.is(w.server.seen.at(-1), 'DELETE /session')
  t.true(w.server.sessions[0]?.ended)
  t.is(await session.ended, 'closed')
  await t.throwsAsync(session.fetch('/menu'), { code: 'SESSION_CLOSED' })
  await t.throwsAsync(session.rekey(), { code: 'SESSION_CLOSED' })
  t.is(steps(w.events).filter((step) => step === 'S18').length, 1)
  t.is(w.terminal.keys.size, 1)
  t.is(w.server.spare, 1)
})

test('close erases the keys here even when the server cannot be told', async (t) => {
  const { session, keys } = bare(t)
  t.deepEqual(await session.close(), { serverErased: false })
  t.true(keys[0].psk.wiped)
  t.false(keys[1].psk.wiped)
})

test('forget tells nobody and wipes at once', async (t) => {
  const { session, keys, events } = bare(t)
  session.forget()
  session.forget()
  t.true(keys[0].psk.wiped)
  t.deepEqual(steps(events), ['S18'])
})

test('S18: keys end with their lifetime by themselves', async (t) => {
  const { session, keys, clock } = bare(t)
  t.is(session.expiresAt.getTime(), 100_000)
  await clock.advance(50_000)
  session.opened() // S16: from here it lasts, as at the server
  t.is(session.expiresAt.getTime(), 150_000)
  await clock.advance(99_999)
  t.false(keys[0].psk.wiped)
  await clock.advance(1)
  t.true(keys.every(({ psk }) => psk.wiped))
  t.is(await session.ended, 'expired')
  await t.throwsAsync(session.fetch('/menu'), { code: 'SESSION_EXPIRED' })
  t.deepEqual(await session.close(), { serverErased: false })
  t.is(clock.waiting, 0)
})

test('a computer that slept over the end does not use the key once more', async (t) => {
  let now = 0
  const { session, keys } = bare(t, {}, { now: () => now })
  now = 100_000 // its timer did not run
  await t.throwsAsync(session.fetch('/menu'), { code: 'SESSION_EXPIRED' })
  t.true(keys[0].psk.wiped)
})

test('what runs when the session ends is cut and says why', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  w.server.add('x', Buffer.from('x'))
  w.server.mischief.push({ hang: true })
  const request = session.fetch('/content/x')
  await until(() => w.server.seen.includes('GET /content/x'))
  session.forget()
  await t.throwsAsync(request, { code: 'SESSION_CLOSED' })
})

test('a request can be cancelled before and while it is answered', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  await t.throwsAsync(session.fetch('/menu', { signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  w.server.mischief.push({ hang: true })
  const stop = new AbortController()
  const request = session.fetch('/content/x', { signal: stop.signal })
  await until(() => w.server.seen.includes('GET /content/x'))
  stop.abort()
  await t.throwsAsync(request, { code: 'CANCELLED' })
  const big = Buffer.alloc(8_000_000)
  w.server.add('big', big)
  const during = new AbortController()
  const response = await session.fetch('/content/big', { signal: during.signal })
  during.abort()
  await t.throwsAsync(response.arrayBuffer(), { code: 'CANCELLED' })
})

test('a body that breaks off is an error, not an end', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  w.server.add('cut', Buffer.alloc(100_000))
  w.server.mischief.push({ cutAfter: 500 })
  const response = await session.fetch('/content/cut')
  await t.throwsAsync(response.arrayBuffer(), { code: 'INTERNET_BROKEN' })
})

test('a server that erased its keys, and a server with a certificate instead, are refused', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  w.server.eraseKeys()
  w.server.cutAll()
  await session.fetch('/menu').catch(() => {}) // the kept connection breaks first
  await t.throwsAsync(session.fetch('/menu'), { code: 'INTERNET_PATH_REFUSED' })

  const certified = createTls({ minVersion: 'TLSv1.3' }, (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
  certified.on('tlsClientError', () => {}).listen(0, '127.0.0.1')
  await once(certified, 'listening')
  t.teardown(() => certified.close())
  const address = certified.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const { session: deceived } = bare(t, { server: `127.0.0.1:${address.port}` })
  await t.throwsAsync(deceived.fetch('/menu'), { code: 'INTERNET_PATH_REFUSED' })
})

test('a session that ends while a connection is made never asks for the wiped key', async (t) => {
  const silent = createTcp(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  const address = silent.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  for (let turns = 0; turns < 12; turns++) {
    const { session } = bare(t, { server: `127.0.0.1:${address.port}` })
    const request = session.fetch('/menu')
    for (let n = 0; n < turns; n++) await new Promise((resolve) => setImmediate(resolve))
    session.forget()
    await t.throwsAsync(request, { code: 'SESSION_CLOSED' })
  }
})

test('nothing that is printed shows a key', async (t) => {
  const { session } = bare(t)
  const { inspect } = await import('node:util')
  const shown = inspect(session, { depth: 10, showHidden: true }) + JSON.stringify(session)
  t.notRegex(shown, /01 ?01 ?01|AQEBAQ|1, 1, 1/)
})
