import { chmodSync, closeSync, readSync, writeSync } from 'node:fs'
import type { Clock } from './clock.ts'
import {
  isHungUp,
  noPty,
  openMaster,
  openSlave,
  POLL_HUP,
  POLL_IN,
  POLL_OUT,
  resetSlave,
  speedIsZero,
} from './pty-native.ts'
import type { Polled, PtyPoller } from './pty-poller.ts'

/** Output that waits for its reader, bytes: writers should stop at the first, and what exceeds the second is lost. */
const QUEUE_WANTED = 8192
const QUEUE_MAX = 65_536
/** Bytes read at once; a pty gives at most one page. */
const READ_MAX = 4096
/** What can still come after the last close, bytes: more than the kernel keeps for a pty. */
const LEFT_MAX = 65_536
/** Between two looks at the speed, milliseconds. */
const SPEED_EVERY_MS = 50

export interface PtyHandlers {
  /** Bytes that may be read now. */
  room(): number
  /** After the last close it may be more than `room` said. */
  data(bytes: Uint8Array): void
  /** Nobody has it open any more, or its speed became B0. */
  dtrDropped(): void
}

/**
 * The simulator's end of a serial port: a pseudo-terminal whose other end, `path`, programs open and close as they like.
 * It never blocks. What is written while nobody has it open is thrown away, as on a cable with nothing at its end.
 */
export class Pty implements Polled {
  readonly fd: number
  readonly path: string
  readonly #handlers: PtyHandlers
  readonly #poller: PtyPoller
  readonly #clock: Clock
  readonly #buffer = Buffer.alloc(READ_MAX)
  #open = false
  #closed = false
  /** The other end, held open so that the system gives the number to nobody. */
  #kept: number | undefined
  #speedZero = false
  #speedAt = 0
  #activeAt = Number.NEGATIVE_INFINITY
  #queue: Uint8Array[] = []
  #queued = 0

  /** @throws SimError NO_PTY */
  constructor(poller: PtyPoller, clock: Clock, handlers: PtyHandlers) {
    const { master, path } = openMaster()
    this.fd = master
    this.path = path
    this.#poller = poller
    this.#clock = clock
    this.#handlers = handlers
    try {
      // For programs under any account: it is a toy modem, and nothing secret depends on it.
      chmodSync(path, 0o666)
      resetSlave(path)
    } catch (cause) {
      closeSync(master)
      throw noPty(cause)
    }
    poller.add(this)
  }

  /** Whether a program has the other end open. */
  get isOpen(): boolean {
    return this.#open
  }

  get activeAt(): number {
    return this.#activeAt
  }

  /** Bytes of output that should be written at most. */
  room(): number {
    return this.#open ? Math.max(0, QUEUE_WANTED - this.#queued) : QUEUE_WANTED
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#queued + bytes.length > QUEUE_MAX) return
    // It may have been opened since the last look: who opens a port and then the other end must get all that is sent there.
    this.#open ||= !isHungUp(this.fd)
    if (!this.#open) return
    this.#queue.push(Uint8Array.from(bytes))
    this.#queued += bytes.length
    this.#activeAt = this.#clock.now()
    this.#flush()
  }

  /**
   * Who has the other end open sees its end, as when a USB plug is pulled. The path is nobody's until close(): programs that try to open
   * their lost modem again must find nothing there, and not the next port of somebody else, to which the system gives the number that is free.
   */
  unplug(): void {
    if (this.#closed) return
    this.#kept = this.#claim()
    this.#end()
  }

  /** As unplug(), and the path is free. */
  close(): void {
    this.#end()
    if (this.#kept !== undefined) closeSync(this.#kept)
    this.#kept = undefined
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    this.#open = false
    this.#poller.remove(this)
    closeSync(this.fd)
  }

  wanted(): number {
    return POLL_IN | (this.#queued > 0 ? POLL_OUT : 0)
  }

  service(events: number): void {
    const gone = (events & POLL_HUP) !== 0
    if (!this.#open && (!gone || (events & POLL_IN) !== 0)) this.#open = true
    if (!this.#open) return
    if (gone) return this.#left()
    if ((events & POLL_OUT) !== 0) this.#flush()
    if ((events & POLL_IN) !== 0) this.#read(this.#handlers.room())
    this.#watchSpeed()
  }

  /** The number of a pty is not given anew while its other end is open, even when its path is gone. */
  #claim(): number | undefined {
    try {
      return openSlave(this.path)
    } catch {
      // EBUSY: a program has it for itself alone, and keeps the number until it notices.
      return undefined
    }
  }

  /**
   * The last program closed it, and perhaps the next one has opened it since. What was read with nobody there came before the drop; what
   * comes while somebody is there again counts as the next one's, or his first command and its answer would be lost with the drop.
   */
  #left(): void {
    let next: Uint8Array | undefined
    for (let left = LEFT_MAX; left > 0 && !this.#closed && isHungUp(this.fd); ) {
      const bytes = this.#take(left)
      if (bytes === undefined) break
      if (!isHungUp(this.fd)) {
        next = bytes
        break
      }
      left -= bytes.length
      this.#handlers.data(bytes)
    }
    if (this.#closed) return
    this.#open = false
    this.#queue = []
    this.#queued = 0
    this.#speedZero = false
    resetSlave(this.path)
    this.#handlers.dtrDropped()
    if (next === undefined || this.#closed) return
    this.#open = true
    this.#handlers.data(next)
  }

  #read(room: number): void {
    const bytes = this.#take(room)
    if (bytes !== undefined) this.#handlers.data(bytes)
  }

  #take(room: number): Uint8Array | undefined {
    if (room <= 0) return undefined
    let count = 0
    try {
      count = readSync(this.fd, this.#buffer, 0, Math.min(room, READ_MAX), null)
    } catch (error) {
      if (!isQuiet(error)) throw error
    }
    if (count === 0) return undefined
    this.#activeAt = this.#clock.now()
    return Uint8Array.from(this.#buffer.subarray(0, count))
  }

  #flush(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      let count = 0
      try {
        count = writeSync(this.fd, head)
      } catch (error) {
        if (!isQuiet(error)) throw error
      }
      this.#queued -= count
      if (count < head.length) {
        this.#queue[0] = head.subarray(count)
        return
      }
      this.#queue.shift()
    }
  }

  #watchSpeed(): void {
    const now = this.#clock.now()
    if (this.#closed || now - this.#speedAt < SPEED_EVERY_MS) return
    this.#speedAt = now
    const zero = speedIsZero(this.fd)
    if (zero && !this.#speedZero) this.#handlers.dtrDropped()
    this.#speedZero = zero
  }
}

/** EAGAIN: nothing to read, or no room. EIO: nobody has it open; the next poll tells. */
function isQuiet(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EIO')
}
