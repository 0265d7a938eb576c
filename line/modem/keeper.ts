import type { BroughtUp } from './bring-up.ts'
import { Climber, type ClimberOptions, type Failed, silent } from './climber.ts'
import { Modem, type ModemStatus } from './modem.ts'
import { type OffAir, ON_AIR, offAir } from './off-air.ts'
import type { PinState } from './pin-state.ts'
import { GENERIC } from './profiles/generic.ts'
import { type Attempt, nextAttempt, type Rung, type Symptom } from './recovery.ts'
import { classifyUrc } from './urc.ts'

export type KeeperEvent =
  | { readonly event: 'modem.usable'; readonly detail: string }
  | { readonly event: 'modem.lost'; readonly detail: string; readonly againInMs: number }
  | { readonly event: 'modem.recovering'; readonly detail: string; readonly rung: Rung }

export interface KeeperOptions extends ClimberOptions {
  readonly log: (event: KeeperEvent) => void
  /** Each time it was brought up. */
  readonly onUp?: (modem: Modem) => void
  /** Each time it is lost after that. */
  readonly onLost?: () => void
}

export type Acquired =
  | { readonly ok: true; readonly modem: Modem }
  | {
      readonly ok: false
      readonly reason: 'modem-absent' | 'modem-fault' | 'sim-unusable'
      readonly detail: string
    }

type Refused = Exclude<BroughtUp, { readonly ok: true }>

/** Between two looks at a modem that nobody uses, milliseconds: a hung one is noticed within this time and the probing. */
const WATCH_MS = 15_000
/**
 * Longest that one attempt or look may take, milliseconds: each of its commands has a limit of its own, and together they stay below. What
 * lasts longer waits for something that never comes.
 */
export const STUCK_MS = 300_000
/** After it said something about its card or itself, milliseconds. */
const SOON_MS = 500

/** One modem for as long as the program runs: opened, brought up, watched, and got back whatever happens to it. */
export class ModemKeeper {
  readonly #options: KeeperOptions
  readonly #climber: Climber
  #modem: Modem | undefined
  /** Of the profile that it had when it was last up. */
  #bootMs = GENERIC.bootMs
  #attempt: Promise<Acquired> | undefined
  /** Of the modem before. */
  #closing: Promise<void> = Promise.resolve()
  #symptom: Symptom = 'gone'
  #fails = 0
  #why: string | undefined
  #off: OffAir = ON_AIR
  /** A look is under way or comes at once. */
  #soon = false
  #cancelTimer = (): void => {}
  #closed = false
  /** When what is under way began: attempts and looks. */
  readonly #under = new Set<{ readonly since: number }>()

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#climber = new Climber(options, (modem, reason) => {
      this.#lose(modem, reason === 'gone' ? 'gone' : 'silent', `${this.path}: the modem is ${reason}`)
    })
  }

  get path(): string {
    return this.#options.path
  }

  /** Why it is not usable, as of the last attempt; undefined while it is. */
  get problem(): string | undefined {
    return this.#why
  }

  /** False when an attempt or a look does not end. Between them, and without a modem, all is as it should be. */
  get progressing(): boolean {
    const now = this.#options.clock.now()
    return [...this.#under].every(({ since }) => now - since <= STUCK_MS)
  }

  /** As of the last look; undefined while it is not up. */
  get status(): ModemStatus | undefined {
    return this.#modem?.usable ? this.#modem.status() : undefined
  }

  /** @returns when it was brought up or could not be; goes on trying then */
  async start(): Promise<Acquired> {
    return this.#begin('reopen')
  }

  /** A modem that is up, or what one more attempt made of it: nobody who wants to call waits for a pause. */
  async acquire(): Promise<Acquired> {
    if (this.#closed) return { ok: false, reason: 'modem-absent', detail: `${this.path}: closed` }
    const modem = this.#modem
    if (modem?.usable) {
      const up = await modem.ready()
      if (up.ok) return { ok: true, modem }
      this.#lose(modem, symptomOf(up), textOf(up))
    }
    if (this.#attempt !== undefined) return this.#attempt
    this.#cancelTimer()
    return this.#begin(this.#next().rung)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancelTimer()
    const modem = this.#modem
    this.#modem = undefined
    await Promise.all([modem?.close(), this.#climber.close()])
    await this.#attempt?.catch(() => {})
  }

  #next(): Attempt {
    return nextAttempt(this.#symptom, this.#fails, this.#options.powerKey !== undefined)
  }

  #begin(rung: Rung): Promise<Acquired> {
    if (this.#attempt !== undefined) return this.#attempt
    const mark = this.#underWay()
    this.#attempt = this.#try(rung).finally(() => {
      this.#under.delete(mark)
      this.#attempt = undefined
    })
    return this.#attempt
  }

  #underWay(): { readonly since: number } {
    const mark = { since: this.#options.clock.now() }
    this.#under.add(mark)
    return mark
  }

  async #try(rung: Rung): Promise<Acquired> {
    const { path, log, onUp } = this.#options
    const before = this.#modem
    this.#modem = undefined
    // A port is opened by one at a time.
    await Promise.all([this.#closing, before?.close()])
    if (rung !== 'reopen') log({ event: 'modem.recovering', detail: path, rung })
    const found = await this.#climber.climb(rung, this.#bootMs)
    if (!(found instanceof Modem)) return this.#failed(found)
    const up = await found.ready()
    if (up.ok) await found.look()
    if (!up.ok || this.#closed || !found.usable) {
      await found.close()
      if (!up.ok) return this.#failed({ ...up, symptom: symptomOf(up) })
      return this.#failed(silent(path))
    }
    this.#modem = found
    this.#bootMs = found.profile.bootMs
    this.#fails = 0
    this.#why = undefined
    log({ event: 'modem.usable', detail: path })
    this.#soon = false
    found.onUrc((text) => this.#heard(found, text))
    this.#watch(found)
    onUp?.(found)
    return { ok: true, modem: found }
  }

  #failed(failed: Failed): Acquired {
    const { reason, symptom } = failed
    if (symptom !== this.#symptom) this.#fails = 0
    this.#symptom = symptom
    this.#fails++
    this.#why = textOf(failed)
    this.#retry()
    return { ok: false, reason, detail: this.#why }
  }

  #lose(modem: Modem, symptom: Symptom, detail: string): void {
    if (this.#modem !== modem || this.#closed) return
    this.#modem = undefined
    this.#symptom = symptom
    this.#fails = 0
    this.#why = detail
    this.#options.onLost?.()
    this.#retry()
    this.#closing = modem.close().catch(() => {})
  }

  #retry(): void {
    if (this.#closed) return
    const { rung, pauseMs } = this.#next()
    this.#options.log({ event: 'modem.lost', detail: this.#why ?? this.#options.path, againInMs: pauseMs })
    this.#cancelTimer()
    this.#cancelTimer = this.#options.clock.after(pauseMs, () => {
      this.#begin(rung).catch(() => {})
    })
  }

  #watch(modem: Modem, ms = WATCH_MS): void {
    this.#cancelTimer()
    if (this.#closed) return
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      this.#look(modem).catch(() => {})
    })
  }

  /** It said by itself that it started, goes off, or has no card any more: no reason to wait for the next look. */
  #heard(modem: Modem, text: string): void {
    if (this.#modem !== modem || this.#soon) return
    const { type } = classifyUrc(text)
    if (type !== 'boot' && type !== 'sim' && type !== 'power-down') return
    this.#soon = true
    this.#watch(modem, SOON_MS)
  }

  async #look(modem: Modem): Promise<void> {
    this.#soon = true
    const mark = this.#underWay()
    try {
      const trouble = await modem.look()
      // It is lost already, or somebody uses it: then nothing is to be asked.
      if (this.#modem === modem && modem.usable && modem.user === undefined) {
        if (trouble !== undefined) this.#lose(modem, 'card', trouble)
        else await this.#keepUp(modem)
      }
    } finally {
      this.#under.delete(mark)
      this.#soon = false
      if (this.#modem === modem && modem.usable) this.#watch(modem)
    }
  }

  /** Brings it up again after a reset; and off the air and on again where no network was found for long. */
  async #keepUp(modem: Modem): Promise<void> {
    const { clock, log, path } = this.#options
    const { off, restart } = offAir(this.#off, modem.status().registration, clock.now())
    this.#off = off
    if (restart) {
      log({ event: 'modem.recovering', detail: `${path}: no network`, rung: 'radio' })
      await modem.restartRadio()
    }
    const up = await modem.ready()
    if (!up.ok) this.#lose(modem, symptomOf(up), textOf(up))
  }
}

/** Of these another look, or a start, may make an end; the others need a human. */
const CARD_STATES: readonly (PinState | undefined)[] = ['absent', 'failed', 'not-yet', 'unknown']

function symptomOf({ reason, sim }: Refused): Symptom {
  if (reason === 'sim-unusable') return CARD_STATES.includes(sim) ? 'card' : 'sim'
  return reason === 'modem-absent' ? 'silent' : 'refusing'
}

function textOf({ detail, cure }: Refused): string {
  return cure === undefined ? detail : `${detail}; ${cure}`
}
