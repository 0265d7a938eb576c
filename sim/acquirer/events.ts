import type { Ask, Behaviour } from './behaviour.ts'
import type { Payment } from './ledger.ts'

export interface ReadyEvent {
  readonly event: 'ready'
  readonly url: string
  readonly seed: number
}

/** A request that was carried out; whether anybody learned it depends on the behaviour. */
export interface PaymentEvent {
  readonly event: 'payment'
  readonly ask: Ask
  readonly as: Behaviour
  readonly key: string
  readonly state: Payment['state'] | 'unknown'
  readonly amount?: number
  readonly currency?: string
  readonly brand?: string
  readonly lastFour?: string
}

/** A request that arrived and is kept waiting, for a time or for ever. */
export interface HeldEvent {
  readonly event: 'held'
  readonly ask: Ask
  readonly as: Behaviour
}

/** A request that was not even looked at. */
export interface RejectedEvent {
  readonly event: 'rejected'
  readonly status: number
  readonly why: string
}

export interface DoneEvent {
  readonly event: 'done'
  readonly do: string
  /** After `ledger`. */
  readonly payments?: readonly Payment[]
}

export interface ErrorEvent {
  readonly event: 'error'
  readonly code: string
  readonly what: string
  readonly cure: string
}

export type AcquirerEvent = ReadyEvent | HeldEvent | PaymentEvent | RejectedEvent | DoneEvent | ErrorEvent

/** An event for people. */
export function describe(event: AcquirerEvent): string {
  switch (event.event) {
    case 'ready':
      return `The card company answers at ${event.url} (seed ${event.seed}). Ctrl-C ends it.`
    case 'payment': {
      const money =
        event.amount === undefined ? '' : `  ${event.amount} ${event.currency} ${event.brand} …${event.lastFour}`
      return `${event.ask.padEnd(9)}  ${event.state}${money}${event.as === 'normal' ? '' : `  (${event.as})`}`
    }
    case 'held':
      return `${event.ask.padEnd(9)}  held  (${event.as})`
    case 'rejected':
      return `rejected: ${event.status} ${event.why}`
    case 'done':
      return event.payments === undefined ? `done: ${event.do}` : `ledger: ${JSON.stringify(event.payments)}`
    case 'error':
      return `${event.code}: ${event.what} ${event.cure}`
  }
}
