import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** The few things that the vault does with its folder, each one step, so that a test can cut the power after any of them. */
export interface Disk {
  /** Names of the files, in no order. */
  list(): readonly string[]
  /** @returns undefined when there is no such file */
  read(name: string): Uint8Array | undefined
  /** Makes the file, or empties it, and writes; durable only after `sync`. */
  write(name: string, bytes: Uint8Array): void
  sync(name: string): void
  rename(from: string, to: string): void
  remove(name: string): void
  /** Makes names durable: those that were made, renamed or removed. */
  syncFolder(): void
  /** Holds a file's bytes, also after another file took its name. */
  hold(name: string): HeldFile | undefined
}

export interface HeldFile {
  /** Writes zeros over the bytes, durably. */
  overwrite(): void
  close(): void
}

/** A record is at most two line messages and some keys, a file of the file area 4 MiB, an update 16 MiB. What is longer is none of ours. */
const FILE_MAX = 16 * 1024 * 1024 + 1
/** Read at once, bytes. */
const READ_BYTES = 65_536
const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW, O_DIRECTORY } = constants

/** A folder of the owner alone. Made when missing. @throws Error of the system when it cannot be used */
export function folderDisk(folder: string): Disk {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  return filesIn(folder)
}

/** The same of a folder that belongs to others, too: who may use it stays as it is. */
export function filesIn(folder: string): Disk {
  const path = (name: string): string => join(folder, name)
  return {
    list: () => readdirSync(folder, { withFileTypes: true }).flatMap((it) => (it.isFile() ? [it.name] : [])),
    read: (name) => withFile(path(name), O_RDONLY, (fd) => readAll(fd)),
    write: (name, bytes) => {
      withFile(path(name), O_WRONLY | O_CREAT | O_TRUNC, (fd) => writeAll(fd, bytes))
    },
    sync: (name) => {
      withFile(path(name), O_RDWR, fsyncSync)
    },
    rename: (from, to) => renameSync(path(from), path(to)),
    remove: (name) => rmSync(path(name), { force: true }),
    syncFolder: () => {
      withFile(folder, O_RDONLY | O_DIRECTORY, fsyncSync)
    },
    hold: (name) => {
      const fd = open(path(name), O_RDWR)
      if (fd === undefined) return undefined
      return {
        overwrite: () => {
          writeAll(fd, new Uint8Array(Math.min(fstatSync(fd).size, FILE_MAX)))
          fsyncSync(fd)
        },
        close: () => closeSync(fd),
      }
    },
  }
}

function open(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags | O_NOFOLLOW, 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT' && !(flags & O_CREAT)) return undefined
    throw error
  }
}

function withFile<T>(path: string, flags: number, run: (fd: number) => T): T | undefined {
  const fd = open(path, flags)
  if (fd === undefined) return undefined
  try {
    return run(fd)
  } finally {
    closeSync(fd)
  }
}

function readAll(fd: number): Uint8Array {
  const bytes = Buffer.alloc(Math.min(Math.max(fstatSync(fd).size + 1, READ_BYTES), FILE_MAX))
  let length = 0
  for (;;) {
    const count = readSync(fd, bytes, length, bytes.length - length, length)
    length += count
    if (count === 0 || length === bytes.length) return bytes.subarray(0, length)
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at)
}
