import { randomBytes } from 'node:crypto'
import type { Secret } from '../../keys/secret.ts'
import type { Clock } from '../../line/clock.ts'
import { CardError, type Outcome, problem, problemOf } from './errors.ts'
import { type PinTries, TRIES } from './pin-tries.ts'
import { PIN_SALT_BYTES, pinKey } from './seal.ts'
import type { Vault } from './vault.ts'

/** Pause after a wrong PIN, milliseconds: it doubles each time. */
const PAUSE_MS = 1000
const PAUSE_MAX_MS = 300_000

export type PinState = 'none' | 'locked' | 'open'
export interface PinAnswer {
  readonly pin: PinState
  /** Until the card erases itself. */
  readonly triesLeft: number
}

export interface CardPinOptions {
  readonly vault: Vault
  /** Undefined where the card has no board secret: there is no PIN then. */
  readonly tries: PinTries | undefined
  readonly clock: Clock
  /** Everything else that must go with the vault. */
  readonly onErase: () => void
}

/** The card's own PIN: one try at a time, each counted before it is made, with growing pauses, and an end. */
export class CardPin {
  readonly #options: CardPinOptions
  #notBefore: number
  #busy = false

  /** @throws CardError VAULT_SEALED: under another board's secret the right PIN is wrong too, and the card would erase itself */
  constructor(options: CardPinOptions) {
    this.#options = options
    if (options.vault.locked !== undefined && options.tries?.foreign) throw new CardError('VAULT_SEALED')
    // Pulling the plug is no way around a pause.
    this.#notBefore = options.clock.now() + pauseOf(options.tries?.wrong ?? 0)
  }

  get state(): PinState {
    const { vault } = this.#options
    if (vault.locked !== undefined) return 'locked'
    return vault.pin === undefined ? 'none' : 'open'
  }

  /** Problems: CARD_PIN_WRONG, CARD_PIN_WAIT, CARD_PIN_ERASED, CARD_BUSY, VAULT_UNWRITABLE. */
  async unlock(pin: string): Promise<Outcome<PinAnswer>> {
    const { vault } = this.#options
    const salt = vault.locked
    if (salt === undefined) return this.#answer()
    return await this.#try(pin, salt, (key) => vault.unlock(key))
  }

  /**
   * @param current empty where there is none @param wanted empty for none from here on
   * Problems: also CARD_PIN_NEEDED, CARD_PIN_UNSUPPORTED.
   */
  async change(current: string, wanted: string): Promise<Outcome<PinAnswer>> {
    const { vault, tries } = this.#options
    if (vault.locked !== undefined) return { ok: false, problem: problem('CARD_PIN_NEEDED') }
    if (tries === undefined) return { ok: false, problem: problem('CARD_PIN_UNSUPPORTED') }
    const old = vault.pin
    if (old !== undefined) {
      const right = await this.#try(current, old.salt, (key) => {
        const same = key.equals(old.key)
        key.wipe()
        return same
      })
      if (!right.ok) return right
    }
    try {
      if (wanted === '') vault.setPin(undefined)
      else {
        const salt = randomBytes(PIN_SALT_BYTES)
        const key = await pinKey(wanted, salt)
        // Before it holds: an erasing that was cut leaves the old count, and each PIN has a count that names its board.
        tries.wrong = 0
        vault.setPin({ key, salt })
      }
      return this.#answer()
    } catch (error) {
      return { ok: false, problem: problemOf(error) }
    }
  }

  async #try(pin: string, salt: Uint8Array, isRight: (key: Secret) => boolean): Promise<Outcome<PinAnswer>> {
    const { tries, clock } = this.#options
    if (tries === undefined) return { ok: false, problem: problem('CARD_PIN_UNSUPPORTED') }
    if (this.#busy) return { ok: false, problem: problem('CARD_BUSY') }
    const wait = Math.ceil((this.#notBefore - clock.now()) / 1000)
    if (wait > 0) return { ok: false, problem: problem('CARD_PIN_WAIT', `${wait} s`) }
    this.#busy = true
    try {
      // The power went after the last one was counted: it was that one, whatever was typed.
      if (tries.wrong >= TRIES) return this.#erase()
      const wrong = tries.wrong + 1
      // Before it is looked at: cutting the power at the right moment must not give another try.
      tries.wrong = wrong
      const key = await pinKey(pin, salt)
      if (isRight(key)) {
        tries.wrong = 0
        return this.#answer()
      }
      key.wipe()
      if (wrong >= TRIES) return this.#erase()
      const pause = pauseOf(wrong)
      this.#notBefore = clock.now() + pause
      const left = TRIES - wrong
      const told = `${left} more ${left === 1 ? 'try' : 'tries'}, the next one in ${pause / 1000} s; then the card erases its memory`
      return { ok: false, problem: problem('CARD_PIN_WRONG', told) }
    } catch (error) {
      return { ok: false, problem: problemOf(error) }
    } finally {
      this.#busy = false
    }
  }

  #erase(): Outcome<PinAnswer> {
    const { vault, tries, onErase } = this.#options
    vault.erase()
    onErase()
    if (tries !== undefined) tries.wrong = 0
    return { ok: false, problem: problem('CARD_PIN_ERASED') }
  }

  #answer(): Outcome<PinAnswer> {
    return { ok: true, result: { pin: this.state, triesLeft: TRIES - (this.#options.tries?.wrong ?? 0) } }
  }
}

function pauseOf(wrong: number): number {
  return wrong === 0 ? 0 : Math.min(PAUSE_MS * 2 ** (wrong - 1), PAUSE_MAX_MS)
}
