import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net'
import { type Clock, systemClock } from '../../line/clock.ts'
import { streamPath } from '../../line/stream-path.ts'
import { ServerError } from '../errors.ts'
import type { AnsweredCall } from '../sessions/line-service.ts'
import { socketStream } from './socket-stream.ts'
import { type TakenCall, takeCall } from './taken-call.ts'

/** Connections at a time, over all addresses listened to: each may cost a hashing of a password. */
const CONNECTIONS_MAX = 256
/** Of one peer: a card has one, and one more while its network has not noticed that the first is gone. */
const PER_PEER_MAX = 4

export interface PacketAddress {
  readonly host: string
  readonly port: number
}

export interface PacketPortOptions {
  /** Addresses of this computer in private networks; port 0 is any free one. */
  readonly listen: readonly PacketAddress[]
  /** Whoever answers the messages of a connection; closed when it ends. @param peer its address in the private network */
  readonly open: (peer: string | undefined) => AnsweredCall
  readonly log: (event: Record<string, unknown>) => void
  readonly clock?: Clock
  readonly connectionsMax?: number
  readonly perPeerMax?: number
}

export interface PacketPort {
  /** `host:port` of each, in the order of `listen`. */
  readonly addresses: readonly string[]
  close(): Promise<void>
}

/**
 * The first port of the server (401) for the packet bearer: it listens in private networks only, and what connects is answered as
 * a call is. Connections that are too many, say nothing or do not end are closed.
 * @throws ServerError LINE_LISTEN_FAILED; nothing is left open
 */
export async function openPacketPort(options: PacketPortOptions): Promise<PacketPort> {
  const door = new Door(options)
  const servers: Server[] = []
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
    await door.close()
    await Promise.all(closed)
  }
  try {
    for (const address of options.listen) servers.push(await listen(address, (socket) => door.enter(socket)))
  } catch (error) {
    await close()
    throw error
  }
  const addresses = servers.map((server) => {
    const { address, port } = server.address() as AddressInfo // listens on TCP: no path
    return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`
  })
  for (const address of addresses) options.log({ event: 'packet.listening', path: 'line', address })
  return { addresses, close }
}

/** Whether an address stands for all of this computer's, those on the Internet among them. */
export function isWildcard(host: string): boolean {
  if (!isIPv6(host)) return host === '0.0.0.0'
  // In the one way to write it; the second is IPv4's in IPv6 (RFC 4291 §2.5.5.2).
  return ['[::]', '[::ffff:0:0]'].includes(new URL(`http://[${host}]`).hostname)
}

function listen({ host, port }: PacketAddress, enter: (socket: Socket) => void): Promise<Server> {
  if (isWildcard(host)) throw new ServerError('LINE_LISTEN_FAILED', `${host} would be reached from the Internet, too`)
  const server = createServer(enter)
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new ServerError('LINE_LISTEN_FAILED', `${host}:${port} cannot be opened: ${cause.message}`, cause))
    })
    server.listen(port, host, () => {
      // Out of descriptors, perhaps; the next connection may work again.
      server.on('error', () => {})
      resolve(server)
    })
  })
}

/** All connections there are, and who may be one more. */
class Door {
  readonly #options: PacketPortOptions
  readonly #clock: Clock
  readonly #calls = new Map<Socket, TakenCall>()
  readonly #peers = new Map<string, number>()
  #closed = false

  constructor(options: PacketPortOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  enter(socket: Socket): void {
    const { open, log, connectionsMax = CONNECTIONS_MAX, perPeerMax = PER_PEER_MAX } = this.#options
    const peer = socket.remoteAddress ?? 'unknown'
    const ofPeer = this.#peers.get(peer) ?? 0
    if (this.#closed || this.#calls.size >= connectionsMax || ofPeer >= perPeerMax) {
      log({ event: 'packet.refused', path: 'line', peer })
      // Not worth a farewell: what is unread is answered with RST.
      socket.on('error', () => {})
      socket.destroy()
      return
    }
    log({ event: 'packet.connected', path: 'line', peer })
    this.#peers.set(peer, ofPeer + 1)
    const stream = socketStream(socket, this.#clock)
    const call = takeCall(streamPath(stream), this.#clock, open(stream.peer), (by) => {
      this.#leave(socket, peer)
      log({ event: 'packet.ended', path: 'line', peer, by })
    })
    this.#calls.set(socket, call)
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(
      [...this.#calls.values()].map((call) => {
        call.close()
        return call.ended
      }),
    )
  }

  #leave(socket: Socket, peer: string): void {
    this.#calls.delete(socket)
    const left = (this.#peers.get(peer) ?? 1) - 1
    if (left === 0) this.#peers.delete(peer)
    else this.#peers.set(peer, left)
  }
}
