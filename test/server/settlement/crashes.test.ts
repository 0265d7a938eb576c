import { join } from 'node:path'
import test from 'ava'
import { isOpen } from '../../../server/settlement/order-machine.ts'
import { Settlement } from '../../../server/settlement/settlement.ts'
import { startSettling } from '../../../server/settlement/worker.ts'
import type { PaymentOutcome } from '../../../server/shop/purchases.ts'
import type { ShopStore, StoredOrder, StoredTag } from '../../../server/store/shop-store.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { FakeClock } from '../../fake-clock.ts'
import { seeded } from '../../random.ts'
import { folder, START } from '../world.ts'
import { BLOWS, Fate } from './fate.ts'
import { GOOD_CARD, MemoryGateway, REFUSED_CARD, type Treatment } from './memory-gateway.ts'
import { issueTag, payerOf, paymentOf, stockUp } from './shop-world.ts'

/*
 * Random histories of a shop whose processes die or sleep at any call to store or acquirer, with requests that are lost, late or heard
 * twice. After each history, when all is up again: every tag has zero or one charge, orders and the acquirer's ledger agree, no stock is
 * lost, and whoever was told something was told the truth.
 */
const HISTORIES = 1000
const PARTS = 10
const SEED = 20_261
const LIVES_MAX = 6
/** Calls until the blow falls: a whole payment has about a dozen. */
const CALLS_MAX = 22
const STOCK = 7
const NODES = ['main', 'other'] as const
const TREATMENTS: readonly Treatment[] = ['before', 'after', 'late', 'hang', 'throw']

type Random = (below: number) => number

interface Told {
  readonly tag: string
  readonly outcome: PaymentOutcome
}

interface History {
  readonly random: Random
  readonly store: ShopStore
  readonly gateway: MemoryGateway
  readonly product: string
  readonly tags: readonly StoredTag[]
  readonly told: Told[]
  now: number
}

/** What happened in all histories together, to show that something did. */
const seen: Record<string, number> = {}
function count(what: string): void {
  seen[what] = (seen[what] ?? 0) + 1
}

/** One life: nodes on one clock, each with its fate; users pay; then all that did not die in it is dropped. */
async function live(history: History, fates: readonly (Fate | undefined)[]): Promise<void> {
  const { random, gateway, tags } = history
  // A dropped process leaves no timer behind: its clock stops with it.
  const clock = new FakeClock()
  await clock.advance(history.now)
  const nodes = fates.map((fate, n) => begin(history, clock, NODES[n] ?? 'main', fate))
  for (let step = 0; step < 6; step++) {
    const settlement = nodes[random(nodes.length)]
    const tag = tags[random(tags.length)]
    if (settlement !== undefined && tag !== undefined && random(3) > 0) pay(history, settlement, tag)
    await clock.advance([1, 300, 2000, 10_000, 70_000][random(5)] ?? 1)
    if (random(3) === 0) gateway.arrive()
    if (random(4) === 0) fates[random(fates.length)]?.wake()
    if (random(6) === 0) await history.store.lapseTags(clock.now())
  }
  history.now = clock.now()
}

function begin(history: History, clock: FakeClock, node: string, fate: Fate | undefined): Settlement {
  const store = fate?.of(history.store) ?? history.store
  const gateway = fate?.of<MemoryGateway>(history.gateway) ?? history.gateway
  const log = ({ event }: { readonly event: string }): void => count(event)
  const settlement = new Settlement({ store, gateway, clock, log, node })
  startSettling({ settlement, store, clock, log, node })
  return settlement
}

function pay({ random, told }: History, settlement: Settlement, tag: StoredTag): void {
  const card = random(4) === 0 ? REFUSED_CARD : GOOD_CARD
  settlement.pay(payerOf(tag), paymentOf(tag, card)).then(
    (outcome) => {
      count(`told ${outcome.outcome}`)
      told.push({ tag: tag.tag, outcome })
    },
    () => count('told of a fault'), // before the order was written
  )
}

async function run(store: ShopStore, seed: number): Promise<History> {
  const random = seeded(seed)
  const product = `P-${seed}`
  await stockUp(store, product, STOCK)
  const issue = (userId: string) => issueTag(store, { product, at: START, quantity: 1 + random(2), userId })
  const tags = [await issue('alice'), await issue('bob'), await issue('carol')]
  const gateway = new MemoryGateway()
  const history: History = { random, store, gateway, product, tags, told: [], now: START }
  const lives = 1 + random(LIVES_MAX)
  for (let life = 0; life < lives; life++) {
    const trouble = random(3)
    gateway.treat = () => (random(4) < trouble ? TREATMENTS[random(TREATMENTS.length)] : undefined) ?? 'normal'
    const fates = Array.from({ length: 1 + random(2) }, () => {
      const fate = new Fate(1 + random(CALLS_MAX), BLOWS[random(BLOWS.length)] ?? 'dies-after')
      count(fate.blow)
      return fate
    })
    await live(history, fates)
  }
  return history
}

/** All is up again, and what was on its way arrives. */
async function recover(history: History): Promise<void> {
  const { gateway, store } = history
  gateway.treat = () => 'normal'
  gateway.arrive()
  const clock = new FakeClock()
  await clock.advance(history.now)
  const nodes = NODES.map((node) => begin(history, clock, node, undefined))
  for (let n = 0; n < 40; n++) await clock.advance(5000)
  await Promise.all(nodes.map((node) => node.close()))
  await store.lapseTags(clock.now())
  history.now = clock.now()
}

/** What is wrong after a history; nothing when all is well. */
async function wrongs(history: History): Promise<string[]> {
  const { store, gateway, tags, told, product } = history
  const mine = new Set(tags.map(({ tag }) => tag))
  const orders = (await store.orders(undefined, 1000)).filter(({ tag }) => mine.has(tag))
  const now = await Promise.all(tags.map(async ({ tag }) => (await store.tag(tag)) as StoredTag)) // they were issued
  return [
    ...orders.flatMap((order) => disagreements(order, gateway)),
    ...now.flatMap((tag) => tagFaults(tag, orders, gateway)),
    ...told.flatMap((it) => untruths(it, orders)),
    ...[...gateway.payments.keys()]
      .filter((key) => !orders.some((it) => it.key === key))
      .map(() => 'a payment of no order'),
    ...stockFaults((await store.good(product))?.available ?? -1, now),
  ]
}

function chargesOf(gateway: MemoryGateway, { key }: StoredOrder): number {
  return gateway.payments.get(key)?.charges ?? 0
}

function disagreements(order: StoredOrder, gateway: MemoryGateway): string[] {
  if (isOpen(order.state)) return [`an order is still ${order.state}`]
  const payment = gateway.payments.get(order.key)
  const expected = order.state === 'paid' ? 'captured' : order.state
  const faults = []
  if (payment?.state.state !== expected) faults.push(`order ${order.state}, acquirer ${payment?.state.state}`)
  if (chargesOf(gateway, order) !== (order.state === 'paid' ? 1 : 0)) faults.push(`${order.state} with another charge`)
  if (order.state === 'paid' && (order.receipt === undefined || payment?.amount !== order.amount)) faults.push('amount')
  return faults
}

function tagFaults({ tag, state }: StoredTag, orders: readonly StoredOrder[], gateway: MemoryGateway): string[] {
  const own = orders.filter((order) => order.tag === tag)
  const charges = own.reduce((sum, order) => sum + chargesOf(gateway, order), 0)
  count(`${charges} charges of a tag`)
  const paid = own.filter((order) => order.state === 'paid').length
  if (charges > 1 || paid !== charges) return [`${charges} charges, ${paid} paid orders of a tag`]
  return (state === 'used') === (paid === 1) && state !== 'paying' ? [] : [`a tag is ${state} with ${paid} paid orders`]
}

function untruths({ tag, outcome }: Told, orders: readonly StoredOrder[]): string[] {
  const paid = orders.filter((order) => order.tag === tag && order.state === 'paid')
  if (outcome.outcome === 'paid' && paid[0]?.orderId !== outcome.orderId) return ['told paid, and it is not']
  if (outcome.outcome === 'not-taken' && outcome.reason === 'TAG_USED' && paid.length === 0) return ['told used']
  return []
}

/** Delivered = available + held + sold. */
function stockFaults(available: number, tags: readonly StoredTag[]): string[] {
  const of = (...states: readonly string[]): number =>
    tags
      .filter(({ state }) => states.includes(state))
      .flatMap(({ items }) => items)
      .reduce((sum, { quantity }) => sum + quantity, 0)
  const [held, sold] = [of('open', 'paying'), of('used')]
  return available + held + sold === STOCK ? [] : [`${STOCK} delivered, ${available} + ${held} + ${sold} there`]
}

for (let part = 0; part < PARTS; part++) {
  test.serial(`crashes at every point, part ${part + 1} of ${PARTS}, seed ${SEED}`, async (t) => {
    const path = join(folder(t), 'server.db')
    let store = openSqliteStore(path)
    t.teardown(() => store.close())
    for (let n = part; n < HISTORIES; n += PARTS) {
      const history = await run(store.shop, SEED + n)
      // Whoever comes back finds what stands in the file, and nothing else.
      await store.close()
      store = openSqliteStore(path)
      const back = { ...history, store: store.shop }
      await recover(back)
      const faults = await wrongs(back)
      if (faults.length > 0) t.log(`history of seed ${SEED + n}`)
      t.deepEqual(faults, [])
    }
  })
}

test.serial('the histories did meet what they are for', (t) => {
  t.log(
    Object.entries(seen)
      .map(([what, times]) => `${what}: ${times}`)
      .sort()
      .join('\n'),
  )
  for (const what of [...BLOWS, 'told paid', 'told refused', 'told pending', 'told not-taken', '1 charges of a tag']) {
    t.true((seen[what] ?? 0) > HISTORIES / 20, what)
  }
  for (const what of ['settled', 'payment.voided', 'payment.refused']) t.true((seen[what] ?? 0) > HISTORIES / 20, what)
})
