import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Coalescer } from '../../internet/relay.ts'
import { ResponseEnds } from './response-end.ts'

export interface UpstreamEvents {
  /** Every request that was sent is answered whole, and the answers are written. */
  readonly answered: () => void
  /** Takes more of a request's body again. */
  readonly drained: () => void
  readonly received: (bytes: number) => void
  readonly gone: (how: UpstreamEnd) => void
}

/** `idle`: nothing was asked; `unanswered`: nothing of the answer that is due was passed on; `cut`: the answer broke off. */
export type UpstreamEnd = 'idle' | 'unanswered' | 'cut'

/** A connection of the Internet path that serves one connection of the browser. */
export class Upstream {
  readonly host: string
  readonly #socket: Duplex
  readonly #ends = new ResponseEnds()
  readonly #out: Coalescer
  readonly #events: UpstreamEvents
  #served = 0
  #odd = false

  /** @param host its name in the requests @param to the browser's connection */
  constructor(socket: Duplex, host: string, to: Socket, events: UpstreamEvents) {
    this.host = host
    this.#socket = socket
    this.#out = new Coalescer(to)
    this.#events = events
    socket.on('data', (bytes: Buffer) => this.#take(bytes))
    socket.on('drain', events.drained)
    socket.on('error', () => {}) // its end is seen by 'close'
    socket.once('close', () => {
      this.#out.flush()
      events.gone(this.#end())
    })
  }

  /** Whether all that was asked is answered. */
  get answered(): boolean {
    return this.#ends.outstanding === 0
  }

  /** Whether it answered before, and stopped for no reason of its own: what changes nothing may be asked again (RFC 9110 §9.2.2). */
  get wasGood(): boolean {
    return this.#served > 0 && !this.#odd
  }

  get full(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** @param bytes the head of a request, and what is here of its body */
  ask(method: string, bytes: Buffer): void {
    this.#ends.expect(method)
    this.#socket.write(bytes)
  }

  /** More of a body. @returns false when it should wait for `drained` */
  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes)
  }

  /** The browser takes more again. */
  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    this.#events.received(bytes.length)
    const before = this.#ends.outstanding
    try {
      this.#ends.take(bytes, (part) => {
        if (!this.#out.push(part)) this.#socket.pause()
      })
    } catch {
      this.#odd = true
      this.#socket.destroy() // nobody can tell where its answers end
    }
    const { outstanding } = this.#ends
    if (outstanding === before) return
    this.#served++
    // Whatever the gateway itself writes next must stand behind it.
    this.#out.flush()
    if (outstanding === 0) this.#events.answered()
  }

  #end(): UpstreamEnd {
    const { outstanding, begun } = this.#ends
    if (outstanding === 0) return 'idle'
    return begun ? 'cut' : 'unanswered'
  }
}
