import { LineFormatError } from '../../wire/line/cbor.ts'
import { CONSENT_BUTTON } from '../../wire/line/consent.ts'
import { decodePurchaseOpening, type PurchaseOpening, type PurchaseVerdict } from '../../wire/line/purchase.ts'
import type { Payer } from '../shop/purchases.ts'
import type { LineServiceOptions } from './line-options.ts'

export interface PurchaseDecision {
  readonly verdict: PurchaseVerdict
  /** Who may send personal data now; nobody when refused. */
  readonly payer: Payer | undefined
}

const CONSENT_REQUIRED = { verdict: 'refused', reason: 'CONSENT_REQUIRED', retryAfterSeconds: 0 } as const
const NO_SHOP = { verdict: 'refused', reason: 'TAG_UNKNOWN', retryAfterSeconds: 0 } as const

/** @returns undefined for every payload that does not open a purchase */
export function readOpening(payload: Uint8Array): PurchaseOpening | undefined {
  try {
    return decodePurchaseOpening(payload)
  } catch (error) {
    if (error instanceof LineFormatError) return undefined
    throw error
  }
}

/**
 * S31–S33, S65–S67: the tag, for a card that has authenticated. The shop knows which embodiment it is, and tells the steps. Without a
 * shop nobody's tag is known.
 */
export async function checkPurchase(
  { purchases, app, requireConsent, log }: LineServiceOptions,
  cardId: string,
  { tag, userId, consent }: PurchaseOpening,
): Promise<PurchaseDecision> {
  const payer: Payer = { cardId, userId, tag: Buffer.from(tag).toString('base64url') }
  // Before the shop is asked: a press of an earlier login allows no personal data.
  const pressed = !requireConsent?.has('pay') || consent === CONSENT_BUTTON
  const asked = purchases !== undefined && app !== undefined ? () => purchases.open(payer) : () => NO_SHOP
  const verdict = pressed ? await asked() : CONSENT_REQUIRED
  const about = { path: 'line', card: cardId } as const
  if (verdict.verdict === 'accepted') {
    log({ event: 'channel.opened', ...about })
    return { verdict, payer }
  }
  log({ event: 'channel.refused', ...about, reason: verdict.reason })
  return { verdict, payer: undefined }
}
