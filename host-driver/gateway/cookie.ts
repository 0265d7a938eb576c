import { timingSafeEqual } from 'node:crypto'

/** Cookies do not know ports: every gateway of this computer has a name of its own, and none of them leaves the computer. */
const OURS = /^keyline(?:-[0-9]{1,5})?$/

/** The name of the cookie that proves that a browser was given the address with the token. */
export function cookieName(port: number): string {
  return `keyline-${port}`
}

/** @returns the values of the cookie called `name`, and all cookies but a gateway's as they were, for the server behind */
export function splitCookies(
  header: string | undefined,
  name: string,
): { readonly own: readonly string[]; readonly others: string } {
  const own: string[] = []
  const others: string[] = []
  for (const one of (header ?? '').split(';')) {
    const pair = one.trim()
    const at = pair.indexOf('=')
    const key = at === -1 ? pair : pair.slice(0, at).trimEnd()
    if (key === name) own.push(pair.slice(at + 1))
    else if (pair !== '' && !OURS.test(key)) others.push(pair)
  }
  return { own, others: others.join('; ') }
}

/** A secret to compare with, in constant time; its length is none. */
export class Expected {
  readonly #bytes: Buffer

  constructor(text: string) {
    this.#bytes = Buffer.from(text)
  }

  is(given: string): boolean {
    const bytes = Buffer.from(given)
    return bytes.length === this.#bytes.length && timingSafeEqual(bytes, this.#bytes)
  }
}
