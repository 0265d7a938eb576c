import type { Disk, HeldFile } from '../../../firmware/card/disk.ts'
import { PowerCut } from '../card/memory-disk.ts'

/** What a step that writes no bytes counts for, so that cuts fall between such steps, too. */
const STEP_BYTES = 256

interface Inode {
  /** On the medium for certain. */
  durable: Uint8Array
  /** As programs see it. */
  seen: Uint8Array
}

/**
 * A disk whose power is cut at an offset of all that is written: within a write its first bytes are there. `restart` gives what the medium
 * then holds: of what was not synced anything, torn and in any order of blocks; of names that were not made durable a first part.
 */
export class TornDisk implements Disk {
  /** Bytes written so far, each other step as STEP_BYTES. */
  written = 0
  cutAt = Number.POSITIVE_INFINITY
  /** The power is gone: nothing happens any more, whatever the program believes. */
  off = false
  /** What was under way at the cut. */
  during = ''
  readonly #random: (below: number) => number
  #durableNames = new Map<string, Inode>()
  #names = new Map<string, Inode>()
  /** Changes of names since they were durable, in their order. */
  #pending: ((names: Map<string, Inode>) => void)[] = []

  constructor(random: (below: number) => number) {
    this.#random = random
  }

  list(): readonly string[] {
    return [...this.#names.keys()]
  }

  read(name: string): Uint8Array | undefined {
    const inode = this.#names.get(name)
    return inode && Uint8Array.from(inode.seen)
  }

  write(name: string, bytes: Uint8Array): void {
    let inode = this.#names.get(name)
    if (inode === undefined) {
      const made = { durable: new Uint8Array(0), seen: new Uint8Array(0) }
      inode = made
      this.#rename(`make ${name}`, (names) => void names.set(name, made))
    }
    this.#bytes(`write ${name}`, inode, bytes)
  }

  sync(name: string): void {
    this.#step(`sync ${name}`, () => {
      const inode = this.#names.get(name)
      if (inode !== undefined) inode.durable = inode.seen
    })
  }

  rename(from: string, to: string): void {
    const inode = this.#names.get(from)
    if (inode === undefined) throw new Error(`no file ${from}`)
    this.#rename(`rename ${from}`, (names) => {
      names.delete(from)
      names.set(to, inode)
    })
  }

  remove(name: string): void {
    this.#rename(`remove ${name}`, (names) => void names.delete(name))
  }

  syncFolder(): void {
    this.#step('sync folder', () => {
      this.#durableNames = new Map(this.#names)
      this.#pending = []
    })
  }

  hold(name: string): HeldFile | undefined {
    const inode = this.#names.get(name)
    if (inode === undefined) return undefined
    return {
      overwrite: () => {
        this.#bytes(`overwrite ${name}`, inode, new Uint8Array(inode.seen.length))
        this.#step('sync overwritten', () => {
          inode.durable = inode.seen
        })
      },
      close: () => {},
    }
  }

  /** One flipped bit on the medium. */
  rot(name: string, at: number): void {
    const inode = this.#names.get(name)
    if (inode === undefined || at >= inode.seen.length) throw new Error(`nothing rots at ${at} of ${name}`)
    const bytes = Uint8Array.from(inode.seen)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    inode.seen = bytes
    inode.durable = bytes
  }

  /** The power is back: what one medium might hold. */
  restart(): TornDisk {
    const names = new Map(this.#durableNames)
    const kept = this.#random(this.#pending.length + 1)
    for (const change of this.#pending.slice(0, kept)) change(names)
    const next = new TornDisk(this.#random)
    const copies = new Map<Inode, Inode>()
    for (const [name, inode] of names) {
      const copy = copies.get(inode) ?? this.#survived(inode)
      copies.set(inode, copy)
      next.#names.set(name, copy)
    }
    next.#durableNames = new Map(next.#names)
    return next
  }

  /** Nothing of what was not synced, all, its first bytes, or blocks of both. */
  #survived({ durable, seen }: Inode): Inode {
    const choice = this.#random(4)
    let bytes = choice === 0 ? durable : seen
    if (choice === 2) bytes = seen.subarray(0, this.#random(seen.length + 1))
    if (choice === 3) {
      bytes = Uint8Array.from(seen)
      for (let at = 0; at < bytes.length; at += 512) {
        if (this.#random(2) === 0) bytes.set(durable.subarray(at, Math.min(at + 512, bytes.length)), at)
      }
    }
    if (durable === seen) bytes = durable
    const copy = Uint8Array.from(bytes)
    return { durable: copy, seen: copy }
  }

  #rename(what: string, change: (names: Map<string, Inode>) => void): void {
    this.#step(what, () => {
      change(this.#names)
      this.#pending.push(change)
    })
  }

  #bytes(what: string, inode: Inode, bytes: Uint8Array): void {
    this.#powered(what)
    const fit = Math.min(bytes.length, this.cutAt - this.written)
    inode.seen = Uint8Array.from(bytes.subarray(0, Math.max(fit, 0)))
    this.written += bytes.length
    if (this.written >= this.cutAt) this.#cut()
  }

  #powered(what: string): void {
    if (this.off) throw new PowerCut()
    this.during = what
  }

  #cut(): never {
    this.off = true
    throw new PowerCut()
  }

  #step(what: string, run: () => void): void {
    this.#powered(what)
    this.written += STEP_BYTES
    // Before or after it: both are a cut in it.
    if (this.written >= this.cutAt) {
      if (this.#random(2) === 0) run()
      this.#cut()
    }
    run()
  }
}
