import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { CLIENT_HELLO_MAX, type ClientHello, readClientHello } from './client-hello.ts'
import {
  HANDSHAKE_TIMEOUT_MS,
  OPEN_ALPN,
  OPEN_TICKET_BYTES,
  TLS_PROFILE,
  TLS_PROFILE_OPEN,
  TLS_PROFILE_X25519,
} from './tls-profile.ts'

/** What the open shop shows that it is; PEM, the certificate with those between it and an authority. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

/** The open side of the port (S21): ordinary HTTPS for whoever has no session key. */
export interface OpenSide {
  readonly certificate: ServerCertificate
  /** A connection of nobody in particular. The receiver owns the socket from here. */
  readonly onConnection: (socket: TLSSocket) => void
}

export interface AcceptOptions {
  /** The PSK of an identity, or undefined when there is none, it expired or was erased. May ask a database. */
  readonly findPsk: (identity: string) => Promise<Uint8Array | undefined>
  /** A connection under a session key; its identity is the session's. The receiver owns the socket from here. */
  readonly onConnection: (socket: TLSSocket, identity: string) => void
  /** How long a handshake may take, milliseconds. */
  readonly timeoutMs?: number
  /** Third-party clients without ML-KEM may use X25519 alone; false unless the operator says so. */
  readonly allowX25519?: boolean
  /** Without it a connection that offers no PSK is closed without an answer. */
  readonly open?: OpenSide | undefined
}

interface PendingKey {
  readonly psk: Uint8Array
  /** Connections that this key was looked up for and that are still open. */
  connections: number
}

/**
 * The server's end of the Internet path (S13): reads the ClientHello, asks for its session, and only then hands the socket
 * with its bytes to OpenSSL. What is not one known PSK identity is closed without an answer; what offers no PSK at all goes to the
 * open side, where there is one. A hello that names a session never sees a certificate.
 */
export class PskAcceptor {
  readonly #options: AcceptOptions
  readonly #server: Server
  readonly #openServer: Server | undefined
  readonly #waiting = new Set<Socket>()
  /** Keys of the open connections: the synchronous callback finds them here. */
  readonly #keys = new Map<string, PendingKey>()
  /** The identity under which OpenSSL is checking, and then has checked, the binder of a connection. */
  readonly #identities = new WeakMap<TLSSocket, string>()
  readonly #timeoutMs: number

  constructor(options: AcceptOptions) {
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? HANDSHAKE_TIMEOUT_MS
    this.#server = createServer({
      ...(options.allowX25519 ? TLS_PROFILE_X25519 : TLS_PROFILE),
      handshakeTimeout: this.#timeoutMs,
      pskCallback: (socket, identity) => {
        // The server's end is always a TLSSocket; the type of Node's callback is the common one of both ends.
        this.#identities.set(socket as TLSSocket, identity)
        return this.#keys.get(identity)?.psk ?? null
      },
    })
    this.#server.on('secureConnection', (socket) => {
      const identity = this.#identities.get(socket)
      if (identity === undefined) socket.destroy()
      else options.onConnection(socket, identity)
    })
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
    this.#openServer = options.open && openServer(options.open, this.#timeoutMs)
  }

  /** Takes a fresh TCP connection, from which nothing was read yet. */
  accept(socket: Socket): void {
    let seen = Buffer.alloc(0)
    const leave = (): void => {
      clearTimeout(timer)
      this.#waiting.delete(socket)
      socket.removeListener('error', drop).removeListener('end', drop).removeListener('close', drop)
    }
    const drop = (): void => {
      clearTimeout(timer)
      this.#waiting.delete(socket)
      socket.destroy()
    }
    const timer = setTimeout(drop, this.#timeoutMs)
    this.#waiting.add(socket)
    socket.on('error', drop).once('end', drop).once('close', drop)
    const read = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk])
      const hello = readClientHello(seen)
      if (hello.type === 'incomplete' && seen.length <= CLIENT_HELLO_MAX) return
      socket.removeListener('data', read).pause()
      if (this.#openServer !== undefined && isOpen(hello)) {
        leave()
        socket.unshift(seen)
        this.#openServer.emit('connection', socket)
      } else if (hello.type === 'psk') {
        this.#options.findPsk(hello.identity).then((psk) => {
          if (psk === undefined || socket.destroyed) return drop()
          leave()
          this.#secure(socket, seen, hello.identity, psk)
        }, drop)
      } else drop()
    }
    socket.on('data', read)
  }

  /** Ends all handshakes; connections already handed over are their owner's. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy()
    this.#waiting.clear()
  }

  #secure(socket: Socket, seen: Buffer, identity: string, psk: Uint8Array): void {
    const entry = this.#keys.get(identity) ?? { psk, connections: 0 }
    entry.connections++
    this.#keys.set(identity, entry)
    // The key stays findable while this connection lives; whether the session still does, `findPsk` was asked for each one.
    socket.once('close', () => {
      if (--entry.connections === 0) this.#keys.delete(identity)
    })
    socket.unshift(seen)
    this.#server.emit('connection', socket)
  }
}

/** A ticket of the open side counts as no PSK: browsers bring it back, nothing is resumed by it, and no session is called so. */
function isOpen(hello: ClientHello): boolean {
  return hello.type === 'open' || (hello.type === 'psk' && hello.identity.length === OPEN_TICKET_BYTES)
}

/** @throws Error when certificate and key are none or do not belong together */
function openServer({ certificate, onConnection }: OpenSide, handshakeTimeout: number): Server {
  const server = createServer({ ...TLS_PROFILE_OPEN, ...certificate, ALPNProtocols: [...OPEN_ALPN], handshakeTimeout })
  server.on('secureConnection', (socket) => {
    // Nothing can be resumed; if it ever were, its tickets would outlive what they were made for.
    if (socket.isSessionReused()) socket.destroy()
    else onConnection(socket)
  })
  return server.on('tlsClientError', (_error, socket) => socket.destroy())
}
