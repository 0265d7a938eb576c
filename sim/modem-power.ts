import type { Clock } from './clock.ts'
import type { Answer } from './modem-calls.ts'
import type { ModemOutput } from './modem-output.ts'
import { bootLines } from './modem-results.ts'
import { MAKERS, type Profile } from './profile.ts'
import type { SimCard } from './sim-card.ts'

/** From power-up to the first word, milliseconds; real ones take up to 20 s. */
export const BOOT_MS = 1500

export interface PowerHost {
  readonly clock: Clock
  readonly output: ModemOutput
  readonly profile: Profile
  card(): SimCard | undefined
  hangUp(): void
  /** Calls, connections, settings and what was typed are gone. */
  down(): void
  changed(): void
  told(state: 'reset' | 'off' | 'on'): void
}

/** Whether a modem is plugged in, switched on and answering at all. */
export class ModemPower {
  readonly #host: PowerHost
  #answer: Answer = 'normal'
  #plugged = true
  /** Switched on, and through with starting. */
  #awake = true
  #cancelBoot = (): void => {}

  constructor(host: PowerHost) {
    this.#host = host
  }

  get answer(): Answer {
    return this.#answer
  }

  /** Its radio works, whatever its serial port does. */
  get here(): boolean {
    return this.#plugged && this.#awake
  }

  /** Its serial port says and hears nothing. */
  get deaf(): boolean {
    return this.#answer === 'silent' || !this.#awake
  }

  setAnswer(answer: Answer): void {
    this.#answer = answer
    if (answer === 'silent') this.#host.hangUp()
    this.#changed()
  }

  unplug(): void {
    this.#cancelBoot()
    this.#plugged = false
    this.#down()
  }

  /** Comes back as a modem that was just switched on. */
  plug(): void {
    this.#cancelBoot()
    this.#plugged = true
    this.#awake = true
    this.#host.card()?.powerUp()
    this.#changed()
  }

  /** It starts anew, and forgets all but its memories. */
  reset(downMs: number = BOOT_MS): void {
    this.#host.told('reset')
    this.#awake = false
    this.#down()
    this.#bootAfter(downMs)
  }

  /** Its power key: also a hung one comes back. */
  turn(on: boolean): void {
    if (!on) this.#host.output.urc(MAKERS[this.#host.profile].off)
    this.#host.told(on ? 'on' : 'off')
    this.#cancelBoot()
    this.#awake = false
    this.#down()
    if (on) this.#bootAfter(BOOT_MS)
  }

  #bootAfter(ms: number): void {
    this.#cancelBoot()
    this.#cancelBoot = this.#host.clock.after(ms, () => {
      const { output, profile, card } = this.#host
      this.#awake = true
      if (this.#answer === 'silent') this.#answer = 'normal'
      card()?.powerUp()
      this.#changed()
      for (const line of bootLines(profile, card())) output.urc(line)
    })
  }

  #down(): void {
    // What has no power says nothing about it.
    this.#host.output.muted = this.deaf
    this.#host.down()
    this.#changed()
  }

  #changed(): void {
    this.#host.output.muted = this.deaf
    this.#host.changed()
  }
}
