import type { Clock } from '../line/clock.ts'
import { ATTEMPTS_MAX, FORGET_MS } from './accounts/lock-out.ts'
import { asServerError } from './errors.ts'
import type { Log } from './events.ts'
import type { Sessions } from './sessions/sessions.ts'
import type { Shop } from './shop/shop.ts'
import type { Store } from './store/store.ts'
import { every } from './time.ts'

/** How long an erased session's connections may live on when another node erased it, milliseconds. */
export const SWEEP_MS = 2000
export const UPKEEP_MS = 10 * 60_000
/** A ticket's secret is kept so long after expiry, to tell a late card why it is refused, milliseconds. */
const TICKET_GRACE_MS = 7 * 86_400_000
const NOTES_MAX = 100_000

/** What must be done again and again: erasing what is over. @returns how to stop it */
export function startUpkeep(
  store: Store,
  sessions: Sessions,
  shop: Pick<Shop, 'sweep'>,
  clock: Clock,
  log: Log,
): () => Promise<void> {
  const guarded = (work: () => Promise<unknown>) => async (): Promise<void> => {
    try {
      await work()
    } catch (error) {
      const { code, what } = asServerError(error)
      log({ event: 'upkeep.fault', code, what })
    }
  }
  const sweeping = every(
    clock,
    SWEEP_MS,
    guarded(() => sessions.sweep()),
  )
  const lapsing = every(
    clock,
    SWEEP_MS,
    guarded(() => shop.sweep()),
  )
  const upkeep = async (): Promise<void> => {
    const now = clock.now()
    await store.pruneAttempts(now, now - FORGET_MS, ATTEMPTS_MAX)
    await store.eraseTicketSecrets(now - TICKET_GRACE_MS)
    await store.pruneNotes(NOTES_MAX)
    await store.scrub()
  }
  const keeping = every(clock, UPKEEP_MS, guarded(upkeep))
  return async () => {
    await Promise.all([sweeping(), lapsing(), keeping()])
  }
}
