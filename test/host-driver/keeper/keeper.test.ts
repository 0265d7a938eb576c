import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { KeeperClient } from '../../../host-driver/keeper/keeper-client.ts'
import { listenAlone } from '../../../host-driver/keeper/listen.ts'
import { KEEPER_VERSION } from '../../../host-driver/keeper/protocol.ts'
import { socketPath } from '../../../host-driver/keeper/state-folder.ts'
import { readMenu } from '../../../host-driver/requests/server-api.ts'
import { CALL, CardRefusal, until } from '../fake-card.ts'
import { permitting, steps } from '../world.ts'
import { keeper, LOGIN } from './keeper-world.ts'

test('login through the keeper tells each step as it happens, and the end', async (t) => {
  const k = await keeper(t)
  const outcome = await k.login({ keys: 3 })
  if (outcome.verdict !== 'permitted') return t.fail()
  t.like(outcome.session, { userId: 'alice', server: k.server.internet, keysLeft: 2 })
  t.deepEqual(steps(k.events), ['S1', 'S2', 'S5', 'S6', 'S7', "S7'", 'S10', 'S8', 'S11', 'S16'])
  t.deepEqual(k.opened, ['/dev/fake'])
})

test('the session is there for whoever asks next; the keys are not', async (t) => {
  const k = await keeper(t)
  await k.login()
  k.server.add('a.txt', Buffer.from('hello'))
  const other = await KeeperClient.find(k.folder)
  if (other === undefined) return t.fail()
  t.like(await other.status(), { keeper: KEEPER_VERSION, pid: process.pid, session: { userId: 'alice' } })
  t.is((await readMenu(other.fetch)).length, 1)
  t.is(await (await other.fetch('/content/a.txt')).text(), 'hello')
  const status = await (await k.raw('/status')).text()
  t.notRegex(status, /psk|secret|open sesame/i)
})

test('ranges and their headers pass through; others do not', async (t) => {
  const k = await keeper(t)
  await k.login()
  k.server.add('a.txt', Buffer.from('hello world'))
  const whole = await k.raw('/content/a.txt')
  const etag = whole.headers.get('etag') ?? ''
  await whole.text()
  k.server.mischief.push({ headers: { 'set-cookie': 'a=b', 'x-more': '1' } })
  const part = await k.raw('/content/a.txt', { headers: { range: 'bytes=6-', 'if-range': etag, cookie: 'x' } })
  t.is(part.status, 206)
  t.is(part.headers.get('content-range'), 'bytes 6-10/11')
  t.truthy(part.headers.get('repr-digest'))
  t.is(part.headers.get('set-cookie'), null)
  t.is(part.headers.get('x-more'), null)
  t.is(await part.text(), 'world')
})

test('a content that breaks off breaks off here too', async (t) => {
  const k = await keeper(t)
  await k.login()
  k.server.add('a', Buffer.alloc(100_000))
  k.server.mischief.push({ cutAfter: 1000 })
  const response = await k.client.fetch('/content/a')
  await t.throwsAsync(response.arrayBuffer(), { code: 'INTERNET_BROKEN' })
})

test('who leaves half-way ends the request to the server', async (t) => {
  const k = await keeper(t)
  await k.login()
  k.server.add('a', Buffer.alloc(50_000_000))
  const stop = new AbortController()
  const response = await k.client.fetch('/content/a', { signal: stop.signal })
  stop.abort()
  await t.throwsAsync(response.arrayBuffer(), { code: 'CANCELLED' })
  t.like(await k.client.status(), { session: { userId: 'alice' } })
})

test('a refusal is an answer, and leaves nobody logged in', async (t) => {
  const k = await keeper(t, (card) => {
    card.answers['line.login'] = () => ({
      verdict: 'refused',
      reason: 'LOGIN_REFUSED',
      retryAfterSeconds: 3,
      call: CALL,
    })
  })
  t.like(await k.login(), { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 3, path: 'line' })
  t.is((await k.client.status()).session, null)
})

test('errors of the card come through with their origin', async (t) => {
  const k = await keeper(t, (card) => {
    card.answers['line.login'] = () => {
      throw new CardRefusal('NO_CARRIER', 'nobody answers', 'try later')
    }
  })
  const error = await t.throwsAsync(k.login(), { code: 'NO_CARRIER' })
  t.like(error, { what: 'nobody answers', cure: 'try later', origin: 'card' })
})

test('the card is free again after each login, good or bad', async (t) => {
  const k = await keeper(t)
  await k.login()
  await t.notThrowsAsync(k.login({ password: 'wrong' }))
  t.is(k.cards.length, 2)
})

test('a second login takes the place of the first, which is closed at the server', async (t) => {
  const k = await keeper(t)
  await k.login()
  await k.login()
  await until(() => k.server.sessions[0]?.ended === true)
  t.false(k.server.sessions[1]?.ended)
  t.is(k.quits(), 0)
  t.deepEqual(await readMenu(k.client.fetch), [])
})

test('one login at a time', async (t) => {
  const hang = Promise.withResolvers<never>()
  const k = await keeper(t, (card) => {
    card.answers['line.login'] = () => hang.promise
  })
  const first = t.throwsAsync(k.login(), { code: 'NO_CARRIER' })
  await until(() => (k.cards[0]?.asked.length ?? 0) === 2)
  await t.throwsAsync(k.login(), { code: 'LOGIN_RUNNING' })
  hang.reject(new CardRefusal('NO_CARRIER'))
  await first
})

test('Ctrl-C at the asking end hangs up', async (t) => {
  const hang = Promise.withResolvers<never>()
  const k = await keeper(t, (card) => {
    card.answers['line.login'] = () => hang.promise
    card.answers['line.cancel'] = () => {
      hang.reject(new CardRefusal('CANCELLED'))
      return { cancelled: true }
    }
  })
  const stop = new AbortController()
  const login = t.throwsAsync(k.login({}, stop.signal), { code: 'CANCELLED' })
  await until(() => (k.cards[0]?.asked.length ?? 0) === 2)
  stop.abort()
  await login
  await until(() => k.cards[0]?.asked.at(-1)?.method === 'line.cancel')
  t.is(k.server.connections, 0)
})

test('logout erases on both sides and ends the keeper', async (t) => {
  const k = await keeper(t)
  await k.login()
  t.deepEqual(await k.client.logout(), { serverErased: true, keysLeft: 0 })
  await until(() => k.quits() > 0)
  t.true(k.server.sessions[0]?.ended)
  t.is((await k.client.status()).session, null)
  await t.throwsAsync(k.client.logout(), { code: 'NOT_LOGGED_IN' })
})

test('logout without the server says so', async (t) => {
  const k = await keeper(t)
  await k.login()
  k.server.eraseKeys()
  k.server.cutAll()
  t.false((await k.client.logout()).serverErased)
})

test('without a session there is nothing to get', async (t) => {
  const k = await keeper(t)
  await t.throwsAsync(readMenu(k.client.fetch), { code: 'NOT_LOGGED_IN' })
  t.is((await k.raw('/content/a')).status, 401)
})

test('an expired session is erased, and the keeper ends', async (t) => {
  const k = await keeper(t, (card, server) => permitting(card, server, { lifetimeSeconds: 1 }))
  await k.login()
  while ((await k.client.status()).session !== null) await new Promise((resolve) => setTimeout(resolve, 20))
  await until(() => k.quits() > 0)
  await t.throwsAsync(readMenu(k.client.fetch), { code: 'NOT_LOGGED_IN' })
})

test('a keeper that nobody uses ends: soon when empty, later when it holds a session', async (t) => {
  const k = await keeper(t)
  await k.clock.advance(14_999)
  t.is(k.quits(), 0)
  await k.clock.advance(1)
  t.is(k.quits(), 1)

  const busy = await keeper(t)
  await busy.login()
  await until(() => busy.clock.waiting > 0)
  await busy.clock.advance(3_599_999)
  t.is(busy.quits(), 0)
  await busy.clock.advance(1)
  await until(() => busy.quits() > 0)
  await until(() => busy.server.sessions[0]?.ended === true)
  t.pass()
})

test('requests that are none are refused, and change nothing', async (t) => {
  const k = await keeper(t)
  await k.login()
  const post = (body: string) => ({ method: 'POST', body })
  const good = JSON.stringify(LOGIN)
  const bad: [string, Parameters<typeof k.raw>[1]][] = [
    ['/', {}],
    ['/session', { method: 'DELETE' }],
    ['/purchase', post('{}')],
    ['/content/', {}],
    ['/content/a/b', {}],
    ['/menu?x', {}],
    ['/menu', { method: 'POST' }],
    ['/login', post('')],
    ['/login', post('{')],
    ['/login', post('[]')],
    ['/login', post(good.replace('"keys":1', '"keys":0'))],
    ['/login', post(good.replace('/dev/fake', 'dev/fake'))],
    ['/login', post(good.replace('}', ',"more":1}'))],
    ['/login', post(`{"userId":"${'x'.repeat(20_000)}"}`)],
  ]
  for (const [path, options] of bad) {
    const response = await k.raw(path, options)
    t.is(response.status, 400, path)
    const told = await response.text()
    t.true(told.includes('REQUEST_INVALID'))
    t.false(told.includes('open sesame'))
  }
  t.is(k.cards.length, 1)
  t.like(await k.client.status(), { session: { userId: 'alice' } })
})

test('secret routes stay shut here too', async (t) => {
  const k = await keeper(t, (card, server) => permitting(card, server, { secretRoutes: ['/content/private'] }))
  await k.login()
  const response = await k.raw('/content/private')
  t.is(response.status, 502)
  t.like(await response.json(), { code: 'ROUTE_NEEDS_LINE', origin: 'here' })
})

test('a keeper of another version is not used', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-k-'))
  const old = createServer((_request, response) =>
    response.end('{"keeper":"keyline-keeper/0.0.1","pid":1,"session":null}'),
  )
  await listenAlone(old, socketPath(folder))
  t.teardown(async () => {
    old.close()
    await rm(folder, { recursive: true, force: true })
  })
  const client = await KeeperClient.find(folder)
  await t.throwsAsync(async () => client?.status(), { code: 'KEEPER_VERSION' })
})

test('no keeper, no client', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-k-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  t.is(await KeeperClient.find(folder), undefined)
})
