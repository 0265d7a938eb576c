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
}

export interface CallEvent {
  readonly event: 'call'
  readonly id: number
  readonly from: string
  readonly to: string
  readonly state: 'ringing' | 'connected' | 'ended'
  readonly reason?: CallEnd
  /** Bytes that went along the line, at the end; up is from the caller. */
  readonly bytesUp?: number
  readonly bytesDown?: number
  /** Milliseconds since the start. */
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

export type SimEvent = ReadyEvent | CallEvent | RelayEvent | DoneEvent | ErrorEvent

/** An event for people; `ready` is a table. */
export function describe(event: SimEvent): string {
  switch (event.event) {
    case 'ready':
      return table(event)
    case 'call':
      return `${seconds(event.atMs)}  call ${event.id}  ${event.from} → ${event.to}  ${event.state}${callEnd(event)}`
    case 'relay':
      return `${seconds(event.atMs)}  relay ${event.name} ${event.connection}  ${event.state}${bytes(event)}`
    case 'done':
      return `done: ${event.do}${event.modem ? ` ${event.modem.path}` : ''}${event.cable ? ` ${event.cable.card} ${event.cable.pc}` : ''}`
    case 'error':
      return `${event.code}: ${event.what} ${event.cure}`
  }
}

function table({ seed, modems, cables, relays }: ReadyEvent): string {
  const rows = [
    ...modems.map(({ number, path }) => ['modem', number, path]),
    ...cables.flatMap(({ name, card, pc }) => [
      ['cable', `${name}, card end`, card],
      ['cable', `${name}, PC end`, pc],
    ]),
    ...relays.map(({ name, port }) => ['relay', name, `127.0.0.1:${port}`]),
  ]
  const width = Math.max(0, ...rows.map(([, name = '']) => name.length))
  const lines = rows.map(([kind = '', name = '', place = '']) => `${kind}  ${name.padEnd(width)}  ${place}`)
  return [`The world is ready (seed ${seed}). Ctrl-C ends it.`, ...lines].join('\n')
}

function callEnd(event: CallEvent): string {
  return event.state === 'ended' ? `: ${event.reason}${bytes(event)}` : ''
}

function bytes({ bytesUp, bytesDown }: { readonly bytesUp?: number; readonly bytesDown?: number }): string {
  return bytesUp === undefined ? '' : `, ${bytesUp} bytes up, ${bytesDown} down`
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`.padStart(10)
}
