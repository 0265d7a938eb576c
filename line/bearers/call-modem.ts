import type { DataEnd } from '../modem/data-mode.ts'
import { explainModemError } from '../modem/explain-error.ts'
import type { AtResult } from '../modem/machine.ts'
import type { Modem } from '../modem/modem.ts'
import type { DialResult } from '../stream.ts'
import { backAtCommands } from './back-at-commands.ts'
import { CallStream } from './call-stream.ts'

/** From ATA to CONNECT, milliseconds: training of the modems (V.250 S7 allows 255 s). */
const ANSWER_MS = 90_000
/** A modem answers AT at once, milliseconds. */
const ALIVE_MS = 2000
const HANG_UP_MS = 10_000
/** From the byte that aborts a dialling to the word that it is over: the network is told first, milliseconds. */
const ABORTED_MS = 10_000
/** A cell is found again within this time, or the next bearer is better, milliseconds. */
const REGISTER_MS = 20_000

/** The call bearer on one modem: at most one call, what dialling and answering have in common. */
export class CallModem {
  readonly #modem: Modem
  readonly #onFree: () => void
  #stream: CallStream | undefined

  /** @param onFree told each time a call is over and the modem takes the next one */
  constructor(modem: Modem, onFree: () => void = () => {}) {
    this.#modem = modem
    this.#onFree = onFree
  }

  get busy(): boolean {
    return this.#stream !== undefined
  }

  /** @param number digits, with `+` where international: checked against the enrolled ones by the caller */
  async dial(number: string, signal: AbortSignal): Promise<DialResult> {
    const { path, profile, engine } = this.#modem
    const up = await this.#modem.ready()
    if (!up.ok) return up
    const { call, missing = 'no calls that carry data' } = profile
    if (call === undefined) return { ok: false, reason: 'modem-fault', detail: `${path}: ${missing}` }
    if (signal.aborted) return { ok: false, reason: 'cancelled', detail: 'cancelled before dialling' }
    // A modem that fell silent since must not keep its caller waiting as long as a ringing may take.
    const alive = await engine.command('AT', ALIVE_MS)
    if (alive.final.type !== 'ok') {
      this.#modem.doubt()
      return { ok: false, reason: 'modem-absent', detail: `${path}: the modem does not answer AT` }
    }
    const registered = await this.#modem.registered('call', REGISTER_MS, signal)
    if (signal.aborted) return { ok: false, reason: 'cancelled', detail: 'cancelled before dialling' }
    if (!registered.ok) return { ok: false, reason: 'not-registered', detail: `${path}: ${registered.state}` }
    for (const { text, timeoutMs, prefixes } of call.before) await engine.command(text, timeoutMs, prefixes)
    if (signal.aborted) return { ok: false, reason: 'cancelled', detail: 'cancelled before dialling' }
    const abort = (): void => engine.abort(ABORTED_MS)
    signal.addEventListener('abort', abort, { once: true })
    const result = await this.#connect(`${call.dial}${number}`, call.connectMs, number)
    signal.removeEventListener('abort', abort)
    if (!signal.aborted) return result
    if (result.ok) await result.stream.hangUp()
    return { ok: false, reason: 'cancelled', detail: 'cancelled while dialling' }
  }

  /** Takes the ringing call. @param caller as +CLIP showed it */
  async answer(caller: string | undefined): Promise<DialResult> {
    const up = await this.#modem.ready()
    return up.ok ? this.#connect('ATA', ANSWER_MS, caller) : up
  }

  async #connect(command: string, timeoutMs: number, peer: string | undefined): Promise<DialResult> {
    const { engine, path } = this.#modem
    if (this.#modem.user !== undefined)
      return { ok: false, reason: 'busy', detail: `${path}: the modem is used already` }
    // Made before CONNECT: the first bytes of the call may come in the same read.
    const stream = new CallStream(
      peer,
      (bytes) => engine.write(bytes),
      () => this.#hangUp(stream),
    )
    this.#stream = stream
    const user = {
      deliver: (bytes: Uint8Array) => stream.deliver(bytes),
      left: (end: DataEnd | 'lost') => {
        stream.left(end)
        // Nobody has to hang up what is not there any more.
        if (end === 'lost') this.#free(stream)
      },
    }
    this.#modem.user = user
    const result = await engine.command(command, timeoutMs)
    if (result.final.type === 'connect') return { ok: true, stream, connect: result.final.text }
    this.#free(stream)
    return failure(path, result)
  }

  async #hangUp(stream: CallStream): Promise<void> {
    if (!(await backAtCommands(this.#modem))) return
    // After the other end hung up the modem is on hook, and ATH would turn away a caller who rings already.
    if (stream.ended !== 'remote') await this.#modem.engine.command('ATH', HANG_UP_MS)
    stream.end('local')
    this.#free(stream)
  }

  #free(stream: CallStream): void {
    if (this.#stream !== stream) return
    this.#stream = undefined
    this.#modem.user = undefined
    this.#onFree()
  }
}

function failure(path: string, { final }: AtResult): DialResult {
  switch (final.type) {
    case 'busy':
    case 'no-answer':
    case 'no-carrier':
    case 'no-dialtone':
      return { ok: false, reason: final.type, detail: `${path}: ${final.type}` }
    case 'reset':
      return { ok: false, reason: 'modem-absent', detail: `${path}: the modem vanished while it was dialling` }
    case 'timeout':
      return { ok: false, reason: 'modem-fault', detail: `${path}: the modem gave no answer to the dialling` }
    case 'error': {
      const known = explainModemError(final.text)
      const detail = known === undefined ? final.text : `${final.text}: ${known.what}; ${known.cure}`
      return { ok: false, reason: 'modem-fault', detail: `${path}: ${detail}` }
    }
    default:
      return { ok: false, reason: 'no-carrier', detail: `${path}: the dialling was aborted` }
  }
}
