import { type AddressInfo, createServer, type Socket } from 'node:net'
import { relay } from '../../internet/relay.ts'
import { type FaultReport, fault, reportOf, systemCode } from '../errors.ts'
import type { Session } from '../session.ts'
import { openTunnel } from './tunnel.ts'

const CONNECTIONS_MAX = 32

export interface ForwardOptions {
  /** Port of 127.0.0.1; 0 is any free one. */
  readonly port: number
  readonly name: string
  /** @throws KeylineError NOT_LOGGED_IN */
  readonly session: () => Pick<Session, 'connect'>
  /** Why a connection did not come about. */
  readonly onFault: (report: FaultReport) => void
}

export interface Forward {
  readonly port: number
  close(): Promise<void>
}

/** A port of this computer that leads, under the session key, to a backend of the server. @throws KeylineError FORWARD_PORT_IN_USE */
export async function openForward({ port: wanted, name, session, onFault }: ForwardOptions): Promise<Forward> {
  const sockets = new Set<Socket>()
  // Paused until the tunnel stands; half-closed ends are passed on.
  const server = createServer({ noDelay: true, pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    if (sockets.size >= CONNECTIONS_MAX) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    carry(socket).catch((error: unknown) => {
      onFault(reportOf(error))
      socket.destroy()
    })
  })
  const carry = async (socket: Socket): Promise<void> => {
    const tunnel = await openTunnel(session(), name)
    if (socket.destroyed) {
      tunnel.destroy()
      return
    }
    await relay(socket, tunnel)
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const used = systemCode(cause) === 'EADDRINUSE'
      const what = `127.0.0.1:${wanted} ${used ? 'is used by another program' : 'cannot be opened'}`
      reject(fault('FORWARD_PORT_IN_USE', { what, cause }))
    })
    server.listen(wanted, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
