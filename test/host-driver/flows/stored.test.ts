import test, { type ExecutionContext } from 'ava'
import { logInWithStoredKey } from '../../../host-driver/flows/stored.ts'
import { eraseKeys } from '../../../host-driver/stored/erase.ts'
import { loggedIn, steps, type World, world } from '../world.ts'

const LOGIN = { userId: 'alice', password: 'open sesame' }
const calls = (w: World): number => w.card.asked.filter(({ method }) => method === 'line.login').length
/** Time-outs never come, pauses are over at once. */
const atOnce = (ms: number, run: () => void): (() => void) => {
  if (ms <= 2000) setImmediate(run)
  return () => {}
}

/** A world in which one call exchanged k keys, the first of which had its session. */
async function after(t: ExecutionContext, k: number): Promise<World> {
  const w = await world(t, {}, { after: atOnce })
  const session = await loggedIn(t, w, k)
  await session.close()
  w.events.length = 0
  return w
}

test('D-2: later logins repeat S11–S16 under the stored keys, each once, without a call; then there is one again', async (t) => {
  const w = await after(t, 3)
  for (const number of [2, 3]) {
    w.events.length = 0
    const outcome = await w.terminal.login(LOGIN)
    if (outcome.verdict !== 'permitted') return t.fail()
    t.deepEqual(outcome.stored, { number, of: 3 })
    t.deepEqual(steps(w.events), ['S1', 'S11', 'S16'])
    t.regex(JSON.stringify(w.events), new RegExp(`no call: stored key ${number} of 3`))
    t.is(outcome.session.call.attempts, 0)
    t.deepEqual(await outcome.session.menu(), [])
    t.deepEqual(await outcome.session.close(), { serverErased: true })
  }
  t.is(calls(w), 1)
  const fresh = await w.terminal.login(LOGIN)
  t.false('stored' in fresh)
  t.is(calls(w), 2)
})

test('the card need not be there: the pool alone logs in', async (t) => {
  const w = await after(t, 2)
  const { keys } = w.terminal
  w.unplug()
  await w.terminal.close()
  const outcome = await logInWithStoredKey({ keys }, LOGIN)
  if (outcome?.verdict !== 'permitted') return t.fail()
  t.teardown(() => outcome.session.forget())
  t.deepEqual(await outcome.session.menu(), [])
  t.is(await logInWithStoredKey({ keys }, LOGIN), undefined)
})

test('two logins at once take two keys, or one key and nothing', async (t) => {
  const w = await after(t, 2)
  const { keys } = w.terminal
  const [one, two] = await Promise.all([logInWithStoredKey({ keys }, LOGIN), logInWithStoredKey({ keys }, LOGIN)])
  t.is(one?.verdict, 'permitted')
  t.is(two, undefined)
  t.is(w.server.sessions.filter(({ opened }) => opened).length, 2)
})

test('fresh makes a call all the same, and the key waits on', async (t) => {
  const w = await after(t, 2)
  const outcome = await w.terminal.login({ ...LOGIN, fresh: true })
  if (outcome.verdict !== 'permitted') return t.fail()
  t.is(calls(w), 2)
  t.is(outcome.session.keysLeft, 1)
})

test('another user, and a card of another server, make a call', async (t) => {
  const w = await after(t, 2)
  t.like(await w.terminal.login({ ...LOGIN, userId: 'bob' }), { verdict: 'permitted' })
  t.is(calls(w), 2)
  t.is(await logInWithStoredKey({ keys: w.terminal.keys }, LOGIN, 'elsewhere:1'), undefined)
  t.is(w.terminal.keys.size, 1)
})

test('a wrong password uses its key up', async (t) => {
  const w = await after(t, 2)
  const refused = await w.terminal.login({ ...LOGIN, password: 'wrong' })
  t.like(refused, { verdict: 'refused', reason: 'LOGIN_REFUSED', path: 'internet' })
  t.is(w.terminal.keys.size, 0)
  t.is(w.server.spare, 0)
})

test('a server that is busy, or out of reach, does not use a key up', async (t) => {
  const w = await after(t, 2)
  w.server.refuseLogin = { status: 503, body: { code: 'SERVER_BUSY', what: 'busy', cure: 'wait' } }
  t.like(await w.terminal.login(LOGIN), { verdict: 'refused', reason: 'SERVER_BUSY' })
  t.is(w.terminal.keys.size, 1)
  w.server.refuseLogin = undefined
  w.server.stopListening()
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'INTERNET_UNREACHABLE' })
  t.is(w.terminal.keys.size, 1)
  t.is(calls(w), 1)
})

test('any other end uses it up: an answer that did not come, a fault of the server', async (t) => {
  const w = await after(t, 3)
  w.server.refuseLogin = { status: 500, body: { code: 'DISK_ON_FIRE', what: 'it burns', cure: 'run' } }
  await t.throwsAsync(w.terminal.login(LOGIN), { code: 'DISK_ON_FIRE' })
  t.is(w.terminal.keys.size, 1)
  await t.throwsAsync(w.terminal.login({ ...LOGIN, signal: AbortSignal.abort() }), { code: 'CANCELLED' })
  t.is(w.terminal.keys.size, 0)
})

test('after a restart of the server no stored key is good: all of the call are dropped, and a call is made', async (t) => {
  const w = await after(t, 4)
  w.server.eraseKeys()
  const outcome = await w.terminal.login(LOGIN)
  if (outcome.verdict !== 'permitted') return t.fail()
  t.false('stored' in outcome)
  t.is(calls(w), 2)
  t.is(outcome.session.keysLeft, 0)
  // One of them was shown to the server, not all three.
  t.is(steps(w.events).filter((step) => step === 'S15').length, 1)
})

test('prefetch: keys are exchanged, none opens a session, and the server says how long they may wait', async (t) => {
  const w = await world(t)
  w.server.keysLifetimeSeconds = 7200
  const before = Date.now()
  const outcome = await w.terminal.prefetch({ ...LOGIN, keys: 3 })
  if (outcome.verdict !== 'fetched') return t.fail()
  const [kept] = outcome.keys
  t.like(kept, { userId: 'alice', server: w.server.internet, left: 3 })
  const waits = (kept?.expiresAt.getTime() ?? 0) - before
  t.true(waits >= 7_200_000 && waits < 7_300_000, String(waits))
  t.false(w.server.sessions.some(({ opened }) => opened))
  t.deepEqual(w.server.seen, ['GET /session/keys'])
  const login = await w.terminal.login(LOGIN)
  if (login.verdict !== 'permitted') return t.fail()
  t.deepEqual(login.stored, { number: 1, of: 3 })
  await w.terminal.prefetch({ ...LOGIN, keys: 2 })
  t.is(login.session.keysLeft, 4)
})

test('prefetch without the Internet: the keys wait as long as a session lasts', async (t) => {
  const w = await world(t, { lifetimeSeconds: 600 })
  w.server.stopListening()
  const before = Date.now()
  const outcome = await w.terminal.prefetch({ ...LOGIN, keys: 2 })
  if (outcome.verdict !== 'fetched') return t.fail()
  const waits = (outcome.keys[0]?.expiresAt.getTime() ?? 0) - before
  t.true(waits >= 600_000 && waits < 700_000, String(waits))
})

test('erasing all: session and keys, at both ends; without a session too', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 3)
  t.deepEqual(await eraseKeys(w.terminal.keys, session), { serverErased: true })
  t.is(session.state, 'closed')
  t.deepEqual([w.terminal.keys.size, w.server.spare], [0, 0])
  await w.terminal.prefetch({ ...LOGIN, keys: 2 })
  t.deepEqual(await eraseKeys(w.terminal.keys), { serverErased: true })
  t.deepEqual([w.terminal.keys.size, w.server.spare], [0, 0])
  await w.terminal.prefetch({ ...LOGIN, keys: 2 })
  w.server.stopListening()
  t.deepEqual(await eraseKeys(w.terminal.keys), { serverErased: false })
  t.is(w.terminal.keys.size, 0)
  t.deepEqual(await eraseKeys(w.terminal.keys), { serverErased: true })
})
