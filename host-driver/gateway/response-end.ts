import { BodyEnd, FramingError } from './framing.ts'

const HEAD_MAX = 65_536

/**
 * Follows the responses of one upstream connection, so that it is known which requests are answered. The bytes themselves are passed on
 * as they are; only a head that is split over reads is looked at twice.
 */
export class ResponseEnds {
  /** Methods of the requests that wait for their response, the oldest first. */
  readonly #waiting: string[] = []
  #head: Buffer = Buffer.alloc(0)
  #body: BodyEnd | undefined
  /** Whether a byte of the response that is due has come. */
  #begun = false

  get outstanding(): number {
    return this.#waiting.length
  }

  get begun(): boolean {
    return this.#begun
  }

  /** A request went out. */
  expect(method: string): void {
    this.#waiting.push(method)
  }

  /** @throws FramingError for bytes that nobody asked for, and for what is no response */
  take(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#waiting.length === 0) throw new FramingError('a response that nobody asked for')
      this.#begun = true
      if (this.#body === undefined) at = this.#takeHead(bytes, at)
      else at = this.#body.take(bytes, at)
      if (this.#body?.over) this.#next()
    }
  }

  /** The connection ended. @returns whether all that was begun is whole */
  end(): boolean {
    if (this.#body !== undefined && this.#waiting.length === 1) this.#next()
    return this.#waiting.length === 0
  }

  #next(): void {
    this.#waiting.shift()
    this.#body = undefined
    this.#begun = false
  }

  #takeHead(bytes: Buffer, from: number): number {
    const before = this.#head.length
    const seen = before === 0 ? bytes.subarray(from) : Buffer.concat([this.#head, bytes.subarray(from)])
    const end = seen.indexOf('\r\n\r\n')
    if (end === -1) {
      if (seen.length > HEAD_MAX) throw new FramingError('a response head too long')
      this.#head = Buffer.from(seen)
      return bytes.length
    }
    this.#head = Buffer.alloc(0)
    const text = seen.toString('latin1', 0, end)
    const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |\r|$)/.exec(text)?.[1])
    if (!(status >= 100)) throw new FramingError('no status line')
    const after = from + end + 4 - before
    if (status < 200) return after // an interim response: another one follows (RFC 9110 §15.2)
    this.#body = new BodyEnd(this.#framing(status, text))
    return after
  }

  #framing(status: number, head: string): ConstructorParameters<typeof BodyEnd>[0] {
    if (this.#waiting[0] === 'HEAD' || status === 204 || status === 304) return { type: 'none' }
    const coding = /\r\ntransfer-encoding:[ \t]*([^\r]*?)[ \t]*(?:\r|$)/i.exec(head)?.[1]
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw new FramingError('an odd coding')
      return { type: 'chunked' }
    }
    const length = /\r\ncontent-length:[ \t]*([0-9]{1,15})[ \t]*(?:\r|$)/i.exec(head)?.[1]
    return length === undefined ? { type: 'close' } : { type: 'length', length: Number(length) }
  }
}
