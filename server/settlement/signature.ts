import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/*
 * HTTP Message Signatures (RFC 9421) with hmac-sha256 and Content-Digest (RFC 9530), as far as the acquirer needs them: one signature,
 * of a fixed list of components. Whoever checks one rebuilds the base from what he expects, so nothing of it is parsed.
 */

/** A component identifier as it is written, quotes and all, with its value (RFC 9421 §2). */
export type Component = readonly [id: string, value: string]

export interface SignatureFacts {
  /** Unix seconds. */
  readonly created: number
  readonly keyId: string
  /** Printable ASCII without quotes. */
  readonly nonce?: string
}

/** The covered components and their parameters (RFC 9421 §2.3): the value of Signature-Input without its label. */
export function signatureParams(components: readonly Component[], { created, keyId, nonce }: SignatureFacts): string {
  const ids = components.map(([id]) => id).join(' ')
  const last = nonce === undefined ? '' : `;nonce="${nonce}"`
  return `(${ids});created=${created};keyid="${keyId}"${last}`
}

/** RFC 9421 §2.5. */
export function signatureBase(components: readonly Component[], params: string): string {
  const lines = components.map(([id, value]) => `${id}: ${value}`)
  return [...lines, `"@signature-params": ${params}`].join('\n')
}

/** RFC 9421 §3.3.3. @returns base64 */
export function signHmac(key: Uint8Array, base: string): string {
  return createHmac('sha256', key).update(base).digest('base64')
}

/** In constant time. @param signature base64 */
export function hmacIsOf(key: Uint8Array, base: string, signature: string): boolean {
  // As text: what stands after the padding would be lost in decoding.
  const expected = Buffer.from(signHmac(key, base))
  const got = Buffer.from(signature)
  return got.length === expected.length && timingSafeEqual(got, expected)
}

/** The value of Content-Digest (RFC 9530 §2). */
export function contentDigest(content: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(content).digest('base64')}:`
}
