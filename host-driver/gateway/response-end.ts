import { BodyEnd, FramingError } from './framing.ts'
import type { BodyFraming } from './request-head.ts'

const HEAD_MAX = 65_536
const STATUS = /^HTTP\/1\.1 ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?$/
/** A line end that is none, a folded line, a NUL: two readers could understand them differently (RFC 9112 §2.2, §5.2). */
const ODD = /\r(?!\n)|(?<!\r)\n|\r\n[ \t]|\0/
const FRAMING = /\r\n(content-length|transfer-encoding)([ \t]*):[ \t]*([^\r]*?)[ \t]*(?=\r|$)/gi
const LENGTH = /^[0-9]{1,15}$/
/** Whatever such a response says, browsers read no body after it (RFC 9110 §15.3.5, §15.3.6, §15.4.5). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])
/**
 * Said in every response of the server, beside what it says itself: the browser keeps to all of them. The pages that ask for card
 * number and address are of the same origin; a script of the server, a frame or a worker could read them there.
 */
const FENCE = Buffer.from(
  "\r\ncontent-security-policy: script-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
)

/**
 * Follows the responses of one upstream connection, so that it is known which requests are answered, and passes them on as bytes: strictly,
 * because where this end sees the end of a response the browser must see it too, or the server could answer for the gateway's own pages.
 */
export class ResponseEnds {
  /** Methods of the requests that wait for their response, the oldest first. */
  readonly #waiting: string[] = []
  #head: Buffer = Buffer.alloc(0)
  #body: BodyEnd | undefined

  get outstanding(): number {
    return this.#waiting.length
  }

  /** Whether something of the response that is due was passed on. */
  get begun(): boolean {
    return this.#body !== undefined
  }

  /** A request went out. */
  expect(method: string): void {
    this.#waiting.push(method)
  }

  /**
   * @param pass gets what goes to the browser, in order; a head is held back until it is whole
   * @throws FramingError for bytes that nobody asked for, and for what is no response
   */
  take(bytes: Buffer, pass: (part: Buffer) => void): void {
    let at = 0
    while (at < bytes.length) {
      if (this.#waiting.length === 0) throw new FramingError('a response that nobody asked for')
      if (this.#body === undefined) at = this.#takeHead(bytes, at, pass)
      else {
        const end = this.#body.take(bytes, at)
        pass(bytes.subarray(at, end))
        at = end
      }
      if (this.#body?.over) this.#next()
    }
  }

  #next(): void {
    this.#waiting.shift()
    this.#body = undefined
  }

  #takeHead(bytes: Buffer, from: number, pass: (part: Buffer) => void): number {
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
    const line = text.indexOf('\r\n')
    const status = Number(STATUS.exec(line === -1 ? text : text.slice(0, line))?.[1])
    if (!(status >= 100) || status === 101 || ODD.test(text)) throw new FramingError('no valid response head')
    const after = from + end + 4 - before
    // An interim response: another one follows (RFC 9110 §15.2), and nobody waits for this one.
    if (status < 200) return after
    this.#body = new BodyEnd(this.#framing(status, text))
    const first = line === -1 ? end : line
    pass(seen.subarray(0, first))
    pass(FENCE)
    pass(seen.subarray(first, end + 4))
    return after
  }

  #framing(status: number, head: string): BodyFraming {
    const [found, more] = [...head.matchAll(FRAMING)]
    if (more !== undefined) throw new FramingError('more than one length')
    const [, name = '', blank = '', value = ''] = found ?? []
    if (blank !== '') throw new FramingError('a blank before a colon')
    const chunked = name.toLowerCase() === 'transfer-encoding'
    if (chunked && value.toLowerCase() !== 'chunked') throw new FramingError('an odd coding')
    if (!chunked && found !== undefined && !LENGTH.test(value)) throw new FramingError('an odd length')
    if (this.#waiting[0] === 'HEAD' || BODILESS.has(status)) return { type: 'none' }
    if (chunked) return { type: 'chunked' }
    // An answer that ends with its connection cannot be told from one that broke off.
    if (found === undefined) throw new FramingError('no length')
    return { type: 'length', length: Number(value) }
  }
}
