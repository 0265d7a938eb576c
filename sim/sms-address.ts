import { fromSeptets, packSeptets, toSeptets, unpackSeptets } from './sms-alphabet.ts'

/** A sender or recipient: digits, with `+` if international, or a name if the network gives one. */
export interface Address {
  readonly text: string
  /** Type of address: 0x91 international, 0x81 unknown, 0xD0 a name (TS 23.040 §9.1.2.5). */
  readonly type: number
}

const SEMI_OCTETS = '0123456789*#abc'
const DIGITS_MAX = 20

export function addressOf(text: string): Address {
  if (/^\+[0-9]+$/.test(text)) return { text, type: 0x91 }
  return { text, type: /^[0-9*#abc]*$/.test(text) ? 0x81 : 0xd0 }
}

/** Address field of a TPDU: length in semi-octets, type, value. */
export function encodeAddress({ text, type }: Address): Uint8Array {
  if (isName(type)) {
    const septets = toSeptets(text) ?? []
    const value = packSeptets(septets)
    return Uint8Array.of(Math.ceil((septets.length * 7) / 4), type, ...value)
  }
  const digits = text.replace('+', '')
  return Uint8Array.of(digits.length, type, ...encodeDigits(digits))
}

/** @returns the address and where it ends; undefined if it is cut or too long */
export function decodeAddress(
  bytes: Uint8Array,
  at: number,
): { readonly address: Address; readonly next: number } | undefined {
  const length = bytes[at]
  const type = bytes[at + 1]
  if (length === undefined || type === undefined || length > DIGITS_MAX) return undefined
  const next = at + 2 + Math.ceil(length / 2)
  if (next > bytes.length) return undefined
  const value = bytes.subarray(at + 2, next)
  if (isName(type)) {
    return { address: { text: fromSeptets(unpackSeptets(value, Math.floor((length * 4) / 7))), type }, next }
  }
  return { address: { text: withSign(decodeDigits(value).slice(0, length), type), type }, next }
}

/** Address of a service centre before a TPDU: length in octets with the type, 0 for none (TS 27.005 §4). */
export function encodeCentre(number: string): Uint8Array {
  if (number === '') return Uint8Array.of(0)
  const { text, type } = addressOf(number)
  const value = encodeDigits(text.replace('+', ''))
  return Uint8Array.of(value.length + 1, type, ...value)
}

/** @returns the number, empty for none, and where the TPDU begins */
export function decodeCentre(bytes: Uint8Array): { readonly number: string; readonly next: number } | undefined {
  const length = bytes[0]
  if (length === undefined || length > 11 || bytes.length < 1 + length) return undefined
  if (length === 0) return { number: '', next: 1 }
  const type = bytes[1] ?? 0
  return { number: withSign(decodeDigits(bytes.subarray(2, 1 + length)).replace(/f$/, ''), type), next: 1 + length }
}

function isName(type: number): boolean {
  return (type & 0x70) === 0x50
}

function withSign(digits: string, type: number): string {
  return (type & 0x70) === 0x10 ? `+${digits}` : digits
}

function encodeDigits(digits: string): number[] {
  const bytes: number[] = []
  for (let at = 0; at < digits.length; at += 2) {
    const low = SEMI_OCTETS.indexOf(digits[at] ?? '')
    const high = at + 1 < digits.length ? SEMI_OCTETS.indexOf(digits[at + 1] ?? '') : 0xf
    bytes.push((low & 0xf) | ((high & 0xf) << 4))
  }
  return bytes
}

function decodeDigits(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => digit(byte & 0xf) + digit(byte >> 4)).join('')
}

function digit(value: number): string {
  return SEMI_OCTETS[value] ?? 'f'
}
