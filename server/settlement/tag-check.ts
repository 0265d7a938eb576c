import type { PurchaseRefusal } from '../../wire/line/purchase.ts'
import type { Payer } from '../shop/purchases.ts'
import type { StoredTag } from '../store/shop-store.ts'

export type TagFault = Extract<
  PurchaseRefusal,
  'TAG_UNKNOWN' | 'TAG_FOREIGN' | 'TAG_USED' | 'TAG_PENDING' | 'TAG_LAPSED'
>

/**
 * S31, S65: whether this payer may pay for this tag now. Of another one's tag he learns that it is another one's, and no more.
 * @param tag as it is stored, undefined when it is not @param now Unix milliseconds @returns undefined when he may
 */
export function tagFault(tag: StoredTag | undefined, payer: Payer, now: number): TagFault | undefined {
  if (tag === undefined) return 'TAG_UNKNOWN'
  if (tag.userId !== payer.userId) return 'TAG_FOREIGN'
  // The card whose session it was issued in; a tag of the open shop belongs to none.
  if (tag.cardId !== undefined && tag.cardId !== payer.cardId) return 'TAG_FOREIGN'
  if (tag.state === 'used') return 'TAG_USED'
  if (tag.state === 'paying') return 'TAG_PENDING'
  // Also when nobody swept it yet.
  if (tag.state !== 'open' || tag.lapsesAt <= now) return 'TAG_LAPSED'
  return undefined
}
