import { encodeFrame, FrameDecoder } from '../wire/line/frame.ts'
import { decodeLink, encodeLink, fragments, type LinkPacket } from '../wire/line/link.ts'
import type { Clock } from './clock.ts'
import { Reassembly } from './reassembly.ts'
import type { LineStream } from './stream.ts'

/** Body bytes of one packet on a byte stream: short enough that one bit error costs half a second at 9,600 bit/s. */
export const STREAM_FRAGMENT = 480

/** What one link cost on the wire, framing and repetitions included; messages count packets with data. */
export interface LinkReport {
  readonly bytesUp: number
  readonly bytesDown: number
  readonly messagesUp: number
  readonly messagesDown: number
  /** From the first byte of the last request to the last byte of its response, milliseconds. */
  readonly exchangeMs: number
}

/** Until a round trip was measured: 3 s covers satellite and RLP delays at both ends, milliseconds. */
const FIRST_RTO_MS = 3000
const RTO_MIN_MS = 500
/** Slowest line that is waited for, bit/s; ten bits a byte. */
const SLOWEST = 2400
const SENDS = 4
/** The server said that it works on the request: it is given this long, milliseconds. */
const WORKING_MS = 30_000

interface Pending {
  readonly id: number
  readonly packets: readonly LinkPacket[]
  readonly startedAt: number
  readonly settle: (response: Uint8Array | undefined) => void
  readonly response: Reassembly
  acked: ReadonlySet<number>
  /** Sends since something new was last heard: what is bounded is trying in vain. */
  sends: number
  repeated: boolean
}

/**
 * The asking end of the line transport on a byte stream: one request at a time. Its response is the acknowledgement (as in
 * RFC 7252 §5.2.1), so that a login is one packet each way; what is missing is asked for by number.
 */
export class LinkClient {
  readonly #stream: LineStream
  readonly #clock: Clock
  readonly #decoder = new FrameDecoder()
  #pending: Pending | undefined
  #cancelTimer = (): void => {}
  #nextId = 0
  #rto = FIRST_RTO_MS
  #ended = false
  #report = { bytesUp: 0, bytesDown: 0, messagesUp: 0, messagesDown: 0, exchangeMs: 0 }

  constructor(stream: LineStream, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
    stream.open(
      (bytes) => this.#receive(bytes),
      () => this.#end(),
    )
  }

  get report(): LinkReport {
    return { ...this.#report }
  }

  /**
   * @param message 1 … LINE_MESSAGE_MAX bytes
   * @returns the response, or undefined when none came in bounded time, the call ended or `signal` said so
   * @throws RangeError for another size, or while a request is under way
   */
  request(message: Uint8Array, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#pending !== undefined) throw new RangeError('expected one request at a time')
    if (this.#ended || signal?.aborted) return Promise.resolve(undefined)
    const id = this.#nextId
    const packets = fragments('request', id, message, STREAM_FRAGMENT)
    this.#nextId = (id + 1) & 0xff
    return new Promise((resolve) => {
      const cancel = (): void => this.#settle(undefined)
      signal?.addEventListener('abort', cancel, { once: true })
      this.#pending = {
        id,
        packets,
        startedAt: this.#clock.now(),
        settle: (response) => {
          signal?.removeEventListener('abort', cancel)
          resolve(response)
        },
        response: new Reassembly(),
        acked: new Set(),
        sends: 0,
        repeated: false,
      }
      this.#send(this.#pending)
    })
  }

  #send(pending: Pending): void {
    pending.sends++
    const missing = pending.packets.filter((packet) => packet.type === 'data' && !pending.acked.has(packet.index))
    const bytes = missing.reduce((sum, packet) => sum + this.#write(packet), 0)
    this.#report.messagesUp += missing.length
    const wait = this.#rto * 2 ** (pending.sends - 1) + (bytes * 10_000) / SLOWEST
    this.#wait(wait, () => this.#late(pending))
  }

  #late(pending: Pending): void {
    if (pending.sends >= SENDS) return this.#settle(undefined)
    pending.repeated = true
    // All was received and worked on, yet no answer came: ask again.
    if (pending.acked.size === pending.packets.length) pending.acked = new Set()
    if (pending.response.received.size === 0) return this.#send(pending)
    pending.sends++
    this.#askMissing(pending)
  }

  #askMissing(pending: Pending): void {
    const { id, response } = pending
    this.#write({ type: 'ack', of: 'response', id, received: response.received })
    this.#wait(this.#rto * 2 ** (pending.sends - 1), () => this.#late(pending))
  }

  #write(packet: LinkPacket): number {
    const frame = encodeFrame(encodeLink(packet))
    this.#stream.write(frame)
    this.#report.bytesUp += frame.length
    return frame.length
  }

  #receive(bytes: Uint8Array): void {
    if (this.#pending !== undefined) this.#report.bytesDown += bytes.length
    for (const frame of this.#decoder.push(bytes)) this.#packet(frame)
  }

  #packet(frame: Uint8Array): void {
    let packet: LinkPacket
    try {
      packet = decodeLink(frame)
    } catch {
      return // garbage with a good checksum: as if it had not come
    }
    const pending = this.#pending
    if (pending === undefined || packet.id !== pending.id) return
    if (packet.type === 'ack') {
      if (packet.of === 'request') this.#acked(pending, packet.received)
      return
    }
    if (packet.of !== 'response') return
    this.#report.messagesDown++
    const before = pending.response.received.size
    const whole = pending.response.add(packet)
    if (pending.response.received.size > before) pending.sends = 1
    if (whole !== undefined) this.#answered(pending, whole)
    else if (pending.response.gap) this.#askMissing(pending)
    else this.#wait(this.#rto + (STREAM_FRAGMENT * 10_000) / SLOWEST, () => this.#late(pending))
  }

  #acked(pending: Pending, received: ReadonlySet<number>): void {
    if (received.size > pending.acked.size) pending.sends = 0
    pending.acked = received
    if (received.size === pending.packets.length) this.#wait(WORKING_MS, () => this.#late(pending))
    else this.#send(pending)
  }

  #answered(pending: Pending, response: Uint8Array): void {
    const took = this.#clock.now() - pending.startedAt
    this.#report.exchangeMs = Math.round(took)
    // Karn: a repeated request says nothing about the round trip.
    if (!pending.repeated) this.#rto = Math.max(RTO_MIN_MS, Math.min(FIRST_RTO_MS, 2 * took))
    this.#settle(response)
  }

  #wait(ms: number, run: () => void): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(ms, run)
  }

  #settle(response: Uint8Array | undefined): void {
    this.#cancelTimer()
    const pending = this.#pending
    this.#pending = undefined
    pending?.settle(response)
  }

  #end(): void {
    this.#ended = true
    this.#settle(undefined)
  }
}
