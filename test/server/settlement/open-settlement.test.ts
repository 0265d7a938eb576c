import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ServerEvent } from '../../../server/events.ts'
import { type OpenedSettlement, openSettlement } from '../../../server/settlement/open-settlement.ts'
import type { ShopStore, StoredTag } from '../../../server/store/shop-store.ts'
import { systemTime } from '../../../server/time.ts'
import { seeded } from '../../random.ts'
import { folder } from '../world.ts'
import { type AcquirerWorld, acquirerWorld } from './acquirer-world.ts'
import { REFUSED_CARD } from './memory-gateway.ts'
import { issueTag, openShop, PRICE, payerOf, paymentOf, stockUp } from './shop-world.ts'

interface World extends AcquirerWorld {
  readonly store: ShopStore
  readonly tag: StoredTag
  readonly events: ServerEvent[]
  /** The shop's money as program.ts opens it; closed with the test. */
  start(): Promise<OpenedSettlement>
  orderState(): Promise<string | undefined>
  /** Waits for an event that was logged, or will be. */
  logged(event: string): Promise<void>
}

/** Settlement and the simulated card company as they run, with real time. */
async function world(t: ExecutionContext, ...args: readonly string[]): Promise<World> {
  const bank = await acquirerWorld(t, args)
  const store = openShop(t)
  await stockUp(store, 'A-1')
  const tag = await issueTag(store, { product: 'A-1', at: Date.now() })
  const events: ServerEvent[] = []
  const waiting = new Set<() => void>()
  const log = (event: ServerEvent): void => {
    events.push(event)
    for (const check of waiting) check()
  }
  const acquirer = new URL(bank.acquirer.url)
  const start = async (): Promise<OpenedSettlement> => {
    const clock = systemTime
    const opened = await openSettlement({ store, node: 'main', clock, log, acquirer, acquirerKey: bank.keyFile })
    t.teardown(() => opened.close())
    return opened
  }
  const logged = (event: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!events.some((it) => it.event === event)) return
        waiting.delete(check)
        resolve()
      }
      waiting.add(check)
      check()
    })
  return {
    ...bank,
    store,
    tag,
    events,
    start,
    logged,
    orderState: async () => (await store.orders(undefined, 1))[0]?.state,
  }
}

test.serial('a purchase over HTTP, and a refused card before it', async (t) => {
  const { start, tag, acquirer, store } = await world(t)
  const { purchases } = await start()
  t.like(await purchases.open(payerOf(tag)), { verdict: 'accepted', amount: PRICE })
  const refused = await purchases.pay(payerOf(tag), paymentOf(tag, REFUSED_CARD))
  t.deepEqual(refused, { outcome: 'refused', reason: 'do-not-honour' })
  t.like(await purchases.pay(payerOf(tag), paymentOf(tag)), { outcome: 'paid' })
  t.deepEqual(
    (await acquirer.payments()).map(({ state, charges, lastFour }) => [state, charges, lastFour]),
    [
      ['refused', 0, '0002'],
      ['captured', 1, '4242'],
    ],
  )
  t.deepEqual(
    (await store.orders(undefined, 9)).map(({ key }) => key).reverse(),
    (await acquirer.payments()).map(({ key }) => key),
  )
})

for (const [name, as, on] of [
  ['the acquirer is down for a moment', 'down', 'authorise'],
  ['it is down at the capture', 'down', 'capture'],
  ['it is slow', 'slow', 'authorise'],
  ['it answers twice', 'answer-twice', undefined],
] as const) {
  test.serial(`paid, once: ${name}`, async (t) => {
    const { start, tag, acquirer } = await world(t)
    const { purchases } = await start()
    await acquirer.command({ do: 'behave', as, requests: 2, ms: 200, ...(on === undefined ? {} : { on }) })
    t.like(await purchases.pay(payerOf(tag), paymentOf(tag)), { outcome: 'paid' })
    t.like((await acquirer.payments())[0], { state: 'captured', charges: 1 })
  })
}

for (const [on, ending, charges] of [
  ['authorise', 'paid', 1],
  ['capture', 'paid', 1],
] as const) {
  test.serial(`the server ends while the answer to ${on} is lost; the next one settles it`, async (t) => {
    const { start, tag, acquirer, orderState, logged } = await world(t)
    const first = await start()
    await acquirer.command({ do: 'behave', as: 'time-out-after', requests: 1, on })
    const paying = first.purchases.pay(payerOf(tag), paymentOf(tag))
    await acquirer.until((event) => event.event === 'payment' && event.as === 'time-out-after')
    await first.close()
    t.like(await paying, { outcome: 'pending' })
    t.is(await orderState(), on === 'capture' ? 'authorised' : 'authorising')
    const second = await start()
    await logged('settled')
    t.is(await orderState(), ending)
    t.is((await acquirer.payments())[0]?.charges, charges)
    t.like(await second.purchases.open(payerOf(tag)), { reason: 'TAG_USED' })
  })
}

test.serial('the server ends before its request arrived: voided, and a late request charges nothing', async (t) => {
  const { start, tag, acquirer, orderState, logged } = await world(t)
  const first = await start()
  // Still under way in the network when the server has gone.
  await acquirer.command({ do: 'behave', as: 'slow', requests: 1, on: 'authorise', ms: 1500 })
  const paying = first.purchases.pay(payerOf(tag), paymentOf(tag))
  await acquirer.until((event) => event.event === 'held')
  await first.close()
  t.like(await paying, { outcome: 'pending' })
  const second = await start()
  await logged('payment.voided')
  t.is(await orderState(), 'voided')
  await acquirer.until((event) => event.event === 'payment' && event.as === 'slow')
  t.deepEqual(
    (await acquirer.payments()).map(({ state, charges }) => [state, charges]),
    [['voided', 0]],
  )
  t.like(await second.purchases.pay(payerOf(tag), paymentOf(tag)), { outcome: 'paid' })
})

test.serial('the acquirer is killed at random moments of ten purchases and comes back: one charge each', async (t) => {
  const seed = 11
  t.log(`seed ${seed}`)
  const random = seeded(seed)
  const { start, store, restart, acquirer } = await world(t)
  await stockUp(store, 'B-1', 10)
  const { purchases } = await start()
  let running = acquirer
  for (let n = 0; n < 10; n++) {
    const tag = await issueTag(store, { product: 'B-1', at: Date.now(), userId: `user-${n}` })
    const paying = purchases.pay(payerOf(tag), paymentOf(tag))
    await new Promise((resolve) => setTimeout(resolve, random(12)))
    await running.kill()
    running = await restart()
    t.like(await paying, { outcome: 'paid' })
  }
  const payments = await running.payments()
  t.deepEqual([...new Set(payments.map(({ state, charges }) => `${state} ${charges}`))], ['captured 1'])
  t.is(payments.length, 10)
  t.is((await store.good('B-1'))?.available, 0)
})

test.serial('another key than the acquirer’s: unreachable, and the log says why', async (t) => {
  const { start, tag, keyFile, events, logged, orderState } = await world(t)
  writeFileSync(keyFile, `shop-1:${Buffer.alloc(32, 1).toString('base64')}\n`)
  const opened = await start()
  const paying = opened.purchases.pay(payerOf(tag), paymentOf(tag))
  await logged('acquirer.unreachable')
  await opened.close()
  t.like(await paying, { outcome: 'pending' })
  t.is(await orderState(), 'authorising')
  t.deepEqual(events.find(({ event }) => event === 'acquirer.unreachable')?.why, 'status 401')
})

test.serial('without an acquirer nothing is paid, and the log says why', async (t) => {
  const store = openShop(t)
  await stockUp(store, 'A-1')
  const tag = await issueTag(store, { product: 'A-1', at: Date.now() })
  const events: ServerEvent[] = []
  const log = (event: ServerEvent): void => void events.push(event)
  const none = { acquirer: undefined, acquirerKey: undefined }
  const { purchases, close } = await openSettlement({ store, node: 'main', clock: systemTime, log, ...none })
  for (const payer of [payerOf(tag), { ...payerOf(tag), tag: 'AAAAAAAAAAAAAAAAAAAAAA' }]) {
    t.deepEqual(await purchases.open(payer), { verdict: 'refused', reason: 'SERVER_BUSY', retryAfterSeconds: 600 })
  }
  t.deepEqual(await purchases.pay(payerOf(tag), paymentOf(tag)), { outcome: 'refused', reason: 'no-acquirer' })
  t.is((await store.tag(tag.tag))?.state, 'open')
  t.deepEqual([...new Set(events.map(({ event, why }) => `${event}: ${why}`))], ['settlement.off: no --acquirer'])
  await close()
})

test.serial('a key that cannot be used keeps the shop from opening', async (t) => {
  const store = openShop(t)
  const acquirer = new URL('https://acquirer.example')
  const options = { store, node: 'main', clock: systemTime, log: () => {}, acquirer }
  const acquirerKey = join(folder(t), 'absent')
  await t.throwsAsync(openSettlement({ ...options, acquirerKey }), { code: 'ACQUIRER_KEY_UNUSABLE' })
})
