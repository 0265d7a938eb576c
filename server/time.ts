import { type Clock, systemClock } from '../line/clock.ts'

/**
 * In the server `now()` is Unix time, milliseconds: what one node writes into the store (expiry, lock-out) another one must
 * be able to read.
 */
export const systemTime: Clock = { now: Date.now, after: systemClock.after }

/** Runs `work` every `ms` milliseconds, never twice at once. @returns how to stop; resolves when the last run is over */
export function every(clock: Clock, ms: number, work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  let cancel = (): void => {}
  const wait = (): void => {
    cancel = clock.after(ms, () => {
      running = work().then(() => {
        if (!stopped) wait()
      })
    })
  }
  wait()
  return async () => {
    stopped = true
    cancel()
    await running
  }
}

/** @returns runs `work`, never twice at once: however often it is called meanwhile, there is one more run after it */
export function coalesced(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  const run = (): Promise<void> => {
    next = undefined
    running = work().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (running === undefined) return run()
    next ??= running.then(run, run)
    return next
  }
}
