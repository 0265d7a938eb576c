import type { Chance } from './chance.ts'
import type { Clock } from './clock.ts'
import type { CallEnd, CallEvent } from './events.ts'
import { type Impairment, type LineSpeed, Wire } from './wire.ts'

/** How long bytes already written may take to arrive after a hang-up, milliseconds (modems' S38: 20 s is usual). */
const DRAIN_MS = 20_000

export type Side = 'caller' | 'called'
export type CutDirection = 'up' | 'down' | 'both'

/** A modem as the exchange sees it. */
export interface Subscriber {
  readonly number: string
  /** What others see when it calls, if that is something else; empty if it is withheld. */
  readonly shownNumber?: string
  /** Speed of the calls that it makes. */
  readonly speed: LineSpeed
  /** How a call to it goes. */
  availability(): 'free' | 'busy' | 'no-answer' | 'absent'
  /** Once for each ring. */
  ring(leg: Leg): void
  ringEnded(): void
  /** The call it is making rings at the other end. */
  alerting?(): void
  /** Nothing passes its radio just now. */
  fading?(): boolean
  connected(rate: number): void
  /** The call it was making has come to nothing. */
  failed(outcome: 'busy' | 'no-answer' | 'no-carrier', cause: string): void
  carrierLost(cause: string): void
  /** Bytes that it takes from the line now. */
  room(): number
  deliver(bytes: Uint8Array): void
}

/** One end of a call, in the hand of the modem there. */
export interface Leg {
  /** The other end's number. */
  readonly number: string
  readonly side: Side
  readonly voice: boolean
  answer(): void
  /** Also refuses a ringing call and gives up dialling. What was written still arrives. */
  hangUp(): void
  write(bytes: Uint8Array): void
  room(): number
  /** The modem has vanished: nothing more arrives. */
  vanish(reason?: CallEnd): void
}

/** What a call needs of the exchange. */
export interface CallContext {
  readonly clock: Clock
  readonly chance: (name: string) => Chance
  readonly impairment: (direction: 'up' | 'down') => Impairment
  readonly tap: (direction: 'up' | 'down', bytes: Uint8Array) => void
  readonly report: (call: Call, event: Pick<CallEvent, 'state' | 'reason' | 'bytesUp' | 'bytesDown'>) => void
}

/** `leaving`: one side has hung up, and what it wrote before is still on its way. */
type State = 'dialling' | 'ringing' | 'connected' | 'leaving' | 'ended'

/** A call from its dialling to its end; up is from the caller. */
export class Call {
  readonly id: number
  readonly from: Subscriber
  readonly callerLeg: Leg
  readonly calledLeg: Leg
  readonly number: string
  /** Nothing but its states passes. */
  readonly voice: boolean
  readonly #context: CallContext
  #state: State = 'dialling'
  #to: Subscriber | undefined
  #up: Wire | undefined
  #down: Wire | undefined
  #left: Side | undefined
  #cancelDrain = (): void => {}

  constructor(id: number, from: Subscriber, number: string, context: CallContext, voice = false) {
    this.id = id
    this.voice = voice
    this.from = from
    this.number = number
    this.#context = context
    this.callerLeg = this.#leg('caller', number)
    this.calledLeg = this.#leg('called', from.shownNumber ?? from.number)
  }

  get state(): State {
    return this.#state
  }

  /** Whether anything passes just now. */
  get fading(): boolean {
    return this.from.fading?.() === true || this.#to?.fading?.() === true
  }

  /** The first ring, and each further one. */
  ring(to: Subscriber): void {
    if (this.#state === 'dialling') {
      this.#state = 'ringing'
      this.#to = to
      this.#context.report(this, { state: 'ringing' })
      this.from.alerting?.()
    }
    to.ring(this.calledLeg)
  }

  /** It has come to nothing: the caller is told. */
  fail(outcome: 'busy' | 'no-answer' | 'no-carrier', reason: CallEnd): void {
    this.#to?.ringEnded()
    this.#end(reason)
    this.from.failed(outcome, reason)
  }

  /** Carrier is lost for both. */
  cut(reason: CallEnd): void {
    if (this.#state !== 'connected') return
    this.#end(reason)
    this.from.carrierLost(reason)
    this.#to?.carrierLost(reason)
  }

  setSpeed(speed: LineSpeed): void {
    this.#up?.setSpeed(speed)
    this.#down?.setSpeed(speed)
  }

  /** @param after bytes since the call began */
  cutAfter(after: number, direction: CutDirection): void {
    if (direction !== 'down') this.#up?.cutAfter(after)
    if (direction !== 'up') this.#down?.cutAfter(after)
  }

  #leg(side: Side, number: string): Leg {
    return {
      number,
      side,
      voice: this.voice,
      answer: () => this.#connect(),
      hangUp: () => this.#hangUp(side),
      write: (bytes) => this.#wire(side)?.write(bytes),
      room: () => this.#wire(side)?.room() ?? 0,
      vanish: (reason = 'unplugged') => {
        if (this.#state === 'connected') this.cut(reason)
        else this.#hangUp(side)
      },
    }
  }

  #wire(from: Side): Wire | undefined {
    return from === 'caller' ? this.#up : this.#down
  }

  #connect(): void {
    if (this.#state !== 'ringing' || this.#to === undefined) return
    this.#state = 'connected'
    this.#up = this.#newWire('up', this.#to)
    this.#down = this.#newWire('down', this.from)
    // Both before the event: who is told of the call may cut it at once.
    this.from.connected(this.from.speed.rate)
    this.#to.connected(this.from.speed.rate)
    this.#context.report(this, { state: 'connected' })
  }

  #newWire(direction: 'up' | 'down', to: Subscriber): Wire {
    const { clock, chance, impairment, tap } = this.#context
    const end = {
      room: () => to.room(),
      deliver: (bytes: Uint8Array) => {
        tap(direction, bytes)
        to.deliver(bytes)
      },
      cut: () => this.cut('cut'),
    }
    return new Wire(clock, this.from.speed, end, () => impairment(direction), chance(`call-${this.id}-${direction}`))
  }

  #hangUp(side: Side): void {
    const reason: CallEnd = side === 'caller' ? 'caller-hung-up' : 'called-hung-up'
    if (this.#state === 'dialling' || this.#state === 'ringing') {
      if (side === 'called') return this.fail('busy', 'refused')
      this.#end('given-up')
      this.#to?.ringEnded()
    } else if (this.#state === 'connected') {
      this.#leave(side, reason)
    } else if (this.#state === 'leaving' && side !== this.#left) {
      this.#end(reason)
    }
  }

  /** The other side sees the carrier go when the last byte has arrived, and not before. */
  #leave(side: Side, reason: CallEnd): void {
    this.#state = 'leaving'
    this.#left = side
    const gone = (): void => {
      if (this.#state !== 'leaving') return
      this.#end(reason)
      if (side === 'caller') this.#to?.carrierLost(reason)
      else this.from.carrierLost(reason)
    }
    this.#cancelDrain = this.#context.clock.after(DRAIN_MS, gone)
    this.#wire(side === 'caller' ? 'called' : 'caller')?.close()
    this.#wire(side)?.finish(gone)
  }

  #end(reason: CallEnd): void {
    this.#state = 'ended'
    this.#cancelDrain()
    this.#up?.close()
    this.#down?.close()
    this.#context.report(this, {
      state: 'ended',
      reason,
      bytesUp: this.#up?.passed ?? 0,
      bytesDown: this.#down?.passed ?? 0,
    })
  }
}
