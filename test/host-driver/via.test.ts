import test from 'ava'
import { CA, FakeShop, openShop } from './fake-shop.ts'
import { gatewayWorld, payAndWait } from './gateway/gateway-world.ts'
import { keeper, LOGIN } from './keeper/keeper-world.ts'
import { paying } from './paying-card.ts'
import { loggedIn, world } from './world.ts'

const LOCAL = '127.0.0.5'
const GONE = 'keyline-none'
const ABSENT = { code: 'INTERNET_VIA_ABSENT' }
const only = (from: readonly string[]): string[] => [...new Set(from)]

test('every connection of a session leaves by it: requests, bulk bytes, after disconnecting, after a rekey, and the last one', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 2, LOCAL)
  await session.menu()
  ;(await session.connect()).destroy()
  ;(await session.connectBulk(() => true)).destroy()
  session.disconnect()
  await session.menu()
  await session.rekey()
  await session.menu()
  await session.close()
  t.true(w.server.from.length >= 5)
  t.deepEqual(only(w.server.from), [LOCAL])
})

test('an interface that is not there is told before anything is called', async (t) => {
  const w = await world(t)
  await t.throwsAsync(loggedIn(t, w, 1, GONE), ABSENT)
  const request = { userId: 'alice', password: w.server.password, keys: 2, internetVia: GONE }
  await t.throwsAsync(w.terminal.prefetch(request), ABSENT)
  t.is(w.card.asked.filter(({ method }) => method === 'line.login').length, 0)
  t.deepEqual(w.server.from, [])
})

test('keys that wait keep to the interface of their call; one that is not there costs none of them', async (t) => {
  const k = await keeper(t)
  await k.login({ keys: 3, internetVia: LOCAL })
  await k.client.logout()
  k.bench.cardThere = false
  await t.throwsAsync(k.login({ internetVia: GONE }), ABSENT)
  t.is(k.keys.size, 2)
  t.like(await k.login(), { verdict: 'permitted', stored: { number: 2 } })
  await k.client.logout(true)
  t.deepEqual(only(k.server.from), [LOCAL])
})

test('keys that are fetched ask for their lifetime by it, and are erased by it', async (t) => {
  const k = await keeper(t)
  await k.client.fetchKeys({ ...LOGIN, card: '/dev/fake', keys: 2, internetVia: LOCAL }, () => {})
  await k.client.logout(true)
  t.true(k.server.from.length > 0)
  t.deepEqual(only(k.server.from), [LOCAL])
})

test('a gateway to an open shop leaves by it, also when it asks what became of a payment', async (t) => {
  const shop = new FakeShop()
  shop.basket.set('L-100', 2)
  shop.tagged = true
  const { url, from } = await openShop(t, shop)
  const { visitor } = await gatewayWorld(t, {
    shop: url,
    ca: CA,
    internetVia: LOCAL,
    card: (card) => paying(card, shop),
  })
  const before = from.length
  await payAndWait(visitor)
  t.true(from.length > before)
  t.deepEqual(only(from), [LOCAL])
})

test('a gateway refuses a session that leaves by another interface than the one that was asked for', async (t) => {
  const { visitor, server } = await gatewayWorld(t, { internetVia: LOCAL })
  const before = server.from.length
  const answer = await visitor.get('/shop/goods')
  t.regex(await answer.text(), /INTERNET_VIA_DIFFERS/)
  t.is(server.from.length, before)
})
