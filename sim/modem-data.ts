import { register, type Settings } from './at-settings.ts'
import type { Leg } from './call.ts'
import type { Clock } from './clock.ts'
import { EscapeDetector } from './escape.ts'
import type { ModemOutput } from './modem-output.ts'

/** V.250 §5.6.1: no abort in the first 125 ms of dialling, so that the LF of CR LF ends no call. */
const ABORT_AFTER_MS = 125
const LINE_FEED = 10

/** What the terminal talks to while it is not at commands: a call or a socket. */
export type DataPath = Pick<Leg, 'write' | 'room' | 'hangUp'>

/** `held`: the path is up, and the terminal is at commands again (after `+++` or with &D1). */
export type Mode = 'command' | 'dialling' | 'data' | 'held'

/** Whether the terminal is at commands or at data, and the way between them. */
export class ModemData {
  readonly #clock: Clock
  readonly #output: ModemOutput
  readonly #settings: () => Settings
  #mode: Mode = 'command'
  #path: DataPath | undefined
  #dialledAt = 0
  /** Of the last path, bit/s. */
  #rate: number | undefined
  #escape: EscapeDetector | undefined
  #cancelEscape = (): void => {}

  constructor(clock: Clock, output: ModemOutput, settings: () => Settings) {
    this.#clock = clock
    this.#output = output
    this.#settings = settings
  }

  get mode(): Mode {
    return this.#mode
  }

  get path(): DataPath | undefined {
    return this.#path
  }

  /** Bytes that the terminal takes as data now; none while it is at commands. */
  room(): number {
    return this.#mode === 'data' ? this.#output.room() : 0
  }

  dialling(): void {
    this.#mode = 'dialling'
    this.#dialledAt = this.#clock.now()
  }

  /** Whether this byte gives up the dialling. */
  aborts(byte: number): boolean {
    return byte !== LINE_FEED && this.#clock.now() - this.#dialledAt >= ABORT_AFTER_MS
  }

  /** @param rate that CONNECT names, bit/s */
  online(path: DataPath, rate: number | undefined): void {
    this.#path = path
    this.#rate = rate
    this.resume()
  }

  /** To what was held. */
  resume(): void {
    this.#mode = 'data'
    const settings = this.#settings()
    this.#escape = new EscapeDetector(register(settings, 12) * 20, register(settings, 2), this.#clock.now())
    this.#output.result({ connect: this.#rate })
  }

  /** From the terminal to the line. */
  write(bytes: Uint8Array): void {
    const detector = this.#escape
    if (detector === undefined) return
    this.#path?.write(detector.push(bytes, this.#clock.now()))
    this.#cancelEscape()
    if (detector.deadline === undefined) return
    this.#cancelEscape = this.#clock.after(detector.deadline - this.#clock.now(), () => {
      const { escaped, bytes: rest } = detector.settle()
      if (!escaped) return this.#path?.write(rest)
      this.hold()
      this.#output.result('ok')
      this.#output.flush()
    })
  }

  /** Back to commands; the path stays. */
  hold(): void {
    this.#cancelEscape()
    this.#mode = 'held'
  }

  /** Back to commands; there is no path any more. */
  release(): void {
    this.#cancelEscape()
    this.#mode = 'command'
    this.#path = undefined
  }
}
