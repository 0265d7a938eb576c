import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { relay } from '../../internet/relay.ts'
import type { Clock } from '../../line/clock.ts'
import type { Log } from '../events.ts'
import { type Sessions, short } from '../sessions/sessions.ts'
import { PROBLEMS, type ProblemCode } from './answers.ts'
import type { Connections } from './connections.ts'

/** What the operator allowed to be reached, by name (RFC 9110 §9.3.6); nothing else is. */
export interface Backend {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** Tunnels at once, of one session and of all. */
const OF_ONE_MAX = 32
const OF_ALL_MAX = 1000
/** A backend that does not answer is given up, milliseconds; as is a tunnel on which nothing moves. */
const DIAL_MS = 10_000
const IDLE_MS = 3_600_000

export interface ForwardOptions {
  readonly backends: readonly Backend[]
  readonly connections: Pick<Connections, 'of' | 'begin' | 'end'>
  readonly sessions: Pick<Sessions, 'find'>
  readonly clock: Clock
  readonly log: Log
}

/** Raw TCP through a session: `CONNECT NAME HTTP/1.1` under an opened session key. It ends with the session, as its connection does. */
export function acceptForwards(http: Server, options: ForwardOptions): void {
  const open = new Map<string, number>()
  let all = 0
  http.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // The server's own connections are sockets; its type says Duplex for those of other makers.
    take(request, socket as Socket, head).catch(() => socket.destroy())
  })

  const take = async (request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> => {
    const { connections, sessions, backends, log } = options
    socket.setTimeout(0)
    socket.on('error', () => {})
    const connection = connections.of(socket)
    // Not under a session key: the open side has no CONNECT.
    if (connection === undefined) return refuse(socket, 'METHOD_NOT_ALLOWED')
    connections.begin(socket, false)
    const session = await sessions.find(connection.sessionId)
    if (session === undefined) {
      socket.destroy()
      return
    }
    if (!session.opened) return refuse(socket, 'SESSION_NOT_OPENED')
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers
    if (length !== undefined || coding !== undefined) return refuse(socket, 'HTTP_INVALID')
    const backend = backends.find(({ name }) => name === request.url)
    if (backend === undefined) return refuse(socket, 'BACKEND_UNKNOWN')
    const { groupId } = connection
    const own = open.get(groupId) ?? 0
    if (own >= OF_ONE_MAX || all >= OF_ALL_MAX) return refuse(socket, 'SERVER_BUSY')
    open.set(groupId, own + 1)
    all++
    const about = { path: 'internet', session: short(session), backend: backend.name } as const
    let up = 0
    let down = 0
    try {
      const target = await dial(backend, options.clock)
      if (target === undefined) return refuse(socket, 'BACKEND_UNREACHABLE')
      log({ event: 'forward.opened', ...about })
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      if (head.length > 0) socket.unshift(head)
      socket.setTimeout(IDLE_MS, () => socket.destroy())
      await relay(socket, target, (more, less) => {
        up += more
        down += less
      })
      log({ event: 'forward.closed', ...about, up, down })
    } finally {
      all--
      const left = (open.get(groupId) ?? 1) - 1
      if (left > 0) open.set(groupId, left)
      else open.delete(groupId)
    }
  }
}

function dial({ host, port }: Backend, clock: Clock): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
    const fail = (): void => {
      cancel()
      socket.destroy()
      resolve(undefined)
    }
    const cancel = clock.after(DIAL_MS, fail)
    socket.once('error', fail)
    socket.once('connect', () => {
      cancel()
      socket.off('error', fail).on('error', () => {})
      resolve(socket)
    })
  })
}

function refuse(socket: Socket, code: ProblemCode): void {
  const { status, what, cure } = PROBLEMS[code]
  const body = JSON.stringify({ code, what, cure })
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\nconnection: close`
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroySoon())
}
