import { createHash, timingSafeEqual } from 'node:crypto'

/** Cookies do not know ports: every gateway of this computer has a name of its own, and none of them leaves the computer. */
const OURS = /^keyline-[0-9]{1,5}$/

/** The name of the cookie that proves that a browser was given the address with the token. */
export function cookieName(port: number): string {
  return `keyline-${port}`
}

/** @returns the value of the cookie called `name`, and all that are no gateway's as they were, for the server behind */
export function splitCookies(
  header: string | undefined,
  name: string,
): { readonly own: string | undefined; readonly others: string } {
  const all = (header ?? '').split(';').map((one) => one.trim())
  const nameOf = (one: string): string => one.split('=')[0]?.trimEnd() ?? ''
  const own = all.find((one) => nameOf(one) === name)?.slice(name.length + 1)
  return { own, others: all.filter((one) => one !== '' && !OURS.test(nameOf(one))).join('; ') }
}

/** In constant time, whatever the lengths. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
