/** Lets a bounded number of jobs run at once and a bounded number wait; what comes beyond is turned away at once. */
export class Gate {
  readonly #runningMax: number
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax
    this.#waitingMax = waitingMax
  }

  /** @returns the job's result; undefined, without a promise, when it was turned away */
  run<T>(job: () => Promise<T>): Promise<T> | undefined {
    if (this.#running >= this.#runningMax && this.#waiting.length >= this.#waitingMax) return undefined
    return this.#enter()
      .then(job)
      .finally(() => this.#leave())
  }

  #enter(): Promise<void> {
    if (this.#running < this.#runningMax) {
      this.#running++
      return Promise.resolve()
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** The place goes to the next one as it is, so that nobody overtakes. */
  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#running--
    else next()
  }
}
