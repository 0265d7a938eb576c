const PLUSES = 3

/**
 * Finds `+++` between two silences in what the terminal sends (V.250 leaves it to makers; this is Hayes's way): pluses that
 * could be the beginning are held back until it is known, everything else passes at once.
 */
export class EscapeDetector {
  #held = 0
  #last: number
  #guardMs: number
  readonly #char: number

  /**
   * @param guardMs silence before and after, milliseconds (S12)
   * @param char what is typed three times (S2); above 127 there is no escape
   * @param now when the call was connected, milliseconds
   */
  constructor(guardMs: number, char: number, now: number) {
    this.#guardMs = guardMs
    this.#char = char
    this.#last = now
  }

  /** @returns what goes on to the line now */
  push(bytes: Uint8Array, now: number): Uint8Array {
    const quiet = now - this.#last >= this.#guardMs
    this.#last = now
    const mayBegin = this.#held > 0 ? !quiet : quiet
    const pluses = bytes.every((byte) => byte === this.#char)
    if (this.#char <= 127 && mayBegin && pluses && this.#held + bytes.length <= PLUSES) {
      this.#held += bytes.length
      return new Uint8Array(0)
    }
    return Buffer.concat([this.#release(), bytes])
  }

  /** When `settle` wants to be called, milliseconds; undefined while nothing is held back. */
  get deadline(): number | undefined {
    return this.#held === 0 ? undefined : this.#last + this.#guardMs
  }

  /** The silence afterwards is over. @returns whether it was the escape, and what was none and goes on to the line */
  settle(): { readonly escaped: boolean; readonly bytes: Uint8Array } {
    const escaped = this.#held === PLUSES
    const bytes = this.#release()
    return { escaped, bytes: escaped ? new Uint8Array(0) : bytes }
  }

  #release(): Uint8Array {
    const bytes = new Uint8Array(this.#held).fill(this.#char)
    this.#held = 0
    return bytes
  }
}
