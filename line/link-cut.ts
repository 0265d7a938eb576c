import { blocksPerPacket } from '../wire/line/link.ts'
import type { LinePath } from './path.ts'

/** Packets that must arrive in a row before longer ones are tried. */
const GOOD_RUN = 32

/**
 * How long packets are cut on one link. A byte stream with bit errors loses long packets more often, so each loss halves them;
 * on a path of messages each one costs the same, lost or not, and they stay as long as they may be.
 */
export class Cut {
  /** Most blocks in one packet. */
  blocks: number
  readonly #most: number
  readonly #fixed: boolean
  #good = 0

  constructor(path: LinePath) {
    this.#most = blocksPerPacket(path.packetMax)
    this.#fixed = path.timing.slowestBitsPerSecond === 0
    this.blocks = this.#most
  }

  /** Nothing was lost lately, or it does not depend on the length. */
  get long(): boolean {
    return this.blocks === this.#most
  }

  arrived(): void {
    if (++this.#good < GOOD_RUN) return
    this.#good = 0
    this.blocks = Math.min(this.#most, this.blocks + 1)
  }

  lost(): void {
    this.#good = 0
    if (!this.#fixed) this.blocks = Math.max(1, this.blocks >> 1)
  }

  /** Not even an answer came. */
  silence(): void {
    this.#good = 0
    if (!this.#fixed) this.blocks = 1
  }
}
