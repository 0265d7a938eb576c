import type { BigIntStats } from 'node:fs'
import { type FileHandle, opendir, realpath } from 'node:fs/promises'
import { ServerError } from '../errors.ts'
import type { Log } from '../events.ts'
import { type Fingerprint, fingerprint, openContent, versionOf } from './content-file.ts'
import type { Kind } from './kind.ts'
import { isSafeName } from './safe-name.ts'
import { readTitles, TITLES_FILE } from './titles.ts'

/** Names that a menu has; what the folder has beyond is not offered, and the log says so. */
const ENTRIES_MAX = 10_000
/** Files that are read at once for their hashes. */
const READERS = 2
/** Tries for a file that changes while it is read. */
const TRIES = 3
/**
 * A file whose last change is not older than this when it is read is read again next time, milliseconds: within one tick of
 * the file system's clock (10 ms at most) it could change again without a new time.
 */
const SETTLED_MS = 100

/** One line of the menu (S17'). */
export interface MenuItem {
  readonly name: string
  readonly title: string
  readonly kind: Kind
  /** Bytes. */
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
  /** Strong, with its quotes (RFC 9110 §8.8.3). */
  readonly etag: string
}

export interface OpenedContent {
  readonly kind: Kind
  readonly size: number
  readonly sha256: string
  readonly etag: string
  /** The receiver closes it. */
  readonly handle: FileHandle
  /** As it was when it was hashed. */
  readonly stat: BigIntStats
}

/** Content and menus (406A, 406B): the files of one folder that the operator fills, under names that can mean nothing else. */
export class Catalogue {
  readonly #folder: string
  readonly #log: Log
  /** What was read of a version of a file, or is being read: nobody reads the same bytes twice. */
  readonly #known = new Map<string, { readonly version: string; readonly print: Promise<Fingerprint | undefined> }>()

  readonly #stop = new AbortController()

  private constructor(folder: string, log: Log) {
    this.#folder = folder
    this.#log = log
  }

  /** @throws ServerError CONTENT_UNUSABLE */
  static async open(folder: string, log: Log): Promise<Catalogue> {
    try {
      const real = await realpath(folder)
      await (await opendir(real)).close()
      return new Catalogue(real, log)
    } catch (cause) {
      throw new ServerError('CONTENT_UNUSABLE', `the content folder ${folder} cannot be read`, cause)
    }
  }

  /** All titles by name. The first one after a start reads every file once. */
  async menu(): Promise<MenuItem[]> {
    const names = await this.#names()
    const titles = await readTitles(this.#folder)
    if ('fault' in titles) this.#log({ event: 'titles.invalid', file: TITLES_FILE, what: titles.fault })
    const items: MenuItem[] = []
    const left = names.values()
    const reader = async (): Promise<void> => {
      for (const name of left) {
        if (this.#stop.signal.aborted) return
        const content = await this.open(name)
        if (content === undefined) continue
        await content.handle.close()
        const { kind, size, sha256, etag } = content
        const title = ('fault' in titles ? undefined : titles.get(name)) ?? name
        items.push({ name, title, kind, size, sha256, etag })
      }
    }
    await Promise.all(Array.from({ length: READERS }, reader))
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name)
    return items.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** @returns undefined when there is no such title, whatever the name; or when it does not stop changing */
  async open(name: string): Promise<OpenedContent | undefined> {
    if (!isSafeName(name) || name === TITLES_FILE) return undefined
    const handle = await openContent(this.#folder, name)
    if (handle === undefined) return undefined
    try {
      for (let tries = 0; tries < TRIES && !this.#stop.signal.aborted; tries++) {
        const stat = await handle.stat({ bigint: true })
        const print = await this.#print(name, handle, stat)
        if (print !== undefined) return { ...print, etag: `"${print.sha256}"`, handle, stat }
      }
    } catch (error) {
      await handle.close()
      throw error
    }
    await handle.close()
    this.#log({ event: 'content.changing', name })
    return undefined
  }

  /** Ends the reading of files; nothing is found any more. */
  close(): void {
    this.#stop.abort()
  }

  #print(name: string, handle: FileHandle, stat: BigIntStats): Promise<Fingerprint | undefined> {
    const version = versionOf(stat)
    const known = this.#known.get(name)
    if (known?.version === version) return known.print
    const entry = { version, print: fingerprint(handle, this.#stop.signal) }
    const settled = Number(stat.ctimeNs / 1_000_000n) < Date.now() - SETTLED_MS
    const forget = (): void => {
      if (this.#known.get(name) === entry) this.#known.delete(name)
    }
    this.#known.set(name, entry)
    entry.print.then((print) => {
      if (print === undefined || !settled) forget()
    }, forget)
    return entry.print
  }

  async #names(): Promise<Set<string>> {
    const names = new Set<string>()
    let more = 0
    for await (const { name } of await opendir(this.#folder)) {
      if (!isSafeName(name) || name === TITLES_FILE) continue
      if (names.size < ENTRIES_MAX) names.add(name)
      else more++
    }
    if (more > 0) this.#log({ event: 'content.too-many', offered: ENTRIES_MAX, left: more })
    return names
  }
}
