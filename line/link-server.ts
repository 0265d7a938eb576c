import { blocksOf, decodeLink, encodeLink, type LinkData, type LinkPacket } from '../wire/line/link.ts'
import type { Clock } from './clock.ts'
import { Cut } from './link-cut.ts'
import { Incoming } from './link-incoming.ts'
import { Outgoing } from './link-outgoing.ts'
import { RoundTrip } from './link-rtt.ts'
import type { LinePath } from './path.ts'
import type { StreamEnd } from './stream.ts'

/** A handler slower than this is announced, so that the card does not repeat its request, milliseconds. */
const WORKING_MS = 1500
/** Packets to one request for each of its blocks and its answer's: a card that repeats for ever ends its call. */
const ANSWERS_MAX = 64
/** Times that a card is told what is missing of its request while it says nothing. */
const REMINDERS_MAX = 4

/** @returns the response, or undefined for no answer at all */
export type LinkHandler = (message: Uint8Array) => Promise<Uint8Array | undefined>

/** The answering end of the line transport. It gives up by itself only when nothing is asked any more. */
export class LinkServer {
  readonly #path: LinePath
  readonly #clock: Clock
  readonly #handle: LinkHandler
  readonly #onEnd: (end: StreamEnd) => void
  readonly #cut: Cut
  readonly #roundTrip: RoundTrip
  /** Newest request of which anything came. */
  #id: number | undefined
  /** Its blocks, until it is whole. */
  #request: Incoming | undefined
  #response: Outgoing | undefined
  #requestBlocks = 0
  #answers = 0
  #working = false
  #saidWorkingAt = Number.NEGATIVE_INFINITY
  #cancelIdle = (): void => {}
  #cancelWorking = (): void => {}
  #cancelReminder = (): void => {}
  #ended = false

  /** @param onEnd called once, when the call is over or should be: hang up then */
  constructor(path: LinePath, clock: Clock, handle: LinkHandler, onEnd: (end: StreamEnd) => void) {
    this.#path = path
    this.#clock = clock
    this.#handle = handle
    this.#onEnd = onEnd
    this.#cut = new Cut(path)
    this.#roundTrip = new RoundTrip(path.timing)
    this.#alive()
    path.open(
      (packet) => this.#receive(packet),
      (end) => this.#end(end),
    )
  }

  /** Ends the call, e.g. because the server stops. */
  close(): void {
    this.#end('local')
  }

  #alive(): void {
    this.#cancelIdle()
    if (this.#ended) return
    const { idleMs } = this.#path.timing
    // A settlement may take as long as that, and the card was told to wait for it.
    this.#cancelIdle = this.#clock.after(idleMs, () => (this.#working ? this.#alive() : this.#end('local')))
  }

  #receive(bytes: Uint8Array): void {
    if (this.#ended) return
    let packet: LinkPacket
    try {
      packet = decodeLink(bytes)
    } catch {
      return // garbage with a good checksum: as if it had not come
    }
    this.#alive()
    if (packet.type === 'data') {
      if (packet.of === 'request') this.#fragment(packet)
    } else if (packet.of === 'response' && packet.id === this.#id && this.#request === undefined) {
      // With nothing new it is a question, asked because nothing came for a while.
      if (this.#response?.acked(packet) !== true) this.#again(packet.id, this.#path.timing.rtoMinMs)
    }
  }

  #fragment(packet: LinkData): void {
    const age = this.#id === undefined ? undefined : (this.#id - packet.id) & 0xff
    if (age === 0 && this.#request === undefined) return this.#again(packet.id, this.#path.timing.firstRtoMs / 2)
    if (age !== undefined && age > 0 && age < 128) return // late or doubled on the way, and long answered
    if (this.#working) return // one request at a time: the next one is not taken before the answer
    const request = (age === 0 ? this.#request : undefined) ?? this.#begin(packet.id)
    const { news, ackDue } = request.add(packet, this.#clock.now())
    this.#requestBlocks = Math.max(this.#requestBlocks, packet.last + 1)
    this.#cancelReminder()
    if (request.whole !== undefined) {
      this.#request = undefined
      this.#ask(packet.id, request.whole).catch(() => this.#end('local'))
      return
    }
    // What came twice was sent in doubt.
    if (ackDue || !news) this.#say(packet.id, request)
    this.#remind(packet.id, request, request.quietMs, REMINDERS_MAX)
  }

  #begin(id: number): Incoming {
    const request = new Incoming(this.#path.timing)
    this.#id = id
    this.#request = request
    this.#response = undefined
    this.#requestBlocks = 0
    this.#answers = 0
    this.#saidWorkingAt = Number.NEGATIVE_INFINITY
    return request
  }

  /** The end of a request was lost: waiting longer will not bring it. */
  #remind(id: number, request: Incoming, ms: number, left: number): void {
    if (left === 0 || this.#ended) return
    this.#cancelReminder = this.#clock.after(ms, () => {
      this.#say(id, request)
      this.#remind(id, request, 2 * ms, left - 1)
    })
  }

  /** The card did not get the answer, or not all of it: the handler is not asked again. */
  #again(id: number, afterMs: number): void {
    if (this.#working) this.#sayWorking(id)
    else this.#response?.retry(afterMs)
  }

  async #ask(id: number, message: Uint8Array): Promise<void> {
    this.#working = true
    this.#requestBlocks = blocksOf(message)
    this.#cancelWorking = this.#clock.after(WORKING_MS, () => this.#sayWorking(id))
    try {
      const response = await this.#handle(message)
      if (response !== undefined) this.#response = this.#outgoing(id, response)
    } finally {
      this.#cancelWorking()
      this.#working = false
    }
    this.#alive()
    this.#response?.send()
  }

  #outgoing(id: number, response: Uint8Array): Outgoing {
    const write = (packet: LinkPacket): number => this.#write(packet)
    const options = { path: this.#path, clock: this.#clock, cut: this.#cut, roundTrip: this.#roundTrip, write }
    return new Outgoing('response', id, response, options)
  }

  /** All of the request is here, and nothing yet to answer. */
  #sayWorking(id: number): void {
    const now = this.#clock.now()
    if (now - this.#saidWorkingAt < this.#path.timing.rtoMinMs) return
    this.#saidWorkingAt = now
    this.#say(id, { newest: 0, received: new Set(Array(this.#requestBlocks).keys()) })
  }

  #say(id: number, { newest, received }: Pick<Incoming, 'newest' | 'received'>): void {
    this.#write({ type: 'ack', of: 'request', id, newest, received })
  }

  #write(packet: LinkPacket): number {
    if (this.#ended) return 0
    const most = ANSWERS_MAX * (1 + this.#requestBlocks + (this.#response?.blocks ?? 0))
    if (this.#answers++ < most) return this.#path.send(encodeLink(packet))
    this.#end('local')
    return 0
  }

  #end(end: StreamEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelIdle()
    this.#cancelWorking()
    this.#cancelReminder()
    this.#onEnd(end)
  }
}
