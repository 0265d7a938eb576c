import type { Payment } from '../../wire/line/personal-data.ts'
import type { PurchaseVerdict } from '../../wire/line/purchase.ts'

/** Who asks over the line: the card proved itself, the user is named by the opening (S30, S64). */
export interface Payer {
  readonly cardId: string
  readonly userId: string
  /** base64url. */
  readonly tag: string
}

/** How a payment ended (S35, S69). */
export type PaymentOutcome =
  /** @see wire/line/receipt.ts */
  | { readonly outcome: 'paid'; readonly orderId: number; readonly receipt: Uint8Array }
  /** The acquirer said no: nothing was charged, the tag is still good. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The acquirer does not answer: the order will be settled or voided; its state tells. */
  | { readonly outcome: 'pending'; readonly orderId: number }
  | {
      readonly outcome: 'not-taken'
      readonly reason: 'TAG_UNKNOWN' | 'TAG_FOREIGN' | 'TAG_USED' | 'TAG_PENDING' | 'TAG_LAPSED' | 'AMOUNT_CHANGED'
    }

/** What the line asks of the shop. */
export interface Purchases {
  /** S31–S33, S65–S67: without any effect. */
  open(payer: Payer): Promise<PurchaseVerdict>
  /** S34–S35, S68–S69. The data are checked already. Ends in bounded time (30 s), whatever the acquirer does. */
  pay(payer: Payer, payment: Payment): Promise<PaymentOutcome>
}
