import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { OnBytes } from '../../internet/connect.ts'
import { SlabWriter } from '../../internet/relay.ts'
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

/** Opens a connection of the Internet path, whose bytes go to `onBytes`. May reject. */
export type DialUpstream = (onBytes: OnBytes) => Promise<{ readonly socket: Duplex; readonly host: string }>

/** A connection of the Internet path that serves one connection of the browser. */
export class Upstream {
  readonly #ends = new ResponseEnds()
  readonly #out: SlabWriter
  readonly #events: UpstreamEvents
  #opened: { readonly socket: Duplex; readonly host: string } | undefined
  #served = 0
  #odd = false
  /** The browser does not take what it was sent. */
  #stopped = false

  /** @param to the browser's connection */
  constructor(to: Socket, events: UpstreamEvents) {
    this.#out = new SlabWriter(to)
    this.#events = events
  }

  /** Once, before anything is asked. @throws what `dial` throws */
  async open(dial: DialUpstream): Promise<void> {
    const opened = await dial((bytes) => this.#take(bytes))
    const { socket } = opened
    this.#opened = opened
    socket.on('drain', this.#events.drained)
    socket.on('error', () => {}) // its end is seen by 'close'
    socket.once('close', () => {
      this.#out.flush()
      this.#events.gone(this.#end())
    })
    if (this.#odd) socket.destroy() // it spoke before it was asked
  }

  /** Its name in the requests. */
  get host(): string {
    return this.#opened?.host ?? ''
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
    return this.#opened?.socket.writableNeedDrain === true
  }

  /** @param bytes the head of a request, and what is here of its body */
  ask(method: string, bytes: Buffer): void {
    this.#ends.expect(method)
    this.#opened?.socket.write(bytes)
  }

  /** More of a body; `full` says when to wait for `drained`. */
  write(bytes: Buffer): void {
    this.#opened?.socket.write(bytes)
  }

  /** The browser takes more again. */
  resume(): void {
    this.#opened?.socket.resume()
  }

  destroy(): void {
    this.#opened?.socket.destroy()
  }

  /** @returns false when the browser should take some first */
  #take(bytes: Buffer): boolean {
    this.#stopped = false
    this.#events.received(bytes.length)
    const before = this.#ends.outstanding
    try {
      this.#ends.take(bytes, (part) => {
        if (!this.#out.push(part)) this.#stopped = true
      })
    } catch {
      this.#odd = true
      this.#opened?.socket.destroy() // nobody can tell where its answers end
    }
    const { outstanding } = this.#ends
    if (outstanding !== before) {
      this.#served++
      // Whatever the gateway itself writes next must stand behind it.
      this.#out.flush()
      if (outstanding === 0) this.#events.answered()
    }
    return !this.#stopped
  }

  #end(): UpstreamEnd {
    const { outstanding, begun } = this.#ends
    if (outstanding === 0) return 'idle'
    return begun ? 'cut' : 'unanswered'
  }
}
