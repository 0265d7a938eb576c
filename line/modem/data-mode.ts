import type { Clock } from '../clock.ts'

/** How data mode was left: the far end or the network ended the call, or `+++` brought the modem back to commands. */
export type DataEnd = 'carrier' | 'escaped'

/** What is different where data mode is a connection of the modem's own and no call. */
export interface DataRules {
  /** OK comes before CONNECT, as if that were all. */
  readonly afterOk: boolean
  /** What it prints when the other end closes; NO CARRIER ends everything. */
  readonly closedWord: 'CLOSED' | 'NO CARRIER'
}

/**
 * Words again from a modem that was left in digits (V0), silence (Q1) or echo by whoever had it before, or by bytes of a call that it took for
 * commands.
 */
export const SPEAK = 'ATE0Q0V1'
/** Silence after NO CARRIER that makes it the modem's word and not the peer's, milliseconds. */
export const CARRIER_SILENCE_MS = 300
/** Wait for the modem's OK after AT or `+++`, milliseconds; the guard time is added for the latter. */
const ANSWER_MS = 1500
/**
 * Asked after NO CARRIER. What was written behind the end of the call stands before it, and a modem at commands may read an `AT` or `A/` in
 * that, do as it seems to say, and answer ERROR, a digit (V0) or nothing (Q1). It is asked again then, with what makes it speak; also because
 * a program that had no turn for so long finds the time over before it reads the OK that is there.
 */
const ASK = 'AT\r'
const ASK_AGAIN = `${SPEAK}\r`
/** Bytes written so shortly before NO CARRIER was read, milliseconds, may have reached a modem at commands; `+++` has a longer silence before. */
const CROSSED_MS = 200
/** A command line has been carried out that was none. */
const NOT_OK = /(?:^|[\r\n])(?:ERROR\r?\n|[04]\r(?!\n))/
const TAIL_BYTES = 24
/** The modem's words after NO CARRIER that are kept for the reader of lines: a RING may follow at once. More is data. */
const AFTER_MAX = 512
/** Every frame of the peer holds this byte, and nothing that a modem says does. */
const FLAG = 0x7e
const ENDS = {
  'NO CARRIER': /[\r\n]NO CARRIER/g,
  CLOSED: /[\r\n](?:NO CARRIER|CLOSED)/g,
}

/**
 * The bytes of a call or connection, between CONNECT and the way back to commands. Ports of cards have no DCD, and NO CARRIER
 * inside data proves nothing: it counts when nothing but words of the modem follow, there are 300 ms of silence, and the modem
 * then answers AT with OK (V.250 §6.3.5; our own frames hold no CR, so a modem's text can never be part of one). What was held
 * back meanwhile is data again if it does not.
 */
export class DataMode {
  readonly #clock: Clock
  readonly #write: (bytes: Uint8Array) => void
  readonly #data: (bytes: Uint8Array) => void
  readonly #left: (end: DataEnd, after: Uint8Array, spoilt: boolean) => void
  readonly #ends: RegExp
  #tail = ''
  /** What came after NO CARRIER, while it is not known whose word that was. */
  #after = ''
  /** Or when data mode began: `+++` wants its silence then too. */
  #lastWrite: number
  #wrote = false
  /** Bytes of ours crossed the end of the call, or the modem did not answer the first AT as one that is in order. */
  #spoilt = false
  /** Characters of `after` that came before. */
  #askedAt = 0
  #askedAgain = false
  #state: 'open' | 'silence' | 'confirming' | 'escaping' | 'over' = 'open'
  #cancel = (): void => {}
  #escaped: { readonly guardMs: number; readonly settle: (done: boolean) => void } | undefined

  /**
   * @param data gets every received byte
   * @param left called once, with what the modem said after the end of the call, and whether bytes of the call may have changed its settings
   */
  constructor(
    clock: Clock,
    write: (bytes: Uint8Array) => void,
    data: (bytes: Uint8Array) => void,
    left: (end: DataEnd, after: Uint8Array, spoilt: boolean) => void,
    closedWord: DataRules['closedWord'] = 'NO CARRIER',
  ) {
    this.#clock = clock
    this.#write = write
    this.#data = data
    this.#left = left
    this.#ends = ENDS[closedWord]
    this.#lastWrite = clock.now()
  }

  push(bytes: Uint8Array): void {
    if (this.#state === 'over') return
    if (this.#state === 'silence' || this.#state === 'confirming') return this.#doubted(bytes)
    const escaped = this.#state === 'escaping' ? this.#behindOk(bytes) : undefined
    const behind = this.#behindEnd(bytes)
    if (this.#state === 'escaping') {
      const after = escaped ?? behind
      // What came in the same read before it is the peer's.
      this.#data(bytes.subarray(0, bytes.length - (after?.length ?? 0)))
      if (after === undefined) return
      this.#after = Buffer.from(after).toString('latin1')
      return this.#end(escaped === undefined ? 'carrier' : 'escaped')
    }
    if (behind === undefined) return this.#data(bytes)
    this.#spoilt = this.#wrote && this.#clock.now() - this.#lastWrite < CROSSED_MS
    this.#wait('silence', CARRIER_SILENCE_MS, () => this.#confirm())
    this.#data(bytes.subarray(0, bytes.length - behind.length))
    if (behind.length > 0) this.#doubted(behind)
  }

  write(bytes: Uint8Array): void {
    if (this.#state === 'over' || this.#state === 'escaping') return
    this.#lastWrite = this.#clock.now()
    this.#wrote = true
    if (this.#state !== 'open') this.#spoilt = true
    this.#write(bytes)
  }

  /**
   * Back to commands with the call kept (V.250 §5.2.3, S12): silence, `+++`, silence, OK. While it is doubted whether the call has
   * ended, that is seen first: a modem at commands answers no `+++`.
   * @param guardMs the modem's guard time @returns false when the modem gave no OK: it is still in data mode
   */
  escape(guardMs: number): Promise<boolean> {
    if (this.#state === 'over') return Promise.resolve(true)
    return new Promise((settle) => {
      this.#escaped = { guardMs, settle }
      if (this.#state === 'open') this.#escape(guardMs)
    })
  }

  /** The port or the modem is gone: nothing more is reported. */
  stop(): void {
    this.#cancel()
    this.#state = 'over'
    this.#settle(true)
  }

  /** @returns what follows the modem's OK to `+++`, which may come in one read with what it says next */
  #behindOk(bytes: Uint8Array): Uint8Array | undefined {
    const before = this.#tail.length
    const seen = this.#tail + Buffer.from(bytes).toString('latin1')
    for (const { index, 0: word } of seen.matchAll(/[\r\n]OK\r?\n/g)) {
      if (index + word.length > before) return bytes.subarray(index + word.length - before)
    }
    return undefined
  }

  /** @returns what follows the last word of an end, if only the modem can have said it; undefined when there is no such end */
  #behindEnd(bytes: Uint8Array): Uint8Array | undefined {
    const before = this.#tail.length
    const seen = this.#tail + Buffer.from(bytes).toString('latin1')
    this.#tail = seen.slice(-TAIL_BYTES)
    let end = 0
    for (const { index, 0: word } of seen.matchAll(this.#ends)) end = index + word.length
    if (end <= before) return undefined
    const behind = bytes.subarray(end - before)
    return behind.includes(FLAG) || behind.length > AFTER_MAX ? undefined : behind
  }

  /** After NO CARRIER: a frame says that the peer is there; anything else is the modem's, as a RING of the next call. */
  #doubted(bytes: Uint8Array): void {
    if (bytes.includes(FLAG) || this.#after.length + bytes.length > AFTER_MAX) {
      this.#resume(bytes)
      return
    }
    this.#after += Buffer.from(bytes).toString('latin1')
    if (this.#state === 'silence') this.#wait('silence', CARRIER_SILENCE_MS, () => this.#confirm())
    else this.#answered(this.#after.slice(this.#askedAt))
  }

  /** @param said since it was asked: what it says before may be to bytes of the call */
  #answered(said: string): void {
    if (/[\r\n]OK\r?\n/.test(said)) this.#end('carrier')
    else if (!this.#askedAgain && NOT_OK.test(said)) this.#askAgain()
  }

  #confirm(): void {
    this.#askedAgain = false
    this.#askedAt = this.#after.length
    this.#wait('confirming', ANSWER_MS, () => this.#askAgain())
    this.#write(Buffer.from(ASK))
  }

  #askAgain(): void {
    this.#askedAgain = true
    this.#askedAt = this.#after.length
    this.#spoilt = true
    this.#wait('confirming', ANSWER_MS, () => this.#resume())
    this.#write(Buffer.from(ASK_AGAIN))
  }

  #escape(guardMs: number): void {
    const rest = Math.max(0, this.#lastWrite + guardMs - this.#clock.now())
    this.#wait('escaping', rest, () => {
      this.#wait('escaping', guardMs + ANSWER_MS, () => {
        this.#state = 'open'
        this.#settle(false)
      })
      this.#write(Buffer.from('+++'))
    })
  }

  #wait(state: 'silence' | 'confirming' | 'escaping', ms: number, run: () => void): void {
    this.#cancel()
    this.#state = state
    this.#cancel = this.#clock.after(ms, run)
  }

  /** It was data: all that was held back, and this. */
  #resume(bytes: Uint8Array = new Uint8Array(0)): void {
    this.#cancel()
    const held = Buffer.concat([Buffer.from(this.#after, 'latin1'), bytes])
    this.#after = ''
    this.#state = 'open'
    if (held.length > 0) this.push(held)
    // Not when there was another end in it: then that is waited for.
    if (this.#escaped !== undefined && this.#isOpen()) this.#escape(this.#escaped.guardMs)
  }

  #isOpen(): boolean {
    return this.#state === 'open'
  }

  #end(end: DataEnd): void {
    this.#cancel()
    this.#state = 'over'
    this.#left(end, Buffer.from(this.#after, 'latin1'), end === 'carrier' && this.#spoilt)
    this.#settle(true)
  }

  #settle(done: boolean): void {
    const escaped = this.#escaped
    this.#escaped = undefined
    escaped?.settle(done)
  }
}
