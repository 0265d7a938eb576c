import type { LineState } from '../../wire/usb/methods.ts'

/** One light, real or not. */
export interface Light {
  on(): void
  off(): void
  /** @param ms on, and as long off */
  blink(ms: number): void
}

export type LineLight = 'off' | 'blink' | 'on'

/** What the user sees of a call: it blinks while one is being made, and is on while the line stands. */
export const LINE_LIGHTS: Readonly<Record<LineState, LineLight>> = {
  idle: 'off',
  preparing: 'blink',
  dialling: 'blink',
  connected: 'on',
  exchanging: 'on',
  paying: 'on',
  'hanging-up': 'on',
}

export const BLINK_MS = 250

/** Shows the states of the card. The fault light is on from a job that failed until the next one begins. */
export class Lights {
  readonly #line: Light
  readonly #fault: Light
  #shown: LineLight = 'off'

  constructor(line: Light, fault: Light) {
    this.#line = line
    this.#fault = fault
  }

  state(state: LineState): void {
    if (state === 'preparing') this.#fault.off()
    const wanted = LINE_LIGHTS[state]
    if (wanted === this.#shown) return
    this.#shown = wanted
    if (wanted === 'blink') this.#line.blink(BLINK_MS)
    else this.#line[wanted]()
  }

  failed(): void {
    this.#fault.on()
  }
}
