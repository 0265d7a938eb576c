import type { Clock } from '../../line/clock.ts'
import type { TriedBearer } from '../../wire/usb/methods.ts'
import { CardError, type CardErrorCode } from './errors.ts'
import type { LineCallReport } from './line-call.ts'
import type { EnrolledAddress } from './phone-book.ts'
import { addressOf, type BearerBudget, type Leg, legsOf, type Onward, onward } from './policy.ts'

type Row = { -readonly [K in keyof TriedBearer]: TriedBearer[K] }

const COUNTS = ['bytesUp', 'bytesDown', 'messagesUp', 'messagesDown'] as const
export type CountName = (typeof COUNTS)[number]

/** Which bearer a job is on, what it tried, what that cost and why it moved on. */
export class JobRoute {
  readonly #policy: readonly BearerBudget[]
  readonly #clock: Clock
  readonly #rows: Row[] = []
  #legs: readonly Leg[] = []
  #leg = 0
  #calls = 0
  #beganAt = 0
  #budget = new AbortController()
  #cancelBudget = (): void => {}
  #next: Onward = { type: 'over' }

  constructor(policy: readonly BearerBudget[], clock: Clock) {
    this.#policy = policy
    this.#clock = clock
  }

  /** The time of the bearer that is tried now is over; its reason is the code. */
  get signal(): AbortSignal {
    return this.#budget.signal
  }

  /** How long to wait before the next call, milliseconds. */
  get pauseMs(): number {
    return this.#next.type === 'again' ? this.#next.pauseMs : 0
  }

  /** A call is begun. @returns where it goes @throws CardError LINE_NO_ADDRESS */
  begin(addresses: readonly EnrolledAddress[]): EnrolledAddress {
    if (this.#rows.length === 0) this.#legs = legsOf(this.#policy, addresses)
    if (this.#rows.length === 0 || this.#next.type === 'next') this.#beginLeg()
    const leg = this.#legs[this.#leg]
    const address = leg && addressOf(leg, this.#calls)
    const row = this.#rows.at(-1)
    if (address === undefined || row === undefined) throw new CardError('LINE_NO_ADDRESS')
    this.#calls++
    row.calls = this.#calls
    delete row.code
    return address
  }

  /** What a call that is over cost; it was the last one that was begun. */
  cost(report: LineCallReport): void {
    const row = this.#rows.at(-1)
    if (row === undefined) return
    for (const name of COUNTS) row[name] += report[name]
  }

  /** @returns whether there is another call for it, on this bearer or on the next one */
  failed(code: CardErrorCode): boolean {
    const row = this.#rows.at(-1)
    if (row === undefined) return false
    row.code = code
    this.#measure()
    this.#next = onward(code, this.#legs, { leg: this.#leg, calls: this.#calls, spentMs: row.ms })
    if (this.#next.type !== 'again') this.#cancelBudget()
    return this.#next.type !== 'over'
  }

  /** The job is over. @returns what was tried, in its order */
  tried(): readonly TriedBearer[] {
    if (this.#rows.at(-1)?.code === undefined) this.#measure()
    return this.#rows.map((row) => ({ ...row }))
  }

  /** Nothing is timed any more. */
  end(): void {
    this.#cancelBudget()
  }

  #beginLeg(): void {
    if (this.#rows.length > 0) this.#leg++
    const leg = this.#legs[this.#leg]
    if (leg === undefined) return
    this.#cancelBudget()
    this.#calls = 0
    this.#beganAt = this.#clock.now()
    const budget = new AbortController()
    this.#budget = budget
    this.#cancelBudget = this.#clock.after(leg.budgetMs, () => budget.abort('LINE_TIMEOUT'))
    const nothing = { bytesUp: 0, bytesDown: 0, messagesUp: 0, messagesDown: 0 }
    this.#rows.push({ bearer: leg.bearer, calls: 0, ms: 0, ...nothing })
  }

  #measure(): void {
    const row = this.#rows.at(-1)
    if (row !== undefined) row.ms = Math.round(this.#clock.now() - this.#beganAt)
  }
}
