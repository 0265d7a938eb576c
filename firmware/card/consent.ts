import type { Clock } from '../../line/clock.ts'
import { CONSENT_BUTTON, CONSENT_EARLIER, type Consent, type ConsentPurpose } from '../../wire/line/consent.ts'
import { CardError, type CardErrorCode } from './errors.ts'

/** How often the user is asked before a call is made for a purpose. */
export const CONSENT_RULES = ['always', 'first', 'never'] as const
export type ConsentRule = (typeof CONSENT_RULES)[number]
export type ConsentPolicy = Readonly<Record<ConsentPurpose, ConsentRule>>

export const NEVER_ASK: ConsentPolicy = { login: 'never', enrol: 'never', pay: 'never' }

/** What a press must allow: a call, or a call and the personal data in it. */
export type ConsentWish = 'call' | 'data'

export type ConsentAnswer = 'granted' | 'refused' | 'data-refused' | 'stuck'

/** Whoever can be asked. */
export interface ConsentAsker {
  /** @returns the answer; never one when `signal` says that nobody waits for it any more */
  ask(wish: ConsentWish, signal: AbortSignal): Promise<ConsentAnswer>
}

export const CONSENT_WAIT_MS = 30_000

export interface ConsentOptions {
  readonly policy: ConsentPolicy
  readonly asker: ConsentAsker
  readonly clock: Clock
  /** How long a press is waited for, milliseconds. */
  readonly waitMs?: number
}

const CODES: Readonly<Record<Exclude<ConsentAnswer, 'granted'>, CardErrorCode>> = {
  refused: 'LINE_CONSENT_REFUSED',
  'data-refused': 'LINE_CONSENT_REFUSED',
  stuck: 'BUTTON_STUCK',
}

/**
 * Asks the user before the card calls anybody. Under `first` one press holds for the logins and enrolments of a session, which
 * ends with the program at the PC, or when the lifetime that the server gave the last login is over. Personal data are asked for
 * each time: no earlier press allows them.
 */
export class ConsentGate {
  readonly #options: ConsentOptions
  /** End of the session, on the monotonic clock. */
  #until = 0

  constructor(options: ConsentOptions) {
    this.#options = options
  }

  /** @returns what must be asked, or undefined when nothing must */
  wish(purpose: ConsentPurpose): ConsentWish | undefined {
    const rule = this.#options.policy[purpose]
    if (rule === 'never') return undefined
    if (purpose === 'pay') return 'data'
    return rule === 'first' && this.#inSession() ? undefined : 'call'
  }

  /** What a request of this purpose says when nobody was asked for it. */
  unasked(purpose: ConsentPurpose): Consent | undefined {
    return this.#options.policy[purpose] === 'first' && this.#inSession() ? CONSENT_EARLIER : undefined
  }

  /** @throws CardError LINE_CONSENT_REFUSED, LINE_CONSENT_TIMEOUT, BUTTON_STUCK. An abort of `signal` ends it by its reason */
  async ask(wish: ConsentWish, signal: AbortSignal): Promise<Consent> {
    const { asker, clock, waitMs = CONSENT_WAIT_MS } = this.#options
    const late = new AbortController()
    const either = AbortSignal.any([signal, late.signal])
    const { promise: ended, resolve } = Promise.withResolvers<undefined>()
    const end = (): void => resolve(undefined)
    either.addEventListener('abort', end, { once: true })
    if (either.aborted) end()
    const cancel = clock.after(waitMs, () => late.abort())
    try {
      const answer = await Promise.race([asker.ask(wish, either), ended])
      if (answer === undefined) throw new CardError(signal.aborted ? 'LINE_CANCELLED' : 'LINE_CONSENT_TIMEOUT')
      if (answer === 'granted') return CONSENT_BUTTON
      throw new CardError(CODES[answer], answer === 'data-refused' ? 'the personal data were not allowed' : undefined)
    } finally {
      cancel()
      either.removeEventListener('abort', end)
      late.abort()
    }
  }

  /** A login that a press allowed, now or earlier, was permitted. @param lifetimeSeconds of its session */
  permitted(lifetimeSeconds: number): void {
    this.#until = this.#options.clock.now() + lifetimeSeconds * 1000
  }

  /** The program at the PC is gone, or another one is there: it has nobody's consent. */
  forget(): void {
    this.#until = 0
  }

  #inSession(): boolean {
    return this.#options.clock.now() < this.#until
  }
}
