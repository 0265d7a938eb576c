import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../line/clock.ts'
import { CODE_DIGITS, type PAIRING_METHODS, type PairingNeeded, proofOf } from '../../wire/usb/pairing.ts'
import { type Outcome, problem, problemOf } from '../card/errors.ts'
import type { Pairings } from '../card/pairings.ts'
import type { CardApi } from './usb-link.ts'

/** A code is good for so long, seconds. */
const CODE_S = 120
/** So many wrong codes in a row, whichever code was shown meanwhile: asking for another one gives no more tries. */
const TRIES = 3
/** After them, milliseconds, twice as long each time: guessing eight digits must take longer than anybody waits. */
const PAUSE_MS = 60_000
const PAUSE_MAX_MS = 3_600_000

type PairingApi = Pick<CardApi, keyof typeof PAIRING_METHODS>
/** Before a PC has proved who it is. */
const OPEN: ReadonlySet<string> = new Set(['card.hello', 'card.pair.begin', 'card.pair.finish', 'card.prove'])

/** What a PC may ask, from one hello to the next. */
export class PairingGate {
  readonly #pairings: Pairings
  readonly #clock: Clock
  /** Shows a code where only who has the card in hand sees it. */
  readonly #show: (code: string, seconds: number) => void
  #challenge: string | undefined
  /** Which PC proved itself on this connection. */
  #proved: string | undefined
  #code: { readonly text: string; readonly until: number } | undefined
  /** These outlive connections: else a new one would give new tries. */
  #triesLeft = TRIES
  #pauseMs = PAUSE_MS
  #notBefore = Number.NEGATIVE_INFINITY

  constructor(pairings: Pairings, clock: Clock, show: (code: string, seconds: number) => void) {
    this.#pairings = pairings
    this.#clock = clock
    this.#show = show
  }

  get proved(): boolean {
    return this.#proved !== undefined
  }

  /** Another connection, or another hello on it: what was proved or shown before is void. */
  hello(): PairingNeeded {
    this.reset()
    this.#challenge = randomBytes(32).toString('base64url')
    return { card: this.#pairings.card, challenge: this.#challenge }
  }

  reset(): void {
    this.#proved = undefined
    this.#challenge = undefined
    this.#code = undefined
  }

  /** The same methods, but for a PC that has not proved itself none that says or does anything. */
  guard(api: CardApi): CardApi {
    const refused = async (): Promise<Outcome<never>> => ({ ok: false, problem: problem('CARD_UNPAIRED') })
    const guarded = Object.entries(api).map(([name, run]) => {
      // Each name keeps its own method: TypeScript cannot follow a key through Object.entries.
      const call = run as (params: unknown) => Promise<Outcome<unknown>>
      return [name, OPEN.has(name) ? call : (params: unknown) => (this.proved ? call(params) : refused())]
    })
    return Object.fromEntries(guarded) as CardApi
  }

  api(): PairingApi {
    return {
      'card.pair.begin': async () => {
        const wait = Math.ceil((this.#notBefore - this.#clock.now()) / 1000)
        if (wait > 0) return { ok: false, problem: problem('PAIRING_WAIT', `${wait} s`) }
        const text = String(randomInt(10 ** CODE_DIGITS)).padStart(CODE_DIGITS, '0')
        this.#code = { text, until: this.#clock.now() + CODE_S * 1000 }
        this.#show(text, CODE_S)
        return { ok: true, result: { seconds: CODE_S } }
      },
      'card.pair.finish': async ({ code, name }) => {
        if (!this.#isRight(code)) return { ok: false, problem: problem('PAIRING_REFUSED') }
        try {
          const result = this.#pairings.add(name)
          this.#proved = result.pc
          return { ok: true, result }
        } catch (error) {
          return { ok: false, problem: problemOf(error) }
        }
      },
      'card.prove': async ({ pc, nonce, proof }) => {
        const challenge = this.#challenge
        this.#challenge = undefined
        const key = this.#pairings.keyOf(pc)
        if (challenge === undefined || key === undefined) return { ok: false, problem: problem('CARD_UNPAIRED') }
        const wanted = proofOf('pc', key, challenge, nonce)
        if (!timingSafeEqual(wanted, Buffer.from(proof, 'base64url'))) {
          return { ok: false, problem: problem('CARD_UNPAIRED') }
        }
        this.#proved = pc
        const own = proofOf('card', key, challenge, nonce)
        return { ok: true, result: { proof: Buffer.from(own).toString('base64url') } }
      },
      'card.paired': async () => ({ ok: true, result: { pcs: [...this.#pairings.list] } }),
      'card.unpair': async ({ pc }) => {
        try {
          const removed = this.#pairings.remove(pc)
          // Who took himself out of the list is unknown from here on, and not from his next hello.
          if (this.#proved !== undefined && this.#pairings.keyOf(this.#proved) === undefined) this.reset()
          return { ok: true, result: { removed } }
        } catch (error) {
          return { ok: false, problem: problemOf(error) }
        }
      },
    }
  }

  #isRight(given: string): boolean {
    const code = this.#code
    if (code === undefined || this.#clock.now() > code.until) {
      this.#code = undefined
      return false
    }
    if (timingSafeEqual(Buffer.from(code.text), Buffer.from(given))) {
      this.#code = undefined
      this.#triesLeft = TRIES
      this.#pauseMs = PAUSE_MS
      return true
    }
    this.#triesLeft--
    if (this.#triesLeft > 0) return false
    this.#code = undefined
    this.#triesLeft = TRIES
    this.#notBefore = this.#clock.now() + this.#pauseMs
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MAX_MS)
    return false
  }
}
