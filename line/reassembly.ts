import { LINE_MESSAGE_MAX } from '../wire/limits.ts'
import { BLOCK_BYTES, type LinkData } from '../wire/line/link.ts'

/** Puts the blocks of one message together, in whatever order, length and number they come; bounded in bytes. */
export class Reassembly {
  readonly #received = new Set<number>()
  #bytes = new Uint8Array(0)
  #last: number | undefined
  #length: number | undefined
  #whole: Uint8Array | undefined

  get received(): ReadonlySet<number> {
    return this.#received
  }

  /** The message, once nothing is missing. */
  get whole(): Uint8Array | undefined {
    return this.#whole
  }

  /** @returns whether it brought anything new; a packet that contradicts the others, or the block size, brings nothing */
  add({ index, last, body }: LinkData): boolean {
    if (this.#whole !== undefined || body.length > LINE_MESSAGE_MAX) return false
    if (last === 0) {
      this.#whole = Uint8Array.from(body)
      return true
    }
    const end = index + Math.ceil(body.length / BLOCK_BYTES) - 1
    const cutShort = end < last && body.length % BLOCK_BYTES !== 0
    if (last !== (this.#last ?? last) || end > last || cutShort) return false
    if (this.#last === undefined) this.#bytes = new Uint8Array((last + 1) * BLOCK_BYTES)
    this.#last = last
    const before = this.#received.size
    for (let block = index; block <= end; block++) this.#received.add(block)
    if (this.#received.size === before) return false
    this.#bytes.set(body, index * BLOCK_BYTES)
    if (end === last) this.#length = index * BLOCK_BYTES + body.length
    if (this.#received.size === last + 1) this.#whole = this.#bytes.subarray(0, this.#length)
    return true
  }
}
