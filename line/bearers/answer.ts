import type { Clock } from '../clock.ts'
import type { Modem } from '../modem/modem.ts'
import { classifyUrc } from '../modem/urc.ts'
import type { LineStream } from '../stream.ts'
import { CallModem } from './call-modem.ts'

/** After the first RING, caller ID comes with it or with the second one (V.250 §6.3.3, TS 27.007 §7.6), milliseconds. */
const CALLER_WAIT_MS = 700
/** Rings repeat every 2 to 6 s: one that is older is of a caller who gave up, milliseconds. */
const RINGING_MS = 6000

export interface AnswererEvents {
  /** A call was taken. Whoever gets it hangs it up, also after the other end did. */
  call(stream: LineStream): void
  /** The modem reset, and answers calls again. */
  ready(): void
  /** It does not do as it is told after a reset. */
  failed(detail: string): void
}

/** The server's end of the call bearer: waits for RING, takes note of the caller, answers, one call at a time. */
export class CallAnswerer {
  readonly #modem: Modem
  readonly #calls: CallModem
  readonly #clock: Clock
  readonly #events: AnswererEvents
  readonly #stop: () => void
  #caller: string | undefined
  #ringing = false
  /** Somebody rang while the call before was not over yet. */
  #rangAt = Number.NEGATIVE_INFINITY
  #over = false
  #cancelWait = (): void => {}

  /** @param modem that was brought up */
  constructor(modem: Modem, clock: Clock, events: AnswererEvents) {
    this.#modem = modem
    this.#clock = clock
    this.#events = events
    this.#calls = new CallModem(modem, () => {
      // At once where the end of the call was crossed: a caller waits for less then, and comes with his number.
      if (modem.usable) modem.ready().catch(() => {})
      if (this.#clock.now() - this.#rangAt < RINGING_MS) this.#ring()
    })
    this.#stop = modem.onUrc((text) => this.#urc(text))
  }

  /** Answers nothing any more; a call that was taken stays its owner's. */
  close(): void {
    this.#over = true
    this.#cancelWait()
    this.#stop()
  }

  #urc(text: string): void {
    if (text === 'RDY') return this.#restart()
    const urc = classifyUrc(text)
    if (urc.type === 'ring') this.#ring()
    if (urc.type === 'caller') {
      this.#caller = urc.number
      if (this.#ringing) this.#answer()
    }
  }

  #restart(): void {
    this.#ringing = false
    this.#rangAt = Number.NEGATIVE_INFINITY
    this.#cancelWait()
    if (!this.#modem.usable) return
    this.#modem.ready().then(
      (up) => {
        if (this.#over) return
        if (up.ok) this.#events.ready()
        else this.#events.failed(up.detail)
      },
      (error: unknown) => this.#events.failed(String(error)),
    )
  }

  #ring(): void {
    if (this.#ringing || this.#over) return
    if (this.#calls.busy) {
      this.#rangAt = this.#clock.now()
      return
    }
    this.#rangAt = Number.NEGATIVE_INFINITY
    this.#ringing = true
    if (this.#caller !== undefined) return this.#answer()
    this.#cancelWait = this.#clock.after(CALLER_WAIT_MS, () => this.#answer())
  }

  #answer(): void {
    this.#cancelWait()
    if (!this.#ringing || this.#over || this.#calls.busy) return
    this.#calls.answer(this.#caller).then(
      (result) => {
        this.#ringing = false
        this.#caller = undefined
        if (result.ok) this.#events.call(result.stream)
      },
      (error: unknown) => this.#events.failed(String(error)),
    )
  }
}
