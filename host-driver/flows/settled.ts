import { decodeReceipt, type Receipt } from '../../wire/line/receipt.ts'
import { fault, KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import type { Shop, Tag } from '../requests/shop-api.ts'
import { type After, pause } from '../timers.ts'
import type { PayOutcome } from './pay.ts'

/** Between two looks at a tag that is being paid for, milliseconds: the server itself gives up on the card company after 30 s. */
const LOOKS_MS = [500, 1000, 2000, 4000, 8000, 8000, 8000]
/** Between two tries to see the receipt of what is known to be paid; nobody should wait long for that. */
const COMPARE_MS = [500, 1000]
/** One look, milliseconds. */
const LOOK_MS = 10_000

type Paid = Extract<PayOutcome, { outcome: 'paid' }>
type Pending = Extract<PayOutcome, { outcome: 'pending' }>

/** What a purchase ended with; refusals are no errors but answers. */
export type Purchase =
  /** `shown`: whether the shop shows the same bytes over the Internet; `unseen`: it could not be asked. */
  | (Paid & { readonly learned: 'line'; readonly shown: 'same' | 'differs' | 'unseen' })
  /** The answer over the line was lost, or the card company was late: the shop's own word over the Internet. */
  | {
      readonly outcome: 'paid'
      readonly receipt: Receipt
      readonly receiptBytes: Uint8Array
      readonly learned: 'internet'
    }
  /** It is still not known; the order tells later. */
  | (Pending & { readonly learned: 'line' })
  | { readonly outcome: 'pending'; readonly order: string | null; readonly learned: 'internet' }
  /** The answer was lost, or the order was voided: the shop says that nothing was charged. A tag is charged once at most: to pay again is safe. */
  | { readonly outcome: 'not-charged'; readonly tag: Tag; readonly learned: 'internet' }
  | Exclude<PayOutcome, { outcome: 'paid' | 'pending' }>

export interface SettledParts {
  readonly shop: Pick<Shop, 'tag'>
  readonly embodiment: 2 | 3
  readonly after: After
  readonly onProgress: OnProgress
  readonly signal?: AbortSignal | undefined
}

/** Errors after which the personal data may have arrived. */
const UNSURE: ReadonlySet<string> = new Set(['LINE_OUTCOME_UNKNOWN', 'SERVER_PROTOCOL'])

/**
 * Pays, and learns the truth: the receipt that came over the line is compared with the one that the shop shows, and where no
 * answer came the shop is asked for half a minute.
 * @param tag as the user agreed to pay for it
 * @param call the purchase call
 * @throws KeylineError of the call; LINE_OUTCOME_UNKNOWN and SERVER_PROTOCOL only when the shop could not be asked either
 */
export async function payAndLearn(parts: SettledParts, tag: Tag, call: () => Promise<PayOutcome>): Promise<Purchase> {
  let outcome: PayOutcome
  try {
    outcome = await call()
  } catch (error) {
    if (!(error instanceof KeylineError && UNSURE.has(error.code))) throw error
    const learned = await learn(parts, tag, 'lost')
    if (learned === undefined) throw error
    return learned
  }
  if (outcome.outcome === 'paid') return { ...outcome, learned: 'line', shown: await compare(parts, tag, outcome) }
  if (outcome.outcome !== 'pending') return outcome
  const learned = await learn(parts, tag, 'pending')
  return learned === undefined || learned.outcome === 'pending' ? { ...outcome, learned: 'line' } : learned
}

/** @returns undefined when the shop could not be asked once */
async function learn(parts: SettledParts, tag: Tag, why: 'lost' | 'pending'): Promise<Purchase | undefined> {
  const { after, signal } = parts
  tell(parts, `${why === 'lost' ? 'no answer came' : 'not settled yet'}: the shop is asked over the Internet`)
  let seen: Tag | undefined
  for (const ms of [0, ...LOOKS_MS]) {
    await pause(ms, after, signal)
    const now = await look(parts, tag.tag)
    seen = now ?? seen
    if (now?.state === 'used') return paid(parts, tag, now)
    if (now?.state === 'lapsed' || now?.state === 'cancelled') break
    // An order that was taken is void when its tag is open again; one that is on its way may still come.
    if (now?.state === 'open' && why === 'pending') break
    if (signal?.aborted) break // once is enough for who left
  }
  if (seen === undefined) return undefined
  if (seen.state === 'paying') return { outcome: 'pending', order: seen.order, learned: 'internet' }
  tell(parts, 'nothing was charged')
  return { outcome: 'not-charged', tag: seen, learned: 'internet' }
}

/** @throws KeylineError SERVER_PROTOCOL when the receipt is none, or not of what was agreed to */
function paid(parts: SettledParts, tag: Tag, now: Tag): Purchase {
  const { receipt: receiptBytes } = now
  const receipt = receiptBytes === null ? undefined : decoded(receiptBytes)
  if (receiptBytes === null || receipt?.amount !== tag.amount || receipt.currency !== tag.currency) {
    throw fault('SERVER_PROTOCOL', { what: 'the shop says that it was paid, but its receipt is not valid' })
  }
  tell(parts, 'it was paid')
  return { outcome: 'paid', receipt, receiptBytes, learned: 'internet' }
}

function decoded(bytes: Uint8Array): Receipt | undefined {
  try {
    return decodeReceipt(bytes)
  } catch {
    return undefined // it is LineFormatError whatever the bytes are
  }
}

async function compare(parts: SettledParts, tag: Tag, { receiptBytes }: Paid): Promise<'same' | 'differs' | 'unseen'> {
  for (const ms of [0, ...COMPARE_MS]) {
    await pause(ms, parts.after, parts.signal)
    const now = await look(parts, tag.tag)
    if (now === undefined) continue
    return now.receipt !== null && Buffer.compare(now.receipt, receiptBytes) === 0 ? 'same' : 'differs'
  }
  return 'unseen'
}

/** @returns undefined for whatever keeps the shop from telling: what was paid stays paid without it */
async function look({ shop, after }: SettledParts, tag: string): Promise<Tag | undefined> {
  const late = new AbortController()
  const cancel = after(LOOK_MS, () => late.abort())
  try {
    const seen = await shop.tag(tag, late.signal)
    return seen.tag === tag ? seen : undefined
  } catch (error) {
    if (error instanceof KeylineError) return undefined
    throw error
  } finally {
    cancel()
  }
}

function tell({ embodiment, onProgress }: SettledParts, text: string): void {
  onProgress({ type: 'step', step: embodiment === 2 ? 'S35' : 'S69', path: 'internet', text })
}
