import type { Clock } from '../../line/clock.ts'

/** A program that stood so long and whose parts all work is healthy, milliseconds. */
export const HEALTHY_MS = 30_000
const LOOK_MS = 1000

export interface HealthOptions {
  readonly clock: Clock
  /** The modem was brought up, or it is known why not. */
  readonly modemKnown: () => boolean
  /** Called once. */
  readonly onHealthy: () => void
}

/**
 * Judges a program on trial. It is made when store and port to the PC are open; whoever could reach the card to update it again has proof enough,
 * so that a PC's hello ends the trial at once.
 */
export class Health {
  readonly #options: HealthOptions
  readonly #since: number
  #cancel: () => void
  #over = false

  constructor(options: HealthOptions) {
    this.#options = options
    this.#since = options.clock.now()
    this.#cancel = options.clock.after(HEALTHY_MS, () => this.#look())
  }

  hello(): void {
    this.#end()
  }

  close(): void {
    this.#over = true
    this.#cancel()
  }

  #look(): void {
    const { clock, modemKnown } = this.#options
    if (clock.now() - this.#since >= HEALTHY_MS && modemKnown()) return this.#end()
    this.#cancel = clock.after(LOOK_MS, () => this.#look())
  }

  #end(): void {
    if (this.#over) return
    this.close()
    this.#options.onHealthy()
  }
}
