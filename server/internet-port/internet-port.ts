import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type AcceptOptions, PskAcceptor, type ServerCertificate } from '../../internet/accept.ts'
import type { Clock } from '../../line/clock.ts'
import type { App } from '../app/access.ts'
import { asServerError, ServerError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { Sessions } from '../sessions/sessions.ts'
import { coalesced } from '../time.ts'
import { PROBLEMS, sendProblem } from './answers.ts'
import { Connections } from './connections.ts'
import { answerByFetch } from './fetch-answer.ts'
import { acceptForwards, type Backend } from './forward.ts'
import { HalfOpen } from './half-open.ts'
import { OpenConnections } from './open-connections.ts'

export interface InternetPortOptions {
  readonly sessions: Sessions
  /** Answers every request, whichever side it came by. */
  readonly app: App
  /** Of the open shop; without it only sessions get in. */
  readonly certificate?: ServerCertificate | undefined
  readonly clock: Clock
  readonly log: Log
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly limits?: Partial<Limits>
  /** What CONNECT may reach. */
  readonly backends?: readonly Backend[]
  /** For third-party clients without ML-KEM; false unless the operator says so. */
  readonly allowX25519?: boolean
}

export interface Limits {
  /** Connections under session keys. */
  readonly connections: number
  readonly connectionsPerSession: number
  /** Connections of the open shop, counted apart: the one that is idle longest makes room. */
  readonly openConnections: number
  readonly openConnectionsPerAddress: number
  /** Connections that have not proved a key yet; the oldest makes room for the newest. */
  readonly halfOpen: number
  readonly halfOpenPerAddress: number
  /** How long a connection may take to prove its key, milliseconds. */
  readonly handshakeMs: number
}

const LIMITS: Limits = {
  connections: 10_000,
  connectionsPerSession: 64,
  openConnections: 2000,
  openConnectionsPerAddress: 128,
  halfOpen: 4096,
  halfOpenPerAddress: 512,
  handshakeMs: 10_000,
}
const HEADERS_MAX = 8192
/** A connection on which nothing moves for so long is given up, milliseconds. */
const IDLE_MS = 60_000
const BACKLOG = 4096

export interface InternetPort {
  /** `host:port` that it listens on. */
  readonly address: string
  readonly connections: number
  readonly openConnections: number
  readonly halfOpen: number
  /** Ends the connections whose sessions are gone, whoever erased them. */
  recheck(): Promise<void>
  /** Ends all connections. */
  close(): Promise<void>
}

/** The second port of the server (402). @throws ServerError LISTEN_FAILED, CERTIFICATE_UNUSABLE */
export async function openInternetPort(options: InternetPortOptions): Promise<InternetPort> {
  const { sessions, app, clock, log } = options
  const limits = { ...LIMITS, ...options.limits }
  const halfOpen = new HalfOpen(limits.halfOpen, limits.halfOpenPerAddress)
  const connections = new Connections({
    sessions,
    clock,
    totalMax: limits.connections,
    perSessionMax: limits.connectionsPerSession,
  })
  const opens = new OpenConnections({
    clock,
    totalMax: limits.openConnections,
    perAddressMax: limits.openConnectionsPerAddress,
  })
  const http = createHttpServer({ maxHeaderSize: HEADERS_MAX, keepAliveTimeout: IDLE_MS }, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      fault(error)
      if (response.headersSent) response.destroy()
      else sendProblem(response, 'INTERNAL', { connection: 'close' })
    })
  })
  http.timeout = IDLE_MS
  http.on('clientError', (_error, socket) => refuse(socket))
  acceptForwards(http, { backends: options.backends ?? [], connections, sessions, clock, log })

  const fault = (error: unknown): void => {
    const { code, what } = asServerError(error)
    log({ event: 'internet.fault', path: 'internet', code, what })
  }

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { socket } = request
    if (opens.has(socket)) {
      opens.begin(socket)
      response.once('close', () => opens.end(socket))
      return answerByFetch(app, request, response, { path: 'open' })
    }
    const connection = connections.of(socket)
    connections.begin(socket, /^\/session(?:[/?]|$)/.test(request.url ?? ''))
    // 'close' comes in any case; before it the socket may be kept for the next request already.
    response.once('close', () => connections.end(socket))
    // Asked anew each time: the session may have ended at another node.
    const session = connection && (await sessions.find(connection.sessionId))
    if (session === undefined) {
      socket.destroy()
      return
    }
    await answerByFetch(app, request, response, { path: 'session', session })
  }

  const openSide = options.certificate && {
    certificate: options.certificate,
    onConnection: (socket: Socket): void => {
      halfOpen.proved(socket)
      socket.on('error', () => {}) // its end is seen by 'close'
      if (opens.add(socket)) http.emit('connection', socket)
    },
  }
  const acceptor = newAcceptor({
    open: openSide,
    timeoutMs: limits.handshakeMs,
    allowX25519: options.allowX25519 ?? false,
    findPsk: (identity) => sessions.findPsk(identity),
    onConnection: (socket, identity) => {
      halfOpen.proved(socket)
      socket.on('error', () => {}) // its end is seen by 'close'
      sessions.find(identity).then(
        (session) => {
          // The session may have ended during the handshake.
          if (session === undefined) socket.destroy()
          else if (connections.add(socket, session)) http.emit('connection', socket)
        },
        (error: unknown) => {
          socket.destroy()
          fault(error)
        },
      )
    },
  })
  // As node:http has it for its own sockets; CONNECT passes an end of one direction on.
  const tcp = createServer({ noDelay: true, allowHalfOpen: true }, (socket: Socket) => {
    // The acceptor listens only while it reads the ClientHello; the TLS layer reports what comes later.
    socket.on('error', () => {})
    halfOpen.add(socket)
    if (!socket.destroyed) acceptor.accept(socket)
  })
  const recheck = coalesced(() => connections.recheck().catch(fault))
  sessions.onChanged((groupId) => (groupId === undefined ? recheck() : connections.recheck(groupId).catch(fault)))

  const { port, host } = options
  await new Promise<void>((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(new ServerError('LISTEN_FAILED', `${host}:${port} cannot be opened: ${cause.message}`, cause))
    tcp.once('error', failed)
    tcp.listen({ host, port, backlog: BACKLOG }, () => {
      tcp.off('error', failed).on('error', fault)
      resolve()
    })
  })
  const { address, port: bound, family } = tcp.address() as AddressInfo // it listens on TCP: no path, not null
  return {
    address: family === 'IPv6' ? `[${address}]:${bound}` : `${address}:${bound}`,
    get connections() {
      return connections.size
    },
    get openConnections() {
      return opens.size
    },
    get halfOpen() {
      return halfOpen.size
    },
    recheck,
    close: async () => {
      const closed = new Promise<void>((resolve) => tcp.close(() => resolve()))
      acceptor.close()
      halfOpen.destroyAll()
      connections.destroyAll()
      opens.destroyAll()
      await closed
    },
  }
}

/** @throws ServerError CERTIFICATE_UNUSABLE */
function newAcceptor(options: AcceptOptions): PskAcceptor {
  try {
    return new PskAcceptor(options)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ServerError('CERTIFICATE_UNUSABLE', `the certificate of the open shop cannot be used: ${why}`, cause)
  }
}

function refuse(socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const { status, what, cure } = PROBLEMS.HTTP_INVALID
  const body = JSON.stringify({ code: 'HTTP_INVALID', what, cure })
  const head = `HTTP/1.1 ${status} Bad Request\r\ncontent-type: application/json\r\nconnection: close`
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () => socket.destroy())
}
