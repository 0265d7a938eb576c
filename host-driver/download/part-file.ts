import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { fault, KeylineError, systemCode } from '../errors.ts'
import type { MenuItem } from '../requests/server-api.ts'

/** Read back for its hash in pieces of so many bytes. */
const PIECE = 2 ** 18
const NOTE_MAX = 4096

const note = z.strictObject({ etag: z.string(), sha256: z.string(), size: z.number().int().nonnegative() })

/** Tests put a disk that is full in here. */
export type WriteAt = (handle: FileHandle, bytes: Uint8Array, position: number) => Promise<void>

const writeAt: WriteAt = async (handle, bytes, position) => {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/**
 * What of a title is on the disk: `NAME.part` holds the bytes, `NAME.part.json` says of which version they are. Only
 * `finish` gives the bytes their name, after reading them back from the disk.
 */
export class PartFile {
  /** Bytes that are there. */
  received: number
  readonly #handle: FileHandle
  readonly #path: string
  readonly #target: string
  readonly #item: MenuItem
  readonly #write: WriteAt

  private constructor(handle: FileHandle, target: string, item: MenuItem, received: number, write: WriteAt) {
    this.#handle = handle
    this.#target = target
    this.#path = partPath(target)
    this.#item = item
    this.received = received
    this.#write = write
  }

  /**
   * Continues what an earlier try left of this very version, or begins anew.
   * @throws KeylineError FILE_FAILED, DISK_FULL
   */
  static async open(target: string, item: MenuItem, write: WriteAt = writeAt): Promise<PartFile> {
    return disk(target, async () => {
      const path = partPath(target)
      const flags = constants.O_RDWR | constants.O_NOFOLLOW
      if (await isNoteOf(target, item)) {
        const handle = await open(path, flags).catch(() => undefined)
        const info = await handle?.stat()
        if (handle && info?.isFile() && info.size <= item.size) {
          return new PartFile(handle, target, item, info.size, write)
        }
        await handle?.close()
      }
      await removePart(target)
      const { etag, sha256, size } = item
      // The note before the bytes: bytes without a note are never continued.
      const noted = await open(notePath(target), 'wx', 0o600)
      await noted.writeFile(JSON.stringify({ etag, sha256, size })).finally(() => noted.close())
      const handle = await open(path, flags | constants.O_CREAT | constants.O_EXCL, 0o666)
      return new PartFile(handle, target, item, 0, write)
    })
  }

  /** Adds bytes at the end. @throws KeylineError CONTENT_MISMATCH beyond the promised size, DISK_FULL, FILE_FAILED */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.received + bytes.length > this.#item.size) {
      throw fault('CONTENT_MISMATCH', { what: `more than the promised ${this.#item.size} bytes came` })
    }
    await disk(this.#target, () => this.#write(this.#handle, bytes, this.received))
    this.received += bytes.length
  }

  /** Throws the bytes away, for the same version from its beginning. */
  async restart(): Promise<void> {
    await disk(this.#target, () => this.#handle.truncate(0))
    this.received = 0
  }

  /**
   * Reads the bytes back, and gives them their name when they are the promised ones.
   * @throws KeylineError CONTENT_MISMATCH, FILE_EXISTS, DISK_FULL, FILE_FAILED
   */
  async finish(overwrite: boolean): Promise<void> {
    const hash = await disk(this.#target, () => this.#sha256())
    if (hash !== this.#item.sha256) throw fault('CONTENT_MISMATCH')
    await disk(this.#target, async () => {
      await this.#handle.sync()
      // Another download of this name may have begun anew meanwhile.
      const [ours, there] = await Promise.all([this.#handle.stat(), stat(this.#path)])
      if (ours.ino !== there.ino) throw fault('FILE_FAILED', { what: 'another download uses the same file' })
      if (overwrite) await rename(this.#path, this.#target)
      else await renameNew(this.#path, this.#target)
      await unlink(notePath(this.#target)).catch(() => {})
      await syncFolder(dirname(this.#target))
    })
  }

  /** Leaves what is there for the next try. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => {})
  }

  /** Leaves nothing. */
  async discard(): Promise<void> {
    await this.close()
    await removePart(this.#target)
  }

  async #sha256(): Promise<string> {
    const hash = createHash('sha256')
    const piece = Buffer.allocUnsafe(PIECE)
    for (let at = 0; ; ) {
      const { bytesRead } = await this.#handle.read(piece, 0, PIECE, at)
      if (bytesRead === 0) return hash.digest('hex')
      hash.update(piece.subarray(0, bytesRead))
      at += bytesRead
    }
  }
}

/** @throws KeylineError FILE_EXISTS when something has this name and may not be replaced */
export async function assertFree(target: string, overwrite: boolean): Promise<void> {
  const there = await disk(target, () => lstat(target).catch(missing))
  if (there?.isDirectory()) throw fault('FILE_EXISTS', { what: `${target} is a folder` })
  if (there && !overwrite) throw fault('FILE_EXISTS', { what: `${target} exists` })
}

/** Runs what touches the disk. @throws KeylineError DISK_FULL, FILE_FAILED, FILE_EXISTS for what the system says */
export async function disk<T>(target: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof KeylineError) throw error
    const code = systemCode(error)
    if (code === 'ENOSPC' || code === 'EDQUOT') throw fault('DISK_FULL', { cause: error })
    if (code === 'EFBIG') throw fault('DISK_FULL', { what: 'this disk takes no file of this size', cause: error })
    if (code === 'EEXIST') throw fault('FILE_EXISTS', { what: `${target} exists`, cause: error })
    throw fault('FILE_FAILED', { what: `${target} cannot be written (${code ?? 'unknown reason'})`, cause: error })
  }
}

/** The final name, unless somebody made such a file meanwhile: link(2) decides in one step, rename(2) would replace it. */
async function renameNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    // File systems without links (FAT): look first, which is the best there is.
    if (systemCode(error) === 'EEXIST') throw error
    await assertFree(to, false)
    return rename(from, to)
  }
  await unlink(from)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  // Some network file systems cannot, and say EINVAL.
  await folder
    .sync()
    .catch(() => {})
    .finally(() => folder.close())
}

async function isNoteOf(target: string, { etag, sha256, size }: MenuItem): Promise<boolean> {
  const path = notePath(target)
  const info = await lstat(path).catch(missing)
  if (!info?.isFile() || info.size > NOTE_MAX) return false
  try {
    const found = note.parse(JSON.parse(await readFile(path, 'utf8')))
    return found.etag === etag && found.sha256 === sha256 && found.size === size
  } catch {
    return false // cut short by a crash: begin anew
  }
}

async function removePart(target: string): Promise<void> {
  for (const path of [partPath(target), notePath(target)]) await unlink(path).catch(missing)
}

function missing(error: unknown): undefined {
  if (systemCode(error) !== 'ENOENT') throw error
}

const partPath = (target: string): string => join(dirname(target), `${basename(target)}.part`)
const notePath = (target: string): string => `${partPath(target)}.json`
