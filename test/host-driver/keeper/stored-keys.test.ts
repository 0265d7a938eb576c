import { readdir } from 'node:fs/promises'
import test from 'ava'
import { readMenu } from '../../../host-driver/requests/server-api.ts'
import { CALL, until } from '../fake-card.ts'
import { steps } from '../world.ts'
import { keeper, LOGIN } from './keeper-world.ts'

const { userId, password } = LOGIN
const FETCH = { userId, password, keys: 4, card: '/dev/fake' }

test('after logout the keys wait in the keeper: the next login needs neither call nor card, and says which key it used', async (t) => {
  const k = await keeper(t)
  await k.login({ keys: 3 })
  t.deepEqual(await k.client.logout(), { serverErased: true, keysLeft: 2 })
  t.is(k.quits(), 0)
  t.like(await k.client.status(), { session: null, keys: [{ userId: 'alice', server: k.server.internet, left: 2 }] })
  k.bench.cardThere = false
  k.events.length = 0
  const outcome = await k.login()
  t.like(outcome, { verdict: 'permitted', stored: { number: 2, of: 3 }, session: { keysLeft: 1 } })
  t.deepEqual(steps(k.events), ['S1', 'S11', 'S16'])
  t.deepEqual(await readMenu(k.client.fetch), [])
  await k.client.logout()
  const { card: _, ...withoutCard } = LOGIN
  t.like(await k.client.login(withoutCard, () => {}), { stored: { number: 3, of: 3 } })
  await k.client.logout()
  await until(() => k.quits() > 0)
  t.is(k.cards.length, 1)
})

test('without a card and without a key the card is what is missing', async (t) => {
  const k = await keeper(t)
  await k.login({ keys: 2 })
  await k.client.logout()
  k.bench.cardThere = false
  await t.throwsAsync(k.login({ userId: 'bob' }), { code: 'CARD_NOT_FOUND' })
  await t.throwsAsync(k.login({ fresh: true }), { code: 'CARD_NOT_FOUND' })
  await t.throwsAsync(
    k.client.fetchKeys(FETCH, () => {}),
    { code: 'CARD_NOT_FOUND' },
  )
  t.is(k.keys.size, 1)
})

test('with the card there, its server is the one that is meant', async (t) => {
  const k = await keeper(t, (card) => {
    const { 'card.hello': hello } = card.answers
    card.answers['card.hello'] = async (params) => {
      const answer = await hello(params)
      return { ...answer, card: { ...answer.card, internet: 'elsewhere.example:1' } }
    }
  })
  await k.login({ keys: 2 })
  await k.client.logout()
  t.false('stored' in (await k.login()))
  t.is(k.keys.size, 1)
})

test('logout --all erases everything at both ends, with and without a session, and ends the keeper', async (t) => {
  const k = await keeper(t)
  await k.login({ keys: 3 })
  t.deepEqual(await k.client.logout(true), { serverErased: true, keysLeft: 0 })
  t.is(k.server.spare, 0)
  await until(() => k.quits() > 0)

  const other = await keeper(t)
  await other.client.fetchKeys(FETCH, () => {})
  await t.throwsAsync(other.client.logout(), { code: 'NOT_LOGGED_IN' })
  t.is(other.server.spare, 4)
  t.deepEqual(await other.client.logout(true), { serverErased: true, keysLeft: 0 })
  t.is(other.server.spare, 0)
  await until(() => other.quits() > 0)
  await t.throwsAsync(other.client.logout(true), { code: 'NOT_LOGGED_IN' })
})

test('a keeper that is told to end erases everything too', async (t) => {
  const k = await keeper(t)
  await k.login({ keys: 3 })
  await k.it.stop()
  t.deepEqual([k.keys.size, k.server.spare], [0, 0])
  t.true(k.server.sessions[0]?.ended)
})

test('fetched keys wait; a later call adds to them; nothing of them is in a file', async (t) => {
  const k = await keeper(t)
  t.like(await k.client.fetchKeys(FETCH, () => {}), { verdict: 'fetched', keys: [{ left: 4 }] })
  t.like(await k.client.fetchKeys({ ...FETCH, keys: 2 }, () => {}), { keys: [{ left: 4 }, { left: 2 }] })
  t.like(await k.login(), { stored: { number: 1, of: 4 }, session: { keysLeft: 5 } })
  t.deepEqual(await readdir(k.folder), ['keeper.sock'])
  const status = await (await k.raw('/status')).text()
  t.notRegex(status, /psk|secret|open sesame/i)
})

test('the keeper stays while keys wait, and ends when they lapse', async (t) => {
  const k = await keeper(t)
  k.server.keysLifetimeSeconds = 7200
  await k.client.fetchKeys(FETCH, () => {})
  await k.clock.advance(7_199_999)
  t.is(k.quits(), 0)
  await k.clock.advance(1)
  t.is(k.keys.size, 0)
  await k.clock.advance(15_000)
  await until(() => k.quits() > 0)
  t.deepEqual((await k.client.status()).keys, [])
})

test('rekey in the middle of a download: it comes whole, and the old key is gone', async (t) => {
  const k = await keeper(t)
  await k.login({ keys: 2 })
  const bytes = Buffer.alloc(20_000_000, 'keyline ')
  k.server.add('big', bytes)
  const response = await k.client.fetch('/content/big')
  t.is(await k.client.rekey(), 0)
  t.true(Buffer.from(await response.arrayBuffer()).equals(bytes))
  t.is((await readMenu(k.client.fetch)).length, 1)
  await t.throwsAsync(k.client.rekey(), { code: 'NO_KEYS_LEFT' })
  await k.client.logout()
  await t.throwsAsync(k.client.rekey(), { code: 'NOT_LOGGED_IN' })
})

test('a fetch that is refused leaves no key, and one at a time', async (t) => {
  const hang = Promise.withResolvers<void>()
  const k = await keeper(t, (card, server) => {
    const good = card.answers['line.login']
    card.answers['line.login'] = async (params) => {
      await hang.promise
      if (params.password === server.password) return good(params)
      return { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 3, call: CALL }
    }
  })
  const first = k.client.fetchKeys({ ...FETCH, password: 'wrong' }, () => {})
  await until(() => (k.cards[0]?.asked.length ?? 0) === 2)
  await t.throwsAsync(
    k.client.fetchKeys(FETCH, () => {}),
    { code: 'LOGIN_RUNNING' },
  )
  hang.resolve()
  t.like(await first, { verdict: 'refused', reason: 'LOGIN_REFUSED' })
  t.is(k.keys.size, 0)
})

test('requests for keys that are none are refused', async (t) => {
  const k = await keeper(t)
  for (const body of ['', '{}', JSON.stringify({ ...FETCH, keys: 17 }), JSON.stringify({ ...FETCH, fresh: true })]) {
    t.is((await k.raw('/keys', { method: 'POST', body })).status, 400)
  }
  t.is((await k.raw('/rekey')).status, 400)
})
