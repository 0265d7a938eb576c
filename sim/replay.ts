import type { AtPiece } from './at-recording.ts'
import type { Clock } from './clock.ts'
import type { ReplayEvent } from './events.ts'
import type { ModemPort } from './modem-output.ts'

/** Bytes that are taken at once. */
const ROOM = 1024

/**
 * Plays the modem's part of a recorded session: it says what the modem said, as long after what came before as then, and
 * waits wherever the terminal has to speak. What the terminal says must be what was recorded, however it is cut.
 */
export class Replay {
  readonly #pieces: readonly AtPiece[]
  readonly #port: ModemPort
  readonly #clock: Clock
  readonly #told: (state: ReplayEvent['state'], steps: number) => void
  #at = 0
  /** Bytes of the terminal's piece that have come. */
  #matched = 0
  #over = false
  #cancel: (() => void) | undefined

  constructor(
    pieces: readonly AtPiece[],
    port: ModemPort,
    clock: Clock,
    told: (state: ReplayEvent['state'], steps: number) => void,
  ) {
    this.#pieces = pieces
    this.#port = port
    this.#clock = clock
    this.#told = told
  }

  inputRoom(): number {
    return ROOM
  }

  /** From the first word on; what the modem said before the terminal spoke is said when it speaks. */
  input(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#over) return
      // Who speaks early has not waited for the rest of an answer: then the rest comes at once.
      while (this.#pieces[this.#at]?.from === 'modem') this.#say()
      const piece = this.#pieces[this.#at]
      if (piece === undefined) return this.#end('finished')
      if (piece.text.charCodeAt(this.#matched) !== byte) return this.#end('diverged')
      if (++this.#matched === piece.text.length) this.#next()
    }
    this.#schedule()
  }

  close(): void {
    this.#over = true
    this.#cancel?.()
    this.#cancel = undefined
  }

  #schedule(): void {
    const piece = this.#pieces[this.#at]
    if (piece === undefined) return this.#end('finished')
    if (piece.from !== 'modem' || this.#over || this.#cancel !== undefined) return
    const before = this.#pieces[this.#at - 1]
    const ms = Math.max(0, piece.ms - (before?.ms ?? piece.ms))
    this.#cancel = this.#clock.after(ms, () => {
      this.#cancel = undefined
      this.#say()
      this.#schedule()
    })
  }

  #say(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#port.write(Buffer.from(this.#pieces[this.#at]?.text ?? '', 'latin1'))
    this.#next()
  }

  #next(): void {
    this.#at++
    this.#matched = 0
  }

  #end(state: ReplayEvent['state']): void {
    if (this.#over) return
    this.close()
    this.#told(state, this.#at)
  }
}
