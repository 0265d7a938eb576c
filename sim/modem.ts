import { interpret } from './at-interpreter.ts'
import { CommandReader } from './at-reader.ts'
import { infoText, type Result, resultText } from './at-result.ts'
import { FACTORY, register, type Settings } from './at-settings.ts'
import type { End, ModemView } from './at-step.ts'
import type { Leg, Subscriber } from './call.ts'
import type { Clock } from './clock.ts'
import { EscapeDetector } from './escape.ts'
import { addressType } from './identity.ts'
import type { LineSpeed } from './wire.ts'

/** V.250 §5.6.1: no abort in the first 125 ms of dialling, so that the LF of CR LF ends no call. */
const ABORT_AFTER_MS = 125
/** Bytes of commands taken at once. */
const COMMAND_ROOM = 1024
const LINE_FEED = 10

/** How calls to a modem go; `silent`: it does not even answer AT. */
export type Answer = 'normal' | 'busy' | 'no-answer' | 'silent'

/** The serial side of a modem. */
export interface ModemPort {
  write(bytes: Uint8Array): void
  /** Bytes that it takes without piling up; much while nobody has it open, since they are thrown away. */
  room(): number
}

export interface Dialler {
  dial(from: Subscriber, number: string, maxMs: number): Leg
}

/** `held`: the call is up, and the terminal is at commands again (after `+++` or with &D1). */
type Mode = 'command' | 'dialling' | 'data' | 'held'

/** A modem between a serial port and the exchange: V.250, with what TS 27.007 adds for mobile ones. */
export class Modem implements Subscriber {
  readonly number: string
  speed: LineSpeed
  readonly #port: ModemPort
  readonly #dialler: Dialler
  readonly #clock: Clock
  readonly #reader = new CommandReader()
  #settings: Settings = FACTORY
  #answer: Answer = 'normal'
  #plugged = true
  #mode: Mode = 'command'
  /** The call that is made, up or ringing. */
  #leg: Leg | undefined
  #ringing = false
  #cause = 'none'
  #dialledAt = 0
  /** Of the last call that was up, bit/s. */
  #rate = 0
  #escape: EscapeDetector | undefined
  #cancelEscape = (): void => {}

  constructor(number: string, speed: LineSpeed, port: ModemPort, dialler: Dialler, clock: Clock) {
    this.number = number
    this.speed = speed
    this.#port = port
    this.#dialler = dialler
    this.#clock = clock
  }

  // ---- from the serial port

  /** Bytes that the terminal may send now. */
  inputRoom(): number {
    if (this.#mode === 'data') return this.#leg?.room() ?? COMMAND_ROOM
    return this.#port.room() > 0 ? COMMAND_ROOM : 0
  }

  input(bytes: Uint8Array): void {
    if (this.#answer === 'silent') return
    for (let at = 0; at < bytes.length; at++) {
      if (this.#mode === 'data') return this.#toLine(bytes.subarray(at))
      const byte = bytes[at] ?? 0
      if (this.#mode === 'dialling') this.#duringDialling(byte)
      else this.#command(byte)
    }
  }

  /** DTR fell: nobody has the port open, or its speed is B0 (V.250 §6.2.9, &D). */
  dtrDropped(): void {
    this.#reader.clear()
    if (this.#mode === 'command' || this.#settings.dtr === 0) return
    if (this.#settings.dtr === 2 || this.#mode === 'dialling') this.#hangUp()
    else this.#hold()
  }

  // ---- from the operator

  setAnswer(answer: Answer): void {
    this.#answer = answer
    if (answer === 'silent') this.#hangUp()
  }

  unplug(): void {
    this.#plugged = false
    this.#leg?.vanish()
    this.#release()
  }

  /** Comes back as a modem that was just switched on. */
  plug(): void {
    this.#plugged = true
    this.#settings = FACTORY
    this.#reader.clear()
  }

  // ---- from the exchange

  availability(): 'free' | 'busy' | 'no-answer' | 'absent' {
    if (!this.#plugged || this.#settings.fun !== 1) return 'absent'
    if (this.#answer === 'silent' || this.#answer === 'no-answer') return 'no-answer'
    return this.#answer === 'busy' || this.#leg !== undefined ? 'busy' : 'free'
  }

  ring(leg: Leg): void {
    this.#leg = leg
    this.#ringing = true
    const rings = register(this.#settings, 1) + 1
    this.#setRegister(1, rings & 0xff)
    if (this.#settings.crc === 1) this.#info(['+CRING: REL ASYNC'])
    else this.#result('ring')
    // After each RING and never before it: who answers the first RING has not seen the number yet.
    if (this.#settings.clip === 1) this.#info([`+CLIP: "${leg.number}",${addressType(leg.number)}`])
    const auto = register(this.#settings, 0)
    if (auto > 0 && rings >= auto) leg.answer()
  }

  ringEnded(): void {
    this.#cause = 'given-up'
    this.#release()
  }

  connected(rate: number): void {
    this.#ringing = false
    if (this.#settings.cr === 1) this.#info(['+CR: REL ASYNC'])
    this.#rate = rate
    this.#online()
  }

  failed(outcome: 'busy' | 'no-answer' | 'no-carrier', cause: string): void {
    this.#cause = cause
    this.#release()
    this.#result(outcome)
  }

  carrierLost(cause: string): void {
    this.failed('no-carrier', cause)
  }

  /** From the line: nothing while the terminal is at commands, so that no byte of the call is lost. */
  room(): number {
    return this.#mode === 'data' ? this.#port.room() : 0
  }

  deliver(bytes: Uint8Array): void {
    this.#port.write(bytes)
  }

  // ---- commands

  #command(byte: number): void {
    const read = this.#reader.push(byte, this.#settings)
    if (this.#settings.echo === 1 && read.echo.length > 0) this.#port.write(Uint8Array.from(read.echo))
    if (read.type === 'too-long') this.#result('error')
    if (read.type === 'line') this.#line(read.body)
  }

  #line(body: string): void {
    const outcome = interpret(body, this.#settings, this.#view())
    // Information in the form of before: `ATV0I0` is an exception not worth more.
    this.#info(outcome.info)
    this.#settings = outcome.settings
    if (outcome.hangUp) this.#hangUp()
    this.#finish(outcome.end)
  }

  #finish(end: End): void {
    switch (end.type) {
      case 'dial':
        this.#mode = 'dialling'
        this.#dialledAt = this.#clock.now()
        this.#leg = this.#dialler.dial(this, end.number, register(this.#settings, 7) * 1000)
        return
      case 'answer':
        this.#leg?.answer()
        return
      case 'online':
        return this.#online()
      case 'cme':
        return this.#result({ cme: end.cme })
      default:
        return this.#result(end.type)
    }
  }

  #view(): ModemView {
    const leg = this.#leg
    const call = leg && { incoming: leg.side === 'called', stat: this.#ringing ? 4 : 0, number: leg.number }
    return { number: this.number, held: this.#mode === 'held', ringing: this.#ringing, call, cause: this.#cause }
  }

  #duringDialling(byte: number): void {
    if (byte === LINE_FEED || this.#clock.now() - this.#dialledAt < ABORT_AFTER_MS) return
    this.#hangUp()
    this.#result('no-carrier')
  }

  // ---- data

  #online(): void {
    this.#mode = 'data'
    this.#reader.clear()
    this.#escape = new EscapeDetector(register(this.#settings, 12) * 20, register(this.#settings, 2), this.#clock.now())
    this.#result({ connect: this.#rate })
  }

  #toLine(bytes: Uint8Array): void {
    const detector = this.#escape
    if (detector === undefined) return
    this.#leg?.write(detector.push(bytes, this.#clock.now()))
    this.#cancelEscape()
    if (detector.deadline === undefined) return
    this.#cancelEscape = this.#clock.after(detector.deadline - this.#clock.now(), () => {
      const { escaped, bytes: rest } = detector.settle()
      if (!escaped) return this.#leg?.write(rest)
      this.#hold()
      this.#result('ok')
    })
  }

  #hold(): void {
    this.#cancelEscape()
    this.#mode = 'held'
  }

  #hangUp(): void {
    const leg = this.#leg
    this.#release()
    leg?.hangUp()
  }

  #release(): void {
    this.#cancelEscape()
    this.#leg = undefined
    this.#ringing = false
    this.#mode = 'command'
    this.#setRegister(1, 0)
  }

  #setRegister(number: number, value: number): void {
    this.#settings = { ...this.#settings, registers: { ...this.#settings.registers, [number]: value } }
  }

  #result(result: Result): void {
    this.#text(resultText(result, this.#settings))
  }

  #info(lines: readonly string[]): void {
    this.#text(infoText(lines, this.#settings))
  }

  #text(text: string): void {
    if (text !== '' && this.#answer !== 'silent') this.#port.write(Buffer.from(text, 'latin1'))
  }
}
