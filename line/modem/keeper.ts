import type { Clock } from '../clock.ts'
import type { BroughtUp } from './bring-up.ts'
import { Modem, type ModemOptions, type ModemStatus } from './modem.ts'
import type { ModemPort } from './port.ts'
import { GENERIC } from './profiles/generic.ts'
import { type Attempt, nextAttempt, type Rung, type Symptom } from './recovery.ts'

/** A modem's power key, pressed as a finger would. It toggles: AT is asked before each press. */
export interface PowerKey {
  /** Resolves when it is released. */
  press(): Promise<void>
}

export type KeeperEvent =
  | { readonly event: 'modem.usable'; readonly detail: string }
  | { readonly event: 'modem.lost'; readonly detail: string; readonly againInMs: number }
  | { readonly event: 'modem.recovering'; readonly detail: string; readonly rung: Rung }

export interface KeeperOptions {
  readonly path: string
  readonly clock: Clock
  readonly openPort: (path: string) => Promise<ModemPort>
  readonly modem?: ModemOptions
  readonly powerKey?: PowerKey | undefined
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

type Failed = Exclude<BroughtUp, { readonly ok: true }> & { readonly symptom: Symptom }

/** Between two looks at a modem that nobody uses, milliseconds: a hung one is noticed within this time and the probing. */
const WATCH_MS = 15_000
/** A modem that lives answers AT so soon, milliseconds. */
const ALIVE_MS = 1000
/** +CFUN: registration ends and begins (TS 27.007 §8.2), milliseconds. */
const FUNCTION_MS = 15_000
/** A modem that did not hear the reset is not waited for as one that boots, milliseconds. */
const UNHEARD_BOOT_MS = 3000
const BOOT_STEP_MS = 1000

/** One modem for as long as the program runs: opened, brought up, watched, and got back whatever happens to it. */
export class ModemKeeper {
  readonly #options: KeeperOptions
  #modem: Modem | undefined
  /** Of the profile that it had when it was last up. */
  #bootMs = GENERIC.bootMs
  #attempt: Promise<Acquired> | undefined
  #symptom: Symptom = 'gone'
  #fails = 0
  #why: string | undefined
  #cancelTimer = (): void => {}
  #closed = false

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  get path(): string {
    return this.#options.path
  }

  /** Why it is not usable, as of the last attempt; undefined while it is. */
  get problem(): string | undefined {
    return this.#why
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
      this.#lose(modem, symptomOf(up), up.detail)
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
    await modem?.close()
    await this.#attempt?.catch(() => {})
  }

  #next(): Attempt {
    return nextAttempt(this.#symptom, this.#fails, this.#options.powerKey !== undefined)
  }

  #begin(rung: Rung): Promise<Acquired> {
    this.#attempt ??= this.#try(rung).finally(() => {
      this.#attempt = undefined
    })
    return this.#attempt
  }

  async #try(rung: Rung): Promise<Acquired> {
    const { path, log, onUp } = this.#options
    await this.#modem?.close()
    this.#modem = undefined
    if (rung !== 'reopen') log({ event: 'modem.recovering', detail: path, rung })
    const found = await this.#climb(rung)
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
    this.#watch(found)
    onUp?.(found)
    return { ok: true, modem: found }
  }

  /** Does what the rung says. @returns a modem that answers AT */
  async #climb(rung: Rung): Promise<Modem | Failed> {
    const { powerKey } = this.#options
    const modem = await this.#open()
    if (!(modem instanceof Modem)) {
      // A key may give the port back to a modem that is off.
      if (rung !== 'power-key') return modem
      await powerKey?.press()
      return await this.#boots(this.#bootMs)
    }
    const { engine } = modem
    if (rung === 'modem-reset') {
      const { final } = await engine.command('AT+CFUN=1,1', ALIVE_MS)
      await modem.close()
      return await this.#boots(final.type === 'ok' || final.type === 'reset' ? this.#bootMs : UNHEARD_BOOT_MS)
    }
    if (await alive(modem)) {
      if (rung === 'soft-reset') await engine.command('ATZ', FUNCTION_MS)
      if (rung === 'radio') {
        await engine.command('AT+CFUN=4', FUNCTION_MS)
        await engine.command('AT+CFUN=1', FUNCTION_MS)
      }
      return modem
    }
    await modem.close()
    if (rung !== 'power-key') return silent(modem.path)
    await powerKey?.press()
    return await this.#boots(this.#bootMs)
  }

  /** Waits until it answers, at most so long: on a port that is opened anew each time, for that of a modem on USB goes with it. */
  async #boots(bootMs: number): Promise<Modem | Failed> {
    const { clock, path } = this.#options
    const until = clock.now() + bootMs
    let failed: Failed = silent(path)
    while (clock.now() < until && !this.#closed) {
      await new Promise<void>((resolve) => void clock.after(BOOT_STEP_MS, resolve))
      const modem = await this.#open()
      if (modem instanceof Modem) {
        if (await alive(modem)) return modem
        await modem.close()
      } else failed = modem
    }
    return failed
  }

  async #open(): Promise<Modem | Failed> {
    const { path, clock, openPort } = this.#options
    let port: ModemPort
    try {
      port = await openPort(path)
    } catch (error) {
      return { ok: false, reason: 'modem-absent', detail: textOf(path, error), symptom: 'gone' }
    }
    const modem = new Modem(port, clock, this.#options.modem ?? {}, (reason) => {
      this.#lose(modem, reason === 'gone' ? 'gone' : 'silent', `${path}: the modem is ${reason}`)
    })
    if (!this.#closed) return modem
    await modem.close()
    return silent(path)
  }

  #failed({ reason, detail, cure, symptom }: Failed): Acquired {
    if (symptom !== this.#symptom) this.#fails = 0
    this.#symptom = symptom
    this.#fails++
    this.#why = cure === undefined ? detail : `${detail}; ${cure}`
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
    modem.close().catch(() => {})
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

  #watch(modem: Modem): void {
    this.#cancelTimer()
    if (this.#closed) return
    this.#cancelTimer = this.#options.clock.after(WATCH_MS, () => {
      modem.look().then(
        () => {
          if (this.#modem === modem && modem.usable) this.#watch(modem)
        },
        () => {},
      )
    })
  }
}

async function alive({ engine }: Modem): Promise<boolean> {
  return (await engine.command('AT', ALIVE_MS)).final.type === 'ok'
}

function silent(path: string): Failed {
  return { ok: false, reason: 'modem-absent', detail: `${path}: the modem does not answer AT`, symptom: 'silent' }
}

function symptomOf({ reason }: Exclude<BroughtUp, { readonly ok: true }>): Symptom {
  return reason === 'sim-unusable' ? 'sim' : reason === 'modem-absent' ? 'silent' : 'refusing'
}

/** The port's own words: code and cure are its user's. */
function textOf(path: string, error: unknown): string {
  const it = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return `${path}: ${it instanceof Error ? it.message.replace(/^Error: /, '') : 'unknown fault'}`
}
