import { type Clock, pause } from '../clock.ts'
import type { BroughtUp } from './bring-up.ts'
import { Modem, type ModemOptions } from './modem.ts'
import type { ModemPort } from './port.ts'
import type { Rung, Symptom } from './recovery.ts'
import { leaveData, restartRadio } from './rungs.ts'

/** A modem's power key, pressed as a finger would. It toggles: AT is asked before each press. */
export interface PowerKey {
  /** Resolves when it is released. */
  press(): Promise<void>
}

export interface ClimberOptions {
  readonly path: string
  readonly clock: Clock
  readonly openPort: (path: string) => Promise<ModemPort>
  readonly modem?: ModemOptions
  readonly powerKey?: PowerKey | undefined
}

export type Failed = Exclude<BroughtUp, { readonly ok: true }> & { readonly symptom: Symptom }

/** A modem that lives answers AT so soon, milliseconds. */
const ALIVE_MS = 1000
/** ATH and ATZ may have a call to end, milliseconds. */
const RESET_MS = 15_000
/** A modem that did not hear the reset is not waited for as one that boots, milliseconds. */
const UNHEARD_BOOT_MS = 3000
const BOOT_STEP_MS = 1000

/** Does what a rung of the ladder says (`recovery.ts`), as far as a modem that answers AT. */
export class Climber {
  readonly #options: ClimberOptions
  readonly #onLost: (modem: Modem, reason: 'dead' | 'gone') => void
  #trying: Modem | undefined
  #closed = false

  /** @param onLost of a modem that was handed out */
  constructor(options: ClimberOptions, onLost: (modem: Modem, reason: 'dead' | 'gone') => void) {
    this.#options = options
    this.#onLost = onLost
  }

  /** @param bootMs that this modem needs, milliseconds @returns in bounded time; the modem is the caller's to close */
  async climb(rung: Rung, bootMs: number): Promise<Modem | Failed> {
    const { powerKey, clock, path } = this.#options
    const opened = await this.#open()
    if (!('modem' in opened)) {
      // A key may give the port back to a modem that is off.
      if (rung !== 'power-key') return opened
      await powerKey?.press()
      return await this.#boots(bootMs)
    }
    const { modem, port } = opened
    const { engine } = modem
    if (rung === 'modem-reset') {
      const { final } = await engine.command('AT+CFUN=1,1', ALIVE_MS)
      await modem.close()
      return await this.#boots(final.type === 'ok' || final.type === 'reset' ? bootMs : UNHEARD_BOOT_MS)
    }
    if (rung === 'resync') await leaveData(port, clock)
    if (await alive(modem)) {
      if (rung === 'resync') await engine.command('ATH', RESET_MS)
      if (rung === 'soft-reset') await engine.command('ATZ', RESET_MS)
      if (rung === 'radio') await restartRadio(engine)
      return modem
    }
    await modem.close()
    if (rung !== 'power-key') return silent(path)
    await powerKey?.press()
    return await this.#boots(bootMs)
  }

  /** Ends what is tried, so that it fails at once. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#trying?.close()
  }

  /** Waits until it answers, at most so long: on a port that is opened anew each time, for that of a modem on USB goes with it. */
  async #boots(bootMs: number): Promise<Modem | Failed> {
    const { clock, path } = this.#options
    const until = clock.now() + bootMs
    let failed: Failed = silent(path)
    while (clock.now() < until && !this.#closed) {
      await pause(clock, BOOT_STEP_MS)
      const opened = await this.#open()
      if (!('modem' in opened)) {
        failed = opened
        continue
      }
      if (await alive(opened.modem)) return opened.modem
      await opened.modem.close()
    }
    return failed
  }

  async #open(): Promise<{ readonly modem: Modem; readonly port: ModemPort } | Failed> {
    const { path, clock, openPort, modem: options = {} } = this.#options
    let port: ModemPort
    try {
      port = await openPort(path)
    } catch (error) {
      return { ok: false, reason: 'modem-absent', detail: textOf(path, error), symptom: 'gone' }
    }
    const modem = new Modem(port, clock, options, (reason) => this.#onLost(modem, reason))
    this.#trying = modem
    if (!this.#closed) return { modem, port }
    await modem.close()
    return silent(path)
  }
}

/** One that says in the place of the answer that it starts lives as well. */
async function alive({ engine }: Modem): Promise<boolean> {
  const { final } = await engine.command('AT', ALIVE_MS)
  return final.type === 'ok' || (final.type === 'reset' && engine.usable)
}

/** A modem of which nothing is heard. */
export function silent(path: string): Failed {
  return { ok: false, reason: 'modem-absent', detail: `${path}: the modem does not answer AT`, symptom: 'silent' }
}

/** The port's own words: code and cure are its user's. */
function textOf(path: string, error: unknown): string {
  const it = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return `${path}: ${it instanceof Error ? it.message.replace(/^Error: /, '') : 'unknown fault'}`
}
