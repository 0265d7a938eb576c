import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodePurchaseOpening, type PurchaseOpening, type PurchaseVerdict } from '../../wire/line/purchase.ts'
import type { Payer } from '../shop/purchases.ts'
import type { LineServiceOptions } from './line-options.ts'

export interface PurchaseDecision {
  readonly verdict: PurchaseVerdict
  /** Who may send personal data now; nobody when refused. */
  readonly payer: Payer | undefined
}

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
  { purchases, app, log }: LineServiceOptions,
  cardId: string,
  { tag, userId }: PurchaseOpening,
): Promise<PurchaseDecision> {
  const payer: Payer = { cardId, userId, tag: Buffer.from(tag).toString('base64url') }
  const verdict = purchases !== undefined && app !== undefined ? await purchases.open(payer) : NO_SHOP
  const about = { path: 'line', card: cardId } as const
  if (verdict.verdict === 'accepted') {
    log({ event: 'channel.opened', ...about })
    return { verdict, payer }
  }
  log({ event: 'channel.refused', ...about, reason: verdict.reason })
  return { verdict, payer: undefined }
}
