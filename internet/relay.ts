import type { Duplex, Writable } from 'node:stream'

/** Bytes that may wait in here for the end of the turn; more are written at once. */
const SLAB_BYTES = 262_144

/**
 * Bulk bytes from many small reads into few large writes: TLS hands over one record (16 KiB) a callback, and a write each would cost more
 * than the encryption. What came within one turn of the event loop is written together.
 */
export class Coalescer {
  readonly #to: Writable
  #parts: Buffer[] = []
  #bytes = 0
  #scheduled = false

  constructor(to: Writable) {
    this.#to = to
  }

  /** @returns false when the reader should wait for `drain` of the target */
  push(bytes: Buffer): boolean {
    this.#parts.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes >= SLAB_BYTES) this.flush()
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => this.flush())
    }
    return !this.#to.writableNeedDrain
  }

  flush(): void {
    this.#scheduled = false
    const parts = this.#parts
    if (parts.length === 0 || this.#to.destroyed) return
    this.#parts = []
    this.#bytes = 0
    if (parts.length === 1 && parts[0]) this.#to.write(parts[0])
    else this.#to.write(Buffer.concat(parts))
  }
}

/** Slabs that wait for their next use, shared by all connections. */
const free: Buffer[] = []
const FREE_MAX = 32

/** The same for bytes that are valid only now (`OnBytes`): they are copied once, into memory that is used again. */
export class SlabWriter {
  readonly #to: Writable
  #slab: Buffer | undefined
  #length = 0
  #scheduled = false

  constructor(to: Writable) {
    this.#to = to
  }

  /** @returns false when the reader should wait for `drain` of the target */
  push(bytes: Buffer): boolean {
    for (let at = 0; at < bytes.length; ) {
      this.#slab ??= free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
      const copied = bytes.copy(this.#slab, this.#length, at)
      at += copied
      this.#length += copied
      if (this.#length === SLAB_BYTES) this.flush()
    }
    if (!this.#scheduled && this.#length > 0) {
      this.#scheduled = true
      setImmediate(() => {
        this.#scheduled = false
        this.flush()
      })
    }
    return !this.#to.writableNeedDrain
  }

  flush(): void {
    const slab = this.#slab
    if (slab === undefined) return
    const length = this.#length
    this.#slab = undefined
    this.#length = 0
    const back = (): void => {
      if (free.length < FREE_MAX) free.push(slab)
    }
    if (this.#to.destroyed) back()
    else this.#to.write(slab.subarray(0, length), back)
  }
}

/**
 * Passes bytes both ways until both ends are through; each end's half-close is passed on, a broken end breaks the other.
 * @param onBytes told how many bytes went which way
 * @returns when both are closed
 */
export function relay(a: Duplex, b: Duplex, onBytes: (up: number, down: number) => void = () => {}): Promise<void> {
  pump(a, b, (bytes) => onBytes(bytes, 0))
  pump(b, a, (bytes) => onBytes(0, bytes))
  return Promise.all([closed(a, b), closed(b, a)]).then(() => {})
}

function pump(from: Duplex, to: Duplex, count: (bytes: number) => void): void {
  const out = new Coalescer(to)
  from.on('data', (bytes: Buffer) => {
    count(bytes.length)
    if (!out.push(bytes)) from.pause()
  })
  to.on('drain', () => from.resume())
  from.resume() // both may have been held until the other one was there
  from.on('end', () => {
    out.flush()
    to.end()
  })
}

function closed(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    one.on('error', () => other.destroy())
    one.once('close', () => {
      // What is on its way still arrives; a broken end breaks the other one too.
      if (!one.readableEnded) other.destroy()
      resolve()
    })
  })
}
