import { gsm7Text, unpackSeptets } from './gsm7.ts'
import { digitsOf, type OctetReader, PduFault, semiOctets } from './octets.ts'

export interface SmsAddress {
  /** Type of number (TS 23.040 §9.1.2.5); `other` is one that names nobody abroad: abbreviated, network or subscriber specific. */
  readonly type: 'international' | 'national' | 'unknown' | 'alphanumeric' | 'other'
  /** Digits, with `+` where international; or the name of an alphanumeric sender. */
  readonly text: string
}

const DIGITS_MAX = 20
const TYPES = ['unknown', 'international', 'national', 'other', 'other', 'alphanumeric', 'other', 'other'] as const
const INTERNATIONAL = 0x91
const UNKNOWN = 0x81

/** An address of a TPDU: its length counts digits. @returns undefined when it is empty @throws PduFault */
export function readAddress(reader: OctetReader): SmsAddress | undefined {
  const length = reader.octet('the length of an address')
  if (length > DIGITS_MAX) throw new PduFault(`expected an address of at most ${DIGITS_MAX} digits, got ${length}`)
  const type = reader.octet('the type of an address')
  return address(type, reader.octets(Math.ceil(length / 2), 'an address'), length)
}

/** The SMSC: its length counts octets, type included. Modems send type 81 as well as 91. @throws PduFault */
export function readCentre(reader: OctetReader): SmsAddress | undefined {
  const length = reader.octet('the length of the SMSC')
  if (length === 0) return undefined
  if (length > 1 + DIGITS_MAX / 2) throw new PduFault(`expected an SMSC of at most 11 octets, got ${length}`)
  const type = reader.octet('the type of the SMSC')
  return address(type, reader.octets(length - 1, 'the SMSC'), 2 * (length - 1))
}

function address(typeOfAddress: number, octets: Uint8Array, length: number): SmsAddress | undefined {
  if (length === 0) return undefined
  const type = TYPES[(typeOfAddress >> 4) & 7] ?? 'other'
  if (type === 'alphanumeric') return { type, text: name(octets, length) }
  const digits = digitsOf(octets, length)
  return digits === '' ? undefined : { type, text: type === 'international' ? `+${digits}` : digits }
}

/** Letters of 7 bits in digits of 4: seven letters take 13 digits, and who counts 14 adds an `@` that nobody wrote. */
function name(octets: Uint8Array, length: number): string {
  const septets = unpackSeptets(octets, Math.floor((length * 4) / 7))
  if (length % 14 === 0 && septets.at(-1) === 0) septets.pop()
  return gsm7Text(septets)
}

/** @param number digits, `*`, `#`, with `+` where international @throws RangeError for anything else */
function checked(number: string): { readonly type: number; readonly digits: string } {
  if (!/^\+?[0-9*#]{1,20}$/.test(number))
    throw new RangeError('expected a number of 1…20 digits, with + before it or not')
  return number.startsWith('+') ? { type: INTERNATIONAL, digits: number.slice(1) } : { type: UNKNOWN, digits: number }
}

/** @throws RangeError for what is no number */
export function writeAddress(number: string): Uint8Array {
  const { type, digits } = checked(number)
  return Uint8Array.of(digits.length, type, ...semiOctets(digits))
}

/** @param number undefined for the one stored in the modem (+CSCA) @throws RangeError for what is no number */
export function writeCentre(number: string | undefined): Uint8Array {
  if (number === undefined) return Uint8Array.of(0)
  const { type, digits } = checked(number)
  const octets = semiOctets(digits)
  return Uint8Array.of(1 + octets.length, type, ...octets)
}
