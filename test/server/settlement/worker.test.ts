import test from 'ava'
import type { PaymentState } from '../../../server/settlement/payment-gateway.ts'
import { LEASE_MS } from '../../../server/settlement/settlement.ts'
import { LONGEST_WAIT_MS, SETTLING_MS, startSettling } from '../../../server/settlement/worker.ts'
import { MemoryGateway, type Treatment } from './memory-gateway.ts'
import { finish, issueTag, payerOf, paymentOf, type ShopWorld, shopWorld, stockUp } from './shop-world.ts'

/** A call whose answers are lost from the given request on, until its budget is over. */
async function leftOver({ clock, settlement, tag, gateway }: ShopWorld, ...treatments: readonly Treatment[]) {
  let n = 0
  gateway.treat = () => treatments[Math.min(n++, treatments.length - 1)] ?? 'normal'
  const outcome = await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag)))
  gateway.treat = () => 'normal'
  gateway.asked.length = 0
  return outcome.outcome
}

for (const [name, treatments, state, asked, charges] of [
  ['never arrived: voided', ['before'], 'voided', ['look', 'void'], 0],
  ['authorised, unheard: captured', ['after'], 'paid', ['look', 'capture'], 1],
  ['authorised, capture never arrived', ['normal', 'before'], 'paid', ['capture'], 1],
  ['captured, unheard: not charged again', ['normal', 'after'], 'paid', ['capture'], 1],
] as const) {
  test(`what a call left over: ${name}`, async (t) => {
    const world = await shopWorld(t)
    t.is(await leftOver(world, ...treatments), 'pending')
    world.work(world.another())
    await world.clock.advance(0)
    await finish(world.clock, world.clock.advance(1))
    const [order] = await world.orders()
    t.is(order?.state, state, 'at once, without waiting for the first interval')
    t.deepEqual(
      world.gateway.asked.map(({ ask }) => ask),
      [...asked],
    )
    t.is(world.charges(), charges)
    t.is((await world.tagNow()).state, state === 'paid' ? 'used' : 'open')
    await world.clock.advance(10 * SETTLING_MS)
    t.is(world.gateway.asked.length, asked.length, 'and then nothing more')
  })
}

test('a request that arrives after the void charges nothing', async (t) => {
  const world = await shopWorld(t)
  t.is(await leftOver(world, 'late'), 'pending')
  t.true(world.gateway.late > 1)
  world.work(world.settlement)
  await world.clock.advance(SETTLING_MS)
  t.is((await world.orders())[0]?.state, 'voided')
  world.gateway.arrive()
  await world.clock.advance(60_000)
  t.is((await world.orders())[0]?.state, 'voided')
  t.is(world.charges(), 0)
  // The user pays again, with another key; late requests of the first one do no harm.
  t.like(await finish(world.clock, world.settlement.pay(payerOf(world.tag), paymentOf(world.tag))), { outcome: 'paid' })
  t.is(world.charges(), 1)
})

test('a request that arrives between look and void is let go or charged, never both', async (t) => {
  const world = await shopWorld(t)
  t.is(await leftOver(world, 'late'), 'pending')
  world.gateway.treat = (ask) => {
    if (ask === 'void') world.gateway.arrive()
    return 'normal'
  }
  world.work(world.settlement)
  await world.clock.advance(SETTLING_MS)
  t.is((await world.orders())[0]?.state, 'voided')
  t.is(world.charges(), 0)
})

test('an acquirer that is down for a day: asked with bounded patience, and settled within minutes of its return', async (t) => {
  const world = await shopWorld(t)
  t.is(await leftOver(world, 'normal', 'after'), 'pending')
  world.gateway.treat = () => 'before'
  world.work(world.settlement)
  await world.clock.advance(24 * 3_600_000)
  const asked = world.gateway.asked.length
  t.true(asked > 1300 && asked < 1500, `${asked} requests`)
  world.gateway.treat = () => 'normal'
  await world.clock.advance(LONGEST_WAIT_MS + SETTLING_MS)
  t.is((await world.orders())[0]?.state, 'paid')
  t.is(world.charges(), 1)
})

test('it leaves alone what a call of its own process is busy with', async (t) => {
  const { clock, settlement, tag, gateway, work, charges } = await shopWorld(t)
  work(settlement)
  gateway.treat = (ask) => (ask === 'authorise' ? 'before' : 'normal')
  const paying = settlement.pay(payerOf(tag), paymentOf(tag))
  await clock.advance(20_000)
  t.deepEqual([...new Set(gateway.asked.map(({ ask }) => ask))], ['authorise'])
  gateway.treat = () => 'normal'
  t.like(await finish(clock, paying), { outcome: 'paid' })
  t.is(charges(), 1)
})

test('another node waits for the lease, then takes over', async (t) => {
  const world = await shopWorld(t)
  t.is(await leftOver(world, 'after'), 'pending')
  const begun = (await world.orders())[0]?.createdAt ?? 0
  world.work(world.another('other'), 'other')
  await world.clock.advance(begun + LEASE_MS - 1000 - world.clock.now())
  t.deepEqual(world.gateway.asked, [])
  await world.clock.advance(1000 + SETTLING_MS)
  t.is((await world.orders())[0]?.state, 'paid')
  t.is(world.charges(), 1)
})

test('a process that slept through its lease agrees with the node that took over', async (t) => {
  for (const [treatment, outcome] of [
    ['normal', 'paid'],
    ['before', 'refused'],
  ] as const) {
    const world = await shopWorld(t)
    const { clock, tag, gateway, another, orders, charges } = world
    // Its answer is held back as long as it sleeps.
    const wake = Promise.withResolvers<void>()
    const asleep = new MemoryGateway()
    asleep.authorise = async (payment): Promise<PaymentState> => {
      gateway.treat = () => treatment
      const said = await gateway.authorise(payment)
      gateway.treat = () => 'normal'
      await wake.promise
      return said.state === 'unreachable' ? { state: 'authorised' } : said
    }
    asleep.capture = (key) => gateway.capture(key)
    const sleeper = another('main', asleep).settler
    const begun = await world.store.beginOrder({
      ...{ tag: tag.tag, cardId: 'card-1', userId: 'alice', amount: tag.amount, currency: tag.currency, node: 'main' },
      ...{ key: 'sleeper-key-of-22-char', leaseUntil: clock.now() + LEASE_MS, at: clock.now(), brand: 'Visa' },
      ...{ lastFour: '4242', name: 'A', street: 'S', postalCode: 'P', city: 'C', country: 'JP', contact: '' },
    })
    if (!begun.ok) return t.fail(begun.reason)
    const effort = { signal: new AbortController().signal, again: async () => false }
    const run = sleeper.run(begun.order, effort, paymentOf(tag).data)
    world.work(another('other'), 'other')
    await clock.advance(LEASE_MS + 2 * SETTLING_MS)
    const settled = (await orders())[0]
    t.is(settled?.state, outcome === 'paid' ? 'paid' : 'voided')
    wake.resolve()
    t.deepEqual((await run).state, settled?.state)
    t.deepEqual((await orders())[0], settled, 'nothing was written twice')
    t.is(charges(), outcome === 'paid' ? 1 : 0)
  }
})

test('many orders are settled side by side, four at a time', async (t) => {
  const { clock, store, settlement, gateway, work, charges } = await shopWorld(t)
  await stockUp(store, 'B-1', 20)
  gateway.treat = () => 'after'
  for (let n = 0; n < 10; n++) {
    const tag = await issueTag(store, { product: 'B-1', at: clock.now(), userId: `user-${n}` })
    const paying = settlement.pay(payerOf(tag), paymentOf(tag))
    await finish(clock, paying, 5000)
  }
  gateway.treat = () => 'normal'
  let busy = 0
  let most = 0
  const look = gateway.look.bind(gateway)
  gateway.look = async (key) => {
    most = Math.max(most, ++busy)
    await new Promise((resolve) => setImmediate(resolve))
    busy--
    return look(key)
  }
  work(settlement)
  await finish(clock, clock.advance(SETTLING_MS))
  for (let n = 0; n < 20; n++) await finish(clock, clock.advance(100))
  t.is(charges(), 10)
  t.is(most, 4)
})

test('a store that fails is told, and tried again', async (t) => {
  const world = await shopWorld(t)
  t.is(await leftOver(world, 'after'), 'pending')
  let failing = true
  const store = new Proxy(world.store, {
    get: (it, name) => {
      const value: unknown = Reflect.get(it, name)
      if (typeof value !== 'function') return value
      return failing ? () => Promise.reject(new Error('locked')) : value.bind(it)
    },
  })
  const stop = startSettling({
    settlement: world.settlement,
    store,
    node: 'main',
    clock: world.clock,
    log: (event) => void world.events.push(event),
  })
  t.teardown(stop)
  await world.clock.advance(3 * SETTLING_MS)
  t.true(world.events.filter(({ event }) => event === 'settlement.fault').length >= 3)
  failing = false
  await world.clock.advance(SETTLING_MS)
  t.is((await world.orders())[0]?.state, 'paid')
})

test('stopping ends what is under way at once, and nothing is asked after it', async (t) => {
  const world = await shopWorld(t)
  t.is(await leftOver(world, 'after'), 'pending')
  world.gateway.treat = () => 'hang'
  const stop = world.work(world.settlement)
  await world.clock.advance(10)
  await stop()
  t.is(world.clock.waiting, 0)
  const asked = world.gateway.asked.length
  await world.clock.advance(600_000)
  t.is(world.gateway.asked.length, asked)
})
