import { isIP } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { HANDSHAKE_TIMEOUT_MS, OPEN_ALPN, TLS_PROFILE_OPEN } from './tls-profile.ts'
import type { Binding } from './via.ts'

const REASONS = {
  INTERNET_UNREACHABLE: 'check the connection to the Internet and the address, and try again',
  INTERNET_CERTIFICATE_REFUSED: 'check the address; if it is right, do not trust this network',
} as const

/** There is no connection to the open shop: nothing was sent. */
export class InternetOpenError extends Error {
  readonly code: keyof typeof REASONS
  /** What happened. */
  readonly what: string
  readonly cure: string
  constructor(code: keyof typeof REASONS, what: string, cause?: unknown) {
    super(`${code}: ${what}; ${REASONS[code]}`, { cause })
    this.name = 'InternetOpenError'
    this.code = code
    this.what = what
    this.cure = REASONS[code]
  }
}

export interface OpenTarget {
  /** Name, IPv4 or IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** Where it must leave by an address of this computer (`boundTo`). */
  readonly binding?: Binding
  /** Authorities in PEM that alone are trusted; default: those that Node brings. */
  readonly ca?: string | undefined
}

/**
 * Ordinary HTTPS to the open shop (S21): TLS 1.3, the certificate is checked for this host. Nothing is kept to resume by.
 * @throws InternetOpenError INTERNET_UNREACHABLE, INTERNET_CERTIFICATE_REFUSED; nothing is left open
 */
export function connectOpen({ host, port, ca, binding }: OpenTarget): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    let refusal: keyof typeof REASONS = 'INTERNET_UNREACHABLE'
    const secured = tlsConnect({
      ...TLS_PROFILE_OPEN,
      host,
      port,
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
      ALPNProtocols: [...OPEN_ALPN],
      // The socket's own (net.Socket); the types of tls.connect do not name it.
      ...(binding as object | undefined),
    })
    const refuse = (what: string, cause?: unknown): void => {
      clearTimeout(timer)
      secured.destroy()
      reject(new InternetOpenError(refusal, `${host}:${port} ${what}`, cause))
    }
    const timer = setTimeout(() => {
      refusal = 'INTERNET_UNREACHABLE'
      refuse('took too long to answer')
    }, HANDSHAKE_TIMEOUT_MS)
    secured.once('connect', () => {
      refusal = 'INTERNET_CERTIFICATE_REFUSED'
      secured.setNoDelay(true)
    })
    secured.once('error', (error) => refuse('did not become a connection to this server', error))
    secured.once('close', () => refuse('closed the connection during the handshake'))
    secured.once('secureConnect', () => {
      clearTimeout(timer)
      secured.removeAllListeners('error').removeAllListeners('close')
      resolve(secured)
    })
  })
}
