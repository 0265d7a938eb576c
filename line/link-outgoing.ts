import { blocksOf, fitsWhole, fragment, type LinkAck, type LinkPacket, type Run, type Side } from '../wire/line/link.ts'
import type { Clock } from './clock.ts'
import type { Cut } from './link-cut.ts'
import type { RoundTrip } from './link-rtt.ts'
import type { LinePath } from './path.ts'

/** Blocks on their way at once: 4 kB fill a second of 9,600 bit/s four times, and are as many short messages as a modem may keep. */
const WINDOW = { stream: 64, messages: 32 } as const
/** Blocks that are sent again into silence: the answer to them says what became of all others. */
const PROBE = 4
/** Packets that are sent into the silence of a call at least: one bit in a thousand wrong loses nearly every second one. */
const COPIES = 3
/** Later packets that must have arrived before one counts as lost (RFC 9002 §6.1.1): short messages overtake each other. */
const REORDERED = { stream: 0, messages: 3 } as const

const MISSING = 0
const FLYING = 1
const ARRIVED = 2

interface Flight extends Run {
  readonly bytes: number
}

export interface OutgoingOptions {
  readonly path: LinePath
  readonly clock: Clock
  readonly cut: Cut
  readonly roundTrip: RoundTrip
  /** @returns bytes on the wire */
  readonly write: (packet: LinkPacket) => number
}

/**
 * One message on its way: selective repeat in a window of blocks. It sends only when it is told that something arrived, or that
 * nothing did for long enough (`retry`): it has no timer, so that nothing can repeat by itself.
 */
export class Outgoing {
  readonly #of: Side
  readonly #id: number
  readonly #message: Uint8Array
  readonly #options: OutgoingOptions
  readonly #kind: 'stream' | 'messages'
  readonly #state: Uint8Array
  readonly #tries: Uint8Array
  /** When it was sent, milliseconds; NaN: of no use as a sample, because others were sent in front of it. */
  readonly #sentAt: Float64Array
  /** In which packet a block went last. */
  readonly #serialOf: Uint32Array
  /** In the order of their serials, which grow without end here. */
  #flights: Flight[] = []
  #serial = 0
  #newest = -1
  /** Serials before this one were waited for in vain. */
  #waitedFor = 0
  /** When something was last sent, or heard to have arrived, milliseconds. */
  #busyAt = 0

  /** @param message 1 … LINE_MESSAGE_MAX bytes @throws RangeError for another size */
  constructor(of: Side, id: number, message: Uint8Array, options: OutgoingOptions) {
    const blocks = blocksOf(message)
    this.#of = of
    this.#id = id
    this.#message = message
    this.#options = options
    this.#kind = options.path.timing.slowestBitsPerSecond === 0 ? 'messages' : 'stream'
    this.#state = new Uint8Array(blocks)
    this.#tries = new Uint8Array(blocks)
    this.#sentAt = new Float64Array(blocks)
    this.#serialOf = new Uint32Array(blocks)
  }

  get blocks(): number {
    return this.#state.length
  }

  /** All of it is at the other end. */
  get done(): boolean {
    return this.#state.every((state) => state === ARRIVED)
  }

  /** Sent since it was last waited in vain and not known to have arrived, bytes: a modem may have a queue of them. */
  get bytesInFlight(): number {
    return this.#flights.reduce((sum, { serial, bytes }) => sum + (serial < this.#waitedFor ? 0 : bytes), 0)
  }

  /** Sends what the window lets go. */
  send(): void {
    let flying = this.#flying
    while (flying < WINDOW[this.#kind]) {
      const first = this.#state.indexOf(MISSING)
      if (first < 0) return
      flying += this.#fly(first, flying)
    }
  }

  /** The other end says what it has. @returns whether that was new */
  acked({ newest, received }: Pick<LinkAck, 'newest' | 'received'>): boolean {
    const now = this.#options.clock.now()
    let news = false
    let took = Number.NaN
    for (const block of received) {
      if (this.#state[block] === undefined || this.#state[block] === ARRIVED) continue
      this.#state[block] = ARRIVED
      news = true
      // Karn: what was sent twice is no sample.
      if (this.#tries[block] === 1) took = now - (this.#sentAt[block] ?? Number.NaN)
    }
    if (took >= 0) this.#options.roundTrip.sample(took)
    if (received.size > 0) this.#overtaken(newest)
    if (news) this.#busyAt = now
    this.send()
    return news
  }

  /** An answer came, so that all of this must have arrived. */
  answered(): void {
    this.acked({ newest: 0, received: new Set(this.#state.keys()) })
  }

  /**
   * The other end misses something: the oldest blocks go out again, behind all that is still on its way, so that it does no harm
   * when that was only slow.
   * @param afterMs since anything was sent, or was heard to have arrived: what comes sooner cannot be about it
   */
  retry(afterMs: number): void {
    const { clock, cut } = this.#options
    if (this.done || clock.now() - this.#busyAt < afterMs) return
    cut.silence()
    const before = this.#serial
    this.#waitedFor = before
    this.#flights = this.#flights.filter((flight) => this.#open(flight).length > 0)
    let sent = 0
    for (const flight of this.#flights.slice()) {
      for (const block of this.#open(flight)) {
        if (sent < PROBE && (this.#serialOf[block] ?? before) < before) sent += this.#fly(block, PROBE)
      }
    }
    // The last block is lost as easily as any other, and for it alone a whole round trip is waited.
    const last = this.#flights.at(-1)
    if (this.#kind === 'stream' && last !== undefined) for (; sent < COPIES; sent++) this.#fly(last.first, PROBE)
  }

  /** Blocks of a packet of which nothing is known, and that went in no later one. */
  #open({ serial, first, count }: Flight): number[] {
    const blocks = Array.from({ length: count }, (_, n) => first + n)
    return blocks.filter((block) => this.#state[block] === FLYING && this.#serialOf[block] === serial)
  }

  get #flying(): number {
    return this.#state.reduce((sum, state) => sum + (state === FLYING ? 1 : 0), 0)
  }

  /** @param newest modulo 256: what went before it and did not arrive is lost */
  #overtaken(newest: number): void {
    const age = (this.#serial - 1 - newest) & 0xff
    if (age < 128) this.#newest = Math.max(this.#newest, this.#serial - 1 - age)
    const kept: Flight[] = []
    for (const flight of this.#flights) {
      const open = this.#open(flight)
      if (open.length === 0) {
        if (this.#state[flight.first] === ARRIVED) this.#options.cut.arrived()
      } else if (flight.serial >= this.#newest - REORDERED[this.#kind]) kept.push(flight)
      else {
        this.#options.cut.lost()
        for (const block of open) this.#state[block] = MISSING
      }
    }
    this.#flights = kept
  }

  /** @param flying blocks on their way @returns blocks sent */
  #fly(first: number, flying: number): number {
    const { cut, path, clock } = this.#options
    const fresh = this.#kind === 'messages' || ((this.#tries[0] ?? 0) === 0 && cut.long)
    const state = this.#state[first]
    let count = 1
    if (first === 0 && fresh && fitsWhole(this.#message.length, path.packetMax)) count = this.blocks
    else while (count < cut.blocks && this.#state[first + count] === state) count++
    const now = clock.now()
    const serial = this.#serial++
    this.#busyAt = now
    for (let n = first; n < first + count; n++) {
      this.#state[n] = FLYING
      this.#tries[n] = Math.min(255, (this.#tries[n] ?? 0) + 1)
      this.#serialOf[n] = serial
      this.#sentAt[n] = flying < PROBE ? now : Number.NaN
    }
    const run = { serial, first, count }
    const bytes = this.#options.write(fragment(this.#of, this.#id, this.#message, run))
    this.#flights.push({ ...run, bytes })
    return count
  }
}
