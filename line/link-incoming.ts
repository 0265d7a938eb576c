import type { LinkData } from '../wire/line/link.ts'
import type { LinkTiming } from './path.ts'
import { Reassembly } from './reassembly.ts'

/** Packets in order that are acknowledged together: a call's other direction is idle, but a short message costs money. */
const ACK_EVERY = { stream: 2, messages: 4 } as const
/** Pauses between packets, after which no more are on their way. */
const QUIET_PAUSES = 3

/** A message that comes in blocks: what of it is there, when to say so, and how long to wait for more. */
export class Incoming {
  readonly #reassembly = new Reassembly()
  readonly #timing: LinkTiming
  readonly #kind: 'stream' | 'messages'
  /** The block after the last one that is there. */
  #next = 0
  #newest: number | undefined
  #unacked: number
  #arrivedAt: number | undefined
  #pauseMs: number | undefined

  constructor(timing: LinkTiming) {
    this.#timing = timing
    this.#kind = timing.slowestBitsPerSecond === 0 ? 'messages' : 'stream'
    // The first packet of a call is acknowledged at once: it measures the round trip before the queue grows.
    this.#unacked = this.#kind === 'stream' ? ACK_EVERY.stream : 0
  }

  /** Serial of the newest packet that came: of a call the last one, of messages the one in front of the others modulo 256. */
  get newest(): number {
    return this.#newest ?? 0
  }

  get received(): ReadonlySet<number> {
    return this.#reassembly.received
  }

  get whole(): Uint8Array | undefined {
    return this.#reassembly.whole
  }

  /** Since when nothing more is expected to come by itself, milliseconds after the last packet. */
  get quietMs(): number {
    const { rtoMinMs, firstRtoMs } = this.#timing
    if (this.#pauseMs === undefined) return firstRtoMs
    return Math.max(rtoMinMs, Math.min(firstRtoMs, QUIET_PAUSES * this.#pauseMs))
  }

  /** @param now milliseconds @returns whether it was new, and whether the sender should hear at once what is there */
  add(packet: LinkData, now: number): { readonly news: boolean; readonly ackDue: boolean } {
    const ahead = ((packet.serial - (this.#newest ?? packet.serial)) & 0xff) < 128
    if (ahead || this.#kind === 'stream') this.#newest = packet.serial
    const news = this.#reassembly.add(packet)
    if (!news) return { news, ackDue: false }
    this.#pace(now)
    const inOrder = packet.index === this.#next
    this.#next = Math.max(this.#next, 1 + Math.max(0, ...this.received))
    const ended = this.received.has(packet.last)
    const ackDue = this.whole === undefined && (!inOrder || ended || ++this.#unacked >= ACK_EVERY[this.#kind])
    if (ackDue) this.#unacked = 0
    return { news, ackDue }
  }

  /** The longest recent pause counts: packets that a modem kept back come all at once. */
  #pace(now: number): void {
    if (this.#arrivedAt !== undefined) {
      const pause = now - this.#arrivedAt
      this.#pauseMs = Math.max(pause, 0.75 * (this.#pauseMs ?? 0))
    }
    this.#arrivedAt = now
  }
}
