import type { Clock } from '../clock.ts'
import type { ModemPort } from '../modem/port.ts'
import type { LineStream } from '../stream.ts'
import { CallModem } from './call-modem.ts'

/** After the first RING, caller ID comes with it or with the second one (V.250 §6.3.3, TS 27.007 §7.6), milliseconds. */
const CALLER_WAIT_MS = 700

export interface AnswererEvents {
  /** A call was taken. Whoever gets it hangs it up, also after the other end did. */
  call(stream: LineStream): void
  /** The modem answers calls from now on. */
  ready(): void
  /** The modem cannot be used: close this answerer and open its port again later. Called once. */
  lost(detail: string): void
}

/** The server's end of the call bearer: waits for RING, takes note of the caller, answers, one call at a time. */
export class CallAnswerer {
  readonly #modem: CallModem
  readonly #clock: Clock
  readonly #events: AnswererEvents
  #caller: string | undefined
  #ringing = false
  #over = false
  #cancelWait = (): void => {}

  constructor(port: ModemPort, clock: Clock, events: AnswererEvents) {
    this.#clock = clock
    this.#events = events
    this.#modem = new CallModem(port, clock, {
      urc: (text) => this.#urc(text),
      lost: (reason) => this.#lose(`${port.path}: the modem is ${reason}`),
    })
    this.#start()
  }

  get path(): string {
    return this.#modem.path
  }

  async close(): Promise<void> {
    this.#over = true
    this.#cancelWait()
    await this.#modem.close()
  }

  #start(): void {
    this.#modem.ready().then(
      (init) => {
        if (init.ok) this.#events.ready()
        else this.#lose(init.detail)
      },
      (error: unknown) => this.#lose(String(error)),
    )
  }

  #urc(text: string): void {
    if (text === 'RDY') return this.#start()
    if (/^RING$|^\+CRING:/.test(text)) this.#ring()
    const caller = /^\+CLIP:\s*"(\+?[0-9*#]{0,20})"/.exec(text)?.[1]
    if (caller !== undefined) {
      this.#caller = caller === '' ? undefined : caller
      if (this.#ringing) this.#answer()
    }
  }

  #ring(): void {
    if (this.#ringing || this.#modem.busy) return
    this.#ringing = true
    this.#cancelWait = this.#clock.after(CALLER_WAIT_MS, () => this.#answer())
  }

  #answer(): void {
    this.#cancelWait()
    if (!this.#ringing || this.#over || this.#modem.busy) return
    this.#modem.answer(this.#caller).then(
      (result) => {
        this.#ringing = false
        this.#caller = undefined
        if (result.ok) this.#events.call(result.stream)
      },
      (error: unknown) => this.#lose(String(error)),
    )
  }

  #lose(detail: string): void {
    if (this.#over) return
    this.#over = true
    this.#cancelWait()
    this.#events.lost(detail)
  }
}
