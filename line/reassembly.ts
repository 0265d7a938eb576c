import { LINE_MESSAGE_MAX } from '../wire/limits.ts'
import type { LinkPacket } from '../wire/line/link.ts'

type Fragment = LinkPacket & { readonly type: 'data' }

/** Puts the fragments of one message together, in whatever order and however often they come; bounded in bytes. */
export class Reassembly {
  readonly #parts = new Map<number, Uint8Array>()
  #last: number | undefined
  #bytes = 0

  get received(): ReadonlySet<number> {
    return new Set(this.#parts.keys())
  }

  /** @returns the message when this fragment made it whole; a fragment that contradicts the others is ignored */
  add(fragment: Fragment): Uint8Array | undefined {
    this.#last ??= fragment.last
    if (fragment.last !== this.#last || this.#parts.has(fragment.index)) return undefined
    if (this.#bytes + fragment.body.length > LINE_MESSAGE_MAX) return undefined
    this.#bytes += fragment.body.length
    this.#parts.set(fragment.index, Uint8Array.from(fragment.body))
    if (this.#parts.size <= this.#last) return undefined
    const order = [...this.#parts.keys()].sort((a, b) => a - b)
    return Buffer.concat(order.map((index) => this.#parts.get(index) ?? new Uint8Array(0)))
  }

  /** A later fragment came while an earlier is missing: waiting longer will not bring it. */
  get gap(): boolean {
    return this.#last !== undefined && this.#parts.has(this.#last) && this.#parts.size <= this.#last
  }
}
