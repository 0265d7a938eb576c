import { infoText, type Result, resultText } from './at-result.ts'
import type { Settings } from './at-settings.ts'

/** Results by themselves that are kept while the terminal cannot take them; the oldest ones go first. */
const WAITING_MAX = 100

/** The serial side of a modem. */
export interface ModemPort {
  write(bytes: Uint8Array): void
  /** Bytes that it takes without piling up; much while nobody has it open, since they are thrown away. */
  room(): number
}

/** What a modem says to its terminal: answers at once, results by themselves only between two lines and never into data. */
export class ModemOutput {
  /** Nothing is said at all. */
  muted = false
  readonly #port: ModemPort
  readonly #settings: () => Settings
  readonly #engaged: () => boolean
  #waiting: string[] = []

  /** @param engaged whether the terminal has data, types a line or a message just now */
  constructor(port: ModemPort, settings: () => Settings, engaged: () => boolean) {
    this.#port = port
    this.#settings = settings
    this.#engaged = engaged
  }

  room(): number {
    return this.#port.room()
  }

  raw(bytes: Uint8Array): void {
    if (!this.muted) this.#port.write(bytes)
  }

  text(text: string): void {
    if (text !== '') this.raw(Buffer.from(text, 'latin1'))
  }

  result(result: Result): void {
    this.text(resultText(result, this.#settings()))
  }

  info(lines: readonly string[]): void {
    this.text(infoText(lines, this.#settings()))
  }

  /** A line by itself, such as `+CMTI`. */
  urc(line: string): void {
    this.#unasked(infoText([line], this.#settings()))
  }

  /** A result by itself, such as RING. */
  unasked(result: Result): void {
    this.#unasked(resultText(result, this.#settings()))
  }

  /** What waited is said now, if it can be. */
  flush(): void {
    if (this.#engaged()) return
    for (const text of this.#waiting.splice(0)) this.text(text)
  }

  /** What waited is forgotten: nobody is there any more. */
  clear(): void {
    this.#waiting = []
  }

  #unasked(text: string): void {
    if (!this.#engaged()) return this.text(text)
    this.#waiting.push(text)
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift()
  }
}
