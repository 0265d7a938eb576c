import test from 'ava'
import { Sessions, short } from '../../../server/sessions/sessions.ts'
import type { StoredSession } from '../../../server/store/store.ts'
import { enrolled } from '../test-card.ts'
import { KEYS_LIFETIME_S, LIFETIME_S, PASSWORD, START, startNode, USER, type World, world } from '../world.ts'

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

test('S15: the wrong one uses its key up, and no other', async (t) => {
  const it = await world(t)
  const [session, later] = await made(it, 2)
  if (session === undefined || later === undefined) return t.fail()
  t.like(await it.sessions.login(later, USER, 'wrong'), { permitted: false, reason: 'LOGIN_REFUSED' })
  t.is(await it.sessions.find(later.id), undefined)
  t.is(it.steps().at(-1), 'S15')
  t.like(await it.sessions.login(session, USER, PASSWORD), { permitted: true })
})

test('each key opens one session, once: two logins at once, and one more', async (t) => {
  const it = await world(t)
  const session = await first(it)
  const verdicts = await Promise.all([1, 2, 3].map(() => it.sessions.login(session, USER, PASSWORD)))
  t.is(verdicts.filter(({ permitted }) => permitted).length, 1)
  t.deepEqual(
    verdicts.flatMap((verdict) => (verdict.permitted ? [] : [verdict.reason])),
    ['KEY_USED', 'KEY_USED'],
  )
  const opened = await it.sessions.find(session.id)
  if (opened === undefined) return t.fail()
  const checks = it.argon2.runs
  // Also with a wrong password: the session is another one's, and nothing is told of the password.
  for (const password of [PASSWORD, 'wrong']) {
    t.like(await it.sessions.login(opened, USER, password), { permitted: false, reason: 'KEY_USED' })
  }
  t.is(it.argon2.runs, checks)
  t.true((await it.sessions.find(session.id))?.opened)
})

test('a session lasts from its opening, however long its key waited; a key that waited too long opens none', async (t) => {
  const it = await world(t)
  const [one, late] = await made(it, 2)
  if (one === undefined || late === undefined) return t.fail()
  await it.clock.advance(KEYS_LIFETIME_S * 1000 - 1)
  t.like(await it.sessions.login(one, USER, PASSWORD), { permitted: true })
  await it.clock.advance(1)
  t.is(await it.sessions.findPsk(late.id), undefined)
  t.like(await it.sessions.login(late, USER, PASSWORD), { permitted: false, reason: 'LOGIN_REFUSED' })
  await it.clock.advance(LIFETIME_S * 1000 - 2)
  t.truthy(await it.sessions.find(one.id))
  await it.clock.advance(1)
  t.is(await it.sessions.find(one.id), undefined)
})

test('a server that is busy checks nothing and erases nothing', async (t) => {
  const it = await world(t)
  const session = await first(it)
  const busy = { permitted: false, reason: 'SERVER_BUSY', retryAfterSeconds: 5 } as const
  const sessions = new Sessions({
    store: it.store,
    accounts: { check: async () => busy },
    node: 'main',
    lifetimeSeconds: LIFETIME_S,
    keysLifetimeSeconds: KEYS_LIFETIME_S,
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

test('S18: closing erases the key of the session, here and at other nodes; the spare keys stay', async (t) => {
  const it = await world(t)
  const other = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const [session, later] = await made(it, 2)
  if (session === undefined || later === undefined) return t.fail()
  await it.sessions.login(session, USER, PASSWORD)
  it.events.length = 0
  let told = 0
  it.sessions.onChanged(() => told++)
  await it.sessions.close(session)
  for (const node of [it, other]) {
    t.is(await node.sessions.findPsk(session.id), undefined)
    t.false(await node.sessions.groupLives(session.groupId))
    t.truthy(await node.sessions.findPsk(later.id))
  }
  t.is(told, 1)
  t.deepEqual(it.steps(), ['S18'])
  t.like(await other.sessions.login(later, USER, PASSWORD), { permitted: true })
})

test('S18: all keys of the user by this card are erased under any of them; another card keeps its own', async (t) => {
  const it = await world(t)
  const [session, spare] = await made(it, 3)
  const [other] = await made(it, 1, 'card-2')
  if (session === undefined || spare === undefined || other === undefined) return t.fail()
  await it.sessions.login(session, USER, PASSWORD)
  await it.sessions.eraseKeys(spare)
  t.like(it.events.at(-1), { event: 'sessions.erased', step: 'S18', keys: 3, why: 'logout' })
  for (const { id } of [session, spare]) t.is(await it.sessions.findPsk(id), undefined)
  t.truthy(await it.sessions.find(other.id))
})

test('what a terminal may know of its session and its spare keys', async (t) => {
  const it = await world(t)
  const [session, later] = await made(it, 3)
  if (session === undefined || later === undefined) return t.fail()
  t.deepEqual(await it.sessions.spare(session), { keysLeft: 3, lifetimeSeconds: KEYS_LIFETIME_S })
  await it.sessions.login(session, USER, PASSWORD)
  const expiresAt = new Date(START + LIFETIME_S * 1000).toISOString()
  t.deepEqual(await it.sessions.summary(session), { userId: USER, expiresAt, keysLeft: 2 })
})

test('rekey: one spare key takes over the session and its end; it may be repeated, and nobody else may take over', async (t) => {
  const it = await world(t)
  const [session, later, other] = await made(it, 3)
  if (session === undefined || later === undefined || other === undefined) return t.fail()
  t.is(await it.sessions.rekey(later, session.id), 'SESSION_NOT_OPENED')
  await it.sessions.login(session, USER, PASSWORD)
  await it.clock.advance(1000)
  t.is(await it.sessions.rekey(later, session.id), undefined)
  t.is(await it.sessions.find(session.id), undefined)
  const now = await it.sessions.find(later.id)
  if (now === undefined) return t.fail()
  t.like(now, { opened: true, groupId: session.groupId, expiresAt: START + LIFETIME_S * 1000 })
  t.true(await it.sessions.groupLives(session.groupId))
  t.is(await it.sessions.rekey(now, session.id), undefined) // its answer was lost
  t.is(await it.sessions.rekey(other, session.id), 'SESSION_NOT_OPENED')
  await it.sessions.login(other, USER, PASSWORD)
  t.is(await it.sessions.rekey(now, other.id), 'KEY_USED')
})

test('a node erases its own sessions at its start and says how many', async (t) => {
  const it = await world(t)
  await made(it, 2)
  await it.sessions.eraseOwn()
  t.deepEqual(it.events, [{ event: 'sessions.erased', step: 'S18', path: 'internet', keys: 2, why: 'node' }])
  await it.sessions.eraseOwn()
  t.is(it.events.length, 1)
})
