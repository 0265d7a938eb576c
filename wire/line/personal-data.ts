import { decodeArray, encodeArray, LineFormatError, numberField, textField } from './cbor.ts'
import { AMOUNT_MAX, currencyField } from './purchase.ts'

/*
 * What may go over the line only (S34, S68): the content of POST /pay, type PERSONAL_DATA_TYPE, one CBOR array:
 *
 *   [amount, currency, card number, month, year, security code, name, street, postal code, city, country, contact]
 *
 * amount and currency are what the user agreed to. The Internet path cannot name this type: a test guards that.
 */
export const PERSONAL_DATA_TYPE = 'application/vnd.keyline.personal-data+cbor'
export const CARD_NUMBER = /^[0-9]{12,19}$/
const SECURITY_CODE = /^[0-9]{3,4}$/
const COUNTRY = /^[A-Z]{2}$/
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u

/** Longest values, UTF-8 bytes. */
export const PERSONAL_LIMITS = { name: 120, street: 200, postalCode: 16, city: 100, contact: 120 } as const

export interface PersonalData {
  /** Digits only. */
  readonly cardNumber: string
  /** 1 … 12. */
  readonly expiryMonth: number
  /** Four digits. */
  readonly expiryYear: number
  /** Three or four digits, or empty. */
  readonly securityCode: string
  readonly name: string
  readonly street: string
  readonly postalCode: string
  readonly city: string
  /** ISO 3166-1 alpha-2. */
  readonly country: string
  /** Telephone or mail for the carrier; may be empty. */
  readonly contact: string
}

/** Personal data with what they pay for. */
export interface Payment {
  /** Minor units. */
  readonly amount: number
  /** ISO 4217. */
  readonly currency: string
  readonly data: PersonalData
}

export type PersonalField = keyof PersonalData
/** What is wrong, a sentence a field. */
export type PersonalFaults = Partial<Readonly<Record<PersonalField, string>>>

/**
 * What a person typed, as checked data: blanks around it and in the card number are forgiven, nothing else is.
 * @param typed text of each field; `expiryMonth` and `expiryYear` (two or four digits) too
 * @param now for the expiry, local time
 */
export function readPersonalData(
  typed: Readonly<Record<PersonalField, string>>,
  now: Date,
): { readonly ok: true; readonly data: PersonalData } | { readonly ok: false; readonly faults: PersonalFaults } {
  const year = Number(typed.expiryYear.trim())
  const data: PersonalData = {
    cardNumber: typed.cardNumber.replace(/[\s-]/g, ''),
    expiryMonth: /^\s*\d{1,2}\s*$/.test(typed.expiryMonth) ? Number(typed.expiryMonth) : 0,
    expiryYear: /^\s*(\d{2}|\d{4})\s*$/.test(typed.expiryYear) ? (year < 100 ? 2000 + year : year) : 0,
    securityCode: typed.securityCode.trim(),
    name: typed.name.trim(),
    street: typed.street.trim(),
    postalCode: typed.postalCode.trim(),
    city: typed.city.trim(),
    country: typed.country.trim().toUpperCase(),
    contact: typed.contact.trim(),
  }
  const faults = personalFaults(data, now)
  return Object.keys(faults).length === 0 ? { ok: true, data } : { ok: false, faults }
}

/** What is wrong with personal data; nothing when all is well. Values are not repeated in the sentences. */
export function personalFaults(data: PersonalData, now: Date): PersonalFaults {
  const faults: { -readonly [field in PersonalField]?: string } = {}
  if (!CARD_NUMBER.test(data.cardNumber)) faults.cardNumber = 'A card number has 12 to 19 digits.'
  else if (!luhn(data.cardNumber)) faults.cardNumber = 'This card number has a typing error.'
  if (data.expiryMonth < 1 || data.expiryMonth > 12) faults.expiryMonth = 'The month is a number from 1 to 12.'
  if (data.expiryYear < 2000 || data.expiryYear > now.getFullYear() + 30) faults.expiryYear = 'The year is not valid.'
  // A card is good until the last day of its month.
  else if (!faults.expiryMonth && new Date(data.expiryYear, data.expiryMonth, 1) <= now)
    faults.expiryYear = 'This card has expired.'
  if (data.securityCode !== '' && !SECURITY_CODE.test(data.securityCode)) {
    faults.securityCode = 'The security code has three or four digits.'
  }
  for (const field of ['name', 'street', 'postalCode', 'city'] as const) {
    if (data[field] === '') faults[field] = 'Please fill this in.'
  }
  for (const field of ['name', 'street', 'postalCode', 'city', 'contact'] as const) {
    if (Buffer.byteLength(data[field]) > PERSONAL_LIMITS[field]) faults[field] = 'This is too long.'
    else if (CONTROL.test(data[field])) faults[field] = 'This holds characters that cannot be printed.'
  }
  if (!COUNTRY.test(data.country)) faults.country = 'A country has two letters, as JP or DE.'
  return faults
}

/** ISO/IEC 7812-1 annex B. */
export function luhn(digits: string): boolean {
  let sum = 0
  for (let n = 0; n < digits.length; n++) {
    const digit = Number(digits[digits.length - 1 - n])
    const doubled = n % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

export function encodePayment({ amount, currency, data }: Payment): Uint8Array {
  const { cardNumber, expiryMonth, expiryYear, securityCode, name, street, postalCode, city, country, contact } = data
  const card = [cardNumber, expiryMonth, expiryYear, securityCode]
  return encodeArray([amount, currency, ...card, name, street, postalCode, city, country, contact])
}

/** Shape and sizes only; whether they make sense is `personalFaults`. @throws LineFormatError */
export function decodePayment(bytes: Uint8Array): Payment {
  const fields = decodeArray(bytes)
  if (fields.length !== 12) throw new LineFormatError(`expected 12 fields of a payment, got ${fields.length}`)
  return {
    amount: numberField(fields[0], 'amount', 0, AMOUNT_MAX),
    currency: currencyField(fields[1]),
    data: {
      cardNumber: textField(fields[2], 'card number', 0, 19),
      expiryMonth: numberField(fields[3], 'month', 0, 99),
      expiryYear: numberField(fields[4], 'year', 0, 9999),
      securityCode: textField(fields[5], 'security code', 0, 4),
      name: textField(fields[6], 'name', 0, PERSONAL_LIMITS.name),
      street: textField(fields[7], 'street', 0, PERSONAL_LIMITS.street),
      postalCode: textField(fields[8], 'postal code', 0, PERSONAL_LIMITS.postalCode),
      city: textField(fields[9], 'city', 0, PERSONAL_LIMITS.city),
      country: textField(fields[10], 'country', 0, 2),
      contact: textField(fields[11], 'contact', 0, PERSONAL_LIMITS.contact),
    },
  }
}
