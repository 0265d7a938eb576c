import { LineFormatError } from './cbor.ts'

/*
 * Variable-length integers of QUIC (RFC 9000 §16): the two highest bits of the first byte say how many bytes there are, the rest is
 * the number, big-endian:
 *
 *   00 1 byte, below 2⁶      01 2 bytes, below 2¹⁴      10 4 bytes, below 2³⁰      11 8 bytes, below 2⁶²
 *
 * A number may be written longer than it need be; the encoder here never does.
 */

/** @param value 0 … 2³⁰−1 @throws RangeError outside of that: nothing on the line is longer */
export function encodeVarint(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 30) throw new RangeError(`expected 0…2³⁰−1, got ${value}`)
  if (value < 2 ** 6) return Uint8Array.of(value)
  if (value < 2 ** 14) return Uint8Array.of(0x40 | (value >> 8), value & 0xff)
  return Uint8Array.of(0x80 | (value >> 24), (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff)
}

/** Takes integers and bytes from the front of a message, never beyond its end. */
export class VarintReader {
  readonly #bytes: Uint8Array
  #at = 0

  /** @param bytes not copied */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length
  }

  /** @param max larger numbers are refused, at most 2⁵³−1 @throws LineFormatError also when the message ends within it */
  varint(what: string, max: number): number {
    const first = this.#bytes[this.#at] ?? 0
    const [head = 0, ...rest] = this.take(2 ** (first >> 6), what)
    const value = rest.reduce((sum, byte) => sum * 256 + byte, head & 0x3f)
    if (value > max) throw new LineFormatError(`expected ${what} of at most ${max}`)
    return value
  }

  /** @returns not copied @throws LineFormatError when there are not so many left */
  take(length: number, what: string): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + length)
    if (taken.length < length) throw new LineFormatError(`expected ${what}, got the end of the message`)
    this.#at += length
    return taken
  }

  /** All that is left, not copied. */
  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at, 'the rest')
  }
}
