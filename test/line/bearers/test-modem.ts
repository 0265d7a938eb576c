import type { Clock } from '../../../line/clock.ts'
import type { DataUser, ModemAccess } from '../../../line/modem/access.ts'
import { AtEngine } from '../../../line/modem/engine.ts'
import type { ModemPort } from '../../../line/modem/port.ts'
import { profileNamed } from '../../../line/modem/profiles/detect.ts'
import type { ModemProfile } from '../../../line/modem/profiles/profile.ts'

/** A modem that was brought up, in the hands of a test. */
export class TestModem implements ModemAccess {
  readonly path: string
  readonly engine: AtEngine
  readonly profile: ModemProfile
  guardMs: number
  user: DataUser | undefined
  readonly faults: string[] = []
  readonly #listeners = new Set<(text: string) => void>()

  constructor(port: ModemPort, clock: Clock, profile: string, guardMs = 1000) {
    const found = profileNamed(profile)
    if (found === undefined) throw new Error(`expected a profile, got ${profile}`)
    this.path = port.path
    this.profile = found
    this.guardMs = guardMs
    this.engine = new AtEngine(port, clock, {
      urc: (text) => {
        for (const listener of this.#listeners) listener(text)
      },
      data: (bytes) => this.user?.deliver(bytes),
      left: (end) => this.user?.left(end),
      fault: (kind) => {
        this.faults.push(kind)
        const { user } = this
        this.user = undefined
        user?.left('lost')
      },
    })
  }

  get listeners(): number {
    return this.#listeners.size
  }

  onUrc(listener: (text: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
