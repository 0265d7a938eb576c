import { PANEL_BUTTON, PANEL_FROM_CARD, PANEL_LIGHTS, type PanelFromWorld, readPanelLine } from '../wire/panel.ts'
import { BoundedLines } from '../wire/usb/lines.ts'
import type { Clock } from './clock.ts'
import { SimError } from './fault.ts'
import { Pty } from './pty.ts'
import type { PtyPoller } from './pty-poller.ts'

/** Changes of all lights that are kept, the last ones. */
const HISTORY_MAX = 200
/** A light that changed twice within this time blinks, milliseconds: longer than two halves of the slowest rhythm. */
const BLINK_MS = 1500
/** Longest press, milliseconds. */
export const PRESS_MAX_MS = 60_000

export type LightName = keyof typeof PANEL_LIGHTS
export type LightState = 'off' | 'on' | 'blinking'

export interface LightChange {
  readonly light: LightName
  readonly level: 0 | 1
  readonly atMs: number
}

/** What can be seen of a panel, and where its card's end is. */
export interface PanelView {
  readonly panel: number
  readonly path: string
  readonly lights: Readonly<Record<LightName, LightState>>
  readonly button: 'up' | 'down'
  readonly history: readonly LightChange[]
}

/** Lights and a button of a card, on a serial port of their own (wire/panel.ts): seen and pressed from outside. */
export class Panel {
  readonly number: number
  readonly #clock: Clock
  readonly #start: number
  readonly #pty: Pty
  readonly #levels = new Map<LightName, 0 | 1>()
  readonly #history: LightChange[] = []
  #release: (() => void) | undefined

  /** @param number from 1 @throws SimError NO_PTY */
  constructor(number: number, poller: PtyPoller, clock: Clock) {
    this.number = number
    this.#clock = clock
    this.#start = clock.now()
    const lines = new BoundedLines(
      (line) => this.#line(line),
      () => {},
    )
    this.#pty = new Pty(poller, clock, {
      room: () => 4096,
      data: (bytes) => lines.push(bytes),
      dtrDropped: () => {},
    })
  }

  get path(): string {
    return this.#pty.path
  }

  view(): PanelView {
    const names = Object.keys(PANEL_LIGHTS) as LightName[] // its own keys
    const lights = Object.fromEntries(names.map((name) => [name, this.#stateOf(name)])) as Record<LightName, LightState>
    const button = this.#release === undefined ? 'up' : 'down'
    return { panel: this.number, path: this.path, lights, button, history: [...this.#history] }
  }

  /** Presses the button now, and lets it go by itself. @param ms 1 … PRESS_MAX_MS @throws SimError PANEL_BUSY */
  press(ms: number): void {
    if (this.#release !== undefined) {
      throw new SimError('PANEL_BUSY', 'The button is down already.', 'Wait until it is released.')
    }
    this.#send({ pin: PANEL_BUTTON, level: 0 })
    const cancel = this.#clock.after(ms, () => this.#release?.())
    this.#release = () => {
      cancel()
      this.#release = undefined
      this.#send({ pin: PANEL_BUTTON, level: 1 })
    }
  }

  close(): void {
    this.#release?.()
    this.#pty.close()
  }

  #stateOf(light: LightName): LightState {
    const since = this.#clock.now() - this.#start - BLINK_MS
    const changes = this.#history.filter((it) => it.light === light && it.atMs >= since)
    if (changes.length > 1) return 'blinking'
    return this.#levels.get(light) === 1 ? 'on' : 'off'
  }

  #line(text: string): void {
    const it = readPanelLine(PANEL_FROM_CARD, text)
    if (it === undefined) return
    if ('panel' in it) {
      // Another program at this port: its lights begin dark.
      this.#levels.clear()
      this.#history.length = 0
      const levels = this.#release === undefined ? [] : [{ pin: PANEL_BUTTON, level: 0 as const }]
      return this.#send({ levels })
    }
    const light = (Object.keys(PANEL_LIGHTS) as LightName[]).find((name) => PANEL_LIGHTS[name] === it.pin) // as above
    if (light === undefined || (this.#levels.get(light) ?? 0) === it.level) return
    this.#levels.set(light, it.level)
    this.#history.push({ light, level: it.level, atMs: Math.round(this.#clock.now() - this.#start) })
    if (this.#history.length > HISTORY_MAX) this.#history.shift()
  }

  #send(it: PanelFromWorld): void {
    this.#pty.write(Buffer.from(`${JSON.stringify(it)}\n`))
  }
}

/** What the HTTP API asks of all panels. */
export class Panels {
  readonly #panels: readonly Panel[]

  constructor(panels: readonly Panel[]) {
    this.#panels = panels
  }

  views(): readonly PanelView[] {
    return this.#panels.map((it) => it.view())
  }

  /** @param body JSON: {"ms": 1 … PRESS_MAX_MS} @throws SimError UNKNOWN_NAME, COMMAND_INVALID, PANEL_BUSY */
  press(number: number, body: string): PanelView {
    const panel = this.#panels[number - 1]
    if (panel === undefined) {
      throw new SimError('UNKNOWN_NAME', `There is no panel ${number}.`, `There are ${this.#panels.length}.`)
    }
    panel.press(pressMs(body))
    return panel.view()
  }
}

function pressMs(body: string): number {
  const what = `Expected {"ms":N}, a whole number of 1 to ${PRESS_MAX_MS}.`
  let ms: unknown
  try {
    ms = JSON.parse(body)?.ms
  } catch (cause) {
    throw new SimError('COMMAND_INVALID', what, 'See sim/COMMANDS.md.', { cause })
  }
  if (typeof ms === 'number' && Number.isInteger(ms) && ms >= 1 && ms <= PRESS_MAX_MS) return ms
  throw new SimError('COMMAND_INVALID', what, 'See sim/COMMANDS.md.')
}
