import type { PacketAddress } from '../../../wire/line/packet-address.ts'
import type { DataRules } from '../data-mode.ts'
import type { SignalScale } from '../signal.ts'

/** One command of a list that is worked off in its order. */
export interface AtLine {
  readonly text: string
  readonly timeoutMs: number
  /** Information lines of its answer begin so. */
  readonly prefixes?: readonly string[]
  /** A refusal is no reason to give up: not every firmware has it, or it was done already. */
  readonly optional?: true
  /** OK only means that it was understood: how it went is said by a line that begins so, before OK or within `timeoutMs` behind. */
  readonly outcome?: string
}

/** A call with a modem at the other end, so that bytes pass. */
export interface CallSetUp {
  /** Before dialling; refusals of optional ones leave the modem's own choice. */
  readonly before: readonly AtLine[]
  /** Before the number: T dials by tones where there is a choice. */
  readonly dial: 'ATD' | 'ATDT'
  /** From ATD to CONNECT, milliseconds. */
  readonly connectMs: number
}

/** Where the modem's own TCP connection leads. */
export type PacketTarget = PacketAddress

/** A TCP connection inside the modem, transparent: after CONNECT every byte is data. */
export interface PacketSetUp {
  /** The private network is entered. */
  readonly enter: (target: PacketTarget) => readonly AtLine[]
  /** Ends with CONNECT. `after-ok` where OK comes before it, as if that were all. */
  readonly open: (target: PacketTarget) => AtLine
  readonly connect: 'final' | 'after-ok'
  /** After `+++`, or when the connection broke. */
  readonly close: AtLine
  readonly leave: readonly AtLine[]
  /** What it prints when the other end closes, as the last line of the data. */
  readonly closedWord: DataRules['closedWord']
  /** Asked after a refusal that does not say why. */
  readonly cause?: AtLine
}

/** Out of data mode and back. */
export interface EscapeRules {
  /** Silence before and after `+++`, milliseconds. */
  readonly guardMs: number
  /** All three within this, milliseconds: written in one piece. */
  readonly withinMs: number
  /** What AT+… or ATS12= makes the guard shorter, if anything does. */
  readonly settable: boolean
}

/** What is known of one kind of modem; everything else is the same for all (TS 27.007, V.250). */
export interface ModemProfile {
  readonly id: string
  readonly name: string
  /** Tried on manufacturer, model and the lines of ATI, in capitals. */
  readonly recognise: RegExp
  /** A SIM card, a network and messages; a modem of the fixed network has none. */
  readonly cellular: boolean
  readonly sms: boolean
  /** After what every modem is told (`init`). */
  readonly init: readonly AtLine[]
  /** Undefined where it has no calls that carry data. */
  readonly call: CallSetUp | undefined
  readonly packet: PacketSetUp | undefined
  /** Why there is no call or no packet connection, for whoever asked for one. */
  readonly missing: string | undefined
  readonly escape: EscapeRules
  /** Tried in their order until one tells the attempts left (`parsePinRetries`). */
  readonly pinRetries: readonly AtLine[]
  readonly iccid: readonly AtLine[]
  /** Asked to go off before its power is cut. */
  readonly powerDown: AtLine | undefined
  /** From power to an answer of AT, milliseconds; as the makers say, with a margin. */
  readonly bootMs: number
  readonly signal: SignalScale
}
