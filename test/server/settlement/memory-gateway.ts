import type {
  Authorisation,
  CardDetails,
  PaymentGateway,
  PaymentState,
} from '../../../server/settlement/payment-gateway.ts'

export const GOOD_CARD: CardDetails = {
  cardNumber: '4242424242424242',
  expiryMonth: 12,
  expiryYear: 2040,
  securityCode: '123',
  name: 'Alice Example',
}
export const REFUSED_CARD: CardDetails = { ...GOOD_CARD, cardNumber: '4000000000000002' }

/**
 * What happens to one request: `before` is lost on its way there, `after` on its way back, `late` arrives when `arrive` is called, `hang` is
 * never answered and does not heed its signal, `throw` rejects; a state is a lie that is told without doing anything.
 */
export type Treatment = 'normal' | 'before' | 'after' | 'late' | 'hang' | 'throw' | PaymentState
export type Ask = 'authorise' | 'capture' | 'void' | 'look'

export interface MemoryPayment {
  readonly state: PaymentState
  readonly charges: number
  readonly amount: number
}

/** The card company in memory: the rules of payment-gateway.ts, and nothing else. */
export class MemoryGateway implements PaymentGateway {
  readonly payments = new Map<string, MemoryPayment>()
  readonly asked: { readonly ask: Ask; readonly key: string }[] = []
  /** Of the coming requests, each time it is asked. */
  treat: (ask: Ask, key: string) => Treatment = () => 'normal'
  #late: (() => void)[] = []

  authorise({ key, amount, card }: Authorisation): Promise<PaymentState> {
    return this.#ask('authorise', key, () => {
      if (this.payments.has(key)) return
      const refused = card.cardNumber === REFUSED_CARD.cardNumber
      const state: PaymentState = refused ? { state: 'refused', reason: 'do-not-honour' } : { state: 'authorised' }
      this.payments.set(key, { state, charges: 0, amount })
    })
  }

  capture(key: string): Promise<PaymentState> {
    return this.#ask('capture', key, () => {
      const found = this.payments.get(key)
      if (found?.state.state !== 'authorised') return
      this.payments.set(key, { ...found, state: { state: 'captured' }, charges: found.charges + 1 })
    })
  }

  void(key: string): Promise<PaymentState> {
    return this.#ask('void', key, () => {
      const found = this.payments.get(key) ?? { state: { state: 'authorised' }, charges: 0, amount: 0 }
      if (found.state.state === 'authorised') this.payments.set(key, { ...found, state: { state: 'voided' } })
    })
  }

  look(key: string): Promise<PaymentState> {
    return this.#ask('look', key, () => {})
  }

  /** Requests that were late arrive now. */
  arrive(): void {
    for (const request of this.#late.splice(0)) request()
  }

  get late(): number {
    return this.#late.length
  }

  async #ask(ask: Ask, key: string, apply: () => void): Promise<PaymentState> {
    this.asked.push({ ask, key })
    const treatment = this.treat(ask, key)
    if (typeof treatment === 'object') return treatment
    if (treatment === 'normal' || treatment === 'after') apply()
    if (treatment === 'late') this.#late.push(apply)
    if (treatment === 'throw') throw new Error('a fault of the gateway')
    if (treatment === 'hang') return new Promise(() => {})
    if (treatment !== 'normal') return { state: 'unreachable' }
    return this.payments.get(key)?.state ?? { state: 'unknown' }
  }
}
