import { createCipheriv, createHash } from 'node:crypto'

/** The one session key of the measurement: both ends of every way know it. */
export const KEY = { id: 'AAAAAAAAAAAAAAAAAAAAAA', psk: '1a'.repeat(32) }

export const SMALL_BYTES = 1024
export const LARGE_BYTES = 64 * 2 ** 20
/** Of a chunk's beginning and end, looked at while it is timed; the whole is looked at before. */
const SAMPLE = 16

/** The same bytes in every process, without a pattern: what is lost, doubled or moved shows. */
export function material(): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, 'k'), Buffer.alloc(16)).update(Buffer.alloc(LARGE_BYTES))
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Whether `chunk` looks like the bytes of `whole` from `at` on, by its two ends. */
export function looksRight(whole: Buffer, at: number, chunk: Buffer): boolean {
  const end = at + chunk.length
  if (end > whole.length) return false
  const some = Math.min(SAMPLE, chunk.length)
  return (
    whole.compare(chunk, 0, some, at, at + some) === 0 &&
    whole.compare(chunk, chunk.length - some, chunk.length, end - some, end) === 0
  )
}
