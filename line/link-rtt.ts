import type { LinkTiming } from './path.ts'

/** Round trips of one link as RFC 6298 §2 smooths them. Only what was sent once is a sample (Karn): see `Outgoing`. */
export class RoundTrip {
  readonly #timing: LinkTiming
  #smoothed: number | undefined
  #deviation = 0
  #least: number | undefined

  constructor(timing: LinkTiming) {
    this.#timing = timing
  }

  /** @param ms from a packet's sending to what it brought about */
  sample(ms: number): void {
    this.#least = Math.min(ms, this.#least ?? ms)
    if (this.#smoothed === undefined) {
      this.#smoothed = ms
      this.#deviation = ms / 2
      return
    }
    this.#deviation += (Math.abs(this.#smoothed - ms) - this.#deviation) / 4
    this.#smoothed += (ms - this.#smoothed) / 8
  }

  /** What comes sooner than this after a packet went cannot be about it, milliseconds. */
  get least(): number {
    return this.#least ?? this.#timing.firstRtoMs / 2
  }

  /** How long to wait for an answer, milliseconds: twice that is still heard before the other end thinks the line dead. */
  get rto(): number {
    const { firstRtoMs, rtoMinMs, idleMs } = this.#timing
    if (this.#smoothed === undefined) return firstRtoMs
    const most = Math.max(firstRtoMs, idleMs / 4)
    return Math.max(rtoMinMs, Math.min(most, this.#smoothed + 4 * this.#deviation))
  }
}
