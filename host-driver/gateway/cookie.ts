import { createHash, timingSafeEqual } from 'node:crypto'

/** Proves that a browser was given the address with the token. */
export const COOKIE = 'keyline'

/** @returns the value of our cookie, and all others as they were, for the server behind */
export function splitCookies(header: string | undefined): {
  readonly own: string | undefined
  readonly others: string
} {
  const all = (header ?? '').split(';').map((one) => one.trim())
  const own = all.find((one) => one.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1)
  return { own, others: all.filter((one) => one !== '' && !one.startsWith(`${COOKIE}=`)).join('; ') }
}

/** In constant time, whatever the lengths. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
