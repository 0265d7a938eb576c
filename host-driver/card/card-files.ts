import { createHash } from 'node:crypto'
import { FILE_PART_MAX } from '../../wire/usb/files.ts'
import type { Result } from '../../wire/usb/methods.ts'
import { fault } from '../errors.ts'
import type { CardCalls } from './card-link.ts'

export type { CardFileEntry } from '../../wire/usb/files.ts'
/** @param bytes so far */
export type OnBytes = (bytes: number, total: number) => void

/** The general memory of the card (51A): small files that stay on it, sealed where the card seals its memory. */
export class CardFiles {
  readonly #client: CardCalls

  constructor(client: CardCalls) {
    this.#client = client
  }

  /** @returns files by name, bytes used of the bytes there are, and how many files are damaged @throws KeylineError CARD_* */
  list(): Promise<Result<'card.files.list'>> {
    return this.#client.call('card.files.list', {})
  }

  /** @returns its content, checked against its SHA-256 @throws KeylineError FILE_UNKNOWN, FILE_DAMAGED, CARD_* */
  async read(name: string, onBytes: OnBytes = () => {}): Promise<Uint8Array> {
    const parts: Buffer[] = []
    for (let at = 0; ; ) {
      const { file, part } = await this.#client.call('card.files.read', { name, offset: at })
      const bytes = Buffer.from(part, 'base64url')
      parts.push(bytes)
      at += bytes.length
      onBytes(at, file.size)
      if (at < file.size && bytes.length > 0) continue
      const content = Buffer.concat(parts)
      if (content.length !== file.size || hashOf(content) !== file.hash) throw fault('CARD_FILE_DIFFERS')
      return content
    }
  }

  /** Whole on the card when it resolves, or as before. @param content at most 4 MiB @throws KeylineError FILES_FULL, FILE_NAME_INVALID, FILE_REFUSED, CARD_* */
  async write(name: string, content: Uint8Array, onBytes: OnBytes = () => {}): Promise<void> {
    const { length: size } = content
    await this.#client.call('card.files.begin', { name, size, hash: hashOf(content) })
    for (let at = 0; at < size; at += FILE_PART_MAX) {
      const part = Buffer.from(content.subarray(at, at + FILE_PART_MAX)).toString('base64url')
      await this.#client.call('card.files.write', { offset: at, part })
      onBytes(Math.min(at + FILE_PART_MAX, size), size)
    }
  }

  /** @throws KeylineError FILE_UNKNOWN, CARD_* */
  async remove(name: string): Promise<void> {
    await this.#client.call('card.files.remove', { name })
  }

  /** Removes those that are damaged. @returns how many @throws KeylineError CARD_* */
  async prune(): Promise<number> {
    return (await this.#client.call('card.files.prune', {})).removed
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url')
}
