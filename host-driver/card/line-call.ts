import type { MethodName, Params, Result } from '../../wire/usb/methods.ts'
import { fault } from '../errors.ts'
import { type After, afterUnheld } from '../timers.ts'
import { type CardCalls, underWay } from './card-link.ts'

/** A card that was told to hang up answers within this time, milliseconds: a modem may need seconds to. */
const HANG_UP_MS = 10_000

/** How often a card that makes a call is asked how it is, milliseconds. */
const WATCH_MS = 5000

/** Whose result is the truth also for who did not want it any more: what was paid is paid. */
const KEPT: ReadonlySet<MethodName> = new Set(['line.pay'])

/**
 * A method of the card that makes a call, on a card that is waited for where it is away. When `signal` says so, the card is told to hang up and its answer is still waited
 * for a while: the next request then finds it idle, and keys that come too late are known to be of no use.
 * @throws KeylineError CANCELLED, whose cause is what the card said instead of a result, or nothing where it was asked nothing; and what
 *   CardCalls.live and CardClient.call throw
 */
export async function callOverLine<M extends 'line.login' | 'line.pay' | 'card.enrol'>(
  link: CardCalls,
  method: M,
  params: Params<M>,
  signal?: AbortSignal,
  after: After = afterUnheld,
): Promise<Result<M>> {
  if (signal?.aborted) throw fault('CANCELLED')
  const card = await link.live(signal)
  if (signal?.aborted) throw fault('CANCELLED')
  let giveUp: (error: unknown) => void = () => {}
  const gaveUp = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  gaveUp.catch(() => {}) // it may be given up before anybody waits
  let cancelTimer = (): void => {}
  const cancel = (): void => {
    cancelTimer = after(HANG_UP_MS, () => giveUp(fault('CANCELLED')))
    // A card without a call says so, and one that is gone fails the call itself; one that is silent is not waited for.
    card.call('line.cancel', {}).catch((cause: unknown) => giveUp(fault('CANCELLED', { cause })))
  }
  signal?.addEventListener('abort', cancel, { once: true })
  const call = card.call(method, params).catch((error: unknown) => {
    throw underWay(method, error)
  })
  const stopWatching = watch(card, after, (error) => giveUp(error))
  try {
    const result = await Promise.race([call, gaveUp])
    if (signal?.aborted && !KEPT.has(method)) throw fault('CANCELLED')
    return result
  } catch (error) {
    call.catch(() => {}) // its late end interests nobody
    if (!signal?.aborted) throw error
    throw fault('CANCELLED', { cause: error })
  } finally {
    stopWatching()
    cancelTimer()
    signal?.removeEventListener('abort', cancel)
  }
}

/**
 * A card that lost its power and started again on a cable that stayed knows nothing of the call, and would be waited for in vain: twice
 * idle, with the answer still missing, is that. A card that does not answer at all is left to the call's own time.
 * @returns how to stop
 */
function watch(card: CardCalls, after: After, lost: (error: unknown) => void): () => void {
  let cancel = (): void => {}
  let stopped = false
  let idle = 0
  const again = (): void => {
    cancel = after(WATCH_MS, () => {
      card.call('card.status', {}).then(
        (status) => {
          idle = status.card.state === 'idle' ? idle + 1 : 0
          if (stopped) return
          if (idle < 2) again()
          else lost(fault('CARD_GONE', { what: 'the card started anew and knows nothing of this call' }))
        },
        () => {},
      )
    })
  }
  again()
  return () => {
    stopped = true
    cancel()
  }
}
