import type { Clock } from '../../line/clock.ts'
import type { DialFailure } from '../../line/stream.ts'
import type { CallReport } from '../../wire/usb/methods.ts'
import { CARD_ERRORS, CardError, type CardErrorCode, problemOf } from './errors.ts'
import type { LineCall, LinePort } from './line-call.ts'
import type { LineWork } from './line-work.ts'
import type { CardEffect, CardEvent } from './machine.ts'
import { pause, within, withinAfter } from './waiting.ts'

/** Before the second and the third call, milliseconds: a number that was busy or a cell that was lost needs a moment. */
export const PAUSES_MS = [3000, 10_000] as const
/** A dialling that was aborted must come back within this time, milliseconds; then the modem is not waited for any more. */
const ABORT_MS = 15_000
/** A hanging up, milliseconds: two escapes with their guard times and ATH, and some more. */
export const HANG_UP_MS = 20_000

const DIAL_CODES: Readonly<Record<DialFailure, CardErrorCode>> = {
  busy: 'LINE_BUSY',
  'no-answer': 'LINE_NO_ANSWER',
  'no-carrier': 'LINE_NO_CARRIER',
  'no-dialtone': 'LINE_NO_DIALTONE',
  'modem-absent': 'MODEM_ABSENT',
  'modem-fault': 'MODEM_FAULT',
  cancelled: 'LINE_CANCELLED',
}

type Work = Exclude<CardEffect, { readonly type: 'step' | 'end' }>

/** The calls of one job: each work of the machine ends, in bounded time, with one event or a CardError. */
export class JobCall {
  readonly #work: LineWork<unknown>
  readonly #line: LinePort
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #call: LineCall | undefined
  #address: ReturnType<LineWork<unknown>['address']> | undefined
  #message: Uint8Array | undefined
  #earlier = false
  #attempts = 0
  #firstDialAt: number | undefined
  #report = { bytesUp: 0, bytesDown: 0, messagesUp: 0, messagesDown: 0, setupMs: 0, exchangeMs: 0 }

  /** @param signal ends any work but the hanging up; its reason is the code */
  constructor(work: LineWork<unknown>, line: LinePort, clock: Clock, signal: AbortSignal) {
    this.#work = work
    this.#line = line
    this.#clock = clock
    this.#signal = signal
  }

  /** Over all calls of the job. */
  report(): CallReport {
    return { ...this.#report, attempts: this.#attempts }
  }

  async perform(effect: Work): Promise<CardEvent> {
    if (effect.type === 'hang-up') {
      await this.hangUp()
      return { type: 'hung-up' }
    }
    this.#stopIfCancelled()
    switch (effect.type) {
      case 'prepare':
        return { type: this.#work.prepare() === 'known' ? 'known' : 'ready' }
      case 'pause':
        await pause(this.#clock, PAUSES_MS[effect.attempts - 1] ?? PAUSES_MS[1], this.#signal)
        this.#stopIfCancelled()
        return { type: 'ready' }
      case 'dial':
        return await this.#dial()
      case 'request':
        return this.#request()
      case 'exchange':
        return await this.#exchange()
      case 'pay':
        return await this.#pay()
    }
  }

  /** In bounded time, whatever the modem does; harmless without a call. */
  async hangUp(): Promise<void> {
    const call = this.#call
    if (call === undefined) return
    this.#call = undefined
    this.#add(call)
    await within(this.#clock, HANG_UP_MS, call.hangUp()).catch(() => {})
  }

  async #dial(): Promise<CardEvent> {
    this.#address = this.#work.address(this.#attempts)
    this.#attempts++
    this.#firstDialAt ??= this.#clock.now()
    const dialling = this.#line.call(this.#address, this.#signal)
    const result = await withinAfter(this.#clock, ABORT_MS, this.#signal, dialling)
    if (result === undefined) {
      // Should it come about after all, nobody wants it any more.
      dialling.then((late) => (late.ok ? late.call.hangUp() : undefined)).catch(() => {})
      this.#stopIfCancelled()
      throw new CardError('MODEM_FAULT')
    }
    if (!result.ok) {
      this.#stopIfCancelled()
      throw new CardError(DIAL_CODES[result.reason], result.detail)
    }
    this.#call = result.call
    this.#report.setupMs = Math.round(this.#clock.now() - this.#firstDialAt)
    return { type: 'connected' }
  }

  #request(): CardEvent {
    if (this.#address === undefined) throw new CardError('CARD_FAULT')
    const { message, earlier } = this.#work.request(this.#address)
    this.#message = message
    this.#earlier = earlier
    return { type: 'sending', earlier }
  }

  async #exchange(): Promise<CardEvent> {
    if (this.#message === undefined) throw new CardError('CARD_FAULT')
    const { permitted } = this.#work.accept(await this.#ask(this.#message))
    return this.#earlier ? { type: 'earlier-answered' } : { type: 'answered', permitted }
  }

  /** From the first byte on only the server knows what became of it, whatever goes wrong here. */
  async #pay(): Promise<CardEvent> {
    const { payment } = this.#work
    if (payment === undefined) throw new CardError('CARD_FAULT')
    const message = payment.message()
    try {
      return { type: 'received', settled: payment.received(await this.#ask(message)).settled }
    } catch (cause) {
      throw new CardError('LINE_OUTCOME_UNKNOWN', problemOf(cause).what, { cause })
    }
  }

  /** @throws CardError LINE_LOST, LINE_NO_RESPONSE, or the code that the signal carries */
  async #ask(message: Uint8Array): Promise<Uint8Array> {
    const call = this.#call
    if (call === undefined) throw new CardError('CARD_FAULT')
    const response = await withinAfter(this.#clock, 0, this.#signal, call.request(message, this.#signal))
    if (response !== undefined) return response
    this.#stopIfCancelled()
    throw new CardError(call.lost ? 'LINE_LOST' : 'LINE_NO_RESPONSE')
  }

  #add(call: LineCall): void {
    const { exchangeMs, ...counts } = call.report()
    for (const name of ['bytesUp', 'bytesDown', 'messagesUp', 'messagesDown'] as const) {
      this.#report[name] += counts[name]
    }
    this.#report.exchangeMs = exchangeMs
  }

  /** @throws CardError with the code that the signal carries */
  #stopIfCancelled(): void {
    if (!this.#signal.aborted) return
    const reason: unknown = this.#signal.reason
    throw new CardError(isCode(reason) ? reason : 'LINE_CANCELLED')
  }
}

function isCode(reason: unknown): reason is CardErrorCode {
  return typeof reason === 'string' && Object.hasOwn(CARD_ERRORS, reason)
}
