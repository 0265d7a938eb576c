import { luhn } from '../../wire/line/personal-data.ts'

/** Digits with what people and forms put between them. */
const CANDIDATE = /[3-6][0-9](?:[0-9 +\-.]|%20|%2B|%2D|&nbsp;){10,40}[0-9]/gi
const BETWEEN = /%20|%2B|%2D|&nbsp;|[ +\-.]/gi

/**
 * Whether a payment-card number stands in a text that is about to go over the Internet: 13 to 19 digits that begin as card numbers do and
 * pass ISO/IEC 7812-1's check. A last fence, for pages that ask for it in a form of their own.
 */
export function holdsCardNumber(text: string): boolean {
  for (const form of [text, decoded(text)]) {
    for (const [found] of form.matchAll(CANDIDATE)) {
      const digits = found.replace(BETWEEN, '')
      if (/^[0-9]+$/.test(digits) && anyWindow(digits)) return true
    }
  }
  return false
}

/** A run as long as a number is one or is none; in a longer run one may stand anywhere. */
function anyWindow(digits: string): boolean {
  if (digits.length < 13) return false
  if (digits.length <= 19) return luhn(digits)
  for (let at = 0; at + 15 <= digits.length; at++) {
    if (!/[3-6]/.test(digits[at] ?? '')) continue
    for (let length = 15; length <= 19 && at + length <= digits.length; length++) {
      if (luhn(digits.slice(at, at + length))) return true
    }
  }
  return false
}

function decoded(text: string): string {
  // Not decodeURIComponent: one bad escape must not hide the rest.
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
