import type { Clock } from './clock.ts'

/** Timers with names: a new one of the same name takes the place of the old one, and all end together. */
export class Timers {
  readonly #clock: Clock
  readonly #running = new Map<string, () => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  after(name: string, ms: number, run: () => void): void {
    this.#running.get(name)?.()
    const cancel = this.#clock.after(ms, () => {
      this.#running.delete(name)
      run()
    })
    this.#running.set(name, cancel)
  }

  close(): void {
    for (const cancel of this.#running.values()) cancel()
    this.#running.clear()
  }
}
