import { randomBytes } from 'node:crypto'
import type { PersonalData } from '../../wire/line/personal-data.ts'
import { type FaultReport, reportOf } from '../errors.ts'
import type { OnProgress, Progress } from '../events.ts'
import type { Purchase } from '../flows/settled.ts'
import type { Tag } from '../requests/shop-api.ts'

/** Jobs that are remembered, for a browser that comes back. */
const JOBS_MAX = 100
const EVENTS_MAX = 200

/** What the user sees of a purchase call, in this order. */
export const CALL_STEPS = ['dialling', 'connected', 'accepted', 'sent', 'receipt', 'hung-up'] as const
export type CallStep = (typeof CALL_STEPS)[number]

export interface PaymentEvent {
  readonly id: number
  readonly step: CallStep
  /** Since the beginning of the job. */
  readonly seconds: number
}

export type PaymentEnd =
  | { readonly type: 'purchase'; readonly purchase: Purchase }
  | { readonly type: 'fault'; readonly fault: FaultReport }

/** One payment, from the form to the truth about it. */
export interface Payment {
  readonly id: string
  readonly tag: Tag
  readonly events: readonly PaymentEvent[]
  readonly end: PaymentEnd | undefined
  /** Told each later event, and once `undefined` at the end. @returns how to stop */
  listen(listener: (event: PaymentEvent | undefined) => void): () => void
}

class Job implements Payment {
  readonly id = randomBytes(16).toString('base64url')
  readonly tag: Tag
  readonly events: PaymentEvent[] = []
  end: PaymentEnd | undefined
  readonly #startedAt: number
  readonly #now: () => number
  readonly #listeners = new Set<(event: PaymentEvent | undefined) => void>()

  constructor(tag: Tag, now: () => number) {
    this.tag = tag
    this.#now = now
    this.#startedAt = now()
  }

  listen(listener: (event: PaymentEvent | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  see(progress: Progress): void {
    const step = stepOf(progress)
    if (step === undefined || this.events.length >= EVENTS_MAX) return
    // A call that is made again begins anew; what was seen stays seen.
    if (this.events.some((event) => event.step === step)) return
    const seconds = Math.round((this.#now() - this.#startedAt) / 100) / 10
    const event = { id: this.events.length + 1, step, seconds }
    this.events.push(event)
    for (const listener of [...this.#listeners]) listener(event)
  }

  finish(end: PaymentEnd): void {
    this.end = end
    for (const listener of [...this.#listeners]) listener(undefined)
    this.#listeners.clear()
  }
}

/** The payments of one gateway: one at a time for a tag, however often its form is sent. */
export class Payments {
  readonly #jobs = new Map<string, Job>()
  readonly #now: () => number
  readonly #pay: (tag: Tag, data: PersonalData, onProgress: OnProgress) => Promise<Purchase>

  /** @param now milliseconds */
  constructor(
    pay: (tag: Tag, data: PersonalData, onProgress: OnProgress) => Promise<Purchase>,
    now: () => number = () => performance.now(),
  ) {
    this.#pay = pay
    this.#now = now
  }

  get(id: string): Payment | undefined {
    return this.#jobs.get(id)
  }

  /** The payment for this tag that runs now: a double click, a second tab. */
  running(tag: string): Payment | undefined {
    return [...this.#jobs.values()].find((job) => job.tag.tag === tag && job.end === undefined)
  }

  /** @param data not kept: gone from here when it was sent */
  start(tag: Tag, data: PersonalData): Payment {
    const running = this.running(tag.tag)
    if (running !== undefined) return running
    const job = new Job(tag, this.#now)
    this.#jobs.set(job.id, job)
    const [oldest] = this.#jobs.keys()
    if (this.#jobs.size > JOBS_MAX && oldest !== undefined) this.#jobs.delete(oldest)
    this.#pay(tag, data, (progress) => job.see(progress)).then(
      (purchase) => job.finish({ type: 'purchase', purchase }),
      (error: unknown) => job.finish({ type: 'fault', fault: reportOf(error) }),
    )
    return job
  }
}

const OF_STEPS: Readonly<Record<string, CallStep>> = {
  ...{ S33: 'accepted', S67: 'accepted', S34: 'sent', S68: 'sent' },
  ...{ S35: 'receipt', S69: 'receipt', S36: 'hung-up', S70: 'hung-up' },
}

function stepOf(progress: Progress): CallStep | undefined {
  if (progress.type === 'line') {
    return progress.state === 'dialling' || progress.state === 'connected' ? progress.state : undefined
  }
  return progress.type === 'step' && progress.path === 'line' ? OF_STEPS[progress.step] : undefined
}
