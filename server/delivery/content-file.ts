import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../errors.ts'
import { HEAD_BYTES, type Kind, kindOf } from './kind.ts'

/** Bytes read at once: fewer, larger writes are what makes TLS fast. */
export const SLAB_BYTES = 524_288
/** O_NOFOLLOW: a symbolic link never leads out. O_NONBLOCK: a FIFO does not make us wait for its other end. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const NOT_A_FILE = ['ENOENT', 'ELOOP', 'ENXIO', 'EACCES', 'ENAMETOOLONG', 'EMLINK']

/** What is known of one file's content. */
export interface Fingerprint {
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
  readonly kind: Kind
}

/** @returns the open regular file, or undefined when the folder has none of this (safe) name */
export async function openContent(folder: string, name: string): Promise<FileHandle | undefined> {
  let handle: FileHandle
  try {
    handle = await open(join(folder, name), FLAGS)
  } catch (error) {
    if (NOT_A_FILE.includes(systemCode(error) ?? '')) return undefined
    throw error
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  return undefined
}

/** Two equal ones are one content; `ctime` notices a change whose `mtime` was set back. */
export function versionOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join()
}

/** Whether the bytes are still those of `before`; replaced by name (ctime) they still are. */
export function sameBytes(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs
}

/** @returns undefined when the file changed while it was read, or `signal` ended the reading */
export async function fingerprint(handle: FileHandle, signal: AbortSignal): Promise<Fingerprint | undefined> {
  const before = await handle.stat({ bigint: true })
  const hash = createHash('sha256')
  const slab = Buffer.allocUnsafe(SLAB_BYTES)
  let head = Buffer.alloc(0)
  let size = 0
  for (;;) {
    const { bytesRead } = await handle.read(slab, 0, SLAB_BYTES, size)
    if (bytesRead === 0) break
    if (signal.aborted) return undefined
    const bytes = slab.subarray(0, bytesRead)
    hash.update(bytes)
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)])
    size += bytesRead
  }
  const after = await handle.stat({ bigint: true })
  if (BigInt(size) !== before.size || !sameBytes(before, after)) return undefined
  return { size, sha256: hash.digest('hex'), kind: kindOf(head) }
}
