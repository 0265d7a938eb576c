import { sha256 } from '../../keys/kdf.ts'
import type { Disk, HeldFile } from './disk.ts'
import { CardError } from './errors.ts'
import { type CardRecord, decodeRecord, EMPTY_RECORD, encodeRecord } from './record.ts'

/*
 * One file, replaced as a whole: magic (8) ‖ SHA-256 of all that follows (32) ‖ generation, big-endian (8) ‖ record.
 *
 * A new generation is written beside the old one, made durable, renamed over it, and the rename made durable. Wherever the power
 * is cut, one of both is whole. `vault.new` counts when it is whole and newer: it was then about to take the place.
 */
const MAGIC = Buffer.from('KEYLINE1')
const HASH_AT = MAGIC.length
const GENERATION_AT = HASH_AT + 32
const RECORD_AT = GENERATION_AT + 8
const CURRENT = 'vault'
const NEXT = 'vault.new'

interface Generation {
  readonly number: bigint
  readonly record: CardRecord
}

/**
 * The card's memory for identity, ratchet and pending requests (ID memory 51B). What is replaced is overwritten with zeros as
 * far as the medium lets it: a flash card may keep old blocks, and only destroying it destroys them.
 */
export class Vault {
  readonly #disk: Disk
  #number: bigint
  #record: CardRecord

  private constructor(disk: Disk, { number, record }: Generation) {
    this.#disk = disk
    this.#number = number
    this.#record = record
  }

  /**
   * The newest whole generation; an empty record in a folder where no vault ever was.
   * @throws CardError VAULT_DAMAGED when there was one and none is whole: starting as new would hide it. VAULT_UNWRITABLE
   */
  static open(disk: Disk): Vault {
    return unwritable('the store cannot be read', () => {
      const current = disk.read(CURRENT)
      const next = disk.read(NEXT)
      const [here, there] = [parse(current), parse(next)]
      wipe(current, next)
      if (there !== undefined && (here === undefined || there.number > here.number)) {
        disk.sync(NEXT)
        disk.rename(NEXT, CURRENT)
        disk.syncFolder()
        return new Vault(disk, there)
      }
      if (here === undefined && current !== undefined) throw new CardError('VAULT_DAMAGED')
      if (next !== undefined) discard(disk, NEXT)
      return new Vault(disk, here ?? { number: 0n, record: EMPTY_RECORD })
    })
  }

  get record(): CardRecord {
    return this.#record
  }

  /**
   * Durable when it returns. Secrets of the old record stay the caller's to wipe.
   * @throws CardError VAULT_UNWRITABLE: the old record then stands, here; on the disk either may
   */
  save(record: CardRecord): void {
    // Also after a failure: two generations never share a number.
    this.#number++
    const bytes = serialize({ number: this.#number, record })
    let old: HeldFile | undefined
    try {
      unwritable('the store cannot be written', () => {
        old = this.#disk.hold(CURRENT)
        this.#disk.write(NEXT, bytes)
        this.#disk.sync(NEXT)
        this.#disk.rename(NEXT, CURRENT)
        this.#disk.syncFolder()
      })
      this.#record = record
      bestEffort(() => old?.overwrite())
    } finally {
      bestEffort(() => old?.close())
      wipe(bytes)
    }
  }
}

function serialize({ number, record }: Generation): Uint8Array {
  const body = encodeRecord(record)
  const bytes = Buffer.alloc(RECORD_AT + body.length)
  bytes.set(MAGIC)
  bytes.writeBigUInt64BE(number, GENERATION_AT)
  bytes.set(body, RECORD_AT)
  bytes.set(sha256(bytes.subarray(GENERATION_AT)), HASH_AT)
  wipe(body)
  return bytes
}

/** @returns undefined for anything that is not one whole generation */
function parse(bytes: Uint8Array | undefined): Generation | undefined {
  if (bytes === undefined || bytes.length <= RECORD_AT) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (!buffer.subarray(0, HASH_AT).equals(MAGIC)) return undefined
  if (!buffer.subarray(HASH_AT, GENERATION_AT).equals(sha256(buffer.subarray(GENERATION_AT)))) return undefined
  try {
    return { number: buffer.readBigUInt64BE(GENERATION_AT), record: decodeRecord(buffer.subarray(RECORD_AT)) }
  } catch {
    return undefined
  }
}

/** What a cut write left over may hold secrets, too. */
function discard(disk: Disk, name: string): void {
  const held = disk.hold(name)
  bestEffort(() => held?.overwrite())
  bestEffort(() => held?.close())
  disk.remove(name)
  disk.syncFolder()
}

function unwritable<T>(doing: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof CardError) throw cause
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
    throw new CardError('VAULT_UNWRITABLE', `${doing} (${why})`, { cause })
  }
}

function bestEffort(run: () => void): void {
  try {
    run()
  } catch {
    // The new record is durable; old bytes that cannot be overwritten stay as they would on flash.
  }
}

function wipe(...all: readonly (Uint8Array | undefined)[]): void {
  for (const bytes of all) bytes?.fill(0)
}
