import type { Socket } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { SessionKey } from '../keys/session-keys.ts'
import { HANDSHAKE_TIMEOUT_MS, TLS_PROFILE } from './tls-profile.ts'

/** The server did not prove that it holds the session key: nothing was sent. */
export class InternetPathError extends Error {
  readonly code = 'INTERNET_PATH_REFUSED'
  constructor(what: string, cause?: unknown) {
    super(`INTERNET_PATH_REFUSED: ${what}; log in again, and if it repeats do not trust this network`, { cause })
    this.name = 'InternetPathError'
  }
}

/**
 * Makes an open socket the encrypted Internet path (S11, S17). All conditions of PROTOCOL.md §5: the certificate path is
 * closed twice (no authorities, and a check that always fails, which Node skips when the PSK was used), and afterwards the
 * PSK must have been used and no certificate shown.
 * @throws InternetPathError and destroys the socket on anything else
 */
export function connectPsk(socket: Socket, key: SessionKey): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = tlsConnect({
      ...TLS_PROFILE,
      socket,
      ca: [],
      pskCallback: () => ({ psk: key.psk.reveal(), identity: key.id }),
      checkServerIdentity: () => new Error('a certificate was shown instead of the session key'),
    })
    const refuse = (what: string, cause?: unknown): void => {
      clearTimeout(timer)
      secured.destroy()
      socket.destroy()
      reject(new InternetPathError(what, cause))
    }
    const timer = setTimeout(() => refuse('the handshake took too long'), HANDSHAKE_TIMEOUT_MS)
    secured.once('error', (error) => refuse('the server does not hold the session key', error))
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
