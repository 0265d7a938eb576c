import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connectPsk, dialPsk, type OnBytes } from '../../internet/connect.ts'
import { type Binding, boundTo } from '../../internet/via.ts'
import type { SessionKey } from '../../keys/session-keys.ts'
import { fault, systemCode } from '../errors.ts'
import { connectionFault } from './http.ts'

/** How long a TCP connection may take, milliseconds. */
const CONNECT_MS = 10_000
/** Connections of one session at once: a menu, and downloads beside each other. */
const CONNECTIONS_MAX = 8
const IDLE_CONNECTIONS_MAX = 2

/** `host:port`, host a name, IPv4 or [IPv6]. */
const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([a-zA-Z0-9.-]+)):([0-9]{1,5})$/

/** All connections under one session key. */
export interface KeyedAgent {
  readonly agent: Agent
  /**
   * One connection more under the key, for whoever speaks on it himself; cut with the others.
   * @param halfOpen the end of one direction is not the end of the other @throws KeylineError
   */
  dial(halfOpen: boolean): Promise<Duplex>
  /** The same for bulk bytes (`OnBytes`). @throws KeylineError */
  dialBulk(onBytes: OnBytes): Promise<Duplex>
  /** Running requests end in peace, then their connections close; new ones are for the next key's agent. */
  retire(): void
  /** Cuts everything at once; afterwards nothing uses the key any more. */
  destroy(): void
}

/**
 * An agent of node:http whose every connection is TLS under this key, to this address and nowhere else.
 * @param via interface or address of this computer that every connection leaves by; its connections fail with INTERNET_VIA_ABSENT without it
 * @throws KeylineError CARD_PROTOCOL when the address, which came from the card, is none
 */
export function keyedAgent(address: string, key: SessionKey, via?: string): KeyedAgent {
  const { host, port } = endpointOf(address)
  const open = new Set<Socket>()
  let state: 'used' | 'retired' | 'ended' = 'used'
  const agent = new Agent({
    keepAlive: true,
    maxTotalSockets: CONNECTIONS_MAX,
    maxFreeSockets: IDLE_CONNECTIONS_MAX,
    scheduling: 'lifo',
  })
  /** The key may be wiped by now; OpenSSL must not come to ask for it. */
  const keep = (socket: Socket): Socket => {
    if (state !== 'used') {
      socket.destroy()
      throw fault(state === 'ended' ? 'SESSION_CLOSED' : 'INTERNET_BROKEN')
    }
    open.add(socket)
    return socket.once('close', () => open.delete(socket))
  }
  const dial = async (halfOpen: boolean): Promise<Duplex> =>
    connectPsk(keep(await tcp({ host, port, allowHalfOpen: halfOpen, ...boundTo(via, host) })), key)
  agent.createConnection = (_options, made) => {
    dial(false).then(
      (socket) => made?.(null, socket),
      // Node's type wants a socket beside the error; its agent looks at the error alone.
      (error: unknown) => made?.(connectionFault(error), undefined as unknown as Duplex),
    )
    return undefined
  }
  return {
    agent,
    dial: (halfOpen) =>
      dial(halfOpen).catch((error: unknown) => {
        throw connectionFault(error)
      }),
    dialBulk: async (onBytes) => {
      try {
        // The TCP connection is the TLS socket's own: only then it reads without a stream.
        return await dialPsk({ host, port, onBytes, opened: keep, binding: boundTo(via, host) }, key)
      } catch (error) {
        throw connectionFault(error)
      }
    },
    retire: () => {
      state = 'retired'
      agent.keepSocketAlive = () => false
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy()
    },
    destroy: () => {
      state = 'ended'
      agent.destroy()
      for (const socket of open) socket.destroy()
    },
  }
}

/** @param address `host:port` as the card named it @throws KeylineError CARD_PROTOCOL when it is none */
export function endpointOf(address: string): { readonly host: string; readonly port: number } {
  const [, six, name, digits] = ADDRESS.exec(address) ?? []
  const host = six ?? name
  const port = Number(digits)
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw fault('CARD_PROTOCOL', { what: `expected an Internet address host:port from the card, got ${address}` })
  }
  return { host, port }
}

/**
 * Asked before a call is made, or a key is used, that would be in vain.
 * @param address as the card named it; one that is none is told later
 * @throws KeylineError INTERNET_VIA_ABSENT
 */
export function checkVia(via: string | undefined, address: string): void {
  const [, six, name] = ADDRESS.exec(address) ?? []
  try {
    boundTo(via, six ?? name ?? '')
  } catch (error) {
    throw connectionFault(error)
  }
}

interface TcpOptions extends Binding {
  readonly host: string
  readonly port: number
  readonly allowHalfOpen: boolean
}

function tcp(options: TcpOptions): Promise<Socket> {
  const { host, port } = options
  return new Promise((resolve, reject) => {
    const socket = connect({ noDelay: true, ...options })
    const fail = (error: unknown): void => {
      socket.destroy()
      // The interface lost its address in this moment.
      if (systemCode(error) === 'EADDRNOTAVAIL') return reject(fault('INTERNET_VIA_ABSENT', { cause: error }))
      reject(
        fault('INTERNET_UNREACHABLE', { what: `${host}:${port} cannot be reached over the Internet`, cause: error }),
      )
    }
    socket.setTimeout(CONNECT_MS, () => fail(new Error('no answer in time')))
    socket.once('error', fail)
    socket.once('connect', () => {
      socket.setTimeout(0)
      // What fails from here on is told by the TLS socket above it.
      socket.off('error', fail).on('error', () => {})
      resolve(socket)
    })
  })
}
