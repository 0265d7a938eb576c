import type { Secret } from '../../keys/secret.ts'
import type { Disk } from './disk.ts'
import { CardError, onDisk } from './errors.ts'
import { type CardRecord, EMPTY_RECORD } from './record.ts'
import { discardFile, next, replaceFile } from './replace.ts'
import type { StoreKeys } from './seal.ts'
import { openSealed, parse, type Sealing, serialize } from './vault-file.ts'

/** One file, replaced as a whole. `vault.new` counts when it is whole and newer: it was then about to take the place. */
const CURRENT = 'vault'
const NEXT = next(CURRENT)

/** What is in the vault, or what it takes to open it. */
type Content =
  | { readonly type: 'open'; readonly record: CardRecord }
  | { readonly type: 'locked'; readonly bytes: Uint8Array; readonly pinSalt: Uint8Array }

/**
 * The card's memory for identity, ratchet and pending requests (ID memory 51B). What is replaced is overwritten with zeros as
 * far as the medium lets it: a flash card may keep old blocks, and only destroying it destroys them.
 */
export class Vault {
  readonly #disk: Disk
  #number: bigint
  #content: Content
  #sealing: Sealing | undefined

  private constructor(disk: Disk, number: bigint, content: Content, sealing: Sealing | undefined) {
    this.#disk = disk
    this.#number = number
    this.#content = content
    this.#sealing = sealing
  }

  /**
   * The newest whole generation; an empty record in a folder where no vault ever was.
   * @param board seals it at rest; one that was plain is sealed at once
   * @throws CardError VAULT_DAMAGED when there was one and none is whole: starting as new would hide it. VAULT_SEALED, VAULT_UNWRITABLE
   */
  static open(disk: Disk, board?: Secret): Vault {
    return onDisk('the store cannot be read', () => {
      const current = disk.read(CURRENT)
      const other = disk.read(NEXT)
      const [here, there] = [parse(current), parse(other)]
      current?.fill(0)
      other?.fill(0)
      const isNext = there !== undefined && (here === undefined || there.number > here.number)
      if (!isNext && here === undefined && current !== undefined) throw new CardError('VAULT_DAMAGED')
      const newest = isNext ? there : here
      const keys: StoreKeys | undefined = board && { board }
      const content = contentOf(newest, keys)
      if (isNext) {
        disk.sync(NEXT)
        disk.rename(NEXT, CURRENT)
        disk.syncFolder()
      } else if (other !== undefined) discardFile(disk, NEXT)
      const vault = new Vault(disk, newest?.number ?? 0n, content, keys && { keys, pinSalt: undefined })
      if (newest?.record !== undefined && keys !== undefined) vault.save(newest.record)
      return vault
    })
  }

  /** Salt of the PIN that it waits for; undefined when it is open. */
  get locked(): Uint8Array | undefined {
    return this.#content.type === 'locked' ? this.#content.pinSalt : undefined
  }

  /** Key and salt of the PIN that it is sealed with; undefined without one, or while it is locked. */
  get pin(): { readonly key: Secret; readonly salt: Uint8Array } | undefined {
    const { keys, pinSalt } = this.#sealing ?? {}
    return keys?.pin && pinSalt ? { key: keys.pin, salt: pinSalt } : undefined
  }

  /** @throws CardError CARD_PIN_NEEDED while it is locked */
  get record(): CardRecord {
    if (this.#content.type === 'locked') throw new CardError('CARD_PIN_NEEDED')
    return this.#content.record
  }

  /** @param key of the PIN: kept when it is the right one @returns whether it is */
  unlock(key: Secret): boolean {
    const content = this.#content
    const board = this.#sealing?.keys.board
    if (content.type !== 'locked' || board === undefined) return false
    const keys = { board, pin: key }
    const record = openSealed(content.bytes, keys)
    if (record === undefined) return false
    this.#content = { type: 'open', record }
    this.#sealing = { keys, pinSalt: content.pinSalt }
    return true
  }

  /** Sealed with another PIN, or none, from here on. @throws CardError VAULT_UNWRITABLE, CARD_PIN_NEEDED, CARD_PIN_UNSUPPORTED */
  setPin(pin: { readonly key: Secret; readonly salt: Uint8Array } | undefined): void {
    const board = this.#sealing?.keys.board
    if (board === undefined) throw new CardError('CARD_PIN_UNSUPPORTED')
    const before = this.#sealing
    this.#sealing = { keys: { board, pin: pin?.key }, pinSalt: pin?.salt }
    try {
      this.save(this.record)
    } catch (error) {
      this.#sealing = before
      throw error
    }
    before?.keys.pin?.wipe()
  }

  /** As if nobody had ever used it: after too many wrong PINs. @throws CardError VAULT_UNWRITABLE */
  erase(): void {
    const keys = this.#sealing?.keys
    this.#content = { type: 'open', record: EMPTY_RECORD }
    this.#sealing = keys && { keys: { board: keys.board }, pinSalt: undefined }
    this.save(EMPTY_RECORD)
  }

  /**
   * Durable when it returns. Secrets of the old record stay the caller's to wipe.
   * @throws CardError VAULT_UNWRITABLE: the old record then stands, here; on the disk either may
   */
  save(record: CardRecord): void {
    // Also after a failure: two generations never share a number.
    this.#number++
    const bytes = serialize(this.#number, record, this.#sealing)
    try {
      onDisk('the store cannot be written', () => replaceFile(this.#disk, CURRENT, bytes))
      this.#content = { type: 'open', record }
    } finally {
      bytes.fill(0)
    }
  }
}

/** @throws CardError VAULT_SEALED where these keys do not open it */
function contentOf(newest: ReturnType<typeof parse>, keys: StoreKeys | undefined): Content {
  if (newest?.sealed === undefined) return { type: 'open', record: newest?.record ?? EMPTY_RECORD }
  if (keys === undefined) throw new CardError('VAULT_SEALED', 'it was started without --board-secret')
  const { bytes, pinSalt } = newest.sealed
  if (pinSalt !== undefined) return { type: 'locked', bytes, pinSalt }
  const record = openSealed(bytes, keys)
  if (record === undefined) throw new CardError('VAULT_SEALED')
  return { type: 'open', record }
}
