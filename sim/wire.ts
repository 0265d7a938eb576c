import { type Chance, flipBits, flipEachBit } from './chance.ts'
import type { Clock } from './clock.ts'

/** Asynchronous bytes on the line: start bit, eight bits, stop bit. */
const BITS_PER_BYTE = 10
/** What the sending modem buffers before it stops its terminal, bytes. */
const BUFFER = 1024
/** Longest step in which bytes are handed over, milliseconds: pieces as small as a real modem's. */
const STEP_MS = 4
/** How often a receiver that takes nothing is asked again, milliseconds. */
const RETRY_MS = 5
/** Rounding of sums of binary fractions, milliseconds. */
const EPSILON = 1e-6

export interface LineSpeed {
  /** Bits per second; a byte takes ten of them. */
  readonly rate: number
  /** One way, milliseconds. */
  readonly latencyMs: number
  /** So much more at most, drawn for each piece that is written; what was written later never overtakes. Milliseconds. */
  readonly jitterMs?: number
}

/** What is wrong with a line just now; asked for every piece. Probabilities are per byte. */
export interface Impairment {
  /** One bit of the byte is turned over. */
  readonly corrupt: number
  /** The byte is lost. */
  readonly drop: number
  /** Of each bit to be turned over, whatever the others do. */
  readonly bitErrors?: number
}

export const HEALTHY: Impairment = { corrupt: 0, drop: 0 }

/** The far end of a wire. */
export interface WireEnd {
  /** Bytes that it takes now. */
  room(): number
  deliver(bytes: Uint8Array): void
  /** Byte number `cutAfter` has passed: carrier is lost. */
  cut(): void
}

interface Piece {
  readonly bytes: Uint8Array
  taken: number
  /** When its first bit was sent, and times of one byte and of the way, milliseconds. */
  readonly start: number
  readonly byteMs: number
  readonly latencyMs: number
}

/**
 * One direction of a call. When a byte arrives is worked out from when it was written, never from when a timer fired: the
 * last bit of byte n leaves n * 10 / rate after the first one, so late timers do not add up.
 */
export class Wire {
  readonly #clock: Clock
  readonly #end: WireEnd
  readonly #chance: Chance
  readonly #impairment: () => Impairment
  #speed: LineSpeed
  #pieces: Piece[] = []
  #queued = 0
  /** When the line has sent all that was written, milliseconds. */
  #freeAt = 0
  #passed = 0
  #cutAfter: number | undefined
  #finished: (() => void) | undefined
  #closed = false
  #cancel: (() => void) | undefined

  constructor(clock: Clock, speed: LineSpeed, end: WireEnd, impairment: () => Impairment, chance: Chance) {
    this.#clock = clock
    this.#speed = speed
    this.#end = end
    this.#impairment = impairment
    this.#chance = chance
  }

  /** Bytes that went along the line, whether they arrived or were lost. */
  get passed(): number {
    return this.#passed
  }

  /** Bytes that may be written now without more than a modem's buffer waiting. */
  room(): number {
    const byteMs = msPerByte(this.#speed)
    const unsent = Math.ceil(Math.max(0, this.#freeAt - this.#clock.now()) / byteMs)
    // If the receiver takes nothing, the way and its own buffer fill up, and then it is the sender's turn to wait.
    const limit = 2 * BUFFER + Math.ceil(this.#speed.latencyMs / byteMs)
    return this.#closed ? BUFFER : Math.max(0, Math.min(BUFFER - unsent, limit - this.#queued))
  }

  /** Takes all of it; who cares for `room` keeps the queue bounded. */
  write(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return
    const start = Math.max(this.#freeAt, this.#clock.now())
    const byteMs = msPerByte(this.#speed)
    const { latencyMs, jitterMs = 0 } = this.#speed
    const later = jitterMs > 0 ? this.#chance() * jitterMs : 0
    this.#pieces.push({ bytes: Uint8Array.from(bytes), taken: 0, start, byteMs, latencyMs: latencyMs + later })
    this.#queued += bytes.length
    this.#freeAt = start + bytes.length * byteMs
    if (this.#cancel === undefined) this.#schedule()
  }

  /** For bytes written from now on. */
  setSpeed(speed: LineSpeed): void {
    this.#speed = speed
  }

  /** @param passed bytes since the call began after which carrier is lost; at once if they have passed already */
  cutAfter(passed: number): void {
    this.#cutAfter = passed
    this.#checkCut()
  }

  /** Calls back when all that was written has arrived; at once if nothing is under way. */
  finish(done: () => void): void {
    this.#finished = done
    if (this.#queued === 0) this.close()
  }

  /** What is under way is lost. A callback of `finish` that waits is called. */
  close(): void {
    this.#closed = true
    this.#cancel?.()
    this.#cancel = undefined
    this.#pieces = []
    this.#queued = 0
    const finished = this.#finished
    this.#finished = undefined
    finished?.()
  }

  #schedule(): void {
    const head = this.#pieces[0]
    if (head === undefined || this.#closed) return
    const now = this.#clock.now()
    const { start, byteMs, latencyMs, bytes, taken } = head
    const next = start + latencyMs + (taken + 1) * byteMs
    const last = start + latencyMs + bytes.length * byteMs
    const at = Math.max(next, Math.min(last, now + STEP_MS))
    const blocked = next <= now + EPSILON && this.#end.room() === 0
    this.#cancel = this.#clock.after(blocked ? RETRY_MS : Math.max(0, at - now), () => {
      this.#cancel = undefined
      this.#pump()
    })
  }

  #pump(): void {
    for (let head = this.#pieces[0]; head !== undefined; head = this.#pieces[0]) {
      const arrived = Math.floor((this.#clock.now() - head.start - head.latencyMs) / head.byteMs + EPSILON)
      const untilCut = (this.#cutAfter ?? Number.POSITIVE_INFINITY) - this.#passed
      const count = Math.min(head.bytes.length, arrived) - head.taken
      const now = Math.min(count, this.#end.room(), untilCut)
      if (now <= 0) break
      const from = head.taken
      head.taken += now
      if (head.taken === head.bytes.length) this.#pieces.shift()
      this.#queued -= now
      this.#passed += now
      this.#handOver(head.bytes.subarray(from, from + now))
      this.#checkCut()
    }
    if (this.#queued === 0 && this.#finished !== undefined) return this.close()
    this.#schedule()
  }

  #handOver(bytes: Uint8Array): void {
    const { corrupt, drop, bitErrors = 0 } = this.#impairment()
    const kept = drop > 0 ? bytes.filter(() => this.#chance() >= drop) : bytes
    if (kept.length === 0) return
    this.#end.deliver(flipEachBit(flipBits(kept, corrupt, this.#chance), bitErrors, this.#chance))
  }

  #checkCut(): void {
    if (this.#cutAfter === undefined || this.#passed < this.#cutAfter || this.#closed) return
    this.#cutAfter = undefined
    this.#end.cut()
  }
}

function msPerByte({ rate }: LineSpeed): number {
  return (BITS_PER_BYTE * 1000) / rate
}
