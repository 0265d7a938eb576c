import { Call, type CutDirection, type Leg, type Subscriber } from './call.ts'
import { chanceOf } from './chance.ts'
import type { Clock } from './clock.ts'
import type { CallEvent } from './events.ts'
import { HEALTHY, type LineSpeed } from './wire.ts'

/** Rings repeat, milliseconds. */
const RING_EVERY_MS = 2000

export interface ExchangeOptions {
  readonly seed: number
  /** From dialling to the first ring, or to BUSY, milliseconds. */
  readonly ringAfterMs: number
  /** Longest ringing, milliseconds; then the caller hears NO ANSWER. */
  readonly ringForMs: number
}

/** What is wrong with the lines, in calls that run and in all to come; probabilities are per byte. */
export interface Impairments {
  readonly corrupt: number
  readonly drop: number
  /** Nothing arrives downwards. */
  readonly dropResponse: boolean
  /** Of each bit. */
  readonly bitErrors: number
}

export interface ExchangeHooks {
  event(event: Omit<CallEvent, 'event' | 'atMs'>): void
  /** Each byte that arrives, as it arrives; up is from the caller. */
  tap(call: number, direction: 'up' | 'down', bytes: Uint8Array): void
}

type Reported = Pick<CallEvent, 'state' | 'reason' | 'bytesUp' | 'bytesDown'>

/** Numbers, and the calls between them. */
export class Exchange {
  readonly #clock: Clock
  readonly #options: ExchangeOptions
  readonly #hooks: ExchangeHooks
  readonly #subscribers = new Set<Subscriber>()
  /** Numbers whose calls go elsewhere. */
  readonly #diverted = new Map<string, string>()
  readonly #calls = new Set<Call>()
  readonly #timers = new Map<Call, () => void>()
  #lastId = 0
  #impairments: Impairments = { corrupt: 0, drop: 0, dropResponse: false, bitErrors: 0 }
  #armed: { readonly after: number; readonly direction: CutDirection } | undefined

  constructor(clock: Clock, options: ExchangeOptions, hooks: ExchangeHooks) {
    this.#clock = clock
    this.#options = options
    this.#hooks = hooks
  }

  register(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber)
  }

  /** Calls to a number reach another one, as if it had been dialled wrong; undefined puts it right. */
  divert(number: string, to: string | undefined): void {
    if (to === undefined) this.#diverted.delete(number)
    else this.#diverted.set(number, to)
  }

  /** @param maxMs longest wait for the other side's answer, milliseconds (S7) */
  dial(from: Subscriber, number: string, maxMs: number, voice = false): Leg {
    const context = {
      clock: this.#clock,
      chance: (name: string) => chanceOf(this.#options.seed, name),
      impairment: (direction: 'up' | 'down') => this.#impairment(call, direction),
      tap: (direction: 'up' | 'down', bytes: Uint8Array) => this.#hooks.tap(call.id, direction, bytes),
      report: (_: Call, event: Reported) => this.#report(call, event),
    }
    const call: Call = new Call(++this.#lastId, from, number, context, voice)
    this.#calls.add(call)
    const giveUpAt = this.#clock.now() + maxMs
    this.#wait(call, Math.min(maxMs, this.#options.ringAfterMs), () => this.#route(call, giveUpAt))
    return call.callerLeg
  }

  get calls(): readonly Call[] {
    return [...this.#calls]
  }

  impair(change: Partial<Impairments>): void {
    this.#impairments = { ...this.#impairments, ...change }
  }

  /** Speeds of running calls, for bytes from now on. */
  setSpeed(speedOf: (from: Subscriber) => LineSpeed): void {
    for (const call of this.#calls) call.setSpeed(speedOf(call.from))
  }

  /** The call that runs, or else the next one, loses carrier after so many bytes, counted from its beginning. */
  armCut(after: number, direction: CutDirection): void {
    const running = [...this.#calls].filter(({ state }) => state === 'connected').at(-1)
    if (running !== undefined) running.cutAfter(after, direction)
    else this.#armed = { after, direction }
  }

  /** All running calls lose carrier. */
  cutNow(): void {
    for (const call of [...this.#calls]) call.cut('cut')
  }

  /** Every call ends; nothing waits any more. */
  close(): void {
    for (const call of [...this.#calls]) {
      call.callerLeg.vanish()
      call.calledLeg.vanish()
    }
  }

  #route(call: Call, giveUpAt: number): void {
    const to = this.#find(this.#diverted.get(call.number) ?? call.number)
    if (to === undefined) return call.fail('no-carrier', 'no-such-number')
    if (to === call.from) return call.fail('busy', 'busy')
    const availability = to.availability()
    if (availability === 'busy') return call.fail('busy', 'busy')
    if (availability === 'absent') return call.fail('no-carrier', 'unreachable')
    const until = Math.min(giveUpAt, this.#clock.now() + this.#options.ringForMs)
    if (availability === 'free') this.#ring(call, to, until)
    else this.#wait(call, until - this.#clock.now(), () => call.fail('no-answer', 'no-answer'))
  }

  /** Who came last has the number. */
  #find(number: string): Subscriber | undefined {
    return number === '' ? undefined : [...this.#subscribers].reverse().find((each) => each.number === number)
  }

  #ring(call: Call, to: Subscriber, until: number): void {
    const left = until - this.#clock.now()
    if (left <= 0) return call.fail('no-answer', 'no-answer')
    // Before the ring itself: it may be answered at once (S0=1), which ends the ringing.
    this.#wait(call, Math.min(RING_EVERY_MS, left), () => this.#ring(call, to, until))
    call.ring(to)
  }

  #wait(call: Call, ms: number, then: () => void): void {
    this.#timers.get(call)?.()
    this.#timers.set(call, this.#clock.after(ms, then))
  }

  #report(call: Call, event: Reported): void {
    if (event.state !== 'ringing') {
      this.#timers.get(call)?.()
      this.#timers.delete(call)
    }
    if (event.state === 'ended') this.#calls.delete(call)
    this.#hooks.event({
      id: call.id,
      from: call.from.number,
      to: call.number,
      ...(call.voice ? { voice: true } : {}),
      ...event,
    })
    const armed = this.#armed
    if (event.state !== 'connected' || armed === undefined) return
    this.#armed = undefined
    call.cutAfter(armed.after, armed.direction)
  }

  #impairment(call: Call, direction: 'up' | 'down') {
    const { corrupt, drop, dropResponse, bitErrors } = this.#impairments
    if ((direction === 'down' && dropResponse) || call.fading) return { ...HEALTHY, drop: 1 }
    return { corrupt, drop, bitErrors }
  }
}
