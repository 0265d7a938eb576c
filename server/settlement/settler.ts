import type { Clock } from '../../line/clock.ts'
import { encodeReceipt } from '../../wire/line/receipt.ts'
import { ServerError } from '../errors.ts'
import type { Log } from '../events.ts'
import { orderNumber } from '../shop/order-number.ts'
import type { OrderState, ShopStore, StoredOrder, StoredTag } from '../store/shop-store.ts'
import { type Effort, unlessAborted } from './effort.ts'
import { type Ask, firstAsk, isOpen, move, type OpenState } from './order-machine.ts'
import type { CardDetails, PaymentGateway, PaymentState } from './payment-gateway.ts'

/** After a payment that did not come about the tag stays open for so long at least, milliseconds: time to try another card. */
export const REOPEN_MS = 10 * 60_000

export interface SettlerOptions {
  readonly store: ShopStore
  readonly gateway: PaymentGateway
  /** Its `now()` is Unix milliseconds. */
  readonly clock: Clock
  readonly log: Log
}

/**
 * Moves one order towards its end (S35, S69): ask the acquirer, write down what it said, ask the next. It may be dropped between any two
 * lines, and run twice at once: @see order-machine.ts
 */
export class Settler {
  readonly #options: SettlerOptions

  constructor(options: SettlerOptions) {
    this.#options = options
  }

  /**
   * @param card when the acquirer is to be asked for its authorisation first; else it goes on from the order's state
   * @returns the order as it stands when it ended, or when the effort did @throws ServerError of the store
   */
  async run(begun: StoredOrder, effort: Effort, card?: CardDetails): Promise<StoredOrder> {
    let order = begun
    if (!isOpen(order.state)) return order
    let ask: Ask = card === undefined ? firstAsk(order.state) : 'authorise'
    const fruitless = new Set<Ask>()
    while (isOpen(order.state)) {
      const before: OpenState = order.state
      const said = await this.#ask(order, ask, effort.signal, card)
      const { becomes, ask: next, odd } = move(before, said.state)
      if (odd) this.#tell('settlement.odd', order, { state: before, said: said.state })
      if (becomes !== before) order = await this.#become(order, becomes, said)
      if (order.state !== before && isOpen(order.state)) {
        ask = firstAsk(order.state)
        fruitless.clear()
        continue
      }
      fruitless.add(ask)
      if (next !== 'again' && next !== undefined) ask = next
      // Asked in this state before: it leads nowhere, however the answers alternate.
      if (isOpen(order.state) && fruitless.has(ask) && !(await effort.again())) return order
    }
    return order
  }

  async #ask({ key, amount, currency }: StoredOrder, ask: Ask, signal: AbortSignal, card: CardDetails | undefined) {
    const { gateway } = this.#options
    const asked = async (): Promise<PaymentState> => {
      if (ask === 'authorise' && card !== undefined) return gateway.authorise({ key, amount, currency, card }, signal)
      return ask === 'authorise' ? gateway.look(key, signal) : gateway[ask](key, signal)
    }
    const unreachable: PaymentState = { state: 'unreachable' }
    return signal.aborted ? unreachable : ((await unlessAborted(signal, asked())) ?? unreachable)
  }

  /** Writes a new state down. @returns the order as it is then: another one may have been quicker */
  async #become(order: StoredOrder, state: OrderState, said: PaymentState): Promise<StoredOrder> {
    const { store, clock } = this.#options
    const { orderId } = order
    const tag = await store.tag(order.tag)
    const lapsesAt = Math.max(tag?.lapsesAt ?? 0, clock.now() + REOPEN_MS)
    if (state === 'authorised') await store.orderAuthorised(orderId)
    if (state === 'paid') await this.#paid(order, tag)
    if (state === 'refused' && said.state === 'refused') {
      if (await store.orderRefused(orderId, said.reason, lapsesAt)) {
        this.#tell('payment.refused', order, { reason: said.reason })
      }
    }
    if (state === 'voided' && (await store.orderVoided(orderId, lapsesAt))) this.#tell('payment.voided', order)
    const now = await store.order(orderId)
    if (now === undefined) throw new ServerError('STORE_DAMAGED', `order ${orderNumber(orderId)} is gone`)
    return now
  }

  async #paid(order: StoredOrder, tag: StoredTag | undefined): Promise<void> {
    const { store, clock } = this.#options
    const at = clock.now()
    if (order.state === 'authorising') await store.orderAuthorised(order.orderId)
    if (!(await store.orderPaid(order.orderId, at, receiptOf(order, at)))) return
    this.#tell('settled', order, { step: tag?.access === 'open' ? 'S35' : 'S69' })
  }

  #tell(event: string, { orderId }: StoredOrder, details: Readonly<Record<string, string>> = {}): void {
    this.#options.log({ event, ...details, order: orderNumber(orderId) })
  }
}

function receiptOf(order: StoredOrder, at: number): Uint8Array {
  const { orderId, amount, currency, items, brand, lastFour } = order
  const seconds = Math.floor(at / 1000)
  return encodeReceipt({ order: orderNumber(orderId), at: seconds, amount, currency, items, brand, lastFour })
}
