import { randomBytes } from 'node:crypto'
import { sha256 } from '../../keys/kdf.ts'
import { type CardRecord, decodeRecord, encodeRecord } from './record.ts'
import { PIN_SALT_BYTES, type StoreKeys, seal, unseal } from './seal.ts'

/*
 * One generation of the vault:
 *
 *   plain   "KEYLINE1" | SHA-256 of the rest (32) | generation (8) | record
 *   sealed  "KEYLINE2" | SHA-256 of the rest (32) | generation (8) | with a PIN 1, else 0 (1) | PIN salt (16) | sealed record
 *
 * The hash tells what is whole without any key; the seal authenticates all that stands before it.
 */
const PLAIN = Buffer.from('KEYLINE1')
const SEALED = Buffer.from('KEYLINE2')
const HASH_AT = PLAIN.length
const GENERATION_AT = HASH_AT + 32
const BODY_AT = GENERATION_AT + 8
const PIN_SALT_AT = BODY_AT + 1
const SEALED_AT = PIN_SALT_AT + PIN_SALT_BYTES

/** A record, or one that is still sealed. `sealed.pinSalt` where a PIN is needed, too. */
export interface Generation {
  readonly number: bigint
  readonly record: CardRecord | undefined
  readonly sealed: { readonly bytes: Uint8Array; readonly pinSalt: Uint8Array | undefined } | undefined
}

/** How a vault is written: plain without keys. */
export interface Sealing {
  readonly keys: StoreKeys
  /** Of the PIN, while there is one. */
  readonly pinSalt: Uint8Array | undefined
}

export function serialize(number: bigint, record: CardRecord, sealing: Sealing | undefined): Uint8Array {
  const body = encodeRecord(record)
  const head = Buffer.alloc(sealing === undefined ? BODY_AT : SEALED_AT)
  head.set(sealing === undefined ? PLAIN : SEALED)
  head.writeBigUInt64BE(number, GENERATION_AT)
  if (sealing !== undefined) {
    head[BODY_AT] = sealing.pinSalt === undefined ? 0 : 1
    head.set(sealing.pinSalt ?? randomBytes(PIN_SALT_BYTES), PIN_SALT_AT)
  }
  const more = head.subarray(GENERATION_AT)
  const content = sealing === undefined ? body : seal(sealing.keys, 'vault', body, more)
  const bytes = Buffer.concat([head, content])
  bytes.set(sha256(bytes.subarray(GENERATION_AT)), HASH_AT)
  body.fill(0)
  return bytes
}

/** @returns undefined for anything that is not one whole generation */
export function parse(bytes: Uint8Array | undefined): Generation | undefined {
  if (bytes === undefined || bytes.length <= BODY_AT) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (!buffer.subarray(HASH_AT, GENERATION_AT).equals(sha256(buffer.subarray(GENERATION_AT)))) return undefined
  const magic = buffer.subarray(0, HASH_AT)
  const number = buffer.readBigUInt64BE(GENERATION_AT)
  if (magic.equals(SEALED)) {
    const kind = buffer[BODY_AT]
    if (buffer.length <= SEALED_AT || (kind !== 0 && kind !== 1)) return undefined
    const pinSalt = kind === 1 ? Uint8Array.from(buffer.subarray(PIN_SALT_AT, SEALED_AT)) : undefined
    return { number, record: undefined, sealed: { bytes: Uint8Array.from(buffer), pinSalt } }
  }
  if (!magic.equals(PLAIN)) return undefined
  try {
    return { number, record: decodeRecord(buffer.subarray(BODY_AT)), sealed: undefined }
  } catch {
    return undefined
  }
}

/** @returns undefined with other keys than it was sealed with */
export function openSealed(bytes: Uint8Array, keys: StoreKeys): CardRecord | undefined {
  const body = unseal(keys, 'vault', bytes.subarray(SEALED_AT), bytes.subarray(GENERATION_AT, SEALED_AT))
  if (body === undefined) return undefined
  try {
    return decodeRecord(body)
  } finally {
    body.fill(0)
  }
}
