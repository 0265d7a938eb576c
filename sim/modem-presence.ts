import { indicatorsOf, isRegistered, locationFields, registrationOf } from './at-network.ts'
import { FACTORY, type Settings } from './at-settings.ts'
import type { ModemView } from './at-step.ts'
import type { ModemOutput } from './modem-output.ts'

export interface PresenceHost {
  readonly output: ModemOutput
  settings(): Settings
  view(): ModemView
  /** Plugged in, awake and not hung. */
  here(): boolean
  /** The network is gone, and all that hangs on it. */
  lost(): void
  /** The network is back. */
  found(): void
}

/** Whether the network knows the modem, and what it tells its terminal about that by itself. */
export class ModemPresence {
  readonly #host: PresenceHost
  #registration = 1
  #indicators: readonly number[]

  constructor(host: PresenceHost) {
    this.#host = host
    this.#indicators = indicatorsOf(FACTORY, host.view())
  }

  /** Looks again, and tells what has changed. */
  refresh(): void {
    const { output, settings, view, here } = this.#host
    const before = this.#registration
    const now = here() ? registrationOf(settings(), view()) : 0
    this.#registration = now
    if (now !== before) {
      for (const line of registrationLines(now, settings(), view())) output.urc(line)
      if (isRegistered(before) && !isRegistered(now)) this.#host.lost()
      if (!isRegistered(before) && isRegistered(now)) this.#host.found()
    }
    this.#showIndicators()
  }

  #showIndicators(): void {
    const { output, settings, view } = this.#host
    const values = indicatorsOf(settings(), view())
    const changed = values.flatMap((value, at) => (value === this.#indicators[at] ? [] : [`+CIEV: ${at + 1},${value}`]))
    this.#indicators = values
    if (settings().cmer === 1) for (const line of changed) output.urc(line)
  }
}

function registrationLines(now: number, settings: Settings, view: ModemView): string[] {
  const names = [
    ['+CREG', settings.creg],
    ['+CGREG', settings.cgreg],
    ['+CEREG', settings.cereg],
  ] as const
  return names.flatMap(([name, wanted]) => {
    if (wanted === 0) return []
    return [`${name}: ${now}${wanted === 2 && isRegistered(now) ? locationFields(view) : ''}`]
  })
}
