import { timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

/**
 * Bytes that must neither be printed nor outlive their use (S18). Printing, JSON and inspection show only the length;
 * use after `wipe()` throws, so that a forgotten reference is a loud fault and not a quiet key of zeros.
 */
export class Secret {
  readonly length: number
  #bytes: Uint8Array | undefined

  /** @param bytes taken over, not copied: the caller must not keep another reference */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.length = bytes.length
  }

  get wiped(): boolean {
    return this.#bytes === undefined
  }

  /** The bytes themselves, valid until `wipe()`. @throws RangeError after wiping */
  reveal(): Uint8Array {
    if (this.#bytes === undefined) throw new RangeError('secret used after it was wiped: ask for a new one')
    return this.#bytes
  }

  /** Compares in constant time (lengths are public). */
  equals(other: Secret): boolean {
    return this.length === other.length && timingSafeEqual(this.reveal(), other.reveal())
  }

  /** Overwrites the bytes; harmless when repeated. */
  wipe(): void {
    this.#bytes?.fill(0)
    this.#bytes = undefined
  }

  toString(): string {
    return `[secret ${this.length} B]`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect.custom](): string {
    return this.toString()
  }
}
