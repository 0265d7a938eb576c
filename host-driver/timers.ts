/** Runs once after `ms` milliseconds. @returns how to cancel it; harmless when it ran already */
export type After = (ms: number, run: () => void) => () => void

/** Longest time of one timer of Node, milliseconds; above it a timer would run at once. */
const TIMER_MAX_MS = 2 ** 31 - 1

/** A pause that somebody waits for. */
export const after: After = (ms, run) => {
  const timer = setTimeout(run, Math.min(ms, TIMER_MAX_MS))
  return () => clearTimeout(timer)
}

/** A limit that does not keep the process alive: time-outs, and lifetimes of up to a month. */
export const afterUnheld: After = (ms, run) => {
  let timer: NodeJS.Timeout
  const arm = (left: number): void => {
    const now = Math.min(left, TIMER_MAX_MS)
    timer = setTimeout(() => (left > now ? arm(left - now) : run()), now).unref()
  }
  arm(ms)
  return () => clearTimeout(timer)
}

/** @returns after `ms` milliseconds, or at once when `signal` says so */
export function pause(ms: number, wait: After, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = wait(ms, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** Runs each `ms` milliseconds, the first time after as many. @returns how to end it */
export function every(wait: After, ms: number, run: () => void): () => void {
  let cancel = (): void => {}
  const again = (): void => {
    cancel = wait(ms, () => {
      run()
      again()
    })
  }
  again()
  return () => cancel()
}
