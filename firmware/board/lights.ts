import type { LineState } from '../../wire/usb/methods.ts'
import type { ConsentPhase } from './consent-button.ts'

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
  consenting: 'off',
  dialling: 'blink',
  connected: 'on',
  exchanging: 'on',
  paying: 'on',
  'hanging-up': 'on',
}

export const BLINK_MS = 250
/** The two rhythms of the consent light, milliseconds: hold for the call; hold on for the personal data. */
export const CONSENT_BLINK_MS: Readonly<Record<Exclude<ConsentPhase, 'off'>, number>> = { call: 500, data: 100 }

/** The lights that a board has; the others are left out. */
export interface BoardLights {
  readonly power?: Light
  readonly line: Light
  readonly exchange?: Light
  readonly refused: Light
  readonly consent?: Light
}

/** Shows the states of the card. The refusal light is on from a job that failed or was refused until the next one begins. */
export class Lights {
  readonly #lights: BoardLights
  #shown: LineLight = 'off'
  #exchanging = false

  constructor(lights: BoardLights) {
    this.#lights = lights
  }

  /** While the card runs. */
  power(on: boolean): void {
    this.#lights.power?.[on ? 'on' : 'off']()
  }

  state(state: LineState): void {
    if (state === 'preparing') this.#lights.refused.off()
    this.#exchange(state === 'exchanging' || state === 'paying')
    const wanted = LINE_LIGHTS[state]
    if (wanted === this.#shown) return
    this.#shown = wanted
    if (wanted === 'blink') this.#lights.line.blink(BLINK_MS)
    else this.#lights.line[wanted]()
  }

  consent(phase: ConsentPhase): void {
    if (phase === 'off') this.#lights.consent?.off()
    else this.#lights.consent?.blink(CONSENT_BLINK_MS[phase])
  }

  /** A failure, a refusal of server or user, or a button that is stuck. */
  failed(): void {
    this.#lights.refused.on()
  }

  #exchange(on: boolean): void {
    if (on === this.#exchanging) return
    this.#exchanging = on
    this.#lights.exchange?.[on ? 'on' : 'off']()
  }
}
