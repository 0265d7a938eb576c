import { decodeLink, encodeLink, type LinkAck, type LinkData, type LinkPacket } from '../wire/line/link.ts'
import type { Clock } from './clock.ts'
import { Cut } from './link-cut.ts'
import { Incoming } from './link-incoming.ts'
import { Outgoing } from './link-outgoing.ts'
import { RoundTrip } from './link-rtt.ts'
import type { LinePath } from './path.ts'

/** What one link cost on the wire, framing and repetitions included; messages count packets with data. */
export interface LinkReport {
  readonly bytesUp: number
  readonly bytesDown: number
  readonly messagesUp: number
  readonly messagesDown: number
  /** From the first byte of the last request to the last byte of its response, milliseconds. */
  readonly exchangeMs: number
}

/** Repetitions that the server asked for although it had been sent all: it may not drive the card for ever. */
const REPEATS_MAX = 64

interface Pending {
  readonly id: number
  readonly request: Outgoing
  readonly response: Incoming
  readonly startedAt: number
  readonly settle: (response: Uint8Array | undefined) => void
  /** Waits in a row in which nothing new was heard: what is bounded is trying in vain. */
  vain: number
  repeats: number
}

/**
 * The asking end of the line transport: one request at a time. Its response is the acknowledgement (as in RFC 7252 §5.2.1), so
 * that a login is one packet each way. All waiting for what was lost is done here, the server only answers.
 */
export class LinkClient {
  readonly #path: LinePath
  readonly #clock: Clock
  readonly #cut: Cut
  readonly #roundTrip: RoundTrip
  #pending: Pending | undefined
  #cancelTimer = (): void => {}
  #nextId: number
  #ended = false
  #report = { bytesUp: 0, bytesDown: 0, messagesUp: 0, messagesDown: 0, exchangeMs: 0 }

  /**
   * @param firstId of the first request, modulo 256. Where packets of an earlier conversation can still arrive it goes on from
   * that one's last (`nextId`): what comes late is then older for both ends, and ignored.
   */
  constructor(path: LinePath, clock: Clock, firstId = 0) {
    this.#path = path
    this.#clock = clock
    this.#cut = new Cut(path)
    this.#roundTrip = new RoundTrip(path.timing)
    this.#nextId = firstId & 0xff
    path.open(
      (packet, wireBytes) => this.#receive(packet, wireBytes),
      () => this.#end(),
    )
  }

  get report(): LinkReport {
    return { ...this.#report }
  }

  /** Number of the next request, 0 … 255. */
  get nextId(): number {
    return this.#nextId
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
    const write = (packet: LinkPacket): number => {
      this.#report.messagesUp++
      return this.#write(packet)
    }
    const options = { path: this.#path, clock: this.#clock, cut: this.#cut, roundTrip: this.#roundTrip, write }
    const request = new Outgoing('request', id, message, options)
    this.#nextId = (id + 1) & 0xff
    return new Promise((resolve) => {
      const cancel = (): void => this.#settle(undefined)
      signal?.addEventListener('abort', cancel, { once: true })
      const pending: Pending = {
        id,
        request,
        response: new Incoming(this.#path.timing),
        startedAt: this.#clock.now(),
        settle: (response) => {
          signal?.removeEventListener('abort', cancel)
          resolve(response)
        },
        vain: 0,
        repeats: 0,
      }
      this.#pending = pending
      request.send()
      this.#waitForServer(pending)
    })
  }

  /** First once and then twice the measured time, and the time that the bytes take on the slowest line. */
  #waitForServer(pending: Pending): void {
    const { slowestBitsPerSecond: slowest } = this.#path.timing
    const drainMs = slowest === 0 ? 0 : (pending.request.bytesInFlight * 10_000) / slowest
    this.#wait(this.#roundTrip.rto * (pending.vain === 0 ? 1 : 2) + drainMs, () => this.#late(pending))
  }

  #late(pending: Pending): void {
    if (++pending.vain >= this.#path.timing.sends) return this.#settle(undefined)
    pending.request.retry(0)
    this.#waitForServer(pending)
  }

  /** @param ms until the server is asked, with a short packet, what keeps the rest of its answer */
  #waitForRest(pending: Pending, ms: number): void {
    this.#wait(ms, () => {
      // Twice as often as a request is repeated: the question is short, and the time until giving up the same.
      if (++pending.vain >= 2 * this.#path.timing.sends) return this.#settle(undefined)
      // A long bitmap is lost more easily than none: the server knows most of it already.
      this.#say(pending, pending.vain % 2 === 1)
      this.#waitForRest(pending, Math.max(this.#roundTrip.rto, pending.response.quietMs))
    })
  }

  #say({ id, response }: Pending, all: boolean): void {
    const { newest, received } = response
    this.#write({ type: 'ack', of: 'response', id, newest, received: all ? received : new Set() })
  }

  #write(packet: LinkPacket): number {
    const bytes = this.#path.send(encodeLink(packet))
    this.#report.bytesUp += bytes
    return bytes
  }

  #receive(bytes: Uint8Array, wireBytes: number): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#report.bytesDown += wireBytes
    let packet: LinkPacket
    try {
      packet = decodeLink(bytes)
    } catch {
      return // garbage with a good checksum: as if it had not come
    }
    if (packet.id !== pending.id) return
    if (packet.type === 'data') {
      if (packet.of === 'response') this.#fragment(pending, packet)
    } else if (packet.of === 'request' && pending.response.received.size === 0) this.#acked(pending, packet)
  }

  #acked(pending: Pending, ack: LinkAck): void {
    const { request } = pending
    if (request.acked(ack)) {
      pending.vain = 0
      pending.repeats = 0
    } else if (!request.done) {
      if (++pending.repeats > REPEATS_MAX) return
      request.retry(this.#roundTrip.least + this.#path.timing.rtoMinMs / 2)
    }
    // All of it and no answer yet: the server works on it, and is asked now and then whether it still does.
    if (request.done) {
      pending.vain = 0
      this.#waitForRest(pending, this.#path.timing.idleMs / 3)
    } else this.#waitForServer(pending)
  }

  #fragment(pending: Pending, packet: LinkData): void {
    const { request, response } = pending
    this.#report.messagesDown++
    request.answered()
    const { news, ackDue } = response.add(packet, this.#clock.now())
    if (!news) return
    pending.vain = 0
    if (response.whole !== undefined) return this.#answered(pending, response.whole)
    if (ackDue) this.#say(pending, true)
    this.#waitForRest(pending, response.quietMs)
  }

  #answered(pending: Pending, response: Uint8Array): void {
    this.#report.exchangeMs = Math.round(this.#clock.now() - pending.startedAt)
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
