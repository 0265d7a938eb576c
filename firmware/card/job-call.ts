import type { Clock } from '../../line/clock.ts'
import type { DialFailure } from '../../line/stream.ts'
import type { CallReport } from '../../wire/usb/methods.ts'
import type { ConsentGate } from './consent.ts'
import { CARD_ERRORS, CardError, type CardErrorCode, type CardProblem, problemOf } from './errors.ts'
import { type CountName, JobRoute } from './job-route.ts'
import type { LineCall, LinePort } from './line-call.ts'
import type { LineWork } from './line-work.ts'
import type { CardEffect, CardEvent } from './machine.ts'
import type { EnrolledAddress } from './phone-book.ts'
import type { BearerBudget } from './policy.ts'
import { pause, within, withinAfter } from './waiting.ts'

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
  'not-registered': 'LINE_NOT_REGISTERED',
  'sim-unusable': 'SIM_UNUSABLE',
  internet: 'LINE_IS_INTERNET',
}

type Work = Exclude<CardEffect, { readonly type: 'step' | 'end' }>

/** The calls of one job: each work of the machine ends, in bounded time, with one event or a CardError. */
export class JobCall {
  readonly #work: LineWork<unknown>
  readonly #line: LinePort
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #route: JobRoute
  readonly #consent: ConsentGate | undefined
  #call: LineCall | undefined
  #address: EnrolledAddress | undefined
  #message: Uint8Array | undefined
  #earlier = false
  #attempts = 0
  #firstDialAt: number | undefined
  #setupMs = 0
  #exchangeMs = 0

  /** @param signal ends any work but the hanging up; its reason is the code */
  constructor(
    work: LineWork<unknown>,
    line: LinePort,
    policy: readonly BearerBudget[],
    clock: Clock,
    signal: AbortSignal,
    consent?: ConsentGate,
  ) {
    this.#consent = consent
    this.#route = new JobRoute(policy, clock)
    this.#work = work
    this.#line = line
    this.#clock = clock
    this.#signal = signal
  }

  /** Over all calls of the job. */
  report(): CallReport {
    const tried = [...this.#route.tried()]
    const sum = (name: CountName): number => tried.reduce((all, row) => all + row[name], 0)
    return {
      bytesUp: sum('bytesUp'),
      bytesDown: sum('bytesDown'),
      messagesUp: sum('messagesUp'),
      messagesDown: sum('messagesDown'),
      setupMs: this.#setupMs,
      exchangeMs: this.#exchangeMs,
      attempts: this.#attempts,
      tried,
    }
  }

  /** A work of this job failed. @returns the event that it ends with */
  failed({ code }: CardProblem): CardEvent {
    // Once the job is cancelled there is no other call, whatever the policy says.
    const again = this.#route.failed(code) && !this.#signal.aborted
    return { type: 'failed', code, again }
  }

  async perform(effect: Work): Promise<CardEvent> {
    if (effect.type === 'hang-up') {
      await this.hangUp()
      return { type: 'hung-up' }
    }
    this.#stopIfCancelled(this.#signal)
    switch (effect.type) {
      case 'prepare':
        return this.#prepare()
      case 'consent':
        return await this.#askConsent()
      case 'pause':
        await pause(this.#clock, this.#route.pauseMs, this.#signal)
        this.#stopIfCancelled(this.#signal)
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

  /** Of the whole job: to be called when nothing follows any more. */
  end(): void {
    this.#route.end()
  }

  #prepare(): CardEvent {
    if (this.#work.prepare() === 'known') return { type: 'known' }
    const { purpose } = this.#work
    if (this.#consent?.wish(purpose) !== undefined) return { type: 'asks' }
    const earlier = this.#consent?.unasked(purpose)
    if (earlier !== undefined) this.#work.consented?.(earlier)
    return { type: 'ready' }
  }

  async #askConsent(): Promise<CardEvent> {
    const wish = this.#consent?.wish(this.#work.purpose)
    if (this.#consent === undefined || wish === undefined) throw new CardError('CARD_FAULT')
    const consent = await this.#consent.ask(wish, this.#signal).finally(() => this.#stopIfCancelled(this.#signal))
    this.#work.consented?.(consent)
    return { type: 'consented' }
  }

  async #dial(): Promise<CardEvent> {
    this.#address = this.#route.begin(this.#work.addresses())
    this.#attempts++
    this.#firstDialAt ??= this.#clock.now()
    const signal = this.#inTime()
    const dialling = this.#line.call(this.#address, signal)
    const result = await withinAfter(this.#clock, ABORT_MS, signal, dialling)
    if (result === undefined) {
      // Should it come about after all, nobody wants it any more.
      dialling.then((late) => (late.ok ? late.call.hangUp() : undefined)).catch(() => {})
      this.#stopIfCancelled(signal)
      throw new CardError('MODEM_FAULT')
    }
    if (!result.ok) {
      this.#stopIfCancelled(signal)
      throw new CardError(DIAL_CODES[result.reason], result.detail)
    }
    this.#call = result.call
    this.#setupMs = Math.round(this.#clock.now() - this.#firstDialAt)
    return { type: 'connected' }
  }

  /** Until the time of the job or of its bearer is over. */
  #inTime(): AbortSignal {
    return AbortSignal.any([this.#signal, this.#route.signal])
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
    const { permitted } = this.#work.accept(await this.#ask(this.#message, this.#inTime()))
    return this.#earlier ? { type: 'earlier-answered' } : { type: 'answered', permitted }
  }

  /** From the first byte on only the server knows what became of it, whatever goes wrong here. */
  async #pay(): Promise<CardEvent> {
    const { payment } = this.#work
    if (payment === undefined) throw new CardError('CARD_FAULT')
    const message = payment.message()
    try {
      return { type: 'received', settled: payment.received(await this.#ask(message, this.#signal)).settled }
    } catch (cause) {
      throw new CardError('LINE_OUTCOME_UNKNOWN', problemOf(cause).what, { cause })
    }
  }

  /** @throws CardError LINE_LOST, LINE_NO_RESPONSE, or the code that the signal carries */
  async #ask(message: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const call = this.#call
    if (call === undefined) throw new CardError('CARD_FAULT')
    const response = await withinAfter(this.#clock, 0, signal, call.request(message, signal))
    if (response !== undefined) return response
    this.#stopIfCancelled(signal)
    throw new CardError(call.lost ? 'LINE_LOST' : 'LINE_NO_RESPONSE')
  }

  #add(call: LineCall): void {
    const report = call.report()
    this.#route.cost(report)
    this.#exchangeMs = report.exchangeMs
  }

  /** @throws CardError with the code that the signal carries */
  #stopIfCancelled(signal: AbortSignal): void {
    if (!signal.aborted) return
    const reason: unknown = signal.reason
    throw new CardError(isCode(reason) ? reason : 'LINE_CANCELLED')
  }
}

function isCode(reason: unknown): reason is CardErrorCode {
  return typeof reason === 'string' && Object.hasOwn(CARD_ERRORS, reason)
}
