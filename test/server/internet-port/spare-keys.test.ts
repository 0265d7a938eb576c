import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connectPsk, InternetPathError } from '../../../internet/connect.ts'
import { startNode } from '../world.ts'
import { portWorld, secondPort, Terminal } from './port-world.ts'

// D-2: keys of one call that wait for a later session (PROTOCOL.md §4).

const GONE = { instanceOf: InternetPathError }
const DAY_MS = 86_400_000

test('after logout the spare keys stay: each opens one session more, with the login repeated under it', async (t) => {
  const it = await portWorld(t)
  writeFileSync(join(it.content, 'note.txt'), 'x')
  const keys = await it.keys({ keys: 3 })
  for (const [n, key] of keys.entries()) {
    const one = await it.terminal(key)
    t.is((await one.ask('GET', '/menu')).status, 403, 'not before the login')
    t.like((await one.login()).json(), { userId: 'alice', keysLeft: 2 - n })
    t.is((await one.ask('GET', '/menu')).status, 200)
    t.is((await one.ask('DELETE', '/session')).status, 204)
    await one.ended()
    await t.throwsAsync(it.terminal(key), GONE)
  }
  t.is(it.steps().filter((step) => step === 'S16').length, 3)
})

test('two connections open one key at once: one of them does, the other is told and may go on with another key', async (t) => {
  const it = await portWorld(t)
  const [key, other] = await it.keys({ keys: 2 })
  const both = await Promise.all([it.terminal(key), it.terminal(key)])
  const answers = await Promise.all(both.map((one) => one.login()))
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
  const refused = answers.find(({ status }) => status === 409)
  t.like(refused?.json(), { code: 'KEY_USED' })
  t.is((await (await it.terminal(other)).login()).status, 200)
  const again = await it.terminal(key) // a further connection of the session that it opened
  t.is((await again.ask('GET', '/session')).status, 200)
  t.like((await again.login()).json(), { code: 'KEY_USED' })
  t.is((await again.ask('GET', '/session')).status, 200)
})

test('the same at two nodes at once', async (t) => {
  const it = await portWorld(t)
  const there = await secondPort(t, it)
  const [key] = await it.keys()
  if (key === undefined) return t.fail()
  const both = [await it.terminal(key), new Terminal(t, await connectPsk(there.dial(), key))]
  const answers = await Promise.all(both.map((one) => one.login()))
  t.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
})

test('a wrong password under a spare key uses it up, and leaves a running session alone', async (t) => {
  const it = await portWorld(t)
  const [key, wrong, good] = await it.keys({ keys: 3 })
  const running = await it.terminal(key)
  await running.login()
  const one = await it.terminal(wrong)
  t.like((await one.login('alice', 'wrong')).json(), { code: 'LOGIN_REFUSED' })
  await one.ended()
  await t.throwsAsync(it.terminal(wrong), GONE)
  t.is((await running.ask('GET', '/session')).status, 200)
  t.is((await (await it.terminal(good)).login()).status, 200)
})

test('a key lapses a day after its call; its terminal can ask how long a key may wait', async (t) => {
  const it = await portWorld(t)
  const [key, late] = await it.keys({ keys: 2 })
  const one = await it.terminal(key)
  t.deepEqual((await one.ask('GET', '/session/keys')).json(), { keysLeft: 2, lifetimeSeconds: 86_400 })
  t.like((await (await it.terminal(key)).login()).json(), { keysLeft: 1 })
  await it.clock.advance(DAY_MS - 1)
  const last = await it.terminal(late)
  await it.clock.advance(1)
  await last.ended()
  await t.throwsAsync(it.terminal(late), GONE)
  await it.sessions.sweep()
  t.is((await it.store.spareKeys('alice', 'card-1', 0)).valueOf(), 0)
})

test('a session opened at the last moment outlives the lapse of its key, on the same connection', async (t) => {
  const it = await portWorld(t)
  const [key] = await it.keys()
  await it.clock.advance(DAY_MS - 1000)
  const one = await it.terminal(key)
  t.is((await one.login()).status, 200)
  await it.clock.advance(60_000)
  t.is((await one.ask('GET', '/session')).status, 200)
  await it.clock.advance(3_540_000)
  await one.ended()
  t.is(it.port.connections, 0)
})

test('erasing all: under an unopened key too, and running sessions of the card end with it', async (t) => {
  const it = await portWorld(t)
  const [key, second, third] = await it.keys({ keys: 3 })
  const running = await it.terminal(key)
  await running.login()
  const spare = await it.terminal(second)
  t.is((await spare.ask('DELETE', '/session/keys')).status, 204)
  await Promise.all([running.ended(), spare.ended()])
  for (const dead of [key, second, third]) await t.throwsAsync(it.terminal(dead), GONE)
  t.like(it.events.at(-1), { event: 'sessions.erased', step: 'S18', keys: 3, why: 'logout' })
})

test('a rekey asks for a key by its identity, and for nothing else', async (t) => {
  const it = await portWorld(t)
  const [key, spare] = await it.keys({ keys: 2 })
  await (await it.terminal(key)).login()
  for (const body of ['', '{}', { from: 7 }, { from: 'x' }, { from: key?.id, more: 1 }]) {
    const answer = await (await it.terminal(spare)).ask('POST', '/session/rekey', { body })
    t.like(answer.json(), { code: 'BODY_INVALID' })
  }
  const rekeyed = await (await it.terminal(spare)).ask('POST', '/session/rekey', { body: { from: key?.id } })
  t.like(rekeyed.json(), { userId: 'alice', keysLeft: 0 })
})

test('after a crash of the server no spare key of it opens anything', async (t) => {
  const it = await portWorld(t)
  const [key, spare] = await it.keys({ keys: 2 })
  await (await it.terminal(key)).login()
  const again = await startNode(t, it.path, { clock: it.clock })
  await again.sessions.eraseOwn()
  for (const dead of [key, spare]) await t.throwsAsync(it.terminal(dead), GONE)
})

test('a new password and a lock of the card end spare keys as they end sessions', async (t) => {
  const it = await portWorld(t)
  const [, spare] = await it.keys({ keys: 2 })
  await it.accounts.setPassword('alice', 'another password')
  await t.throwsAsync(it.terminal(spare), GONE)
  const [, locked] = await it.keys({ keys: 2, password: 'another password' })
  await it.store.lockCard('card-1', 'lost', 0)
  await t.throwsAsync(it.terminal(locked), GONE)
})
