/** Time as it is given to everything that waits, so that tests hold it in their hands. */
export interface Clock {
  /** Milliseconds since any fixed moment; never runs backwards. */
  now(): number
  /** Runs once after `ms` milliseconds. @returns how to cancel it; harmless when it ran already */
  after(ms: number, run: () => void): () => void
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve))
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
