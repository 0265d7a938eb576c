import type { Clock } from '../../line/clock.ts'
import type { BearerName } from '../../wire/line/ticket.ts'
import type { CallReport, LineState, NotificationParams, Params, Result } from '../../wire/usb/methods.ts'
import type { ConsentGate } from './consent.ts'
import { EnrolWork } from './enrol-work.ts'
import { type CardErrorCode, type CardProblem, type Outcome, problem, problemOf } from './errors.ts'
import { JobCall } from './job-call.ts'
import type { LinePort } from './line-call.ts'
import type { LineWork } from './line-work.ts'
import { LoginWork } from './login-work.ts'
import { type CardEffect, type CardEvent, type CardState, paysWith, step } from './machine.ts'
import { PayWork } from './pay-work.ts'
import { type EnrolledAddress, enrolledAddresses } from './phone-book.ts'
import type { BearerBudget } from './policy.ts'
import type { Vault } from './vault.ts'

/** A job with all its calls, milliseconds, counted anew when the user has allowed it: with the question before and the end of the last call
 * it stays under the six minutes that a PC waits. */
export const JOB_MS = 240_000
/** Looking at everything, milliseconds: networks that are searched for, a canary that must not answer. */
export const CHECK_MS = 120_000

export interface JobsOptions {
  readonly vault: Vault
  readonly line: LinePort
  readonly clock: Clock
  /** Seconds since 1970. */
  readonly nowSeconds: () => number
  /** Bearers of `line` with the time that each gets, best first. */
  readonly policy: readonly BearerBudget[]
  readonly events: JobEvents
  /** Without one nobody is ever asked. */
  readonly consent?: ConsentGate
}

export interface JobEvents {
  /** Each change of state, and each step of the job's embodiment, in order. */
  line(it: NotificationParams<'line.state'>): void
  /**
   * A job is over.
   * @param failure undefined when it succeeded; a refusal of the server is a success of the card
   * @param refused the server said no
   */
  ended(failure: CardProblem | undefined, refused: boolean): void
}

const TEXTS: Readonly<Record<LineState, string>> = {
  idle: 'no call',
  preparing: 'prepares the call',
  consenting: 'hold the button for one second to allow this call; let it go at once to refuse',
  dialling: 'calls the server',
  connected: 'the call stands',
  exchanging: 'sends and waits for the response',
  paying: 'sends the personal data and waits for the receipt',
  'hanging-up': 'ends the call',
}

/** Of `consenting`, where personal data are to go. */
const HOLD_FOR_DATA =
  'hold the button for three seconds to allow the call and the personal data; let it go earlier to refuse'

interface Running {
  readonly controller: AbortController
  readonly over: Promise<unknown>
}

/** The jobs of the card, one at a time: the effects of the machine on vault and line. */
export class LineJobs {
  readonly #options: JobsOptions
  #state: CardState = { name: 'idle' }
  #running: Running | undefined
  #closed = false
  /** The server refused what the last job wanted. */
  #refused = false

  constructor(options: JobsOptions) {
    this.#options = options
  }

  get state(): LineState {
    return this.#state.name
  }

  /** S2–S10. A refused login is a result. */
  login(params: Params<'line.login'>): Promise<Outcome<Result<'line.login'>>> {
    return this.#start(() => new LoginWork(this.#options.vault, this.#bearers, params, this.#options.consent))
  }

  /** S30–S36, S64–S70. A refused tag and a refused payment are results. */
  pay(params: Params<'line.pay'>): Promise<Outcome<Result<'line.pay'>>> {
    return this.#start(() => new PayWork(this.#options.vault, this.#bearers, params))
  }

  enrol(params: Params<'card.enrol'>): Promise<Outcome<Result<'card.enrol'>>> {
    const { vault, nowSeconds } = this.#options
    return this.#start(() => new EnrolWork(vault, this.#bearers, nowSeconds, params))
  }

  /** Looks at the line for `keyline doctor`, as a job that calls nobody. */
  async check(): Promise<Outcome<Result<'card.doctor'>>> {
    if (this.#running?.controller.signal.aborted) await this.#running.over
    if (this.#closed) return { ok: false, problem: problem('LINE_CANCELLED') }
    if (this.#running !== undefined) return { ok: false, problem: problem('CARD_BUSY') }
    const { line, clock } = this.#options
    const addresses = this.#addresses()
    const controller = new AbortController()
    const cancelLimit = clock.after(CHECK_MS, () => this.#abort(controller, 'LINE_TIMEOUT'))
    const over = line.check(addresses, controller.signal).finally(() => {
      cancelLimit()
      this.#running = undefined
    })
    this.#running = { controller, over }
    try {
      return { ok: true, result: { checks: [...(await over)] } }
    } catch (error) {
      return { ok: false, problem: problemOf(error) }
    }
  }

  /** Ends the running job, which hangs up first. @returns whether there was one */
  cancel(): boolean {
    if (this.#running === undefined) return false
    this.#abort(this.#running.controller, 'LINE_CANCELLED')
    return true
  }

  /** Resolves when no job runs and the line is hung up; nothing starts any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.cancel()
    await this.#running?.over
  }

  /** Undefined while the card is locked. */
  #addresses(): readonly EnrolledAddress[] | undefined {
    const { vault } = this.#options
    if (vault.locked !== undefined) return undefined
    const { enrolled } = vault.record
    return enrolled === undefined ? [] : enrolledAddresses(enrolled, this.#bearers)
  }

  get #bearers(): readonly BearerName[] {
    return this.#options.policy.map(({ bearer }) => bearer)
  }

  async #start<R>(make: () => LineWork<R>): Promise<Outcome<R>> {
    // One that was cancelled, e.g. by a PC that was restarted, only has to hang up: the next one waits for that.
    if (this.#running?.controller.signal.aborted) await this.#running.over
    if (this.#closed) return { ok: false, problem: problem('LINE_CANCELLED') }
    if (this.#running !== undefined) return { ok: false, problem: problem('CARD_BUSY') }
    const controller = new AbortController()
    const over = this.#run(make, controller)
    this.#running = { controller, over }
    const outcome = await over
    this.#options.events.ended(outcome.ok ? undefined : outcome.problem, this.#refused)
    return outcome
  }

  async #run<R>(make: () => LineWork<R>, controller: AbortController): Promise<Outcome<R>> {
    const { line, policy, clock } = this.#options
    const limit = (): (() => void) => clock.after(JOB_MS, () => this.#abort(controller, 'LINE_TIMEOUT'))
    let cancelLimit = limit()
    const onConsent = (): void => {
      cancelLimit()
      cancelLimit = limit()
    }
    let work: LineWork<R> | undefined
    let call: JobCall | undefined
    try {
      await Promise.resolve() // `#running` is set from here on
      work = make()
      call = new JobCall(work, line, policy, clock, controller.signal, this.#options.consent)
      return await this.#drive(work, call, onConsent)
    } catch (error) {
      return { ok: false, problem: problemOf(error) }
    } finally {
      cancelLimit()
      work?.wipe()
      await call?.hangUp()
      call?.end()
      this.#running = undefined
      if (this.#state.name !== 'idle') this.#enter({ name: 'idle' })
    }
  }

  /** Event by event until the machine says that it is over. */
  async #drive<R>(work: LineWork<R>, call: JobCall, onConsent: () => void): Promise<Outcome<R>> {
    let failure: CardProblem | undefined
    this.#refused = false
    let event: CardEvent = { type: 'start', job: work.kind }
    for (;;) {
      if (event.type === 'consented') onConsent()
      if (event.type === 'answered') this.#refused = !event.permitted
      if (event.type === 'received') this.#refused = !event.settled
      const next = step(this.#state, event)
      this.#show(next.state, next.effects)
      const effect = next.effects.at(-1)
      if (effect === undefined || effect.type === 'step') throw new RangeError('expected a step to end with work')
      if (effect.type === 'end') {
        if (effect.end.type === 'done') return { ok: true, result: work.result(call.report()) }
        const told = failure?.code === effect.end.code ? failure : problem(effect.end.code)
        return { ok: false, problem: withTried(told, call.report().tried) }
      }
      try {
        event = await call.perform(effect)
      } catch (error) {
        failure = problemOf(error)
        event = call.failed(failure)
      }
    }
  }

  #show(state: CardState, effects: readonly CardEffect[]): void {
    for (const effect of effects) {
      if (effect.type !== 'step') continue
      if (effect.at === state.name) this.#enter(state)
      this.#options.events.line({ state: effect.at, step: effect.step, text: effect.text })
    }
    this.#enter(state)
  }

  #enter(state: CardState): void {
    const changed = state.name !== this.#state.name
    this.#state = state
    if (!changed) return
    const text = state.name === 'consenting' && paysWith(state.job) ? HOLD_FOR_DATA : TEXTS[state.name]
    this.#options.events.line({ state: state.name, text })
  }

  #abort(controller: AbortController, code: CardErrorCode): void {
    if (!controller.signal.aborted) controller.abort(code)
  }
}

/** Where several bearers were tried, each is named with why it did not do. */
function withTried(told: CardProblem, tried: CallReport['tried']): CardProblem {
  if (tried.length < 2) return told
  const each = tried.map(({ bearer, ms, code }) => `${bearer} (${Math.round(ms / 1000)} s: ${code ?? told.code})`)
  return { ...told, what: `${told.what}; tried ${each.join(', ')}`.slice(0, 400) }
}
