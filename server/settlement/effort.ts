import type { Clock } from '../../line/clock.ts'

/** How long somebody goes on with one order. */
export interface Effort {
  /** Ends what is under way. */
  readonly signal: AbortSignal
  /** Waits until another try makes sense. @returns false when there will be none */
  again(): Promise<boolean>
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 4000

/** Tries until a time is over, with waits that double from a quarter of a second to four. */
export class Budget implements Effort {
  readonly signal: AbortSignal
  readonly #clock: Clock
  readonly #cancel: () => void
  #wait = FIRST_WAIT_MS

  /** @param ms in all @param stop ends it sooner */
  constructor(clock: Clock, ms: number, stop: AbortSignal) {
    const over = new AbortController()
    this.#clock = clock
    this.#cancel = clock.after(ms, () => over.abort())
    this.signal = AbortSignal.any([over.signal, stop])
  }

  again(): Promise<boolean> {
    if (this.signal.aborted) return Promise.resolve(false)
    const wait = this.#wait
    this.#wait = Math.min(wait * 2, LONGEST_WAIT_MS)
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        this.signal.removeEventListener('abort', end)
        resolve(!this.signal.aborted)
      }
      const cancel = this.#clock.after(wait, end)
      this.signal.addEventListener('abort', end)
    })
  }

  /** To be called when nobody needs it any more. */
  end(): void {
    this.#cancel()
  }
}

/** @returns what `work` gives, or undefined when the signal comes first or it fails */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const end = (value: T | undefined): void => {
      signal.removeEventListener('abort', aborted)
      resolve(value)
    }
    const aborted = (): void => end(undefined)
    if (signal.aborted) aborted()
    else signal.addEventListener('abort', aborted)
    work.then(end, () => end(undefined))
  })
}
