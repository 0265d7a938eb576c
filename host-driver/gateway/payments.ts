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
export const CALL_STEPS = ['consenting', 'dialling', 'connected', 'accepted', 'sent', 'receipt', 'hung-up'] as const
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

export interface PaymentsParts {
  /** @param signal ends the call; after the personal data went, the outcome is told all the same */
  readonly pay: (tag: Tag, data: PersonalData, onProgress: OnProgress, signal: AbortSignal) => Promise<Purchase>
  readonly ended?: (end: PaymentEnd) => void
  /** Milliseconds. */
  readonly now?: () => number
}

/** The payments of one gateway: one at a time for a tag, however often its form is sent. */
export class Payments {
  readonly #parts: PaymentsParts
  readonly #jobs = new Map<string, Job>()
  readonly #running = new Map<Job, Promise<void>>()
  readonly #stop = new AbortController()

  constructor(parts: PaymentsParts) {
    this.#parts = parts
  }

  get(id: string): Payment | undefined {
    return this.#jobs.get(id)
  }

  /** The payment for this tag that runs now: a double click, a second tab. */
  running(tag: string): Payment | undefined {
    return [...this.#running.keys()].find((job) => job.tag.tag === tag)
  }

  /** @param data not kept: gone from here when it was sent */
  start(tag: Tag, data: PersonalData): Payment {
    const running = this.running(tag.tag)
    if (running !== undefined) return running
    const { now = () => performance.now() } = this.#parts
    const job = new Job(tag, now)
    this.#jobs.set(job.id, job)
    this.#forgetOldest()
    this.#running.set(job, this.#run(job, data))
    return job
  }

  /** Hangs up. @returns when no call runs any more */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running.values())
  }

  async #run(job: Job, data: PersonalData): Promise<void> {
    const end = await this.#parts
      .pay(job.tag, data, (progress) => job.see(progress), this.#stop.signal)
      .then(
        (purchase): PaymentEnd => ({ type: 'purchase', purchase }),
        (error: unknown): PaymentEnd => ({ type: 'fault', fault: reportOf(error) }),
      )
    this.#running.delete(job)
    job.finish(end)
    this.#parts.ended?.(end)
  }

  /** What runs is never forgotten. */
  #forgetOldest(): void {
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= JOBS_MAX) return
      if (job.end !== undefined) this.#jobs.delete(id)
    }
  }
}

const OF_STEPS: Readonly<Record<string, CallStep>> = {
  ...{ S33: 'accepted', S67: 'accepted', S34: 'sent', S68: 'sent' },
  ...{ S35: 'receipt', S69: 'receipt', S36: 'hung-up', S70: 'hung-up' },
}

const OF_STATES = ['consenting', 'dialling', 'connected'] as const

function stepOf(progress: Progress): CallStep | undefined {
  if (progress.type === 'line') {
    return OF_STATES.find((it) => it === progress.state)
  }
  return progress.type === 'step' && progress.path === 'line' ? OF_STEPS[progress.step] : undefined
}
