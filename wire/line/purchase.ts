import { TAG_BYTES, USER_ID_MAX } from '../limits.ts'
import { decodeArray, encodeArray, LineFormatError, numberField, textField } from './cbor.ts'
import { type Consent, consentField, consentItems } from './consent.ts'

/*
 * Payloads of the line exchange that opens a purchase call (S30–S33, S64–S67; PROTOCOL.md §3), CBOR arrays:
 *
 *   opening   [2, tag, user ID]; with how consent was given behind it where the card asks, as in a login
 *   accepted  [0, amount in minor units, currency (ISO 4217), number of items, seconds until the tag lapses]
 *   refused   [reason, seconds until another try makes sense]
 *
 * Only after `accepted` do personal data go, as Binary HTTP in the channel of the same exchange (S34, S68).
 */
export const PURPOSE_PURCHASE = 2
const ACCEPTED = 0
const ITEMS_MAX = 9999
const LAPSE_MAX = 7 * 86_400
const RETRY_MAX = 86_400
/** Largest amount, minor units. */
export const AMOUNT_MAX = 10 ** 12
const CURRENCY = /^[A-Z]{3}$/

/** Reason codes (S32, S66); 3 and 4 are those of a login, because a locked card is refused before its payload is looked at. */
export const PURCHASE_REFUSALS = {
  1: 'TAG_UNKNOWN', // what the server answers to a payload that it does not understand
  3: 'CARD_LOCKED',
  4: 'SERVER_BUSY',
  5: 'TAG_UNKNOWN',
  6: 'TAG_FOREIGN',
  7: 'TAG_USED',
  8: 'TAG_LAPSED',
  9: 'TAG_PENDING',
  10: 'CONSENT_REQUIRED',
} as const
export type PurchaseRefusal = (typeof PURCHASE_REFUSALS)[keyof typeof PURCHASE_REFUSALS]

/** What the server will charge for, as it stands under the tag now. */
export interface PurchaseTerms {
  /** Minor units. */
  readonly amount: number
  /** ISO 4217. */
  readonly currency: string
  readonly items: number
  readonly lapsesInSeconds: number
}

export type PurchaseVerdict =
  | ({ readonly verdict: 'accepted' } & PurchaseTerms)
  | { readonly verdict: 'refused'; readonly reason: PurchaseRefusal; readonly retryAfterSeconds: number }

export interface PurchaseOpening {
  /** TAG_BYTES bytes. */
  readonly tag: Uint8Array
  readonly userId: string
  /** Absent: the card never asks. */
  readonly consent?: Consent
}

export function encodePurchaseOpening({ tag, userId, consent }: PurchaseOpening): Uint8Array {
  return encodeArray([PURPOSE_PURCHASE, tag, userId, ...consentItems(consent)])
}

/** @throws LineFormatError */
export function decodePurchaseOpening(bytes: Uint8Array): PurchaseOpening {
  const [purpose, tag, userId, ...more] = decodeArray(bytes)
  if (purpose !== PURPOSE_PURCHASE) throw new LineFormatError('expected the opening of a purchase')
  if (!(tag instanceof Uint8Array) || tag.length !== TAG_BYTES) {
    throw new LineFormatError(`expected a purchase tag of ${TAG_BYTES} bytes`)
  }
  return { tag, userId: textField(userId, 'user ID', 1, USER_ID_MAX), ...consentField(more) }
}

export function encodePurchaseVerdict(verdict: PurchaseVerdict): Uint8Array {
  if (verdict.verdict === 'accepted') {
    const { amount, currency, items, lapsesInSeconds } = verdict
    return encodeArray([ACCEPTED, amount, currency, items, lapsesInSeconds])
  }
  const reason = Object.entries(PURCHASE_REFUSALS).findLast(([, name]) => name === verdict.reason)?.[0]
  return encodeArray([Number(reason), verdict.retryAfterSeconds])
}

/** @throws LineFormatError */
export function decodePurchaseVerdict(bytes: Uint8Array): PurchaseVerdict {
  const fields = decodeArray(bytes)
  if (fields[0] === ACCEPTED && fields.length === 5) {
    return {
      verdict: 'accepted',
      amount: numberField(fields[1], 'amount', 0, AMOUNT_MAX),
      currency: currencyField(fields[2]),
      items: numberField(fields[3], 'number of items', 1, ITEMS_MAX),
      lapsesInSeconds: numberField(fields[4], 'time until the tag lapses', 0, LAPSE_MAX),
    }
  }
  const reason = Object.entries(PURCHASE_REFUSALS).find(([code]) => Number(code) === fields[0])?.[1]
  if (reason === undefined || fields.length !== 2) throw new LineFormatError('expected the verdict on a purchase tag')
  return { verdict: 'refused', reason, retryAfterSeconds: numberField(fields[1], 'retry time', 0, RETRY_MAX) }
}

/** @throws LineFormatError unless it is three capital letters */
export function currencyField(value: unknown): string {
  if (typeof value === 'string' && CURRENCY.test(value)) return value
  throw new LineFormatError('expected a currency of three letters (ISO 4217)')
}
