import type { Command } from './at-parse.ts'
import type { Settings } from './at-settings.ts'
import type { NetworkTime } from './network-time.ts'
import type { PacketUnit } from './packet-unit.ts'
import type { Profile } from './profile.ts'
import type { Radio } from './radio.ts'
import type { Attempt, SimCard } from './sim-card.ts'
import type { SmsUnit } from './sms-unit.ts'

/** The call as +CLCC shows it (TS 27.007 §7.18): stat 0 active, 2 dialling, 3 alerting, 4 incoming. */
export interface ShownCall {
  readonly incoming: boolean
  readonly stat: number
  readonly number: string
  readonly voice: boolean
}

/** Parts of the modem that commands work on. */
export interface ModemParts {
  readonly profile: Profile
  /** Serial number of the modem itself. */
  readonly imei: string
  readonly card: SimCard | undefined
  readonly radio: Radio
  readonly sms: SmsUnit
  readonly packet: PacketUnit
  readonly time: NetworkTime
  /** A result that comes by itself, between two command lines. */
  urc(line: string): void
  /** The operator is told of each attempt at a secret of the card. */
  attempted(kind: 'pin' | 'puk', result: Attempt): void
  /** Ends the socket there is, and what the terminal had of it. */
  closeSocket(): void
  /** The end of a socket, where the modem shows its data: transparent mode. */
  readonly socketUser: Parameters<PacketUnit['open']>[3]
  readonly clock: { after(ms: number, run: () => void): () => void }
}

/** What commands can see of the modem they are typed to. */
export interface ModemView extends ModemParts {
  /** The number of its SIM. */
  readonly number: string
  /** A call or a socket is up and waits for ATO or ATH. */
  readonly held: boolean
  readonly ringing: boolean
  readonly call?: ShownCall | undefined
  /** Why the last call ended, for +CEER. */
  readonly cause: string
}

/** What follows the line's last command. */
export type End =
  | { readonly type: 'ok' | 'error' | 'no-carrier' | 'answer' | 'online' | 'reset' | 'off' }
  | { readonly type: 'cme'; readonly cme: number }
  | { readonly type: 'cms'; readonly cms: number }
  | { readonly type: 'dial'; readonly number: string; readonly voice?: true }
  /** A maker's own final result. */
  | { readonly type: 'words'; readonly words: string }
  /** The socket there is becomes what the terminal talks to. @see PacketUnit.socket */
  | { readonly type: 'connect'; readonly rate?: number }
  /** The command goes on by itself. @param start calls `done` once, then or later; returns how to give up */
  | { readonly type: 'wait'; readonly start: (done: (step: Step) => void) => () => void }
  /** The terminal is asked for a message. @param take what it typed up to Ctrl-Z; ESC ends it with OK, and without a call */
  | { readonly type: 'prompt'; readonly lines: boolean; readonly take: (typed: string) => Step }

export interface Outcome {
  readonly settings: Settings
  /** Lines of information, in the order of the commands. */
  readonly info: readonly string[]
  /** The call there is, up or ringing, ends before the result is given. */
  readonly hangUp: boolean
  readonly end: End
  /** What follows the result. */
  readonly later?: readonly (() => void)[]
  /** Commands behind one that waits. */
  readonly rest?: readonly Command[]
}

/** What one command does; with an `end` the line is over (V.250 §5.4: nothing after a failed command runs). */
export interface Step {
  readonly set?: Partial<Settings>
  readonly info?: readonly string[]
  readonly hangUp?: true
  readonly end?: End
  /** Runs when the result has been given. */
  readonly later?: () => void
}
