import { randomBytes, timingSafeEqual } from 'node:crypto'
import { sha256 } from '../../keys/kdf.ts'
import { Secret } from '../../keys/secret.ts'
import { FILE_MAX, FILE_NAME_MAX, FILE_PART_MAX, FILES_MAX } from '../../wire/usb/files.ts'
import type { Disk } from './disk.ts'
import { CardError, onDisk } from './errors.ts'
import { discardFile, replaceFile } from './replace.ts'
import { seal, unseal } from './seal.ts'
import type { Vault } from './vault.ts'

/*
 * General memory of the card (51A), for whatever the PC keeps there. One file on the disk each, named after a hash of its name:
 *
 *   "KEYLFIL1" | sealed under the record's filesKey: name length (1) | name | size (4) | SHA-256 of the content (32) | content
 */
const MAGIC = Buffer.from('KEYLFIL1')
const PREFIX = 'f-'
/** All files together, bytes. */
export const QUOTA = 16 * 1024 * 1024
/** What could not be done, in errors. */
const WHERE = 'the file area'

export interface CardFile {
  readonly name: string
  readonly size: number
  /** SHA-256, 32 bytes. */
  readonly hash: Uint8Array
}

export interface FileList {
  readonly files: readonly CardFile[]
  /** Bytes, also of those that are damaged. */
  readonly used: number
  readonly quota: number
  /** Where there are any: not even their names can be read. */
  readonly damaged?: { readonly files: number; readonly bytes: number }
}

interface Writing extends CardFile {
  readonly content: Uint8Array
  filled: number
}

/** One write at a time; what is not whole is nowhere but in memory. */
export class FileArea {
  readonly #disk: Disk
  readonly #vault: Vault
  readonly #quota: number
  #writing: Writing | undefined
  /** Read last, so that a file that is read in parts is unsealed once. */
  #read: { readonly file: CardFile; readonly content: Uint8Array } | undefined

  /** @param quota of all files, bytes */
  constructor(disk: Disk, vault: Vault, quota = QUOTA) {
    this.#disk = disk
    this.#vault = vault
    this.#quota = quota
    for (const name of disk.list()) if (!/^f-[0-9a-f]{64}$/.test(name)) discardFile(disk, name)
  }

  /** @throws CardError CARD_PIN_NEEDED, VAULT_UNWRITABLE */
  list(): FileList {
    this.#key()
    const files: CardFile[] = []
    let [used, damaged, bytes] = [0, 0, 0]
    for (const name of this.#names()) {
      const file = this.#whole(name)
      if (file === undefined) {
        damaged++
        bytes += onDisk(WHERE, () => this.#disk.read(name))?.length ?? 0
      } else {
        files.push(file)
        used += file.size
      }
    }
    files.sort((a, b) => (a.name < b.name ? -1 : 1))
    const more = damaged === 0 ? {} : { damaged: { files: damaged, bytes } }
    return { files, used: used + bytes, quota: this.#quota, ...more }
  }

  /** Removes those that are damaged. @returns how many @throws CardError CARD_PIN_NEEDED, VAULT_UNWRITABLE */
  prune(): number {
    this.#key()
    const damaged = this.#names().filter((name) => this.#whole(name) === undefined)
    for (const name of damaged) onDisk(WHERE, () => discardFile(this.#disk, name))
    return damaged.length
  }

  /** @returns at most FILE_PART_MAX bytes; none at the end @throws CardError FILE_NAME_INVALID, FILE_UNKNOWN, FILE_DAMAGED, CARD_PIN_NEEDED */
  read(name: string, offset: number): { readonly file: CardFile; readonly part: Uint8Array } {
    if (this.#read?.file.name !== name) this.#read = this.#open(fileOf(checked(name)))
    const { file, content } = this.#read
    return { file, part: content.subarray(offset, offset + FILE_PART_MAX) }
  }

  /** Announces a file. One that was begun before is given up. @throws CardError FILE_NAME_INVALID, FILES_FULL, CARD_PIN_NEEDED, FILE_DAMAGED */
  begin(file: CardFile): void {
    this.cancel()
    checked(file.name)
    const { files, used, damaged } = this.list()
    const old = files.find(({ name }) => name === file.name)
    const after = used - (old?.size ?? 0) + file.size
    if (
      file.size > FILE_MAX ||
      after > this.#quota ||
      (old === undefined && files.length + (damaged?.files ?? 0) >= FILES_MAX)
    ) {
      throw new CardError('FILES_FULL', `${used} of ${this.#quota} bytes are used, one file has at most ${FILE_MAX}`)
    }
    this.#writing = { ...file, content: new Uint8Array(file.size), filled: 0 }
    if (file.size === 0) this.#commit(this.#writing)
  }

  /** @returns whether that was all: it is durable then @throws CardError FILE_REFUSED, VAULT_UNWRITABLE, CARD_PIN_NEEDED */
  write(offset: number, part: Uint8Array): boolean {
    const writing = this.#writing
    if (writing === undefined || offset !== writing.filled || offset + part.length > writing.size) {
      this.cancel()
      throw new CardError('FILE_REFUSED')
    }
    writing.content.set(part, offset)
    writing.filled += part.length
    if (writing.filled < writing.size) return false
    this.#commit(writing)
    return true
  }

  /** Of what is being written nothing stays. */
  cancel(): void {
    this.#writing?.content.fill(0)
    this.#writing = undefined
  }

  /** @throws CardError FILE_NAME_INVALID, FILE_UNKNOWN, CARD_PIN_NEEDED, VAULT_UNWRITABLE */
  remove(name: string): void {
    this.#key()
    const file = fileOf(checked(name))
    if (!this.#names().includes(file)) throw new CardError('FILE_UNKNOWN')
    this.#forget()
    onDisk(WHERE, () => discardFile(this.#disk, file))
  }

  /** All of them, readable or not. */
  erase(): void {
    this.cancel()
    this.#forget()
    for (const name of this.#disk.list()) discardFile(this.#disk, name)
  }

  #commit(writing: Writing): void {
    try {
      if (!timingSafeEqual(sha256(writing.content), writing.hash)) throw new CardError('FILE_REFUSED')
      const name = Buffer.from(writing.name)
      const head = Buffer.alloc(1 + name.length + 4)
      head[0] = name.length
      head.set(name, 1)
      head.writeUInt32BE(writing.size, 1 + name.length)
      const plain = Buffer.concat([head, writing.hash, writing.content])
      const bytes = Buffer.concat([MAGIC, seal({ board: this.#key() }, 'file', plain, MAGIC)])
      plain.fill(0)
      this.#forget()
      onDisk(WHERE, () => replaceFile(this.#disk, fileOf(writing.name), bytes))
    } finally {
      this.cancel()
    }
  }

  /** @returns undefined for one that is damaged */
  #whole(disk: string): CardFile | undefined {
    try {
      const { file, content } = this.#open(disk)
      content.fill(0)
      return file
    } catch (error) {
      if (error instanceof CardError && error.code === 'FILE_DAMAGED') return undefined
      throw error
    }
  }

  /** @throws CardError FILE_UNKNOWN, FILE_DAMAGED, CARD_PIN_NEEDED */
  #open(disk: string): { readonly file: CardFile; readonly content: Uint8Array } {
    const key = this.#key()
    const bytes = onDisk(WHERE, () => this.#disk.read(disk))
    if (bytes === undefined) throw new CardError('FILE_UNKNOWN')
    const plain = MAGIC.equals(bytes.subarray(0, MAGIC.length))
      ? unseal({ board: key }, 'file', bytes.subarray(MAGIC.length), MAGIC)
      : undefined
    const length = plain?.[0] ?? 0
    const at = 1 + length
    if (plain === undefined || plain.length < at + 36) throw new CardError('FILE_DAMAGED')
    const view = Buffer.from(plain.buffer, plain.byteOffset, plain.length)
    const file = {
      name: view.toString('utf8', 1, at),
      size: view.readUInt32BE(at),
      hash: Uint8Array.from(view.subarray(at + 4, at + 36)),
    }
    if (fileOf(file.name) !== disk || file.size !== plain.length - at - 36) throw new CardError('FILE_DAMAGED')
    return { file, content: plain.subarray(at + 36) }
  }

  /** @throws CardError CARD_PIN_NEEDED, VAULT_UNWRITABLE */
  #key(): Secret {
    const { record } = this.#vault
    if (record.filesKey !== undefined) return record.filesKey
    const filesKey = new Secret(new Uint8Array(randomBytes(32)))
    this.#vault.save({ ...record, filesKey })
    return filesKey
  }

  #names(): readonly string[] {
    return onDisk(WHERE, () => this.#disk.list().filter((name) => name.startsWith(PREFIX) && !name.endsWith('.new')))
  }

  #forget(): void {
    this.#read?.content.fill(0)
    this.#read = undefined
  }
}

/** @throws CardError FILE_NAME_INVALID */
function checked(name: string): string {
  const isText = name === name.normalize('NFC') && !/[\p{Cc}\p{Cs}/\\]/u.test(name) && !name.startsWith('.')
  if (isText && name.length > 0 && Buffer.byteLength(name) <= FILE_NAME_MAX) return name
  throw new CardError('FILE_NAME_INVALID')
}

function fileOf(name: string): string {
  return `${PREFIX}${Buffer.from(sha256(Buffer.from(name))).toString('hex')}`
}
