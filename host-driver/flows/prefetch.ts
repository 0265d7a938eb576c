import type { CallReport } from '../../wire/usb/methods.ts'
import { underKey } from '../requests/under-key.ts'
import type { KeyPool, KeysLeft } from '../stored/key-pool.ts'
import { type Credentials, type ExchangeParts, exchangeKeys, type Refused } from './exchange-keys.ts'
import { learnLifetime } from './first.ts'

export interface PrefetchRequest extends Credentials {
  /** Session keys to exchange, 1 … 16 (D-2). */
  readonly keys: number
}

export type PrefetchOutcome =
  | {
      readonly verdict: 'fetched'
      /** All that wait now, one entry a call. */
      readonly keys: readonly KeysLeft[]
      readonly call: CallReport
    }
  | Refused

/**
 * S1 … S10 for later: keys are exchanged, and no session is opened with them yet (D-2).
 * @throws KeylineError INPUT_INVALID, CANCELLED, CARD_* and the card's codes
 */
export async function prefetch(
  parts: ExchangeParts & { readonly keys: KeyPool },
  request: PrefetchRequest,
): Promise<PrefetchOutcome> {
  const { keys: pool, onProgress } = parts
  onProgress({ type: 'step', step: 'S1', path: 'here', text: 'user ID and password were given' })
  const exchanged = await exchangeKeys(parts, request, request.keys)
  if (exchanged.verdict === 'refused') return exchanged
  const { from, keys, call } = exchanged
  pool.add(from, keys)
  const [first] = keys
  if (first !== undefined) {
    await underKey(from, first, (fetch) => learnLifetime(pool, from, fetch))
  }
  return { verdict: 'fetched', keys: pool.view(), call }
}
