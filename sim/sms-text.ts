import { fromSeptets, packSeptets, toSeptets, unpackSeptets } from './sms-alphabet.ts'
import { alphabetOf, type Content, DATA_MAX } from './sms-pdu.ts'

/** +CSCS: how the terminal writes text. */
export type Charset = 'GSM' | 'IRA' | 'UCS2'
export const CHARSETS = ['GSM', 'IRA', 'UCS2'] as const

const SEPTETS_MAX = 160

/** @param bytes what the terminal wrote, one character for each byte @returns undefined if it is no text of the character set */
export function fromTerminal(bytes: string, charset: Charset): string | undefined {
  if (charset === 'GSM') return fromSeptets(Array.from(bytes, (char) => char.charCodeAt(0)))
  if (charset === 'IRA') return bytes
  if (!/^(?:[0-9a-f]{4})*$/i.test(bytes)) return undefined
  return bytes.replaceAll(/.{4}/g, (digits) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** Characters that the set does not have are shown as `?`. @returns one character for each byte */
export function toTerminal(text: string, charset: Charset): string {
  if (charset === 'UCS2') {
    return Array.from({ length: text.length }, (_, at) => hex16(text.charCodeAt(at))).join('')
  }
  if (charset === 'IRA') return Array.from(text, (char) => (char.charCodeAt(0) > 0xff ? '?' : char)).join('')
  return Array.from(text, (char) => String.fromCharCode(...(toSeptets(char) ?? [0x3f]))).join('')
}

/** A number or name that the terminal gave: with UCS2 many programs write plain digits all the same. */
export function addressFromTerminal(text: string, charset: Charset): string {
  const decoded = charset === 'UCS2' && text.length >= 4 ? fromTerminal(text, charset) : undefined
  return decoded !== undefined && /^\+?[0-9*#]+$/.test(decoded) ? decoded : text
}

/** User data as text mode shows them: anything but plain text of the default alphabet as digits (TS 27.005 §3.1, <data>). */
export function shownData({ header, coding, length, data }: Content, charset: Charset): string {
  if (header || alphabetOf(coding) !== 'default') return hex(data)
  return toTerminal(fromSeptets(unpackSeptets(data, length)), charset)
}

/** What was typed in text mode as user data. @returns undefined if it is too long or cannot be written in this coding */
export function typedData(
  typed: string,
  form: Pick<Content, 'header' | 'coding'>,
  charset: Charset,
): Typed | undefined {
  const plain = alphabetOf(form.coding) === 'default'
  if (form.header || !plain) {
    const data = octets(typed)
    if (data === undefined || data.length > DATA_MAX) return undefined
    return { length: plain ? Math.floor((data.length * 8) / 7) : data.length, data }
  }
  const text = fromTerminal(charset === 'UCS2' ? typed.replaceAll(/\s/g, '') : typed, charset)
  const septets = text === undefined ? undefined : toSeptets(text)
  if (septets === undefined || septets.length > SEPTETS_MAX) return undefined
  return { length: septets.length, data: packSeptets(septets) }
}

type Typed = Pick<Content, 'length' | 'data'>

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase()
}

/** Hexadecimal digits, also with blanks and line ends between. */
export function octets(text: string): Uint8Array | undefined {
  const digits = text.replaceAll(/\s/g, '')
  return digits.length % 2 === 0 && /^[0-9a-f]*$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined
}

function hex16(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0')
}
