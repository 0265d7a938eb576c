import { timingSafeEqual } from 'node:crypto'
import { hmac } from '../../keys/kdf.ts'
import type { Secret } from '../../keys/secret.ts'
import type { Disk } from './disk.ts'
import { next, replaceFile } from './replace.ts'

/** "KEYLPIN1" | wrong PINs in a row (1) | HMAC-SHA-256 of both under the board's secret (32) */
const MAGIC = Buffer.from('KEYLPIN1')
const FILE = 'pin-tries'
const COUNT_AT = MAGIC.length
const MAC_AT = COUNT_AT + 1
const FILE_BYTES = MAC_AT + 32

/** Wrong PINs in a row until the card erases itself. */
export const TRIES = 10

/** Wrong PINs in a row, counted where a cut of power does not forget them. */
export class PinTries {
  readonly #disk: Disk
  readonly #board: Secret

  constructor(disk: Disk, board: Secret) {
    this.#disk = disk
    this.#board = board
  }

  /** One that was changed by hand leaves one more try. */
  get wrong(): number {
    const there = this.#disk.read(FILE)
    // One that was about to take the place counts when it is whole.
    const coming = this.#disk.read(next(FILE))
    const counts = [there && (this.#countOf(there) ?? TRIES - 1), coming && this.#countOf(coming)]
    return Math.max(0, ...counts.filter((it) => it !== undefined))
  }

  /** Whether it was counted on another board, or changed by hand. */
  get foreign(): boolean {
    const there = this.#disk.read(FILE)
    return there !== undefined && this.#countOf(there) === undefined
  }

  /** Durable when it returns. @throws Error of the disk */
  set wrong(count: number) {
    const head = Buffer.concat([MAGIC, Uint8Array.of(Math.min(count, TRIES))])
    replaceFile(this.#disk, FILE, Buffer.concat([head, this.#mac(head)]))
  }

  #countOf(bytes: Uint8Array): number | undefined {
    const whole =
      bytes.length === FILE_BYTES && timingSafeEqual(bytes.subarray(MAC_AT), this.#mac(bytes.subarray(0, MAC_AT)))
    return whole ? bytes[COUNT_AT] : undefined
  }

  #mac(head: Uint8Array): Uint8Array {
    return hmac(this.#board.reveal(), Buffer.from('keyline pin tries 1'), head)
  }
}
