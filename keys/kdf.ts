import { createHash, createHmac } from 'node:crypto'

export const HASH_BYTES = 32

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

export function hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** HKDF-Extract with SHA-256 (RFC 5869 §2.2). */
export function extract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return hmac(salt, ikm)
}

/** HKDF-Expand with SHA-256 (RFC 5869 §2.3). @param length bytes wanted, at most 255 × 32 */
export function expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > 255 * HASH_BYTES) {
    throw new RangeError(`expected an HKDF length of 0…${255 * HASH_BYTES} bytes, got ${length}`)
  }
  const out = new Uint8Array(length)
  let block: Uint8Array = new Uint8Array(0)
  for (let at = 0, n = 1; at < length; at += HASH_BYTES, n++) {
    block = hmac(prk, block, info, Uint8Array.of(n))
    out.set(block.subarray(0, length - at), at)
  }
  block.fill(0)
  return out
}
