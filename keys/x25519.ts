import { timingSafeEqual } from 'node:crypto'
import nacl from 'tweetnacl'

/** Size of X25519 keys and of their shared secret, bytes (RFC 7748 §6.1). */
export const KEY_BYTES = 32

export interface KeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

const ZERO = new Uint8Array(KEY_BYTES)

function assertKey(key: Uint8Array, what: string): void {
  if (key.length !== KEY_BYTES) throw new RangeError(`expected ${what} of ${KEY_BYTES} bytes, got ${key.length}`)
}

/** A new key pair, or the pair of a given secret key (32 bytes, not copied). */
export function keyPair(secretKey: Uint8Array = nacl.randomBytes(KEY_BYTES)): KeyPair {
  assertKey(secretKey, 'secret key')
  return { secretKey, publicKey: nacl.scalarMult.base(secretKey) }
}

/**
 * Diffie–Hellman on Curve25519, 32 bytes.
 * @throws RangeError on a low-order point: tweetnacl returns zeros there without a word (RFC 7748 §6.1 check)
 */
export function x25519(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  assertKey(secretKey, 'secret key')
  assertKey(publicKey, 'public key')
  const shared = nacl.scalarMult(secretKey, publicKey)
  if (timingSafeEqual(shared, ZERO)) throw new RangeError('expected a public key of full order, got a low-order point')
  return shared
}
