import type { Settings } from './at-settings.ts'

/** What commands can see of the modem they are typed to. */
export interface ModemView {
  /** The modem's own number. */
  readonly number: string
  /** A call is up and waits for ATO or ATH. */
  readonly held: boolean
  readonly ringing: boolean
  /** The call as +CLCC shows it (TS 27.007 §7.18): stat 0 active, 4 incoming. */
  readonly call?: { readonly incoming: boolean; readonly stat: number; readonly number: string } | undefined
  /** Why the last call ended, for +CEER. */
  readonly cause: string
}

/** What follows the line's last command. */
export type End =
  | { readonly type: 'ok' | 'error' | 'no-carrier' | 'answer' | 'online' }
  | { readonly type: 'cme'; readonly cme: number }
  | { readonly type: 'dial'; readonly number: string }

export interface Outcome {
  readonly settings: Settings
  /** Lines of information, in the order of the commands. */
  readonly info: readonly string[]
  /** The call there is, up or ringing, ends before the result is given. */
  readonly hangUp: boolean
  readonly end: End
}

/** What one command does; with an `end` the line is over (V.250 §5.4: nothing after a failed command runs). */
export interface Step {
  readonly set?: Partial<Settings>
  readonly info?: readonly string[]
  readonly hangUp?: true
  readonly end?: End
}
