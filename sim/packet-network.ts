import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import type { SocketEnd } from './events.ts'
import type { RelayTarget } from './relay.ts'

/** How long a server may take to answer, milliseconds: modems give up after 75 s. */
const CONNECT_MS = 75_000
/** Bit/s of packet data, and one way of it, milliseconds. */
export const PACKET_RATE = 256_000
export const PACKET_LATENCY_MS = 60

export interface ApnOptions {
  readonly name: string
  /** Private `address:port`, and where on this machine its server listens. */
  readonly endpoints: Readonly<Record<string, RelayTarget>>
  /** All other addresses: not there; there, but silent; or all of them at one target. */
  readonly internet: boolean | RelayTarget
  readonly user?: string
  readonly password?: string
  readonly rate: number
  readonly latencyMs: number
  readonly jitterMs: number
  /** Address on this machine from which servers see its modems call. */
  readonly via?: string
  /** No context is activated any more. */
  readonly refuse: boolean
}

export const NEW_APN: Omit<ApnOptions, 'name'> = {
  endpoints: {},
  internet: false,
  rate: PACKET_RATE,
  latencyMs: PACKET_LATENCY_MS,
  jitterMs: 0,
  refuse: false,
}

/** A private network behind an access point name: what is not among its endpoints cannot be reached from it. */
export class Apn {
  #options: ApnOptions
  #lastHost = 1

  constructor(options: ApnOptions) {
    this.#options = options
  }

  get options(): ApnOptions {
    return this.#options
  }

  /** Endpoints are added to those there are. */
  set(change: Partial<Omit<ApnOptions, 'name'>>): void {
    const endpoints = { ...this.#options.endpoints, ...change.endpoints }
    this.#options = { ...this.#options, ...change, endpoints }
  }

  /** The address that the next context gets. */
  nextAddress(): string {
    this.#lastHost = (this.#lastHost % 65_000) + 1
    return `10.64.${this.#lastHost >> 8}.${this.#lastHost & 0xff}`
  }

  admits(user: string, password: string): boolean {
    const { user: wanted, password: secret } = this.#options
    return (wanted === undefined || wanted === user) && (secret === undefined || secret === password)
  }

  /** @param done the connection, or why there is none; never at once @returns how to give up */
  open(address: string, port: number, done: (stream: Duplex | undefined, why: SocketEnd) => void): () => void {
    const target = this.#route(address, port)
    if (typeof target === 'object') return this.#connect(target, done)
    const timer = setImmediate(() => done(target === 'silent' ? silence() : undefined, 'unreachable'))
    return () => clearImmediate(timer)
  }

  #route(address: string, port: number): RelayTarget | 'nowhere' | 'silent' {
    const { endpoints, internet } = this.#options
    const key = `${address}:${port}`
    const target = Object.hasOwn(endpoints, key) ? endpoints[key] : undefined
    if (target !== undefined) return target
    if (typeof internet === 'object') return internet
    return internet ? 'silent' : 'nowhere'
  }

  #connect(target: RelayTarget, done: (stream: Duplex | undefined, why: SocketEnd) => void): () => void {
    const { via } = this.#options
    const socket = connect({ ...target, ...(via === undefined ? {} : { localAddress: via }) })
    let waiting = true
    const settle = (stream: Duplex | undefined, why: SocketEnd): void => {
      if (!waiting) return
      waiting = false
      socket.setTimeout(0)
      if (stream === undefined) socket.destroy()
      done(stream, why)
    }
    socket.setNoDelay(true)
    socket.setTimeout(CONNECT_MS, () => settle(undefined, 'timeout'))
    // After the connection it is followed by `close`.
    socket.on('error', () => settle(undefined, 'refused'))
    socket.once('connect', () => settle(socket, 'refused'))
    return () => {
      waiting = false
      socket.destroy()
    }
  }
}

/** A server that takes all and says nothing. */
function silence(): Duplex {
  return new Duplex({ read: () => {}, write: (_chunk, _encoding, taken) => taken() })
}

/** All access point names of the network. */
export class PacketNetwork {
  readonly #apns = new Map<string, Apn>()

  constructor(apns: readonly ApnOptions[] = []) {
    for (const apn of apns) this.#apns.set(apn.name, new Apn(apn))
  }

  get apns(): readonly Apn[] {
    return [...this.#apns.values()]
  }

  /** Names count without case (TS 23.003 §9.1). */
  find(name: string): Apn | undefined {
    return this.#apns.get(name.toLowerCase())
  }

  /** Makes it if it is not there. */
  set(name: string, change: Partial<Omit<ApnOptions, 'name'>>): void {
    const apn = this.find(name)
    if (apn === undefined) this.#apns.set(name, new Apn({ ...NEW_APN, name, ...change }))
    else apn.set(change)
  }
}
