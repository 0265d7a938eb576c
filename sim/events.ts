/** Why a call ended. */
export type CallEnd =
  | 'caller-hung-up'
  | 'called-hung-up'
  /** The caller hung up or typed before there was an answer. */
  | 'given-up'
  /** The called one hung up instead of answering. */
  | 'refused'
  | 'busy'
  | 'no-answer'
  | 'no-such-number'
  /** Unplugged, or its radio is off. */
  | 'unreachable'
  /** Carrier was cut by command. */
  | 'cut'
  /** A modem was unplugged. */
  | 'unplugged'
  /** A modem lost its network. */
  | 'radio-lost'

export interface ModemPath {
  readonly number: string
  readonly path: string
}

export interface CablePaths {
  readonly name: string
  readonly card: string
  readonly pc: string
}

export interface ReadyEvent {
  readonly event: 'ready'
  readonly seed: number
  readonly modems: readonly ModemPath[]
  readonly cables: readonly CablePaths[]
  readonly relays: readonly { readonly name: string; readonly port: number }[]
  /** Ports that play recordings back, by file. */
  readonly replays?: readonly { readonly name: string; readonly path: string }[]
  /** Ports of panels, for keyline card --panel. */
  readonly panels?: readonly { readonly panel: number; readonly path: string }[]
  /** Of the HTTP API on 127.0.0.1. */
  readonly http?: number
}

export interface CallEvent {
  readonly event: 'call'
  readonly id: number
  readonly from: string
  readonly to: string
  readonly state: 'ringing' | 'connected' | 'ended'
  readonly voice?: true
  readonly reason?: CallEnd
  /** Bytes that went along the line, at the end; up is from the caller. */
  readonly bytesUp?: number
  readonly bytesDown?: number
  /** Milliseconds since the start. */
  readonly atMs: number
}

/** One short message, or a status report about one; never what it says. */
export interface MessageEvent {
  readonly event: 'message'
  /** A report has the number of the message it is about. */
  readonly id: number
  readonly from: string
  readonly to: string
  readonly report: boolean
  /** Service centre that has it. */
  readonly centre: string
  /** Length of its TPDU. */
  readonly octets: number
  readonly state: 'accepted' | 'lost' | 'duplicated' | 'waiting' | 'delivered' | 'expired' | 'failed'
  readonly reason?: 'absent' | 'memory-full' | 'not-acknowledged' | 'no-such-number'
  readonly atMs: number
}

/** Why a socket ended or came to nothing. */
export type SocketEnd =
  | 'closed-here'
  | 'closed-there'
  /** Nobody listens there. */
  | 'refused'
  | 'timeout'
  /** The private network does not have the address. */
  | 'unreachable'
  | 'context-lost'
  /** By command. */
  | 'dropped'
  | 'modem-gone'

/** A connection through a modem in a private network. */
export interface SocketEvent {
  readonly event: 'socket'
  readonly id: number
  readonly number: string
  readonly apn: string
  /** Private address and port. */
  readonly address: string
  readonly state: 'open' | 'closed' | 'refused'
  readonly reason?: SocketEnd
  /** Bytes that went through the air, at the end; up is from the modem. */
  readonly bytesUp?: number
  readonly bytesDown?: number
  readonly atMs: number
}

/** A context of packet data. */
export interface ContextEvent {
  readonly event: 'context'
  readonly number: string
  readonly cid: number
  readonly apn: string
  readonly address: string
  readonly state: 'active' | 'inactive'
  readonly reason?: 'by-terminal' | 'detached' | 'dropped' | 'modem-gone'
  readonly atMs: number
}

/** An attempt at the secrets of a SIM: what card software does with them is counted by tests. */
export interface SimCardEvent {
  readonly event: 'sim'
  readonly number: string
  readonly attempt: 'pin' | 'puk'
  readonly result: 'right' | 'wrong' | 'blocked' | 'not-asked'
  /** Attempts left. */
  readonly pinTries: number
  readonly pukTries: number
  readonly atMs: number
}

/** What happened to a modem itself. */
export interface ModemEvent {
  readonly event: 'modem'
  readonly number: string
  readonly state: 'reset' | 'off' | 'on'
  readonly atMs: number
}

/** A recorded session that is played back to a terminal. */
export interface ReplayEvent {
  readonly event: 'replay'
  readonly name: string
  /** `diverged`: the terminal said something else than in the recording. */
  readonly state: 'finished' | 'diverged'
  /** Steps that went as recorded. */
  readonly steps: number
  readonly atMs: number
}

/** A command that did not come by standard input. */
export interface RanEvent {
  readonly event: 'ran'
  readonly by: 'scenario' | 'http'
  readonly do: string
  /** Of what was wrong with it. */
  readonly code?: string
  readonly atMs: number
}

export interface RelayEvent {
  readonly event: 'relay'
  readonly name: string
  /** Number of the connection, as in the recording's file name. */
  readonly connection: number
  readonly state: 'open' | 'closed' | 'refused'
  readonly bytesUp?: number
  readonly bytesDown?: number
  readonly atMs: number
}

/** A command was carried out. */
export interface DoneEvent {
  readonly event: 'done'
  readonly do: string
  /** After `plug`: the new ports. */
  readonly modem?: ModemPath
  readonly cable?: CablePaths
}

export interface ErrorEvent {
  readonly event: 'error'
  readonly code: string
  readonly what: string
  readonly cure: string
}

export type SimEvent =
  | ReadyEvent
  | CallEvent
  | MessageEvent
  | SocketEvent
  | ContextEvent
  | SimCardEvent
  | ModemEvent
  | ReplayEvent
  | RanEvent
  | RelayEvent
  | DoneEvent
  | ErrorEvent
