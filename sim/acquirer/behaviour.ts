import { type Chance, chanceOf } from '../chance.ts'

export const BEHAVIOURS = [
  'normal',
  'slow',
  'refuse',
  'time-out-after',
  'time-out-before',
  'answer-twice',
  'down',
] as const
/**
 * `slow` waits before it does what it is asked, also when the asker has gone; `time-out-before` does nothing and never answers,
 * `time-out-after` does it and never answers; `down` breaks the connection at once; `refuse` says no to authorisations.
 */
export type Behaviour = (typeof BEHAVIOURS)[number]
export const ASKS = ['authorise', 'capture', 'void', 'look'] as const
export type Ask = (typeof ASKS)[number]

export interface BehaviourOptions {
  readonly seed: number
  /** Before every answer, milliseconds. */
  readonly slowMs: number
  /** Probabilities, 0 … 1. */
  readonly refuseRate: number
  readonly timeoutAfterCharge: number
  readonly answerTwice: number
}

export interface Orders {
  readonly as: Behaviour
  /** How many requests; without it all that follow. */
  readonly requests?: number | undefined
  /** Only these; the others are as ever. */
  readonly on?: Ask | undefined
  /** For `slow`. */
  readonly ms?: number | undefined
}

export interface Manner {
  readonly as: Behaviour
  readonly waitMs: number
}

/** How the next request is treated: as ordered, else as chance and the arguments say. */
export class Behaviours {
  readonly #options: BehaviourOptions
  readonly #chance: Readonly<Record<'refuse' | 'timeout' | 'twice', Chance>>
  #orders: Orders = { as: 'normal' }
  #left = 0

  constructor(options: BehaviourOptions) {
    const { seed } = options
    this.#options = options
    this.#chance = {
      refuse: chanceOf(seed, 'refuse'),
      timeout: chanceOf(seed, 'timeout'),
      twice: chanceOf(seed, 'twice'),
    }
  }

  order(orders: Orders): void {
    this.#orders = orders
    this.#left = orders.requests ?? Number.POSITIVE_INFINITY
  }

  next(ask: Ask): Manner {
    const { slowMs, refuseRate, timeoutAfterCharge, answerTwice } = this.#options
    const { as, on, ms = 1000 } = this.#orders
    if (this.#left > 0 && (on === undefined || on === ask)) {
      this.#left--
      if (as !== 'normal') return { as, waitMs: as === 'slow' ? ms : slowMs }
    }
    // Drawn each time, so that one probability does not shift another one's row.
    const refused = this.#chance.refuse() < refuseRate && ask === 'authorise'
    const lost = this.#chance.timeout() < timeoutAfterCharge && ask === 'capture'
    const twice = this.#chance.twice() < answerTwice
    return { as: refused ? 'refuse' : lost ? 'time-out-after' : twice ? 'answer-twice' : 'normal', waitMs: slowMs }
  }
}
