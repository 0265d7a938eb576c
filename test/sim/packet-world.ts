import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../sim/clock.ts'
import type { ContextEvent, SocketEvent } from '../../sim/events.ts'
import { Exchange } from '../../sim/exchange.ts'
import { type ApnOptions, NEW_APN, PacketNetwork } from '../../sim/packet-network.ts'
import type { PacketBackbone } from '../../sim/packet-unit.ts'
import type { Profile } from '../../sim/profile.ts'
import { Terminal } from './two-modems.ts'

/** A TCP server of the test. */
export async function tcpServer(t: ExecutionContext) {
  const sockets: Socket[] = []
  let wake = (): void => {}
  const server = createServer((socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
    wake()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  /** The connection of that number, from 0. */
  const connection = async (number = 0): Promise<Socket> => {
    for (;;) {
      const socket = sockets[number]
      if (socket !== undefined) return socket
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const { port } = server.address() as AddressInfo
  return { target: { host: '127.0.0.1', port }, connection }
}

/** So much of what comes. */
export async function received(socket: Socket, length: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let got = 0
  while (got < length) {
    const [piece] = (await once(socket, 'data')) as [Buffer]
    pieces.push(piece)
    got += piece.length
  }
  return Buffer.concat(pieces)
}

/** A modem without echo on a packet network with one private server at 10.0.0.1:7000, in real time and without delay. */
export async function packetWorld(t: ExecutionContext, profile: Profile, apn: Partial<ApnOptions> = {}) {
  const { target, connection } = await tcpServer(t)
  const events: (Omit<SocketEvent, 'event' | 'atMs'> | Omit<ContextEvent, 'event' | 'atMs'>)[] = []
  const taps = { up: '', down: '' }
  const network = new PacketNetwork([
    {
      ...NEW_APN,
      name: 'private.test',
      endpoints: { '10.0.0.1:7000': target },
      rate: 10_000_000,
      latencyMs: 0,
      ...apn,
    },
  ])
  let sockets = 0
  const packet: PacketBackbone = {
    network,
    seed: 1,
    nextSocketId: () => ++sockets,
    socket: (event) => events.push(event),
    context: (event) => events.push(event),
    tap: (_, direction, bytes) => {
      taps[direction] += Buffer.from(bytes).toString('latin1')
    },
  }
  const hooks = { event: () => {}, tap: () => {} }
  const exchange = new Exchange(systemClock, { seed: 1, ringAfterMs: 20, ringForMs: 1000 }, hooks)
  const a = new Terminal('+8131', exchange, systemClock, 0, { profile, packet })
  t.teardown(() => a.modem.unplug())
  // Guard time of 100 ms, so that escapes take no longer.
  a.ask('ATE0S12=5')
  const states = (): string[] => events.map((event) => [event.state, event.reason].filter(Boolean).join(' '))
  return { a, network, events, states, taps, connection, target }
}

export type PacketWorld = Awaited<ReturnType<typeof packetWorld>>

/** `+++` between its silences. */
export async function escapeToCommands(a: Terminal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 150))
  a.type('+++')
  await a.until('\r\nOK\r\n')
}
