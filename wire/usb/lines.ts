import { USB_LINE_MAX } from '../limits.ts'

const LF = 0x0a

/**
 * Cuts a byte stream into lines of at most USB_LINE_MAX bytes with their line end (PROTOCOL.md §6). An endless line is thrown
 * away as it comes, memory stays bounded, and the next line is whole again.
 */
export class BoundedLines {
  /** Bytes thrown away since the start. */
  discarded = 0
  readonly #line: (text: string) => void
  readonly #tooLong: () => void
  #parts: Buffer[] = []
  #length = 0
  #skipping = false

  /** @param line gets each line without its end, never empty @param tooLong called once for each endless line, as it is cut */
  constructor(line: (text: string) => void, tooLong: () => void) {
    this.#line = line
    this.#tooLong = tooLong
  }

  push(chunk: Uint8Array): void {
    let from = 0
    while (from < chunk.length) {
      const end = chunk.indexOf(LF, from)
      this.#take(chunk.subarray(from, end === -1 ? chunk.length : end))
      if (end === -1) return
      this.#end()
      from = end + 1
    }
  }

  #take(part: Uint8Array): void {
    if (!this.#skipping && this.#length + part.length < USB_LINE_MAX) {
      if (part.length > 0) this.#parts.push(Buffer.from(part)) // copied: the stream reuses its buffer
      this.#length += part.length
      return
    }
    this.discarded += this.#length + part.length
    this.#parts = []
    this.#length = 0
    if (!this.#skipping) this.#tooLong()
    this.#skipping = true
  }

  #end(): void {
    const text = Buffer.concat(this.#parts).toString('utf8').trimEnd()
    const whole = !this.#skipping
    this.#parts = []
    this.#length = 0
    this.#skipping = false
    if (whole && text !== '') this.#line(text)
  }
}
