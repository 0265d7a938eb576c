/** What names a modem and its SIM card. */
export type IdentityKind = 'imei' | 'imsi' | 'iccid'

const READERS: Readonly<Record<IdentityKind, (value: string) => string | undefined>> = { imei, imsi, iccid }
const LABEL = /^(?:[+^*][A-Z0-9]+|IMEI|IMSI|ICCID|SN)\s*:/i

/**
 * The answer to +CGSN, +CIMI, +CCID and their like: bare, quoted, or behind a name and a colon.
 * @returns digits only, or undefined for what is no such number: an IMEI must have the right check digit
 */
export function parseIdentity(kind: IdentityKind, line: string): string | undefined {
  const value = line.trim().replace(LABEL, '').replaceAll('"', '').trim()
  return READERS[kind](value)
}

/** 15 digits, the last of them a check digit (TS 23.003 §6.2.1). */
function imei(value: string): string | undefined {
  return /^\d{15}$/.test(value) && luhn(value) ? value : undefined
}

/** Country (3), network (2 or 3) and subscriber (TS 23.003 §2.2): 6 to 15 digits. */
function imsi(value: string): string | undefined {
  return /^\d{6,15}$/.test(value) ? value : undefined
}

/** 89 for telecommunication, at most 20 digits with fills of F (ITU-T E.118); some modems leave its halves swapped. */
function iccid(value: string): string | undefined {
  if (!/^[0-9A-F]{18,20}$/i.test(value)) return undefined
  const right = value.startsWith('98') ? swapped(value) : value
  const digits = right.replace(/F+$/i, '')
  return /^89\d{16,18}$/.test(digits) ? digits : undefined
}

function swapped(value: string): string {
  return value.replaceAll(/(.)(.)/g, '$2$1')
}

/** ISO/IEC 7812-1 annex B. */
export function luhn(digits: string): boolean {
  let sum = 0
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    sum += value > 9 ? value - 9 : value
  }
  return digits.length > 0 && sum % 10 === 0
}
