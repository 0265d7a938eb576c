import type { OrderState } from '../store/shop-store.ts'
import type { PaymentState } from './payment-gateway.ts'

/** States of an order that is not settled. */
export type OpenState = 'authorising' | 'authorised'
/** What the acquirer can be asked about an order; all but `authorise` need nothing but its key. */
export type Ask = 'authorise' | 'look' | 'capture' | 'void'
export type Said = PaymentState['state']

export interface Move {
  readonly becomes: OrderState
  /** What to ask next; `again` is the same as before; undefined when the order is in an end state. */
  readonly ask: Ask | 'again' | undefined
  /** The acquirer contradicts what it said before: an operator should know. */
  readonly odd?: true
}

/*
 * docs/states/order.md is this table with its reasons; a test compares both. An end state is entered only on an answer that is final at the
 * acquirer too (captured, voided, refused): so whoever settles the same order at the same time, or again after a crash, comes to the same end.
 */
const MOVES: Readonly<Record<OpenState, Readonly<Record<Said, Move>>>> = {
  authorising: {
    unreachable: { becomes: 'authorising', ask: 'again' },
    unknown: { becomes: 'authorising', ask: 'void' },
    authorised: { becomes: 'authorised', ask: 'capture' },
    captured: { becomes: 'paid', ask: undefined, odd: true },
    voided: { becomes: 'voided', ask: undefined },
    refused: { becomes: 'refused', ask: undefined },
  },
  authorised: {
    unreachable: { becomes: 'authorised', ask: 'again' },
    unknown: { becomes: 'authorised', ask: 'void', odd: true },
    authorised: { becomes: 'authorised', ask: 'capture' },
    captured: { becomes: 'paid', ask: undefined },
    voided: { becomes: 'voided', ask: undefined, odd: true },
    refused: { becomes: 'voided', ask: undefined, odd: true },
  },
}

/** What an answer of the acquirer means for an order. */
export function move(state: OpenState, said: Said): Move {
  return MOVES[state][said]
}

/** Where to begin with an order that was found in this state, without its card number. */
export function firstAsk(state: OpenState): Ask {
  return state === 'authorising' ? 'look' : 'capture'
}

export function isOpen(state: OrderState): state is OpenState {
  return state === 'authorising' || state === 'authorised'
}
