import type { SmsStatus } from '../modem/sms/status.ts'

/** The modem counts messages modulo 256 (TS 23.040 §9.2.3.6); fewer, so that a late report seldom meets a newer message. */
const AWAITED_MAX = 64
/** Reports that came before the answer they belong to was looked at. */
const EARLY_MAX = 8

type Told = (status: SmsStatus) => void

/** Status reports, matched with their message by its reference. A centre may send none: who waits longest makes room. */
export class SmsReports {
  readonly #awaited = new Map<number, Told>()
  readonly #early = new Map<number, SmsStatus>()
  #sending = false

  /** A message that wants a report goes out. One in the same read as its +CMGS comes before the answer is looked at. */
  begin(): void {
    this.#sending = true
    this.#early.clear()
  }

  /** @param reference of +CMGS; undefined when the message was not sent, or none was said */
  sent(reference: number | undefined, told: Told): void {
    this.#sending = false
    if (reference === undefined) return
    const early = this.#early.get(reference)
    this.#early.clear()
    if (early === undefined || early.outcome === 'trying') this.#await(reference, told)
    if (early !== undefined) told(early)
  }

  came(reference: number, status: SmsStatus): void {
    const told = this.#awaited.get(reference)
    // While the centre goes on trying another report follows.
    if (status.outcome !== 'trying') this.#awaited.delete(reference)
    if (told !== undefined) told(status)
    else if (this.#sending && this.#early.size < EARLY_MAX) this.#early.set(reference, status)
  }

  clear(): void {
    this.#awaited.clear()
    this.#early.clear()
  }

  #await(reference: number, told: Told): void {
    this.#awaited.delete(reference)
    const oldest = this.#awaited.keys().next()
    if (this.#awaited.size >= AWAITED_MAX && !oldest.done) this.#awaited.delete(oldest.value)
    this.#awaited.set(reference, told)
  }
}
