import type { Clock } from '../clock.ts'

/** How data mode was left: the far end or the network ended the call, or `+++` brought the modem back to commands. */
export type DataEnd = 'carrier' | 'escaped'

/** Silence after NO CARRIER that makes it the modem's word and not the peer's, milliseconds. */
export const CARRIER_SILENCE_MS = 300
/** Wait for the modem's OK after AT or `+++`, milliseconds; the guard time is added for the latter. */
const ANSWER_MS = 1500
const TAIL_BYTES = 24
/** The modem's words after NO CARRIER that are kept for the reader of lines: a RING may follow at once. */
const AFTER_MAX = 512
/** Every frame of the peer holds this byte, and nothing that a modem says does. */
const FLAG = 0x7e

/**
 * The bytes of a call, between CONNECT and the way back to commands. Ports of cards have no DCD, and NO CARRIER inside data
 * proves nothing: it counts when it ends what was received, 300 ms of silence follow, and the modem then answers AT with OK
 * (V.250 §6.3.5; our own frames hold no CR, so a modem's text can never be part of one).
 */
export class DataMode {
  readonly #clock: Clock
  readonly #write: (bytes: Uint8Array) => void
  readonly #data: (bytes: Uint8Array) => void
  readonly #left: (end: DataEnd, after: Uint8Array) => void
  #tail = ''
  /** What came after NO CARRIER, while it is not known whose word that was. */
  #after = ''
  #lastWrite: number
  #state: 'open' | 'silence' | 'confirming' | 'escaping' | 'over' = 'open'
  #cancel = (): void => {}
  #escaped: ((done: boolean) => void) | undefined

  /** @param data gets every received byte @param left called once, with what the modem said after the end of the call */
  constructor(
    clock: Clock,
    write: (bytes: Uint8Array) => void,
    data: (bytes: Uint8Array) => void,
    left: (end: DataEnd, after: Uint8Array) => void,
  ) {
    this.#clock = clock
    this.#write = write
    this.#data = data
    this.#left = left
    this.#lastWrite = clock.now()
  }

  push(bytes: Uint8Array): void {
    if (this.#state === 'over') return
    const text = Buffer.from(bytes).toString('latin1')
    this.#tail = (this.#tail + text).slice(-TAIL_BYTES)
    const noCarrier = /[\r\n]NO CARRIER\r?\n?$/.test(this.#tail)
    if (this.#state === 'escaping') {
      if (/[\r\n]OK\r?\n$/.test(this.#tail)) return this.#end('escaped')
      if (noCarrier) return this.#end('carrier')
    } else if (this.#state !== 'open') return this.#doubted(bytes, text)
    else if (noCarrier) this.#wait('silence', CARRIER_SILENCE_MS, () => this.#confirm())
    this.#data(bytes)
  }

  write(bytes: Uint8Array): void {
    if (this.#state === 'over' || this.#state === 'escaping') return
    this.#lastWrite = this.#clock.now()
    this.#write(bytes)
  }

  /**
   * Back to commands with the call kept (V.250 §5.2.3, S12): silence, `+++`, silence, OK.
   * @param guardMs the modem's guard time @returns false when the modem gave no OK: it is still in data mode
   */
  escape(guardMs: number): Promise<boolean> {
    if (this.#state === 'over') return Promise.resolve(true)
    return new Promise((resolve) => {
      this.#escaped = resolve
      const rest = Math.max(0, this.#lastWrite + guardMs - this.#clock.now())
      this.#wait('escaping', rest, () => {
        this.#wait('escaping', guardMs + ANSWER_MS, () => this.#resume())
        this.#write(Buffer.from('+++'))
      })
    })
  }

  /** The port or the modem is gone: nothing more is reported. */
  stop(): void {
    this.#cancel()
    this.#state = 'over'
    this.#settle(true)
  }

  /** After NO CARRIER: a frame says that the peer is there; anything else is the modem's, as a RING of the next call. */
  #doubted(bytes: Uint8Array, text: string): void {
    if (bytes.includes(FLAG)) {
      this.#resume()
      return this.#data(bytes)
    }
    this.#after = (this.#after + text).slice(-AFTER_MAX)
    if (this.#state === 'silence') this.#wait('silence', CARRIER_SILENCE_MS, () => this.#confirm())
    else if (/[\r\n]OK\r?\n/.test(this.#after)) this.#end('carrier')
  }

  #confirm(): void {
    this.#wait('confirming', ANSWER_MS, () => this.#resume())
    this.#write(Buffer.from('AT\r'))
  }

  #wait(state: 'silence' | 'confirming' | 'escaping', ms: number, run: () => void): void {
    this.#cancel()
    this.#state = state
    this.#cancel = this.#clock.after(ms, run)
  }

  #resume(): void {
    this.#cancel()
    this.#after = ''
    this.#state = 'open'
    this.#settle(false)
  }

  #end(end: DataEnd): void {
    this.#cancel()
    this.#state = 'over'
    this.#left(end, Buffer.from(this.#after, 'latin1'))
    this.#settle(true)
  }

  #settle(done: boolean): void {
    const settle = this.#escaped
    this.#escaped = undefined
    settle?.(done)
  }
}
