import { decode, encode } from 'cborg'

/** Bytes from the line that are not what they should be: the exchange ends, nothing was changed. */
export class LineFormatError extends Error {
  readonly code = 'LINE_FORMAT'
  constructor(what: string) {
    super(`LINE_FORMAT: ${what}; the other end speaks another version or the call was tampered with`)
    this.name = 'LineFormatError'
  }
}

/** One CBOR array (RFC 8949), shortest form, definite lengths: the compact shape of every payload on the line. */
export function encodeArray(items: readonly unknown[]): Uint8Array {
  return encode(items)
}

/** @throws LineFormatError unless the bytes are one array of plain values in shortest form, and nothing else */
export function decodeArray(bytes: Uint8Array): readonly unknown[] {
  let value: unknown
  try {
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      useMaps: true,
    })
  } catch {
    throw new LineFormatError('expected one CBOR value in shortest form')
  }
  if (!Array.isArray(value)) throw new LineFormatError('expected a CBOR array')
  return value
}

/** @throws LineFormatError unless `value` is text of `min` … `max` UTF-8 bytes */
export function textField(value: unknown, name: string, min: number, max: number): string {
  if (typeof value !== 'string') throw new LineFormatError(`expected ${name} to be text`)
  const length = Buffer.byteLength(value)
  if (length < min || length > max) throw new LineFormatError(`expected ${name} of ${min}…${max} bytes, got ${length}`)
  return value
}

/** @throws LineFormatError unless `value` is a whole number of `min` … `max` */
export function numberField(value: unknown, name: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw new LineFormatError(`expected ${name} to be a whole number of ${min}…${max}`)
  }
  return value
}

/** Public keys one after the other: two bytes of CBOR for all of them. */
export function keysField(value: unknown, name: string, maxKeys: number): Uint8Array[] {
  const bytes = value instanceof Uint8Array ? value : undefined
  const count = (bytes?.length ?? 0) / KEY_BYTES
  if (bytes === undefined || !Number.isInteger(count) || count < 1 || count > maxKeys) {
    throw new LineFormatError(`expected ${name} to be 1…${maxKeys} keys of ${KEY_BYTES} bytes`)
  }
  return Array.from({ length: count }, (_, n) => bytes.slice(n * KEY_BYTES, (n + 1) * KEY_BYTES))
}

const KEY_BYTES = 32
