import { CallModem } from '../../line/bearers/call-modem.ts'
import type { Clock } from '../../line/clock.ts'
import { LinkClient } from '../../line/link-client.ts'
import type { ModemPort } from '../../line/modem/port.ts'
import type { LineStream, StreamEnd } from '../../line/stream.ts'
import { streamPath } from '../../line/stream-path.ts'
import { CardError } from './errors.ts'
import type { LineCall, LineCallResult, LinePort } from './line-call.ts'
import { assertEnrolled, type EnrolledAddress } from './phone-book.ts'

export interface CallLineOptions {
  /** Serial port of the modem. */
  readonly path: string
  readonly clock: Clock
  readonly openPort: (path: string) => Promise<ModemPort>
  readonly log: (event: 'modem.usable' | 'modem.lost', detail: string) => void
}

/** The line as circuit-switched calls of one modem: opened when needed, opened again after it vanished. */
export class CallLine implements LinePort {
  readonly #options: CallLineOptions
  #modem: CallModem | undefined
  #opening: Promise<CallModem> | undefined
  /** Why it was not usable when it was last tried. */
  #why: string | undefined
  #closed = false

  constructor(options: CallLineOptions) {
    this.#options = options
  }

  modem(): string {
    return this.#why ?? this.#options.path
  }

  /** Opens and asks the modem now, so that `modem()` says how it is. Never fails. */
  async probe(): Promise<void> {
    const { path, log } = this.#options
    try {
      const init = await (await this.#open()).ready()
      this.#why = init.ok ? undefined : init.detail
    } catch (error) {
      this.#why = textOf(path, error)
    }
    if (!this.#closed) log(this.#why === undefined ? 'modem.usable' : 'modem.lost', this.#why ?? path)
  }

  /** @throws CardError NUMBER_NOT_ENROLLED (as a rejection) */
  async call(address: EnrolledAddress, signal: AbortSignal): Promise<LineCallResult> {
    assertEnrolled(address)
    if (address.bearer !== 'call') throw new CardError('LINE_NO_ADDRESS')
    let modem: CallModem
    try {
      modem = await this.#open()
    } catch (error) {
      this.#why = textOf(this.#options.path, error)
      return { ok: false, reason: 'modem-absent', detail: this.#why }
    }
    const dialled = await modem.dial(address.address, signal)
    if (!dialled.ok) {
      const { reason, detail } = dialled
      if (reason === 'modem-absent' || reason === 'modem-fault') this.#why = detail
      return dialled
    }
    this.#why = undefined
    return { ok: true, call: callOn(dialled.stream, this.#options.clock) }
  }

  async close(): Promise<void> {
    this.#closed = true
    const modem = this.#modem ?? (await this.#opening?.catch(() => undefined))
    this.#modem = undefined
    await modem?.close()
  }

  async #open(): Promise<CallModem> {
    if (this.#modem?.usable) return this.#modem
    this.#opening ??= this.#openPort().finally(() => {
      this.#opening = undefined
    })
    return await this.#opening
  }

  async #openPort(): Promise<CallModem> {
    const { path, clock, openPort, log } = this.#options
    await this.#modem?.close()
    this.#modem = undefined
    if (this.#closed) throw new CardError('LINE_CANCELLED')
    const port = await openPort(path)
    const modem = new CallModem(port, clock, {
      urc: () => {},
      lost: (reason) => {
        this.#why = `${path}: the modem is ${reason}`
        log('modem.lost', this.#why)
        // A port that stays open would keep others out, and it is opened anew for the next call.
        port.close().catch(() => {})
      },
    })
    this.#modem = modem
    return modem
  }
}

function callOn(stream: LineStream, clock: Clock): LineCall {
  let ended: StreamEnd | undefined
  const path = streamPath(stream)
  const link = new LinkClient(
    {
      ...path,
      open: (onPacket, onEnd) =>
        path.open(onPacket, (end) => {
          ended = end
          onEnd(end)
        }),
    },
    clock,
  )
  return {
    request: (message, signal) => link.request(message, signal),
    get lost() {
      return ended === 'remote' || ended === 'modem'
    },
    report: () => link.report,
    hangUp: () => path.hangUp(),
  }
}

/** The port's own words: code and cure are the card's. */
function textOf(path: string, error: unknown): string {
  const it = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return `${path}: ${it instanceof Error ? it.message.replace(/^Error: /, '') : 'unknown fault'}`
}
