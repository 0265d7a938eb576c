import type { DataEnd } from '../modem/data-mode.ts'
import type { LineStream, StreamEnd } from '../stream.ts'

/** Bytes kept that came before anybody read, e.g. in the same read as CONNECT. */
const EARLY_MAX = 8192

/** The bytes of one call. */
export class CallStream implements LineStream {
  readonly peer: string | undefined
  readonly #write: (bytes: Uint8Array) => void
  readonly #hangUp: () => Promise<void>
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #ended: StreamEnd | undefined
  #onData: ((bytes: Uint8Array) => void) | undefined
  #onEnd: ((reason: StreamEnd) => void) | undefined
  #hanging: Promise<void> | undefined

  constructor(peer: string | undefined, write: (bytes: Uint8Array) => void, hangUp: () => Promise<void>) {
    this.peer = peer
    this.#write = write
    this.#hangUp = hangUp
  }

  get ended(): StreamEnd | undefined {
    return this.#ended
  }

  write(bytes: Uint8Array): void {
    if (this.#ended === undefined) this.#write(bytes)
  }

  open(onData: (bytes: Uint8Array) => void, onEnd: (reason: StreamEnd) => void): void {
    this.#onData = onData
    this.#onEnd = onEnd
    for (const bytes of this.#early.splice(0)) onData(bytes)
    if (this.#ended !== undefined) onEnd(this.#ended)
  }

  /** Also after the other end went first: the modem is then back at commands, and ATH does no harm. */
  hangUp(): Promise<void> {
    this.#hanging ??= this.#hangUp()
    return this.#hanging
  }

  deliver(bytes: Uint8Array): void {
    if (this.#onData !== undefined) return this.#onData(bytes)
    this.#earlyBytes += bytes.length
    if (this.#earlyBytes <= EARLY_MAX) this.#early.push(Uint8Array.from(bytes))
  }

  /** Data mode is over. */
  left(end: DataEnd | 'lost'): void {
    this.end(end === 'carrier' ? 'remote' : end === 'lost' ? 'modem' : 'local')
  }

  /** Only the first end counts. */
  end(reason: StreamEnd): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    this.#onEnd?.(reason)
  }
}
