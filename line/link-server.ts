import { encodeFrame, FrameDecoder } from '../wire/line/frame.ts'
import { decodeLink, encodeLink, fragments, type LinkPacket } from '../wire/line/link.ts'
import type { Clock } from './clock.ts'
import { STREAM_FRAGMENT } from './link-client.ts'
import { Reassembly } from './reassembly.ts'
import type { LineStream, StreamEnd } from './stream.ts'

/** A handler slower than this is announced, so that the card does not repeat its request, milliseconds. */
const WORKING_MS = 1500
/** A call in which nothing is answered and not one good packet comes for this long is ended, milliseconds. */
export const IDLE_MS = 30_000
/** Answers to one request, repetitions included: a card that repeats for ever ends its call. */
const ANSWERS_MAX = 64

/** @returns the response, or undefined for no answer at all */
export type LinkHandler = (message: Uint8Array) => Promise<Uint8Array | undefined>

/** The answering end of the line transport on a byte stream. It gives up by itself only when nothing is asked any more. */
export class LinkServer {
  readonly #stream: LineStream
  readonly #clock: Clock
  readonly #handle: LinkHandler
  readonly #onEnd: (end: StreamEnd) => void
  readonly #decoder = new FrameDecoder()
  #id: number | undefined
  #request = new Reassembly()
  /** Whose fragments `#request` holds. */
  #partial: number | undefined
  #count = 0
  #answers = 0
  #working = false
  #response: readonly LinkPacket[] = []
  #cancelIdle = (): void => {}
  #cancelWorking = (): void => {}
  #ended = false

  /** @param onEnd called once, when the call is over or should be: hang up then */
  constructor(stream: LineStream, clock: Clock, handle: LinkHandler, onEnd: (end: StreamEnd) => void) {
    this.#stream = stream
    this.#clock = clock
    this.#handle = handle
    this.#onEnd = onEnd
    this.#alive()
    stream.open(
      (bytes) => this.#receive(bytes),
      (end) => this.#end(end),
    )
  }

  /** Ends the call, e.g. because the server stops. */
  close(): void {
    this.#end('local')
  }

  #alive(): void {
    this.#cancelIdle()
    // A settlement may take as long as that, and the card was told to wait for it.
    this.#cancelIdle = this.#clock.after(IDLE_MS, () => (this.#working ? this.#alive() : this.#end('local')))
  }

  #receive(bytes: Uint8Array): void {
    for (const frame of this.#decoder.push(bytes)) if (!this.#ended) this.#packet(frame)
  }

  #packet(frame: Uint8Array): void {
    let packet: LinkPacket
    try {
      packet = decodeLink(frame)
    } catch {
      return // garbage with a good checksum: as if it had not come
    }
    this.#alive()
    if (packet.type === 'ack') {
      if (packet.of === 'response' && packet.id === this.#id) this.#answer(packet.received)
    } else if (packet.of === 'request') this.#fragment(packet)
  }

  #fragment(packet: LinkPacket & { readonly type: 'data' }): void {
    if (packet.id === this.#id) return this.#repeated(packet.id)
    if (this.#id !== undefined && ((packet.id - this.#id) & 0xff) > 127) return // doubled on the way, and long answered
    if (this.#working) return // one request at a time: the next one is not taken before the answer
    if (packet.id !== this.#partial) this.#request = new Reassembly()
    this.#partial = packet.id
    const whole = this.#request.add(packet)
    if (whole !== undefined) {
      this.#id = packet.id
      this.#partial = undefined
      this.#ask(packet.id, whole).catch(() => this.#end('local'))
    } else if (this.#request.gap) {
      this.#write({ type: 'ack', of: 'request', id: packet.id, received: this.#request.received })
    }
  }

  /** The card did not get the answer: the handler is not asked again. */
  #repeated(id: number): void {
    if (this.#working) this.#sayWorking(id)
    else this.#answer(new Set())
  }

  async #ask(id: number, message: Uint8Array): Promise<void> {
    this.#working = true
    this.#response = []
    this.#answers = 0
    this.#count = fragments('request', id, message, STREAM_FRAGMENT).length
    this.#cancelWorking = this.#clock.after(WORKING_MS, () => this.#sayWorking(id))
    try {
      const response = await this.#handle(message)
      if (response !== undefined) this.#response = fragments('response', id, response, STREAM_FRAGMENT)
    } finally {
      this.#cancelWorking()
      this.#working = false
    }
    this.#answer(new Set())
  }

  #sayWorking(id: number): void {
    this.#write({ type: 'ack', of: 'request', id, received: new Set(Array.from({ length: this.#count }, (_, n) => n)) })
  }

  #answer(received: ReadonlySet<number>): void {
    for (const packet of this.#response) if (packet.type === 'data' && !received.has(packet.index)) this.#write(packet)
  }

  #write(packet: LinkPacket): void {
    if (this.#ended) return
    if (this.#answers++ >= ANSWERS_MAX * this.#response.length + ANSWERS_MAX) return this.#end('local')
    this.#stream.write(encodeFrame(encodeLink(packet)))
  }

  #end(end: StreamEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelIdle()
    this.#cancelWorking()
    this.#onEnd(end)
  }
}
