import { type Identity, identityOf } from './identity.ts'
import { Phonebook } from './phonebook.ts'
import { CENTRES } from './sms-centre.ts'
import { MessageStore } from './sms-store.ts'

const PIN_TRIES = 3
const PUK_TRIES = 10
const MESSAGES = 30

export interface SimOptions {
  /** Asked for at each power-up; without one the card is open. */
  readonly pin?: string
  readonly puk?: string
  /** Attempts at the PIN that are left. */
  readonly tries?: number
  /** Messages that it holds. */
  readonly messages?: number
}

/** What +CPIN asks for. */
export type SimState = 'READY' | 'SIM PIN' | 'SIM PUK'

/** What became of one attempt. */
export type Attempt = 'right' | 'wrong' | 'blocked' | 'not-asked'

/** A SIM card: it keeps its secrets, its counters and its messages wherever it is plugged in (TS 31.102, TS 102 221). */
export class SimCard {
  readonly number: string
  readonly identity: Identity
  readonly messages: MessageStore
  readonly phonebook = new Phonebook()
  /** Of the short message service; kept on the card. */
  centre: string = CENTRES[0]
  #pin: string
  readonly #puk: string
  #enabled: boolean
  #verified = false
  #pinTries: number
  #pukTries = PUK_TRIES
  #reference = 0

  constructor(number: string, options: SimOptions = {}) {
    this.number = number
    this.identity = identityOf(number)
    this.messages = new MessageStore('SM', options.messages ?? MESSAGES)
    this.#pin = options.pin ?? '0000'
    this.#puk = options.puk ?? '12345678'
    this.#enabled = options.pin !== undefined
    this.#pinTries = options.tries ?? PIN_TRIES
  }

  get state(): SimState {
    if (this.#pinTries === 0) return 'SIM PUK'
    return this.#enabled && !this.#verified ? 'SIM PIN' : 'READY'
  }

  /** No attempt at the PUK is left: the card is dead. */
  get dead(): boolean {
    return this.#pukTries === 0
  }

  get pinEnabled(): boolean {
    return this.#enabled
  }

  get tries(): { readonly pin: number; readonly puk: number } {
    return { pin: this.#pinTries, puk: this.#pukTries }
  }

  /** Switched off and on: the PIN is asked for again; counters stay. */
  powerUp(): void {
    this.#verified = false
  }

  /** Each wrong attempt is counted. */
  verify(pin: string): Attempt {
    if (this.#pinTries === 0) return 'blocked'
    if (pin !== this.#pin) {
      this.#pinTries--
      if (this.#pinTries === 0) this.#verified = false
      return 'wrong'
    }
    this.#pinTries = PIN_TRIES
    this.#verified = true
    return 'right'
  }

  unblock(puk: string, pin: string): Attempt {
    if (this.#pukTries === 0) return 'blocked'
    if (puk !== this.#puk) {
      this.#pukTries--
      return 'wrong'
    }
    this.#pukTries = PUK_TRIES
    this.#pinTries = PIN_TRIES
    this.#pin = pin
    this.#verified = true
    return 'right'
  }

  /** Asking for the PIN at power-up on or off; the right PIN is needed. */
  enable(on: boolean, pin: string): Attempt {
    const attempt = this.verify(pin)
    if (attempt === 'right') this.#enabled = on
    return attempt
  }

  change(pin: string, fresh: string): Attempt {
    if (!this.#enabled) return 'not-asked'
    const attempt = this.verify(pin)
    if (attempt === 'right') this.#pin = fresh
    return attempt
  }

  /** As if its owner had asked for the PIN again. @param pin a new one; without it the card keeps its own @param tries left */
  lock(pin?: string, tries?: number): void {
    if (pin !== undefined) this.#pin = pin
    if (tries !== undefined) this.#pinTries = tries
    this.#enabled = true
    this.#verified = false
  }

  /** TP-MR of the next message: counts up modulo 256 (TS 23.040 §9.2.3.6). */
  nextReference(): number {
    const reference = this.#reference
    this.#reference = (reference + 1) & 0xff
    return reference
  }
}
