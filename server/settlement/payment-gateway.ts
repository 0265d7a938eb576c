/*
 * The card company as the server sees it (S35, S69). Every request names its payment by an idempotency key: the same request again has the same
 * answer and charges nothing twice. Who implements it must keep these rules, which the contract test checks:
 *
 * - `authorise` of a key that was voided is refused for ever, also when the void came first: so a request that is late cannot charge.
 * - `capture` of an authorised key charges once; of any other it does nothing and says what the payment is.
 * - An answer that did not come is `unreachable`: the payment may be in any state, and `look` tells later.
 */
export interface CardDetails {
  readonly cardNumber: string
  readonly expiryMonth: number
  readonly expiryYear: number
  readonly securityCode: string
  readonly name: string
}

export interface Authorisation {
  /** Idempotency key. */
  readonly key: string
  /** Minor units. */
  readonly amount: number
  readonly currency: string
  /** In memory only: neither stored nor logged. */
  readonly card: CardDetails
}

export type PaymentState =
  | { readonly state: 'unknown' }
  | { readonly state: 'authorised' }
  | { readonly state: 'captured' }
  | { readonly state: 'voided' }
  | { readonly state: 'refused'; readonly reason: string }
  /** No answer, or none that can be trusted. */
  | { readonly state: 'unreachable' }

export interface PaymentGateway {
  authorise(payment: Authorisation, signal?: AbortSignal): Promise<PaymentState>
  capture(key: string, signal?: AbortSignal): Promise<PaymentState>
  void(key: string, signal?: AbortSignal): Promise<PaymentState>
  look(key: string, signal?: AbortSignal): Promise<PaymentState>
}
