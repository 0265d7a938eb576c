import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { expand, extract } from '../../keys/kdf.ts'
import { Secret } from '../../keys/secret.ts'

/*
 * What is at rest on the card, sealed (51A, 51B):
 *
 *   sealed  salt (32) | AES-256-GCM of the content | tag (16)
 *   key, nonce = HKDF-SHA-256(salt, board secret ‖ PIN key, "keyline seal 1 " ‖ purpose), 32 and 12 bytes
 *
 * The salt is new each time, so that no key meets two contents and a nonce need not be counted.
 */
const SALT_BYTES = 32
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** More than a content is, by. */
export const SEAL_BYTES = SALT_BYTES + TAG_BYTES
export const PIN_SALT_BYTES = 16
/** 32 MiB and a good half second on a small board, for whoever tries PINs on a copy; 8 is the block size of RFC 7914 §2. */
const SCRYPT = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const

export interface StoreKeys {
  /** 32 bytes that only this board has. */
  readonly board: Secret
  /** From the card's PIN, where it has one. */
  readonly pin?: Secret | undefined
}

/** @param purpose keeps contents of different kinds apart @param more authenticated, not hidden */
export function seal(keys: StoreKeys, purpose: string, content: Uint8Array, more: Uint8Array): Uint8Array {
  const salt = randomBytes(SALT_BYTES)
  const { key, nonce } = derive(keys, purpose, salt)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(more)
  const body = Buffer.concat([cipher.update(content), cipher.final()])
  key.fill(0)
  return Buffer.concat([salt, body, cipher.getAuthTag()])
}

/** @returns undefined for what was not sealed with these keys for this purpose, or was changed since */
export function unseal(keys: StoreKeys, purpose: string, sealed: Uint8Array, more: Uint8Array): Uint8Array | undefined {
  if (sealed.length < SEAL_BYTES) return undefined
  const { key, nonce } = derive(keys, purpose, sealed.subarray(0, SALT_BYTES))
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES }).setAAD(more)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES))
  const content = decipher.update(sealed.subarray(SALT_BYTES, sealed.length - TAG_BYTES))
  try {
    decipher.final()
    return content
  } catch {
    content.fill(0)
    return undefined
  } finally {
    key.fill(0)
  }
}

/** @param pin as it was typed @param salt PIN_SALT_BYTES */
export function pinKey(pin: string, salt: Uint8Array): Promise<Secret> {
  return new Promise((resolve, reject) => {
    scrypt(pin.normalize('NFC'), salt, KEY_BYTES, SCRYPT, (error, key) => {
      if (error) reject(error)
      else resolve(new Secret(new Uint8Array(key)))
    })
  })
}

function derive({ board, pin }: StoreKeys, purpose: string, salt: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const ikm = Buffer.concat([board.reveal(), pin?.reveal() ?? new Uint8Array(0)])
  const prk = extract(salt, ikm)
  ikm.fill(0)
  const okm = expand(prk, Buffer.from(`keyline seal 1 ${purpose}`), KEY_BYTES + NONCE_BYTES)
  prk.fill(0)
  return { key: okm.subarray(0, KEY_BYTES), nonce: okm.subarray(KEY_BYTES) }
}
