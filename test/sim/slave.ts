import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'

/** Between two reads of the test's end, milliseconds. */
const READ_EVERY_MS = 2

/** The programs' end of a serial port, as the system gives it: no library between. */
export class Slave {
  readonly fd: number
  /** What has come and was not waited for yet. */
  #bytes = Buffer.alloc(0)
  #ended = false
  #reading: NodeJS.Timeout | undefined
  #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = []

  constructor(path: string) {
    this.fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
    this.#reading = setInterval(() => this.#read(), READ_EVERY_MS)
  }

  type(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at)
  }

  /** As much as the port takes now. @returns how many bytes it was */
  typeSome(bytes: Uint8Array): number {
    try {
      return writeSync(this.fd, bytes)
    } catch (error) {
      if (codeOf(error) === 'EAGAIN') return 0
      throw error
    }
  }

  /** Takes what came up to and with this text; waits for it as long as the test may run. */
  async until(text: string): Promise<string> {
    await this.#wait(() => this.#bytes.includes(text, 0, 'latin1'))
    return this.take(this.#bytes.indexOf(text, 0, 'latin1') + text.length).toString('latin1')
  }

  async bytes(count: number): Promise<Buffer> {
    await this.#wait(() => this.#bytes.length >= count)
    return this.take(count)
  }

  /** Waits until the far end is gone. */
  async end(): Promise<void> {
    await this.#wait(() => this.#ended)
  }

  take(count = this.#bytes.length): Buffer {
    const taken = this.#bytes.subarray(0, count)
    this.#bytes = this.#bytes.subarray(count)
    return taken
  }

  close(): void {
    if (this.#reading === undefined) return
    clearInterval(this.#reading)
    this.#reading = undefined
    closeSync(this.fd)
  }

  #wait(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiting.push({ done, resolve })
    })
  }

  #read(): void {
    const buffer = Buffer.alloc(4096)
    try {
      const count = readSync(this.fd, buffer)
      this.#bytes = Buffer.concat([this.#bytes, buffer.subarray(0, count)])
      if (count === 0) this.#ended = true
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') this.#ended = true
    }
    const ready = this.#waiting.filter(({ done }) => done())
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter))
    for (const { resolve } of ready) resolve()
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
