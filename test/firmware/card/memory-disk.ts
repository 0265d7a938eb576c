import type { Disk, HeldFile } from '../../../firmware/card/disk.ts'

/** The moment the power goes: nothing of the program runs after it. */
export class PowerCut extends Error {}

interface Inode {
  /** On the medium for certain. */
  durable: Uint8Array
  /** As programs see it. */
  seen: Uint8Array
}

/**
 * A disk that loses power. Names and bytes are durable only when synced; of what is not, anything may have survived: nothing,
 * all, or the first bytes of a write. `survivors` lists all of these disks.
 */
export class MemoryDisk implements Disk {
  /** Steps done so far; the power is cut after `cutAfter` of them. */
  steps = 0
  cutAfter = Number.POSITIVE_INFINITY
  readonly log: string[] = []
  #inodes: Inode[] = []
  #durableNames = new Map<string, Inode>()
  #seenNames = new Map<string, Inode>()

  static of(files: ReadonlyMap<string, Uint8Array>): MemoryDisk {
    const disk = new MemoryDisk()
    for (const [name, bytes] of files) {
      const inode = { durable: Uint8Array.from(bytes), seen: Uint8Array.from(bytes) }
      disk.#inodes.push(inode)
      disk.#durableNames.set(name, inode)
      disk.#seenNames.set(name, inode)
    }
    return disk
  }

  list(): readonly string[] {
    return [...this.#seenNames.keys()]
  }

  read(name: string): Uint8Array | undefined {
    const inode = this.#seenNames.get(name)
    return inode && Uint8Array.from(inode.seen)
  }

  write(name: string, bytes: Uint8Array): void {
    this.#step(`write ${name}`, () => {
      let inode = this.#seenNames.get(name)
      if (inode === undefined) {
        inode = { durable: new Uint8Array(0), seen: new Uint8Array(0) }
        this.#inodes.push(inode)
        this.#seenNames.set(name, inode)
      }
      inode.seen = Uint8Array.from(bytes)
    })
  }

  sync(name: string): void {
    this.#step(`sync ${name}`, () => {
      const inode = this.#seenNames.get(name)
      if (inode !== undefined) inode.durable = inode.seen
    })
  }

  rename(from: string, to: string): void {
    this.#step(`rename ${from} ${to}`, () => {
      const inode = this.#seenNames.get(from)
      if (inode === undefined) throw new Error(`no file ${from}`)
      this.#seenNames.delete(from)
      this.#seenNames.set(to, inode)
    })
  }

  remove(name: string): void {
    this.#step(`remove ${name}`, () => this.#seenNames.delete(name))
  }

  syncFolder(): void {
    this.#step('sync folder', () => {
      this.#durableNames = new Map(this.#seenNames)
    })
  }

  hold(name: string): HeldFile | undefined {
    const inode = this.#seenNames.get(name)
    if (inode === undefined) return undefined
    return {
      overwrite: () => {
        this.#step('overwrite', () => {
          inode.seen = new Uint8Array(inode.seen.length)
        })
        this.#step('sync overwritten', () => {
          inode.durable = inode.seen
        })
      },
      close: () => {},
    }
  }

  /** Every disk that may be there when the power comes back. */
  *survivors(): Generator<MemoryDisk> {
    const dirty = this.#inodes.filter(({ durable, seen }) => !Buffer.from(durable).equals(seen))
    for (const names of [this.#durableNames, this.#seenNames]) {
      yield this.#frozen(names, new Map())
      for (const inode of dirty) {
        for (let length = 0; length <= inode.seen.length; length++) {
          // A write that emptied the file first leaves its first bytes; one in place leaves the old rest, too.
          yield this.#frozen(names, new Map([[inode, inode.seen.subarray(0, length)]]))
          const rest = inode.durable.subarray(length)
          yield this.#frozen(names, new Map([[inode, Buffer.concat([inode.seen.subarray(0, length), rest])]]))
        }
      }
    }
  }

  #frozen(names: ReadonlyMap<string, Inode>, changed: ReadonlyMap<Inode, Uint8Array>): MemoryDisk {
    return MemoryDisk.of(new Map([...names].map(([name, inode]) => [name, changed.get(inode) ?? inode.durable])))
  }

  #step(what: string, run: () => void): void {
    if (this.steps >= this.cutAfter) throw new PowerCut()
    run()
    this.steps++
    this.log.push(what)
    if (this.steps >= this.cutAfter) throw new PowerCut()
  }
}
