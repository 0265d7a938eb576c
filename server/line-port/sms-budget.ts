/** Answers to one sender within the window: a purchase needs ten, and messages are paid for. */
const ANSWERS_MAX = 120
const WINDOW_MS = 10 * 60_000
/** Senders that are remembered. */
const SENDERS_MAX = 4096

/** How many messages each sender may cost. A number can be forged: so it bounds the bill, and proves nothing. */
export class Budgets {
  readonly #now: () => number
  /** The one heard longest ago is first. */
  readonly #spent = new Map<string, { since: number; count: number }>()

  /** @param now milliseconds */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Whether another answer may be sent. */
  allows(sender: string): boolean {
    return this.#of(sender).count < ANSWERS_MAX
  }

  /** @returns false when it may not be sent */
  spend(sender: string): boolean {
    const it = this.#of(sender)
    if (it.count >= ANSWERS_MAX) return false
    it.count++
    return true
  }

  #of(sender: string): { since: number; count: number } {
    const known = this.#spent.get(sender)
    const now = this.#now()
    const it = known !== undefined && now - known.since < WINDOW_MS ? known : { since: now, count: 0 }
    this.#spent.delete(sender)
    this.#spent.set(sender, it)
    const oldest = this.#spent.keys().next()
    if (this.#spent.size > SENDERS_MAX && !oldest.done) this.#spent.delete(oldest.value)
    return it
  }
}
