import type { Clock } from '../../line/clock.ts'
import { CardError, errorCode } from '../card/errors.ts'
import type { Bias, Gpio, Level } from './gpio.ts'
import type { GpioKernel } from './gpio-kernel.ts'
import * as uapi from './gpio-uapi.ts'

/** Milliseconds between two looks at the inputs; the kernel keeps what happened between them. */
export const POLL_MS = 5
/** Microseconds. */
const DEBOUNCE_US = 5000
const EVENTS_AT_ONCE = 16

interface Watched {
  readonly fd: number
  readonly onChange: (level: Level) => void
  level: Level
  seqno: number
}

/**
 * Pins of a Linux GPIO chip. Chips are known by label: their numbers change with the kernel. A line once taken is held until
 * `close`, for some kernels let an output float when it is given back, and a power key would be pressed.
 */
export class ChardevGpio implements Gpio {
  readonly #kernel: GpioKernel
  readonly #clock: Clock
  readonly #chip: number
  readonly #label: string
  readonly #lines: number
  readonly #outputs = new Map<number, number>()
  readonly #inputs = new Map<number, Watched>()
  readonly #events = Buffer.alloc(uapi.EVENT_BYTES * EVENTS_AT_ONCE)
  #stopPolling: (() => void) | undefined
  #closed = false

  /**
   * @param labels of the chips that the board may have; one that ends in `*` stands for all that begin so
   * @throws CardError GPIO_ABSENT, GPIO_PERMISSION, GPIO_UNUSABLE
   */
  constructor(kernel: GpioKernel, clock: Clock, labels: readonly string[]) {
    this.#kernel = kernel
    this.#clock = clock
    const { fd, label, lines } = findChip(kernel, labels)
    this.#chip = fd
    this.#label = label
    this.#lines = lines
  }

  /** @throws CardError GPIO_LINE, GPIO_BUSY, GPIO_UNUSABLE */
  write(pin: number, level: Level): void {
    if (this.#closed) return
    const fd = this.#outputs.get(pin)
    if (fd === undefined)
      this.#outputs.set(
        pin,
        this.#take(pin, () => uapi.outputRequest(pin, level)),
      )
    else this.#ask(pin, fd, uapi.SET_VALUES, uapi.values(level))
  }

  /** @throws CardError GPIO_LINE, GPIO_BUSY, GPIO_UNUSABLE */
  watch(pin: number, bias: Bias, onChange: (level: Level) => void): void {
    if (this.#closed) return
    const fd = this.#take(pin, () => uapi.inputRequest(pin, bias, DEBOUNCE_US))
    this.#kernel.nonBlocking(fd)
    const level = this.#levelOf(pin, fd)
    this.#inputs.set(pin, { fd, onChange, level, seqno: 0 })
    onChange(level)
    if (this.#stopPolling === undefined) this.#pollLater()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopPolling?.()
    for (const fd of this.#outputs.values()) this.#kernel.close(fd)
    for (const { fd } of this.#inputs.values()) this.#kernel.close(fd)
    this.#kernel.close(this.#chip)
  }

  #pollLater(): void {
    this.#stopPolling = this.#clock.after(POLL_MS, () => {
      for (const [pin, it] of this.#inputs) this.#poll(pin, it)
      if (!this.#closed) this.#pollLater()
    })
  }

  #poll(pin: number, it: Watched): void {
    let lost = false
    try {
      const length = this.#kernel.read(it.fd, this.#events)
      for (let at = 0; at + uapi.EVENT_BYTES <= length; at += uapi.EVENT_BYTES) {
        const { level, seqno } = uapi.edgeAt(this.#events, at)
        lost ||= seqno !== it.seqno + 1
        it.seqno = seqno
        this.#tell(it, level)
      }
      // The kernel's queue was full: only the level now is sure.
      if (lost) this.#tell(it, this.#levelOf(pin, it.fd))
    } catch (error) {
      // A fault of whoever was told.
      if (errorCode(error) === 'unknown reason') throw error
      if (this.#closed) return
      // The chip is gone: a button that can no longer be read is one that nobody presses.
      this.#kernel.close(it.fd)
      this.#inputs.delete(pin)
    }
  }

  #tell(it: Watched, level: Level): void {
    if (this.#closed || it.level === level) return
    it.level = level
    it.onChange(level)
  }

  #levelOf(pin: number, fd: number): Level {
    const bytes = uapi.values(0)
    this.#ask(pin, fd, uapi.GET_VALUES, bytes)
    return uapi.levelOf(bytes)
  }

  #take(pin: number, encode: () => Buffer): number {
    if (!Number.isInteger(pin) || pin < 0 || pin >= this.#lines) {
      throw new CardError('GPIO_LINE', `line ${pin} of ${this.#label}, which has ${this.#lines}`)
    }
    const request = encode()
    this.#ask(pin, this.#chip, uapi.GET_LINE, request)
    return uapi.grantedFd(request)
  }

  #ask(pin: number, fd: number, request: number, bytes: Buffer): void {
    try {
      this.#kernel.ioctl(fd, request, bytes)
    } catch (cause) {
      const code = errorCode(cause)
      const where = `line ${pin} of ${this.#label}`
      if (code === 'EBUSY') throw new CardError('GPIO_BUSY', where, { cause })
      throw new CardError('GPIO_UNUSABLE', `${where} (${code})`, { cause })
    }
  }
}

function findChip(kernel: GpioKernel, labels: readonly string[]): { fd: number; label: string; lines: number } {
  const seen: string[] = []
  let denied: unknown
  for (const path of kernel.chips()) {
    let fd: number
    try {
      fd = kernel.open(path)
    } catch (cause) {
      denied = cause
      continue
    }
    try {
      const bytes = Buffer.alloc(uapi.CHIPINFO_BYTES)
      kernel.ioctl(fd, uapi.GET_CHIPINFO, bytes)
      const info = uapi.chipInfo(bytes)
      if (labels.some((it) => matches(it, info.label))) return { fd, ...info }
      seen.push(info.label)
    } catch (cause) {
      denied = cause
    }
    kernel.close(fd)
  }
  const code = errorCode(denied)
  if (code === 'EACCES' || code === 'EPERM') throw new CardError('GPIO_PERMISSION', undefined, { cause: denied })
  if (denied !== undefined) throw new CardError('GPIO_UNUSABLE', code, { cause: denied })
  const found = seen.length === 0 ? 'it has none' : `it has ${seen.join(', ')}`
  throw new CardError('GPIO_ABSENT', `none is labelled ${labels.join(' or ')}; ${found}`)
}

function matches(pattern: string, label: string): boolean {
  return pattern.endsWith('*') ? label.startsWith(pattern.slice(0, -1)) : pattern === label
}
