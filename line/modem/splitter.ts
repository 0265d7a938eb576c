import { AT_LINE_MAX } from '../../wire/limits.ts'

const CR = 0x0d
const LF = 0x0a
const BLANK = 0x20
const PROMPT = 0x3e

export type AtToken =
  /** A line of text without its end; latin1, one character a byte, never empty. */
  | { readonly type: 'line'; readonly text: string }
  /** The `> ` of AT+CMGS and its like, which has no line end (TS 27.005 §3.5.1). */
  | { readonly type: 'prompt' }
  /** Bytes of data mode, not copied: valid until the next `push`. */
  | { readonly type: 'data'; readonly bytes: Uint8Array }
  /** A line longer than AT_LINE_MAX was thrown away: how many bytes. */
  | { readonly type: 'discarded'; readonly bytes: number }

/**
 * Cuts what a modem says into lines, byte by byte, whatever the reads. The receiver may switch to
 * data mode while it handles a line (CONNECT): the very next byte is then data. Lines end with CR, LF or any mix of them,
 * NUL and FF at boot are skipped, memory is bounded.
 */
export class AtSplitter {
  readonly #receive: (token: AtToken) => void
  readonly #line = Buffer.alloc(AT_LINE_MAX)
  #length = 0
  #overflow = 0
  #mode: 'lines' | 'data' = 'lines'
  #promptExpected = false
  #skipBlank = false
  /** The LF of the CR LF that ended the CONNECT line still belongs to it (V.250 §5.7.1). */
  #skipLf = false

  /** @param receive called for each token in the order of the bytes; may call the methods below */
  constructor(receive: (token: AtToken) => void) {
    this.#receive = receive
  }

  get mode(): 'lines' | 'data' {
    return this.#mode
  }

  /** Until the prompt comes or is cancelled, a `>` at the start of a line is a prompt; otherwise it is text. */
  expectPrompt(): void {
    this.#promptExpected = true
  }

  cancelPrompt(): void {
    this.#promptExpected = false
  }

  /** From the next byte on, all is data. */
  enterData(): void {
    this.#mode = 'data'
  }

  /** From the next byte on, all is text again. */
  enterLines(): void {
    this.#mode = 'lines'
    this.#skipLf = false
  }

  push(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#mode === 'data') {
        at = this.#pushData(chunk, at)
        return
      }
      this.#pushByte(chunk[at++] ?? 0)
    }
  }

  #pushData(chunk: Uint8Array, from: number): number {
    const start = this.#skipLf && chunk[from] === LF ? from + 1 : from
    this.#skipLf = false
    if (start < chunk.length) this.#receive({ type: 'data', bytes: chunk.subarray(start) })
    return chunk.length
  }

  #pushByte(byte: number): void {
    if (byte === CR || byte === LF) {
      this.#skipLf = byte === CR
      this.#endLine()
    } else if ((byte !== 0 && byte !== 0xff) || this.#length > 0) this.#add(byte)
  }

  #add(byte: number): void {
    // Not every modem puts the blank of `> `: the sign alone is the prompt, and a blank after it is dropped.
    const blank = this.#skipBlank && byte === BLANK
    this.#skipBlank = this.#promptExpected && this.#length === 0 && byte === PROMPT
    if (blank) return
    if (this.#skipBlank) {
      this.#promptExpected = false
      this.#receive({ type: 'prompt' })
      return
    }
    if (this.#overflow > 0 || this.#length === this.#line.length) {
      this.#overflow++
      return
    }
    this.#line[this.#length++] = byte
  }

  #endLine(): void {
    const length = this.#length
    const overflow = this.#overflow
    this.#length = 0
    this.#overflow = 0
    if (overflow > 0) this.#receive({ type: 'discarded', bytes: length + overflow })
    else if (length > 0) this.#receive({ type: 'line', text: this.#line.toString('latin1', 0, length) })
  }
}
