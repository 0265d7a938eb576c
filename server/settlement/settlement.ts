import { randomBytes } from 'node:crypto'
import type { Payment } from '../../wire/line/personal-data.ts'
import type { PurchaseVerdict } from '../../wire/line/purchase.ts'
import { asServerError } from '../errors.ts'
import type { Step } from '../events.ts'
import type { Payer, PaymentOutcome, Purchases } from '../shop/purchases.ts'
import type { Access, BeginOrder, StoredOrder, StoredTag } from '../store/shop-store.ts'
import { cardTraces } from './card-brand.ts'
import { Budget } from './effort.ts'
import type { CardDetails } from './payment-gateway.ts'
import { Settler, type SettlerOptions } from './settler.ts'
import { tagFault } from './tag-check.ts'

/** A caller waits on the line for so long, milliseconds; what is not settled then goes on without him. */
export const PAY_BUDGET_MS = 25_000
/** No other node touches an order for so long, milliseconds: longer than the budget. */
export const LEASE_MS = 60_000
/** When to ask again about a tag that is being paid for, seconds. */
const PENDING_RETRY_S = 30
/** What an opening's verdict can say. */
const LAPSE_MAX_S = 7 * 86_400
const KEY_BYTES = 16

type Moment = 'checked' | 'refused' | 'accepted' | 'received'

/** Step numbers of the second embodiment (the open shop) and of the third (the shop of a session). */
const STEPS: Readonly<Record<Access, Readonly<Record<Moment, Step>>>> = {
  open: { checked: 'S31', refused: 'S32', accepted: 'S33', received: 'S34' },
  session: { checked: 'S65', refused: 'S66', accepted: 'S67', received: 'S68' },
}

export interface SettlementOptions extends SettlerOptions {
  readonly node: string
}

/** What the line asks of the shop, with an acquirer behind it. */
export class Settlement implements Purchases {
  readonly settler: Settler
  readonly #options: SettlementOptions
  /** Keys of the orders that a call is waiting for. */
  readonly #calls = new Map<string, Promise<unknown>>()
  readonly #stop = new AbortController()

  constructor(options: SettlementOptions) {
    this.#options = options
    this.settler = new Settler(options)
  }

  async open(payer: Payer): Promise<PurchaseVerdict> {
    const { store, clock } = this.#options
    const tag = await store.tag(payer.tag)
    const now = clock.now()
    this.#step('tag.checked', tag, 'checked')
    const reason = tagFault(tag, payer, now)
    if (tag === undefined || reason !== undefined) {
      this.#step('tag.refused', tag, 'refused', { reason: reason ?? 'TAG_UNKNOWN' })
      const retryAfterSeconds = reason === 'TAG_PENDING' ? PENDING_RETRY_S : 0
      return { verdict: 'refused', reason: reason ?? 'TAG_UNKNOWN', retryAfterSeconds }
    }
    this.#step('tag.accepted', tag, 'accepted')
    return {
      verdict: 'accepted',
      amount: tag.amount,
      currency: tag.currency,
      items: tag.items.reduce((sum, { quantity }) => sum + quantity, 0),
      lapsesInSeconds: Math.min(Math.floor((tag.lapsesAt - now) / 1000), LAPSE_MAX_S),
    }
  }

  async pay(payer: Payer, payment: Payment): Promise<PaymentOutcome> {
    const { store, clock } = this.#options
    if (this.#stop.signal.aborted) return { outcome: 'refused', reason: 'server-closing' }
    const tag = await store.tag(payer.tag)
    this.#step('personal-data.received', tag, 'received')
    const reason = tagFault(tag, payer, clock.now())
    if (reason !== undefined) return this.#notTaken(tag, reason)
    const key = randomBytes(KEY_BYTES).toString('base64url')
    // Known before the order is, so that nobody else in this process takes it for one that was left alone.
    const call = this.#begin(key, payer, payment, tag)
    this.#calls.set(key, call)
    try {
      return await call
    } finally {
      this.#calls.delete(key)
    }
  }

  /** Whether a call of this process is busy with the order of this key. */
  isBusyWith(key: string): boolean {
    return this.#calls.has(key)
  }

  /** Calls that wait for the acquirer end as `pending`. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#calls.values())
  }

  async #begin(key: string, payer: Payer, payment: Payment, tag: StoredTag | undefined): Promise<PaymentOutcome> {
    const begun = await this.#options.store.beginOrder(this.#newOrder(key, payer, payment))
    if (!begun.ok) return this.#notTaken(tag, begun.reason)
    const { order } = begun
    try {
      return outcomeOf(await this.#settle(order, payment))
    } catch (error) {
      // The order is safe in the store: it is settled later, and nobody is told that nothing happened.
      const { code, what } = asServerError(error)
      this.#options.log({ event: 'settlement.fault', code, what })
      return { outcome: 'pending', orderId: order.orderId }
    }
  }

  async #settle(order: StoredOrder, { data }: Payment): Promise<StoredOrder> {
    const { cardNumber, expiryMonth, expiryYear, securityCode, name } = data
    const card: CardDetails = { cardNumber, expiryMonth, expiryYear, securityCode, name }
    const budget = new Budget(this.#options.clock, PAY_BUDGET_MS, this.#stop.signal)
    try {
      return await this.settler.run(order, budget, card)
    } finally {
      budget.end()
    }
  }

  #newOrder(key: string, { tag, cardId, userId }: Payer, { amount, currency, data }: Payment): BeginOrder {
    const { node, clock } = this.#options
    const { name, street, postalCode, city, country, contact } = data
    const at = clock.now()
    return {
      ...{ tag, cardId, userId, amount, currency, key, node, at, leaseUntil: at + LEASE_MS },
      ...cardTraces(data.cardNumber),
      ...{ name, street, postalCode, city, country, contact },
    }
  }

  #notTaken(tag: StoredTag | undefined, reason: Extract<PaymentOutcome, { outcome: 'not-taken' }>['reason']) {
    this.#step('tag.refused', tag, 'refused', { reason })
    return { outcome: 'not-taken', reason } as const
  }

  /** Neither tag nor user is named. */
  #step(event: string, tag: StoredTag | undefined, moment: Moment, details: { readonly reason?: string } = {}): void {
    this.#options.log({ event, step: STEPS[tag?.access ?? 'open'][moment], path: 'line', ...details })
  }
}

function outcomeOf({ orderId, state, receipt, refusal }: StoredOrder): PaymentOutcome {
  if (state === 'paid' && receipt !== undefined) return { outcome: 'paid', orderId, receipt }
  if (state === 'refused') return { outcome: 'refused', reason: refusal }
  // Nothing was charged, and nothing can be any more.
  if (state === 'voided') return { outcome: 'refused', reason: 'not-completed' }
  return { outcome: 'pending', orderId }
}
