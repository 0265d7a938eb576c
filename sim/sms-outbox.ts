import type { Clock } from './clock.ts'

/** Between two tries at a recipient that did not acknowledge, milliseconds; networks take minutes. */
const RETRY_MS = 5000

/** `full`: no memory; `failed`: it came, but nobody acknowledged it. */
export type Taken = 'taken' | 'full' | 'failed'

/** A modem as the centre sees it. */
export interface SmsRecipient {
  readonly number: string
  reachable(): boolean
  /** @param report a status report, no message @param done exactly once */
  take(
    message: { readonly centre: string; readonly tpdu: Uint8Array; readonly report: boolean },
    done: (taken: Taken) => void,
  ): void
}

/** One message on its way to one recipient. */
export interface Copy {
  readonly id: number
  readonly from: string
  readonly to: string
  readonly centre: string
  readonly octets: number
  readonly report: boolean
  readonly tpdu: Uint8Array
  readonly validMs: number
  settled(outcome: 'delivered' | 'expired'): void
}

type Told = (
  copy: Copy,
  state: 'delivered' | 'waiting' | 'expired',
  reason?: 'absent' | 'memory-full' | 'not-acknowledged',
) => void

interface Entry {
  readonly copy: Copy
  readonly cancelExpiry: () => void
}

/** What is stored for one recipient: handed over in its order, one at a time. */
export class Outbox {
  readonly #clock: Clock
  readonly #recipient: SmsRecipient
  readonly #told: Told
  readonly #entries: Entry[] = []
  #busy = false
  #cancelRetry = (): void => {}
  /** Why the first one waits, so that it is told once. */
  #waiting: string | undefined
  #closed = false

  constructor(clock: Clock, recipient: SmsRecipient, told: Told) {
    this.#clock = clock
    this.#recipient = recipient
    this.#told = told
  }

  get length(): number {
    return this.#entries.length
  }

  push(copy: Copy): void {
    const entry: Entry = { copy, cancelExpiry: this.#clock.after(copy.validMs, () => this.#expire(entry)) }
    this.#entries.push(entry)
    if (this.#waiting === undefined) this.#pump()
    else this.#told(copy, 'waiting', this.#recipient.reachable() ? 'memory-full' : 'absent')
  }

  /** The recipient has come back, or has room again. */
  retry(): void {
    this.#waiting = undefined
    this.#cancelRetry()
    this.#pump()
  }

  close(): void {
    this.#closed = true
    this.#cancelRetry()
    for (const { cancelExpiry } of this.#entries.splice(0)) cancelExpiry()
  }

  #pump(): void {
    const [entry] = this.#entries
    if (entry === undefined || this.#busy || this.#waiting !== undefined || this.#closed) return
    if (!this.#recipient.reachable()) return this.#wait(entry, 'absent')
    this.#busy = true
    this.#recipient.take(entry.copy, (taken) => {
      this.#busy = false
      if (this.#closed || this.#entries[0] !== entry) return
      if (taken === 'full') return this.#wait(entry, 'memory-full')
      if (taken === 'failed') return this.#wait(entry, this.#recipient.reachable() ? 'not-acknowledged' : 'absent')
      this.#remove(entry)
      this.#told(entry.copy, 'delivered')
      entry.copy.settled('delivered')
      this.#pump()
    })
  }

  #wait(entry: Entry, reason: 'absent' | 'memory-full' | 'not-acknowledged'): void {
    this.#waiting = reason
    this.#told(entry.copy, 'waiting', reason)
    // The network hears of a recipient that comes back and of free memory, but of no other cure.
    if (reason === 'not-acknowledged') this.#cancelRetry = this.#clock.after(RETRY_MS, () => this.retry())
  }

  #expire(entry: Entry): void {
    if (this.#busy && this.#entries[0] === entry) return
    this.#remove(entry)
    this.#told(entry.copy, 'expired')
    entry.copy.settled('expired')
    this.#pump()
  }

  #remove(entry: Entry): void {
    entry.cancelExpiry()
    this.#entries.splice(this.#entries.indexOf(entry), 1)
  }
}
