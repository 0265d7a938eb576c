import { connectReports } from './at-modulation.ts'
import { register, type Settings } from './at-settings.ts'
import type { ShownCall } from './at-step.ts'
import type { Leg, Subscriber } from './call.ts'
import type { CallEnd } from './events.ts'
import { addressType } from './identity.ts'
import type { ModemOutput } from './modem-output.ts'
import type { LineSpeed } from './wire.ts'

export interface Dialler {
  /** @param maxMs longest wait for an answer */
  dial(from: Subscriber, number: string, maxMs: number, voice: boolean): Leg
}

/** How calls to a modem go; `silent`: it does not even answer AT; `ring-no-answer`: it rings, and cannot answer. */
export type Answer = 'normal' | 'busy' | 'no-answer' | 'silent' | 'ring-no-answer'

export interface CallsHost {
  readonly output: ModemOutput
  readonly dialler: Dialler
  settings(): Settings
  change(settings: Settings): void
  /** Of its SIM, empty without one. */
  number(): string
  answer(): Answer
  /** Plugged in, on, and known to the network; a hung one still is. */
  present(): boolean
  /** The terminal has a connection that is no call. */
  engaged(): boolean
  fading(): boolean
  /** Bytes that the terminal takes as data now. */
  room(): number
  /** A data call is up: the terminal talks to it. */
  online(leg: Leg, rate: number): void
  /** The call there was is over, whatever it was. */
  offline(): void
  /** Something that indicators show has changed. */
  changed(): void
}

/** The one call that a modem can have, made, ringing or up, for data or for voice; and so the modem as the exchange sees it. */
export class ModemCalls implements Subscriber {
  speed: LineSpeed
  /** What others see of who calls, empty if it is withheld; undefined for the own number. */
  shown: string | undefined
  readonly #host: CallsHost
  #leg: Leg | undefined
  #stat = 0
  #ringing = false
  #cause = 'none'

  constructor(speed: LineSpeed, host: CallsHost) {
    this.speed = speed
    this.#host = host
  }

  get number(): string {
    return this.#host.number()
  }

  get shownNumber(): string {
    return this.shown ?? this.number
  }

  get leg(): Leg | undefined {
    return this.#leg
  }

  get ringing(): boolean {
    return this.#ringing
  }

  /** Why the last one ended, for +CEER. */
  get cause(): string {
    return this.#cause
  }

  /** As +CLCC has it. */
  get call(): ShownCall | undefined {
    const leg = this.#leg
    if (leg === undefined) return undefined
    return { incoming: leg.side === 'called', stat: this.#stat, number: leg.number, voice: leg.voice }
  }

  dial(number: string, voice: boolean): void {
    const { dialler, settings } = this.#host
    this.#stat = 2
    this.#leg = dialler.dial(this, number, register(settings(), 7) * 1000, voice)
  }

  answer(): void {
    if (this.#host.answer() === 'ring-no-answer') this.#host.output.result('no-carrier')
    else this.#leg?.answer()
  }

  hangUp(): void {
    const leg = this.#leg
    this.release()
    leg?.hangUp()
  }

  /** The modem or its network is gone: nothing more arrives. */
  vanish(reason?: CallEnd): void {
    const leg = this.#leg
    this.release()
    leg?.vanish(reason)
  }

  // ---- from the exchange

  availability(): 'free' | 'busy' | 'no-answer' | 'absent' {
    if (!this.#host.present()) return 'absent'
    const answer = this.#host.answer()
    if (answer === 'silent' || answer === 'no-answer') return 'no-answer'
    return answer === 'busy' || this.#leg !== undefined || this.#host.engaged() ? 'busy' : 'free'
  }

  ring(leg: Leg): void {
    const { settings, output, answer } = this.#host
    this.#leg = leg
    this.#ringing = true
    this.#stat = 4
    const rings = register(settings(), 1) + 1
    this.#countRings(rings & 0xff)
    if (settings().crc === 1) output.urc(`+CRING: ${leg.voice ? 'VOICE' : 'REL ASYNC'}`)
    else output.unasked('ring')
    // After each RING and never before it: who answers the first RING has not seen the number yet.
    if (settings().clip === 1) output.urc(`+CLIP: "${leg.number}",${addressType(leg.number)}`)
    if (rings === 1) this.#host.changed()
    const auto = register(settings(), 0)
    if (auto > 0 && rings >= auto && answer() !== 'ring-no-answer') leg.answer()
  }

  ringEnded(): void {
    this.#cause = 'given-up'
    this.release()
    this.#host.changed()
  }

  alerting(): void {
    this.#stat = 3
    this.#host.changed()
  }

  connected(rate: number): void {
    const leg = this.#leg
    if (leg === undefined) return
    const { output, settings } = this.#host
    this.#ringing = false
    this.#stat = 0
    if (!leg.voice) {
      const reports = connectReports(settings(), rate)
      if (settings().cr === 1) reports.unshift('+CR: REL ASYNC')
      if (reports.length > 0) output.info(reports)
      this.#host.online(leg, rate)
    } else if (leg.side === 'called') {
      // Who dialled has had its OK already.
      output.result('ok')
    }
    this.#host.changed()
  }

  failed(outcome: 'busy' | 'no-answer' | 'no-carrier', cause: string): void {
    this.#cause = cause
    this.release()
    this.#host.output.unasked(outcome)
    this.#host.changed()
    this.#host.output.flush()
  }

  carrierLost(cause: string): void {
    this.failed('no-carrier', cause)
  }

  fading(): boolean {
    return this.#host.fading()
  }

  /** Nothing while the terminal is at commands, so that no byte of the call is lost. */
  room(): number {
    return this.#host.room()
  }

  deliver(bytes: Uint8Array): void {
    this.#host.output.raw(bytes)
  }

  // ---- inside

  release(): void {
    this.#leg = undefined
    this.#ringing = false
    this.#countRings(0)
    this.#host.offline()
  }

  #countRings(rings: number): void {
    const settings = this.#host.settings()
    this.#host.change({ ...settings, registers: { ...settings.registers, 1: rings } })
  }
}
