/** What is wrong with a PDU, thrown inside of the decoder and never out of it. */
export class PduFault extends Error {}

/** Reads a PDU from front to back: what is shorter than its own lengths say is a fault. */
export class OctetReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** @throws PduFault when the PDU ends before it */
  octet(what: string): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new PduFault(`expected ${what}, but the PDU ends`)
    this.#at++
    return byte
  }

  /** @returns a copy @throws PduFault when the PDU ends before that many */
  octets(count: number, what: string): Uint8Array {
    if (count > this.left) throw new PduFault(`expected ${count} octets of ${what}, got ${this.left}`)
    this.#at += count
    return this.#bytes.slice(this.#at - count, this.#at)
  }
}

const DIGITS = '0123456789*#abc'

/** Semi-octets as digits, the low half of an octet first; a fill of F ends them (TS 23.040 §9.1.2.3). */
export function digitsOf(octets: Uint8Array, count: number): string {
  let digits = ''
  let filled = false
  for (let n = 0; n < count; n++) {
    const octet = octets[n >> 1] ?? 0xff
    const digit = DIGITS[n % 2 === 0 ? octet & 15 : octet >> 4]
    if (digit === undefined) filled = true
    else if (filled) throw new PduFault('expected digits up to the fill, got a digit behind it')
    else digits += digit
  }
  return digits
}

/** @param digits 0–9, `*`, `#`, a–c */
export function semiOctets(digits: string): Uint8Array {
  const octets = new Uint8Array(Math.ceil(digits.length / 2)).fill(0xff)
  for (const [n, digit] of [...digits].entries()) {
    const value = DIGITS.indexOf(digit)
    const octet = octets[n >> 1] ?? 0xff
    octets[n >> 1] = n % 2 === 0 ? (octet & 0xf0) | value : (octet & 0x0f) | (value << 4)
  }
  return octets
}
