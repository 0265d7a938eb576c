import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { ServerEvent } from '../../../server/events.ts'
import type { PaymentGateway } from '../../../server/settlement/payment-gateway.ts'
import { Settlement } from '../../../server/settlement/settlement.ts'
import { startSettling } from '../../../server/settlement/worker.ts'
import type { Payer } from '../../../server/shop/purchases.ts'
import type { Access, ShopStore, StoredOrder, StoredTag } from '../../../server/store/shop-store.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import type { Payment } from '../../../wire/line/personal-data.ts'
import type { FakeClock } from '../../fake-clock.ts'
import { clockAt, folder, START } from '../world.ts'
import { GOOD_CARD, MemoryGateway } from './memory-gateway.ts'

export const PRICE = 1999
export const LAPSE_MS = 900_000
export const STOCK = 5

/** What must not stand in any event. */
export const PERSONAL = {
  ...GOOD_CARD,
  street: 'Sakura 1-2-3',
  postalCode: '100-0001',
  city: 'Chiyoda',
  country: 'JP',
  contact: '+81300000000',
} as const

export function openShop(t: ExecutionContext): ShopStore {
  const store = openSqliteStore(join(folder(t), 'server.db'))
  t.teardown(() => store.close())
  return store.shop
}

export async function stockUp(store: ShopStore, product: string, stock = STOCK): Promise<void> {
  const goods = { product, name: 'Two tones', specification: '2 × 440 Hz', price: PRICE, currency: 'JPY', stock }
  await store.putGoods([{ ...goods, photo: undefined }])
}

let tags = 0

/** A tag for so many pieces, as the shop would issue it. */
export async function issueTag(
  store: ShopStore,
  options: { product: string; at: number; quantity?: number; userId?: string; access?: Access; cardId?: string },
): Promise<StoredTag> {
  const { product, at, quantity = 1, userId = 'alice', access = 'session' } = options
  const cardId = access === 'open' ? undefined : (options.cardId ?? 'card-1')
  const name = (kind: string): string =>
    Buffer.from(`${kind}-${String(tags++).padStart(14, '0')}`).toString('base64url')
  const { basketId } = await store.openBasket({ basketId: name('b'), userId, access, at })
  const set = await store.setItem({ basketId, product, quantity, at })
  if (!set.ok) throw new Error(`expected a basket, got ${set.reason}`)
  const finish = { basketId, tag: name('t'), cardId, at, lapsesAt: at + LAPSE_MS, tagsMax: 1000 }
  const finished = await store.finishBasket(finish)
  if (!finished.ok) throw new Error(`expected a tag, got ${finished.reason}`)
  return finished.tag
}

export function payerOf({ tag, userId, cardId }: StoredTag): Payer {
  return { tag, userId, cardId: cardId ?? 'card-1' }
}

export function paymentOf({ amount, currency }: StoredTag, card: Partial<Payment['data']> = {}): Payment {
  return { amount, currency, data: { ...PERSONAL, ...card } }
}

/** Lets time pass until it has ended. */
export async function finish<T>(clock: FakeClock, work: Promise<T>, stepMs = 250): Promise<T> {
  let over = false
  const end = (): void => {
    over = true
  }
  work.then(end, end)
  for (let n = 0; n < 10_000; n++) {
    // Not only microtasks: all that is ready runs.
    await new Promise((resolve) => setImmediate(resolve))
    if (over) return work
    await clock.advance(stepMs)
  }
  throw new Error('it does not end')
}

export interface ShopWorld {
  readonly clock: FakeClock
  readonly store: ShopStore
  readonly gateway: MemoryGateway
  readonly events: ServerEvent[]
  readonly settlement: Settlement
  readonly tag: StoredTag
  steps(): string[]
  /** Another Settlement on the same store, as of a process that was started again or of another node. */
  another(node?: string, gateway?: PaymentGateway): Settlement
  /** The worker of a settlement; stops with the test. */
  work(settlement: Settlement, node?: string): () => Promise<void>
  tagNow(): Promise<StoredTag>
  orders(): Promise<readonly StoredOrder[]>
  charges(): number
}

export async function shopWorld(t: ExecutionContext, options: { access?: Access; store?: ShopStore } = {}) {
  const clock = await clockAt()
  const store = options.store ?? openShop(t)
  await stockUp(store, 'A-1')
  const tag = await issueTag(store, { product: 'A-1', at: START, quantity: 2, access: options.access ?? 'session' })
  const gateway = new MemoryGateway()
  const events: ServerEvent[] = []
  const log = (event: ServerEvent): void => void events.push(event)
  const another = (node = 'main', other: PaymentGateway = gateway): Settlement =>
    new Settlement({ store, gateway: other, clock, log, node })
  const world: ShopWorld = {
    ...{ clock, store, gateway, events, tag, another, settlement: another() },
    steps: () => events.flatMap(({ step }) => step ?? []),
    work: (settlement, node = 'main') => {
      const stop = startSettling({ settlement, store, clock, log, node })
      t.teardown(stop)
      return stop
    },
    tagNow: async () => (await store.tag(tag.tag)) ?? tag,
    orders: () => store.orders(undefined, 100),
    charges: () => [...gateway.payments.values()].reduce((sum, { charges }) => sum + charges, 0),
  }
  return world
}
