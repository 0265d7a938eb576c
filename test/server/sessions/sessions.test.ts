import test from 'ava'
import { Sessions, short } from '../../../server/sessions/sessions.ts'
import type { StoredSession } from '../../../server/store/store.ts'
import { enrolled } from '../test-card.ts'
import { LIFETIME_S, PASSWORD, START, startNode, USER, type World, world } from '../world.ts'

/** The sessions of one call, first key first. */
async function made(it: World, keys = 1, cardId = 'card-1'): Promise<StoredSession[]> {
  const card = await enrolled(it, cardId)
  const ids = (await card.login(it, { keys })).keys.map(({ id }) => id)
  const found = await Promise.all(ids.map((id) => it.sessions.find(id)))
  it.events.length = 0
  return found.map((session) => {
    if (session === undefined) throw new Error('expected a session')
    return session
  })
}

const first = async (it: World): Promise<StoredSession> => {
  const [session] = await made(it)
  if (session === undefined) throw new Error('expected a session')
  return session
}

test('S12–S16: the right login opens the session', async (t) => {
  const it = await world(t)
  const session = await first(it)
  t.deepEqual(await it.sessions.login(session, USER, PASSWORD), { permitted: true, userId: USER })
  t.true((await it.sessions.find(session.id))?.opened)
  t.deepEqual(it.steps(), ['S12', 'S13', 'S14', 'S16'])
  t.true(it.events.every(({ session: name }) => name === short(session)))
})

test('S15: the wrong one erases all keys of its call, and none of another call', async (t) => {
  const it = await world(t)
  const [session, later] = await made(it, 2)
  const [other] = await made(it, 1, 'card-2')
  if (session === undefined || later === undefined || other === undefined) return t.fail()
  t.like(await it.sessions.login(session, USER, 'wrong'), { permitted: false, reason: 'LOGIN_REFUSED' })
  t.is(await it.sessions.find(later.id), undefined)
  t.is(it.steps().at(-1), 'S15')
  t.truthy(await it.sessions.find(other.id))
})

test('a server that is busy checks nothing and erases nothing', async (t) => {
  const it = await world(t)
  const session = await first(it)
  const busy = { permitted: false, reason: 'SERVER_BUSY', retryAfterSeconds: 5 } as const
  const sessions = new Sessions({
    store: it.store,
    accounts: { check: async () => busy },
    node: 'main',
    now: () => START,
    log: () => {},
  })
  t.deepEqual(await sessions.login(session, USER, PASSWORD), busy)
  t.truthy(await it.sessions.find(session.id))
})

test('the session ended while the password was hashed: not permitted', async (t) => {
  const it = await world(t)
  const session = await first(it)
  const login = it.sessions.login(session, USER, PASSWORD)
  await it.store.eraseGroup(session.groupId)
  t.like(await login, { permitted: false, reason: 'LOGIN_REFUSED' })
  t.is(it.steps().at(-1), 'S15')
})

test('S18: closing erases the whole call, here and at other nodes, and is told', async (t) => {
  const it = await world(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const [session, later] = await made(it, 2)
  if (session === undefined || later === undefined) return t.fail()
  let told = 0
  it.sessions.onChanged(() => told++)
  await it.sessions.close(session)
  for (const node of [it, other]) {
    for (const { id } of [session, later]) t.is(await node.sessions.findPsk(id), undefined)
    t.false(await node.sessions.groupLives(session.groupId))
  }
  t.is(told, 1)
  t.deepEqual(it.steps(), ['S18'])
})

test('what a terminal may know of its session', async (t) => {
  const it = await world(t)
  const [session, later] = await made(it, 3)
  if (session === undefined || later === undefined) return t.fail()
  const expiresAt = new Date(START + LIFETIME_S * 1000).toISOString()
  t.deepEqual(await it.sessions.summary(session), { userId: USER, expiresAt, keysLeft: 2 })
  t.deepEqual(await it.sessions.summary(later), { userId: USER, expiresAt, keysLeft: 1 })
  t.false(await it.sessions.rekey(later))
  await it.sessions.login(session, USER, PASSWORD)
  t.true(await it.sessions.rekey(later))
  t.is(await it.sessions.find(session.id), undefined)
  t.true(await it.sessions.groupLives(session.groupId))
})

test('a node erases its own sessions at its start and says how many', async (t) => {
  const it = await world(t)
  await made(it, 2)
  await it.sessions.eraseOwn()
  t.deepEqual(it.events, [{ event: 'sessions.erased', step: 'S18', path: 'internet', keys: 2, why: 'node' }])
  await it.sessions.eraseOwn()
  t.is(it.events.length, 1)
})
