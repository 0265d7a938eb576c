import type { Clock } from '../clock.ts'
import type { DataUser, ModemAccess } from './access.ts'
import { type BroughtUp, bringUp } from './bring-up.ts'
import { AtEngine } from './engine.ts'
import { awaitRegistration, lookAround, type NetworkView, type Registered, type Service } from './network.ts'
import type { PinState } from './pin-state.ts'
import type { ModemPort } from './port.ts'
import { GENERIC } from './profiles/generic.ts'
import type { ModemProfile } from './profiles/profile.ts'
import { atMost, restartRadio } from './rungs.ts'
import { iccidOf, type SimOptions, stateOf } from './sim-card.ts'

export interface ModemOptions {
  /** What it is, where its own word is not to be trusted. */
  readonly profile?: ModemProfile | undefined
  readonly sim?: SimOptions | undefined
}

/** What a modem is and hears, as of the last look. */
export interface ModemStatus extends NetworkView {
  readonly path: string
  /** Id and name of its profile; undefined before it was recognised. */
  readonly profile: string | undefined
  readonly name: string | undefined
  readonly sim: PinState
}

/** Without a PIN nothing is ever entered, and nothing refused. */
const NO_PIN: SimOptions = {
  pin: () => undefined,
  marks: { all: () => new Set(), add: () => {}, remove: () => {} },
}
const UNSEEN: NetworkView = {
  registration: undefined,
  operator: undefined,
  signalDbm: undefined,
  signalBars: undefined,
}
const MODEM_GUARD_MS = 1060
/** A modem that lives answers AT so soon, milliseconds. */
const ALIVE_MS = 2000
const CARD_MS = 10_000
/** A driver that hangs must not hold up whoever wants the modem back, milliseconds. */
const CLOSE_MS = 5000
/** A modem may reset in the middle of its bring-up, but not for ever. */
const STARTS_MAX = 5

/** One modem on an opened port, from bring-up until it hangs, resets or vanishes. Bearers share it, one at a time in data mode. */
export class Modem implements ModemAccess {
  readonly engine: AtEngine
  user: DataUser | undefined
  readonly #clock: Clock
  readonly #options: ModemOptions
  readonly #onLost: (reason: 'dead' | 'gone') => void
  readonly #listeners = new Set<(text: string) => void>()
  #up: Promise<BroughtUp> | undefined
  #result: BroughtUp | undefined
  #view = UNSEEN
  #lost = false
  /** Each time that what was known of it is void. */
  #starts = 0

  /** @param onLost of no more use: open its port again. Called once. */
  constructor(port: ModemPort, clock: Clock, options: ModemOptions, onLost: (reason: 'dead' | 'gone') => void) {
    this.#clock = clock
    this.#options = options
    this.#onLost = onLost
    this.engine = new AtEngine(port, clock, {
      urc: (text) => this.#tell(text),
      data: (bytes) => this.user?.deliver(bytes),
      left: (end, spoilt) => {
        if (spoilt) this.doubt()
        this.user?.left(end)
      },
      fault: (kind) => this.#fault(kind),
    })
  }

  get path(): string {
    return this.engine.path
  }

  get usable(): boolean {
    return this.engine.usable && !this.#lost
  }

  get profile(): ModemProfile {
    return this.#result?.ok ? this.#result.profile : (this.#options.profile ?? GENERIC)
  }

  get guardMs(): number {
    return this.#result?.ok ? this.#result.guardMs : MODEM_GUARD_MS
  }

  /** Brings it up, once after opening and once after each reset, also after one in the middle of it. */
  async ready(): Promise<BroughtUp> {
    for (let tries = 0; tries < STARTS_MAX; tries++) {
      const starts = this.#starts
      this.#up ??= bringUp(this.engine, this.#clock, this.#options.sim ?? NO_PIN, this.#options.profile)
      const running = this.#up
      const result = await running
      if (starts !== this.#starts && this.usable) continue
      this.#result = result
      if (!result.ok && this.#up === running) this.#up = undefined
      return result
    }
    return { ok: false, reason: 'modem-fault', detail: `${this.path}: the modem starts anew again and again` }
  }

  /** Is to be brought up again before its next use: it does not do as it is told. */
  doubt(): void {
    this.#up = undefined
    this.#starts++
  }

  /** @param timeoutMs milliseconds until the network does what this service needs */
  registered(service: Service, timeoutMs: number, signal: AbortSignal): Promise<Registered> {
    if (!this.profile.cellular) return Promise.resolve({ ok: true })
    return awaitRegistration(this.engine, this.#clock, service, timeoutMs, signal)
  }

  /**
   * Asks how it is and how it hears, unless somebody uses it. A modem that hangs is lost by this.
   * @returns what is wrong with its SIM card; undefined when nothing is
   */
  async look(): Promise<string | undefined> {
    if (this.user !== undefined || !this.usable) return undefined
    const alive = await this.engine.command('AT', ALIVE_MS)
    if (alive.final.type !== 'ok') return undefined
    const trouble = await this.#lookAtCard()
    if (trouble !== undefined || this.user !== undefined || !this.usable) return trouble
    this.#view = await lookAround(this.engine, this.profile)
    return undefined
  }

  /** Off the air and on again: the network is looked for anew, and some modems ask for their PIN again. */
  async restartRadio(): Promise<void> {
    await restartRadio(this.engine)
    this.#view = UNSEEN
    this.doubt()
  }

  status(): ModemStatus {
    const up = this.#result?.ok ? this.#result : undefined
    return {
      path: this.path,
      profile: up?.profile.id,
      name: up?.profile.name,
      sim: up?.sim ?? 'unknown',
      ...this.#view,
    }
  }

  onUrc(listener: (text: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @returns in bounded time; no more is heard of it */
  async close(): Promise<void> {
    this.#lost = true
    await atMost(this.#clock, CLOSE_MS, this.engine.close())
  }

  /** Is the card that it was brought up with still ready? Not every modem says so when one is pulled out. */
  async #lookAtCard(): Promise<string | undefined> {
    const up = this.#result
    if (this.user !== undefined || this.#up === undefined || !up?.ok || up.sim !== 'ready') return undefined
    const starts = this.#starts
    const state = stateOf(await this.engine.command('AT+CPIN?', CARD_MS, ['+CPIN']))
    const iccid = up.iccid === undefined ? undefined : await iccidOf(this.engine, up.profile)
    // It started anew meanwhile, or left the question open.
    if (starts !== this.#starts || state === undefined) return undefined
    if (state !== 'ready') return `${this.path}: the SIM card is not ready any more (${state})`
    const isOther = iccid !== undefined && iccid !== up.iccid
    return isOther ? `${this.path}: another SIM card was put in` : undefined
  }

  #tell(text: string): void {
    for (const listener of [...this.#listeners]) listener(text)
  }

  #fault(kind: 'reset' | 'dead' | 'gone'): void {
    this.doubt()
    this.#view = UNSEEN
    const { user } = this
    this.user = undefined
    user?.left('lost')
    this.#tell('RDY')
    if (kind === 'reset' || this.#lost) return
    this.#lost = true
    this.#onLost(kind)
  }
}
