import type { Profile } from './profile.ts'

/** TS 27.007 §7.2: 0 not searching, 1 home, 2 searching, 3 denied, 5 roaming. */
export type RegistrationState = 0 | 1 | 2 | 3 | 5

export const REGISTRATIONS = { none: 0, home: 1, searching: 2, denied: 3, roaming: 5 } as const
export type Registration = keyof typeof REGISTRATIONS

/** Signal as +CSQ shows it while nothing is wrong. */
const SIGNAL = 20
const NO_SIGNAL = 99
/** Cells in reach, one after another. */
const CELLS = 4

/** What the antenna hears: cell, registration, strength. */
export class Radio {
  /** Access technology: 0 GSM, 7 E-UTRAN (TS 27.007 §7.2). */
  readonly technology: 0 | 7
  #registration: RegistrationState = 1
  #signal = SIGNAL
  #cell = 0
  #fading = false
  #closed = false

  constructor(profile: Profile) {
    this.technology = profile === 'generic' ? 0 : 7
  }

  /** While the cell is closed or fades there is nothing to register with. */
  get registration(): RegistrationState {
    return this.#closed && (this.#registration === 1 || this.#registration === 5) ? 2 : this.#registration
  }

  /** 0 to 31; 99 while nothing is heard. */
  get signal(): number {
    return this.#fading || this.#closed ? NO_SIGNAL : this.#signal
  }

  get fading(): boolean {
    return this.#fading
  }

  /** Four and eight hexadecimal digits. */
  get location(): { readonly area: string; readonly cell: string } {
    const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')
    return { area: hex(0xc3 + this.#cell, 4), cell: hex(0x1a2b300 + this.#cell, 8) }
  }

  set(change: { readonly registration?: Registration; readonly signal?: number }): void {
    if (change.registration !== undefined) this.#registration = REGISTRATIONS[change.registration]
    if (change.signal !== undefined) this.#signal = change.signal
  }

  fade(on: boolean): void {
    this.#fading = on
  }

  /** The cell closes; when it is over there is another one. */
  closeCell(on: boolean): void {
    if (this.#closed && !on) this.#cell = (this.#cell + 1) % CELLS
    this.#closed = on
  }
}
