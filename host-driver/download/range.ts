import { fault } from '../errors.ts'

/**
 * Asks for the rest of one version: whoever changed it meanwhile sends the whole new one instead (RFC 9110 §13.1.5, §14.2).
 * @param received bytes already there; none are asked for with a weak tag, which promises no equal bytes
 */
export function rangeHeaders(received: number, etag: string): Record<string, string> {
  if (received === 0 || !etag.startsWith('"')) return {}
  return { range: `bytes=${received}-`, 'if-range': etag }
}

/** @throws KeylineError SERVER_PROTOCOL when a 206 does not hold what was asked for (RFC 9110 §14.4) */
export function beginsAt(contentRange: string | null, received: number, size: number): void {
  if (contentRange === `bytes ${received}-${size - 1}/${size}`) return
  throw fault('SERVER_PROTOCOL', { what: `expected the bytes from ${received} of ${size}, got another range` })
}

/**
 * Repr-Digest (RFC 9530 §3) is of the whole version, also in a 206.
 * @returns false when it names another SHA-256 than the menu; other algorithms and no header say nothing
 */
export function sameDigest(reprDigest: string | null, sha256: string): boolean {
  const found = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(reprDigest ?? '')?.[1]
  return found === undefined || Buffer.from(found, 'base64').toString('hex') === sha256
}
