import { luhn } from '../../wire/line/personal-data.ts'

/** Digits with what people and forms put between them: blanks, hyphens, dots, plus signs (a blank in a form), and such of UTF-8 read as Latin-1. */
const DIGITS = /[0-9](?:[ .+\-\u00c2\u00e2\u0080-\u00af]{0,3}[0-9]){12,}/g
const BETWEEN = /[^0-9]+/
/** Length of a card number (ISO/IEC 7812-1). */
const SHORTEST = 13
const LONGEST = 19
/** First digits of card companies: 3 … 6, and the twos of Mastercard and Mir; no moment in milliseconds begins so. */
const ISSUER = /^(?:[3-6]|2(?:20|2[2-9]|[3-6]|7[0-2]))/

/**
 * Whether a payment-card number stands in a text that is about to go over the Internet: a number of 13 to 19 digits, in however many groups,
 * that begins as card numbers do and passes ISO/IEC 7812-1's check. A last fence, for pages that ask for it in a form of their own: who
 * splits it over several fields gets past it.
 */
export function holdsCardNumber(text: string): boolean {
  let form = text
  // As it is, and as a server may read it: decoded, and once too often.
  for (let n = 0; n < 3; n++) {
    for (const [found] of form.matchAll(DIGITS)) if (groupsHoldOne(found.split(BETWEEN))) return true
    const next = decoded(form)
    if (next === form) return false
    form = next
  }
  return false
}

/** Some groups side by side that are a card number together. */
function groupsHoldOne(groups: readonly string[]): boolean {
  for (let first = 0; first < groups.length; first++) {
    let digits = ''
    for (let last = first; last < groups.length && digits.length < LONGEST; last++) {
      digits += groups[last]
      if (isOne(digits.replace(/^0+/, ''))) return true
    }
  }
  return false
}

function isOne(digits: string): boolean {
  return digits.length >= SHORTEST && digits.length <= LONGEST && ISSUER.test(digits) && luhn(digits)
}

/** Percent-encoding and the escapes of JSON. Not decodeURIComponent: one bad escape must not hide the rest. */
function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})|\\u00([0-9a-f]{2})/gi, (_, percent: string | undefined, json: string) =>
    String.fromCharCode(Number.parseInt(percent ?? json, 16)),
  )
}
