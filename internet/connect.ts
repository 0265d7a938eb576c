import type { Socket } from 'node:net'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { SessionKey } from '../keys/session-keys.ts'
import { HANDSHAKE_TIMEOUT_MS, TLS_PROFILE } from './tls-profile.ts'
import type { Binding } from './via.ts'

/** The server did not prove that it holds the session key: nothing was sent. */
export class InternetPathError extends Error {
  readonly code = 'INTERNET_PATH_REFUSED'
  constructor(what: string, cause?: unknown) {
    super(`INTERNET_PATH_REFUSED: ${what}; log in again, and if it repeats do not trust this network`, { cause })
    this.name = 'InternetPathError'
  }
}

/**
 * Takes bytes as they come; they are valid during the call only, because the next ones come into the same memory.
 * @returns false when nothing more is wanted until `resume()` of the socket
 */
export type OnBytes = (bytes: Buffer) => boolean

export interface TcpTarget {
  readonly host: string
  readonly port: number
  readonly onBytes: OnBytes
  /** Where it must leave by an address of this computer (`boundTo`). */
  readonly binding?: Binding
  /** Told the socket at once, so that its owner can end it at any time. */
  readonly opened: (socket: Socket) => void
}

/** A record of TLS at most is read at once; whoever reads copies before the next one, so that all connections share it. */
const READ_BYTES = 65_536
const scratch = Buffer.allocUnsafeSlow(READ_BYTES)

/**
 * Makes an open socket the encrypted Internet path (S11, S17). All conditions of PROTOCOL.md §5: the certificate path is
 * closed twice (no authorities, and a check that always fails, which Node skips when the PSK was used), and afterwards the
 * PSK must have been used and no certificate shown.
 * @throws InternetPathError and destroys the socket on anything else
 */
export function connectPsk(socket: Socket, key: SessionKey): Promise<TLSSocket> {
  return proved(tlsConnect({ ...optionsOf(key), socket }), socket)
}

/**
 * The same from the TCP connection on, for bulk bytes: they go to `onBytes` without a stream in between and without memory of their own.
 * @throws InternetPathError; Error of the system when there is no TCP connection
 */
export function dialPsk({ host, port, onBytes, opened, binding }: TcpTarget, key: SessionKey): Promise<TLSSocket> {
  const onread = { buffer: scratch, callback: (length: number) => onBytes(scratch.subarray(0, length)) }
  // `onread` and the binding are the socket's (net.Socket); the types of tls.connect do not name them.
  const options: ConnectionOptions & Binding & { readonly onread: typeof onread } = {
    ...optionsOf(key),
    ...binding,
    ...{ host, port, onread },
  }
  const secured = tlsConnect(options)
  secured.setNoDelay(true)
  opened(secured)
  return proved(secured, secured)
}

function optionsOf(key: SessionKey): ConnectionOptions {
  return {
    ...TLS_PROFILE,
    ca: [],
    pskCallback: () => ({ psk: key.psk.reveal(), identity: key.id }),
    checkServerIdentity: () => new Error('a certificate was shown instead of the session key'),
  }
}

/** @param tcp below it; itself where they are one */
function proved(secured: TLSSocket, tcp: Socket): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const end = (error: Error): void => {
      clearTimeout(timer)
      secured.destroy()
      tcp.destroy()
      reject(error)
    }
    const refuse = (what: string, cause?: unknown): void => end(new InternetPathError(what, cause))
    let reached = secured !== tcp
    secured.once('connect', () => {
      reached = true
    })
    const timer = setTimeout(() => {
      if (!reached) end(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }))
      else refuse('the handshake took too long')
    }, HANDSHAKE_TIMEOUT_MS)
    secured.once('error', (error) => {
      if (!reached) end(error)
      else refuse('the server does not hold the session key', error)
    })
    secured.once('close', () => refuse('the server closed the connection during the handshake'))
    secured.once('secureConnect', () => {
      const certificate = Object.keys(secured.getPeerCertificate() ?? {}).length > 0
      if (!secured.isSessionReused() || certificate) return refuse('the server did not use the session key')
      clearTimeout(timer)
      secured.removeAllListeners('error').removeAllListeners('close')
      resolve(secured)
    })
  })
}
