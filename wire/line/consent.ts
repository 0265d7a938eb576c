import { LineFormatError } from './cbor.ts'

/**
 * How the user of the card allowed a request, as the card says to the server inside what is encrypted (PROTOCOL.md §3):
 * by an earlier press in this session, or by the button now. A card whose policy never asks says nothing, as cards did before
 * there was a button.
 */
export const CONSENT_EARLIER = 1
export const CONSENT_BUTTON = 2
export type Consent = typeof CONSENT_EARLIER | typeof CONSENT_BUTTON

/** What a card can ask consent for. */
export const CONSENT_PURPOSES = ['login', 'enrol', 'pay'] as const
export type ConsentPurpose = (typeof CONSENT_PURPOSES)[number]

/** The last field of a request, where there is one. One form only: what was never asked is left out. */
export function consentItems(consent: Consent | undefined): readonly Consent[] {
  return consent === undefined ? [] : [consent]
}

/** @param rest fields after the last that must be there @throws LineFormatError */
export function consentField(rest: readonly unknown[]): { readonly consent?: Consent } {
  const [consent, ...more] = rest
  if (rest.length === 0) return {}
  if (more.length === 0 && (consent === CONSENT_EARLIER || consent === CONSENT_BUTTON)) return { consent }
  throw new LineFormatError('expected how consent was given')
}
