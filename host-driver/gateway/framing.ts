import type { BodyFraming } from './request-head.ts'

/** A chunk's size line with extensions, or one trailer, bytes. */
const LINE_MAX = 1024
const SIZE = /^([0-9a-fA-F]{1,12})[ \t]*(;[\t\x20-\x7e]*)?$/

/** A body whose end cannot be told: the connection is over. */
export class FramingError extends Error {
  readonly code = 'FRAMING'
  constructor(what: string) {
    super(`FRAMING: ${what}; the other end must send valid HTTP/1.1`)
    this.name = 'FramingError'
  }
}

/** Finds the end of one body in a stream of bytes, without keeping any of them (RFC 9112 §6, §7.1). */
export class BodyEnd {
  #left: number
  #state: 'data' | 'size' | 'after' | 'trailer' | 'over'
  #line = ''
  readonly #chunked: boolean

  constructor(framing: BodyFraming) {
    this.#chunked = framing.type === 'chunked'
    this.#left = framing.type === 'length' ? framing.length : 0
    if (framing.type === 'chunked') this.#state = 'size'
    else this.#state = this.#left > 0 ? 'data' : 'over'
  }

  get over(): boolean {
    return this.#state === 'over'
  }

  /** @returns where the body ends in these bytes, or their length when it goes on @throws FramingError */
  take(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length && this.#state !== 'over') {
      if (this.#state === 'data') {
        const some = Math.min(this.#left, bytes.length - at)
        at += some
        this.#left -= some
        if (this.#left === 0) this.#state = this.#chunked ? 'after' : 'over'
      } else at = this.#takeLine(bytes, at)
    }
    return at
  }

  #takeLine(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length) {
      const byte = bytes[at++] ?? 0
      if (byte === 10) {
        if (!this.#line.endsWith('\r')) throw new FramingError('a line end without CR')
        this.#endLine(this.#line.slice(0, -1))
        this.#line = ''
        return at
      }
      if (this.#line.endsWith('\r')) throw new FramingError('CR without LF')
      this.#line += String.fromCharCode(byte)
      if (this.#line.length > LINE_MAX) throw new FramingError('a line too long')
    }
    return at
  }

  #endLine(line: string): void {
    if (this.#state === 'after') {
      if (line !== '') throw new FramingError('a chunk longer than it said')
      this.#state = 'size'
    } else if (this.#state === 'trailer') {
      if (line === '') this.#state = 'over'
    } else {
      const size = SIZE.exec(line)?.[1]
      if (size === undefined) throw new FramingError('a chunk without a size')
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailer' : 'data'
    }
  }
}
