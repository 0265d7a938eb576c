import type { Level } from '../../../firmware/board/gpio.ts'
import type { GpioKernel } from '../../../firmware/board/gpio-kernel.ts'
import * as uapi from '../../../firmware/board/gpio-uapi.ts'

const CHIP_FD = 100
const LINE_FD = 200

/** A kernel with one chip, as far as the GPIO backend sees it. */
export class FakeKernel implements GpioKernel {
  readonly levels = new Map<number, Level>()
  readonly requests: Buffer[] = []
  readonly taken = new Set<number>()
  readonly #queues = new Map<number, Buffer[]>()
  readonly #seqno = new Map<number, number>()
  /** Code that a call of this name fails with. */
  readonly fails: Partial<Record<'open' | 'line' | 'read', string>> = {}
  label = 'pinctrl-bcm2711'

  chips(): readonly string[] {
    return ['/dev/gpiochip0']
  }

  open(): number {
    this.#fail('open')
    this.taken.add(CHIP_FD)
    return CHIP_FD
  }

  ioctl(fd: number, request: number, bytes: Buffer): void {
    const line = fd - LINE_FD
    if (request === uapi.GET_CHIPINFO) {
      bytes.write(this.label, 32, 'latin1')
      bytes.writeUInt32LE(28, 64)
    } else if (request === uapi.GET_LINE) {
      this.#fail('line')
      const wanted = bytes.readUInt32LE(0)
      if (this.taken.has(LINE_FD + wanted)) throw failure('EBUSY')
      this.requests.push(Buffer.from(bytes))
      if ((bytes.readUInt32LE(288) & 8) !== 0) this.levels.set(wanted, bytes.readUInt32LE(328) === 1 ? 1 : 0)
      this.taken.add(LINE_FD + wanted)
      bytes.writeInt32LE(LINE_FD + wanted, 588)
    } else if (request === uapi.SET_VALUES) this.levels.set(line, uapi.levelOf(bytes))
    else uapi.values(this.levels.get(line) ?? 0).copy(bytes)
  }

  nonBlocking(): void {}

  read(fd: number, bytes: Buffer): number {
    this.#fail('read')
    const queue = this.#queues.get(fd - LINE_FD) ?? []
    this.#queues.set(fd - LINE_FD, [])
    return Buffer.concat(queue).copy(bytes)
  }

  close(fd: number): void {
    if (!this.taken.delete(fd)) throw failure('EBADF')
  }

  /** @param lost the edge finds the queue full */
  drive(line: number, level: Level, lost = false): void {
    if ((this.levels.get(line) ?? 0) === level) return
    this.levels.set(line, level)
    if (!this.taken.has(LINE_FD + line)) return
    const seqno = (this.#seqno.get(line) ?? 0) + 1
    this.#seqno.set(line, seqno)
    if (lost) return
    const event = Buffer.alloc(uapi.EVENT_BYTES)
    event.writeUInt32LE(level === 1 ? 1 : 2, 8)
    event.writeUInt32LE(seqno, 20)
    this.#queues.set(line, [...(this.#queues.get(line) ?? []), event])
  }

  #fail(what: 'open' | 'line' | 'read'): void {
    const code = this.fails[what]
    if (code !== undefined) throw failure(code)
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
