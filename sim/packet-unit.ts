import type { Duplex } from 'node:stream'
import { type Chance, chanceOf } from './chance.ts'
import type { Clock } from './clock.ts'
import type { ContextEvent, SocketEnd, SocketEvent } from './events.ts'
import type { Apn, PacketNetwork } from './packet-network.ts'
import { PacketSocket, type SocketUser } from './packet-socket.ts'
import type { Radio } from './radio.ts'
import type { LineSpeed } from './wire.ts'

/** Numbers of contexts (+CGDCONT). */
export const CONTEXTS_MAX = 16
/** From asking for a context or a socket to its answer, without the network's own time, milliseconds. */
const ACTIVATE_MS = 200

export interface Context {
  readonly type: 'IP'
  readonly apn: string
  readonly user: string
  readonly password: string
  /** 0 none, 1 PAP, 2 CHAP. */
  readonly auth: number
}

/** Why a context is not activated: TS 27.007 §9.2 has 133 and 149; `detached` is 148. */
export type Denied = 'unknown-apn' | 'wrong-password' | 'detached' | 'refused' | 'not-defined'

/** What all modems share of the packet network. */
export interface PacketBackbone {
  readonly network: PacketNetwork
  readonly seed: number
  nextSocketId(): number
  socket(event: Omit<SocketEvent, 'event' | 'atMs'>): void
  context(event: Omit<ContextEvent, 'event' | 'atMs'>): void
  tap(id: number, direction: 'up' | 'down', bytes: Uint8Array): void
}

export interface PacketHost {
  readonly number: string
  readonly clock: Clock
  readonly radio: Radio
  /** Registered, with SIM and radio on. */
  attached(): boolean
}

type SocketFacts = Omit<SocketEvent, 'event' | 'atMs' | 'state'>

interface Active {
  readonly apn: Apn
  readonly address: string
}

/** Packet data of one modem: its contexts, and the one socket that transparent mode has. */
export class PacketUnit {
  readonly #host: PacketHost
  readonly #backbone: PacketBackbone
  readonly #defined = new Map<number, Context>()
  readonly #active = new Map<number, Active>()
  #wanted = true
  #socket: PacketSocket | undefined
  #socketContext = 0

  constructor(host: PacketHost, backbone: PacketBackbone) {
    this.#host = host
    this.#backbone = backbone
  }

  /** +CGATT. */
  get attached(): boolean {
    return this.#wanted && this.#host.attached()
  }

  attach(on: boolean): void {
    this.#wanted = on
    if (!on) this.dropAll('detached')
  }

  get contexts(): (readonly [cid: number, context: Context])[] {
    return [...this.#defined].sort(([a], [b]) => a - b)
  }

  define(cid: number, context: Context | undefined): void {
    if (context === undefined) this.#defined.delete(cid)
    else this.#defined.set(cid, context)
  }

  context(cid: number): Context | undefined {
    return this.#defined.get(cid)
  }

  /** The context's own address while it is active. */
  address(cid: number): string | undefined {
    return this.#active.get(cid)?.address
  }

  /** @param done undefined once it is active @returns how to give up */
  activate(cid: number, done: (denied: Denied | undefined) => void): () => void {
    return this.#host.clock.after(ACTIVATE_MS, () => done(this.#activate(cid)))
  }

  deactivate(cid: number, reason: ContextEvent['reason'] = 'by-terminal'): void {
    const active = this.#active.get(cid)
    if (active === undefined) return
    if (this.#socketContext === cid) this.dropSocket('context-lost')
    this.#active.delete(cid)
    this.#tell(cid, active, 'inactive', reason)
  }

  /** @returns the contexts that were active */
  dropAll(reason: ContextEvent['reason']): { readonly cid: number; readonly address: string }[] {
    const gone = [...this.#active].map(([cid, { address }]) => ({ cid, address }))
    for (const { cid } of gone) this.deactivate(cid, reason)
    return gone
  }

  get socket(): PacketSocket | undefined {
    return this.#socket
  }

  /** @param done the socket, or why there is none @returns how to give up */
  open(
    cid: number,
    address: string,
    port: number,
    user: SocketUser,
    done: (opened: PacketSocket | SocketEnd) => void,
  ): () => void {
    const active = this.#active.get(cid)
    const id = this.#backbone.nextSocketId()
    const facts = { id, number: this.#host.number, apn: active?.apn.options.name ?? '', address: `${address}:${port}` }
    const fail = (reason: SocketEnd): void => {
      this.#backbone.socket({ ...facts, state: 'refused', reason })
      done(reason)
    }
    let cancelled = false
    let giveUp = (): void => {}
    const wayMs = active === undefined ? 0 : 2 * active.apn.options.latencyMs
    const cancelWay = this.#host.clock.after(wayMs, () => {
      if (active === undefined) return fail('unreachable')
      giveUp = active.apn.open(address, port, (stream, why) => {
        if (cancelled) return void stream?.destroy()
        if (stream !== undefined && this.#active.get(cid) === active) {
          this.#backbone.socket({ ...facts, state: 'open' })
          return done(this.#opened(cid, active, stream, user, facts))
        }
        stream?.destroy()
        fail(stream === undefined ? why : 'context-lost')
      })
    })
    return () => {
      cancelled = true
      cancelWay()
      giveUp()
    }
  }

  /** The connection is gone, as when the network loses it. */
  dropSocket(reason: SocketEnd): void {
    this.#socket?.vanish(reason)
  }

  #activate(cid: number): Denied | undefined {
    const context = this.#defined.get(cid)
    if (context === undefined) return 'not-defined'
    if (!this.attached) return 'detached'
    const apn = this.#backbone.network.find(context.apn)
    if (apn === undefined) return 'unknown-apn'
    if (apn.options.refuse) return 'refused'
    if (!apn.admits(context.user, context.password)) return 'wrong-password'
    if (this.#active.has(cid)) return undefined
    const active = { apn, address: apn.nextAddress() }
    this.#active.set(cid, active)
    this.#tell(cid, active, 'active')
    return undefined
  }

  #opened(cid: number, { apn }: Active, socket: Duplex, user: SocketUser, facts: SocketFacts): PacketSocket {
    const opened = new PacketSocket(socket, user, {
      clock: this.#host.clock,
      speed: () => speedOf(apn),
      chance: (name): Chance => chanceOf(this.#backbone.seed, `socket-${facts.id}-${name}`),
      stalled: () => this.#host.radio.fading,
      tap: (direction, bytes) => this.#backbone.tap(facts.id, direction, bytes),
      ended: (reason, bytesUp, bytesDown) => {
        if (this.#socket === opened) this.#socket = undefined
        this.#backbone.socket({ ...facts, state: 'closed', reason, bytesUp, bytesDown })
      },
    })
    this.#socket = opened
    this.#socketContext = cid
    return opened
  }

  #tell(cid: number, { apn, address }: Active, state: 'active' | 'inactive', reason?: ContextEvent['reason']): void {
    const { number } = this.#host
    this.#backbone.context({
      number,
      cid,
      apn: apn.options.name,
      address,
      state,
      ...(reason === undefined ? {} : { reason }),
    })
  }
}

function speedOf(apn: Apn): LineSpeed {
  const { rate, latencyMs, jitterMs } = apn.options
  return { rate, latencyMs, jitterMs }
}
