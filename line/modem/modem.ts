import type { Clock } from '../clock.ts'
import type { DataUser, ModemAccess } from './access.ts'
import { type BroughtUp, bringUp } from './bring-up.ts'
import { AtEngine } from './engine.ts'
import { awaitRegistration, lookAround, type NetworkView, type Registered, type Service } from './network.ts'
import type { PinState } from './pin-state.ts'
import type { ModemPort } from './port.ts'
import { GENERIC } from './profiles/generic.ts'
import type { ModemProfile } from './profiles/profile.ts'
import type { SimOptions } from './sim-card.ts'

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

  /** @param onLost of no more use: open its port again. Called once. */
  constructor(port: ModemPort, clock: Clock, options: ModemOptions, onLost: (reason: 'dead' | 'gone') => void) {
    this.#clock = clock
    this.#options = options
    this.#onLost = onLost
    this.engine = new AtEngine(port, clock, {
      urc: (text) => this.#tell(text),
      data: (bytes) => this.user?.deliver(bytes),
      left: (end) => this.user?.left(end),
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

  /** Brings it up, once after opening and once after each reset. */
  async ready(): Promise<BroughtUp> {
    this.#up ??= bringUp(this.engine, this.#clock, this.#options.sim ?? NO_PIN, this.#options.profile)
    const running = this.#up
    const result = await running
    // A reset in the middle began it anew.
    if (this.#up !== running && this.#up !== undefined) return this.ready()
    this.#result = result
    if (!result.ok) this.#up = undefined
    return result
  }

  /** Is to be brought up again before its next use: it does not do as it is told. */
  doubt(): void {
    this.#up = undefined
  }

  /** @param timeoutMs milliseconds until the network does what this service needs */
  registered(service: Service, timeoutMs: number, signal: AbortSignal): Promise<Registered> {
    if (!this.profile.cellular) return Promise.resolve({ ok: true })
    return awaitRegistration(this.engine, this.#clock, service, timeoutMs, signal)
  }

  /** Asks how it hears, unless somebody uses it. @returns whether it still answers */
  async look(): Promise<boolean> {
    if (this.user !== undefined || !this.usable) return this.usable
    const alive = await this.engine.command('AT', 2000)
    if (alive.final.type !== 'ok' || this.user !== undefined) return alive.final.type === 'ok'
    this.#view = await lookAround(this.engine, this.profile)
    return true
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

  async close(): Promise<void> {
    this.#lost = true
    await this.engine.close()
  }

  #tell(text: string): void {
    for (const listener of [...this.#listeners]) listener(text)
  }

  #fault(kind: 'reset' | 'dead' | 'gone'): void {
    this.#up = undefined
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
