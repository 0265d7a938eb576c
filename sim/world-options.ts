import type { Answer } from './modem-calls.ts'
import type { ModemOptions } from './modem-options.ts'
import type { ApnOptions } from './packet-network.ts'
import type { RelayTarget } from './relay.ts'
import type { ScenarioStep } from './scenario.ts'
import type { SmsFaults } from './sms-centre.ts'
import type { LineSpeed } from './wire.ts'

export interface WantedModem {
  readonly number: string
  readonly speed: LineSpeed
  readonly answer: Answer
  readonly options?: Pick<ModemOptions, 'profile' | 'sim' | 'noSim' | 'messages'>
}

export interface WorldOptions {
  readonly seed: number
  /** Milliseconds; see ExchangeOptions. */
  readonly ringAfterMs: number
  readonly ringForMs: number
  readonly modems: readonly WantedModem[]
  readonly cables: readonly string[]
  readonly relays: readonly { readonly name: string; readonly target?: RelayTarget }[]
  readonly apns?: readonly ApnOptions[]
  readonly sms?: Partial<SmsFaults>
  /** Time of day at the start, milliseconds since 1970; now if it is missing. */
  readonly unixMs?: number
  /** Quarters of an hour east of UTC. */
  readonly zone?: number
  readonly scenario?: readonly ScenarioStep[]
  /** Recorded AT sessions that are played back, each on a port of its own. */
  readonly replays?: readonly string[]
  /** Folder of the recordings. */
  readonly record?: string
  /** Folder of recorded AT sessions. */
  readonly recordAt?: string
  /** Panels of cards, each on a port of its own. */
  readonly panels?: number
  /** Port of the HTTP API on 127.0.0.1; 0 takes any. */
  readonly http?: number
}
