import type { Clock } from '../clock.ts'
import { AtEngine } from '../modem/engine.ts'
import { initModem, type ModemInit } from '../modem/init.ts'
import type { AtResult } from '../modem/machine.ts'
import type { ModemPort } from '../modem/port.ts'
import type { DialResult } from '../stream.ts'
import { CallStream } from './call-stream.ts'

/** From ATD or ATA to CONNECT, milliseconds: ringing, training of the modems (TS 27.007 gives none, V.250 S7 allows 255 s). */
const CONNECT_MS = 90_000
/** A modem answers AT at once, milliseconds. */
const ALIVE_MS = 2000
const HANG_UP_MS = 10_000
/** Attempts of `+++` until the port is closed, which drops DTR. */
const ESCAPES = 2

export interface CallModemEvents {
  /** RING, +CLIP and all else that the modem says by itself; RDY when it has reset and wants `ready` again. */
  urc(text: string): void
  /** The modem is of no more use: open its port again. Called once. */
  lost(reason: 'dead' | 'gone'): void
}

/** One modem and at most one call: what dialling and answering have in common. */
export class CallModem {
  readonly #engine: AtEngine
  readonly #events: CallModemEvents
  #stream: CallStream | undefined
  #ready: Promise<ModemInit> | undefined
  #guardMs = 0
  #lost = false

  constructor(port: ModemPort, clock: Clock, events: CallModemEvents) {
    this.#events = events
    this.#engine = new AtEngine(port, clock, {
      urc: (text) => events.urc(text),
      data: (bytes) => this.#stream?.deliver(bytes),
      left: (end) => this.#stream?.end(end === 'carrier' ? 'remote' : 'local'),
      fault: (kind) => this.#fault(kind),
    })
  }

  get path(): string {
    return this.#engine.path
  }

  get usable(): boolean {
    return this.#engine.usable && !this.#lost
  }

  get busy(): boolean {
    return this.#stream !== undefined
  }

  /** Once after opening and after each reset of the modem. */
  async ready(): Promise<ModemInit> {
    this.#ready ??= initModem(this.#engine)
    const init = await this.#ready
    if (init.ok) this.#guardMs = init.guardMs
    else this.#ready = undefined
    return init
  }

  /** @param number digits, with `+` where international: checked against the enrolled ones by the caller */
  async dial(number: string, signal: AbortSignal): Promise<DialResult> {
    const init = await this.ready()
    if (!init.ok) return init
    if (signal.aborted) return { ok: false, reason: 'cancelled', detail: 'cancelled before dialling' }
    // A modem that fell silent since must not keep its caller waiting as long as a ringing may take.
    const alive = await this.#engine.command('AT', ALIVE_MS)
    if (alive.final.type !== 'ok') {
      this.#ready = undefined
      return { ok: false, reason: 'modem-absent', detail: `${this.path}: the modem does not answer AT` }
    }
    const abort = (): void => this.#engine.abort()
    if (signal.aborted) return { ok: false, reason: 'cancelled', detail: 'cancelled before dialling' }
    signal.addEventListener('abort', abort, { once: true })
    const result = await this.#connect(`ATD${number}`, number)
    signal.removeEventListener('abort', abort)
    if (!signal.aborted) return result
    if (result.ok) await result.stream.hangUp()
    return { ok: false, reason: 'cancelled', detail: 'cancelled while dialling' }
  }

  /** Takes the ringing call. @param caller as +CLIP showed it */
  answer(caller: string | undefined): Promise<DialResult> {
    return this.#connect('ATA', caller)
  }

  async close(): Promise<void> {
    this.#lost = true
    await this.#engine.close()
  }

  async #connect(command: string, peer: string | undefined): Promise<DialResult> {
    // Made before CONNECT: the first bytes of the call may come in the same read.
    const stream = new CallStream(
      peer,
      (bytes) => this.#engine.write(bytes),
      () => this.#hangUp(stream),
    )
    this.#stream = stream
    const result = await this.#engine.command(command, CONNECT_MS)
    if (result.final.type === 'connect') return { ok: true, stream, connect: result.final.text }
    if (this.#stream === stream) this.#stream = undefined
    return failure(this.path, result)
  }

  async #hangUp(stream: CallStream): Promise<void> {
    for (let tries = 0; this.#engine.inData && tries < ESCAPES; tries++) await this.#engine.escape(this.#guardMs)
    if (this.#engine.inData) {
      // It hears no `+++`: closing the port drops DTR, and whoever owns this modem opens it again.
      await this.#engine.close()
      return
    }
    // After the other end hung up the modem is on hook, and ATH would turn away a caller who rings already.
    if (stream.ended !== 'remote') await this.#engine.command('ATH', HANG_UP_MS)
    stream.end('local')
    if (this.#stream === stream) this.#stream = undefined
  }

  #fault(kind: 'reset' | 'dead' | 'gone'): void {
    this.#ready = undefined
    this.#stream?.end('modem')
    this.#stream = undefined
    if (kind === 'reset') return this.#events.urc('RDY')
    if (this.#lost) return
    this.#lost = true
    this.#events.lost(kind)
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
    case 'error':
      return { ok: false, reason: 'modem-fault', detail: `${path}: ${final.text}` }
    default:
      return { ok: false, reason: 'no-carrier', detail: `${path}: the dialling was aborted` }
  }
}
