import { KeylineError } from '../errors.ts'
import type { Shop, Tag } from '../requests/shop-api.ts'
import { type After, pause } from '../timers.ts'
import type { PayOutcome } from './pay.ts'

/** Between two looks at an order that is being settled, milliseconds; in all about two minutes. */
const LOOKS_MS = [0, 1000, 2000, 3000, 5000, 5000, 10_000, 10_000, 15_000, 15_000, 30_000, 30_000]

/** What a purchase ended with, as the shop itself says over the Internet path. */
export type Purchase =
  /** Paid; `same`: the receipt that came over the line is, byte for byte, the one that the shop shows; undefined when none came. */
  | {
      readonly paid: true
      readonly tag: Tag
      readonly outcome: PayOutcome | undefined
      readonly same: boolean | undefined
    }
  /** Nothing was charged. */
  | { readonly paid: false; readonly tag: Tag; readonly outcome: PayOutcome | undefined }
  /** The shop could not say it in time: look again later. */
  | { readonly paid: undefined; readonly tag: Tag | undefined; readonly outcome: PayOutcome | undefined }

export interface SettledParts {
  readonly shop: Pick<Shop, 'tag'>
  readonly after: After
  readonly signal?: AbortSignal | undefined
}

/**
 * Pays, and learns the truth: an answer over the line is compared with the shop's own word, and where none came the shop is asked until
 * the order is settled or voided.
 * @param call the purchase call
 * @throws KeylineError of the call, where it is certain that nothing was sent
 */
export async function payAndLearn(
  parts: SettledParts,
  tag: string,
  call: () => Promise<PayOutcome>,
): Promise<Purchase> {
  let outcome: PayOutcome | undefined
  try {
    outcome = await call()
  } catch (error) {
    if (!(error instanceof KeylineError) || error.code !== 'LINE_OUTCOME_UNKNOWN') throw error
  }
  const now = await settled(parts, tag, outcome)
  if (now === undefined || now.state === 'paying') return { paid: undefined, tag: now, outcome }
  if (now.state !== 'used') return { paid: false, tag: now, outcome }
  if (outcome?.outcome !== 'paid') return { paid: true, tag: now, outcome, same: undefined }
  return {
    paid: true,
    tag: now,
    outcome,
    same: now.receipt !== null && Buffer.compare(outcome.receiptBytes, now.receipt) === 0,
  }
}

/** The tag when it is no longer being paid for, or as it was last seen. */
async function settled(
  { shop, after, signal }: SettledParts,
  tag: string,
  outcome: PayOutcome | undefined,
): Promise<Tag | undefined> {
  let seen: Tag | undefined
  for (const ms of LOOKS_MS) {
    await pause(ms, after, signal)
    try {
      seen = await shop.tag(tag)
    } catch (error) {
      // Its network may come back while the order is settled.
      if (!(error instanceof KeylineError) || !error.code.startsWith('INTERNET_')) throw error
      continue
    }
    // An order that was begun in the last moment of a broken call may not stand there yet.
    const early = outcome === undefined && seen.state === 'open' && ms < 2000
    if (seen.state !== 'paying' && !early) return seen
  }
  return seen
}
