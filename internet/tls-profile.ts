import { constants } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'

/**
 * The one TLS profile (PROTOCOL.md §5): TLS 1.3, external PSK with (EC)DHE, SHA-256 suites only (OpenSSL binds a PSK given
 * by callback to SHA-256), the hybrid post-quantum group, and no tickets: a ticket would outlive the erased key.
 */
export const TLS_PROFILE: SecureContextOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
  ecdhCurve: 'X25519MLKEM768',
  secureOptions: constants.SSL_OP_NO_TICKET,
}

/** Whether this Node has what the profile asks for: its OpenSSL must be 3.5 or newer. */
export function hasTlsProfile(): boolean {
  try {
    createSecureContext(TLS_PROFILE)
    return true
  } catch {
    return false
  }
}

/**
 * The same for third-party clients without ML-KEM (PROTOCOL.md §5), where the operator says so: the hybrid group still comes
 * first. It gives up the protection of recordings against a later quantum computer, and nothing else.
 */
export const TLS_PROFILE_X25519: SecureContextOptions = { ...TLS_PROFILE, ecdhCurve: 'X25519MLKEM768:X25519' }

/**
 * Ordinary HTTPS of the open shop (SYSTEM.md §3), both ends: the hybrid group first, then what browsers have. OpenSSL sends tickets under
 * TLS 1.3 all the same; with this option they are numbers of sessions that nobody keeps, so that nothing is ever resumed.
 */
export const TLS_PROFILE_OPEN: SecureContextOptions = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ecdhCurve: 'X25519MLKEM768:X25519:P-256',
  secureOptions: constants.SSL_OP_NO_TICKET,
}
/** Length of such a number, bytes; OpenSSL makes them, browsers offer them as a PSK identity. */
export const OPEN_TICKET_BYTES = 32
export const OPEN_ALPN: readonly string[] = ['http/1.1']

/** No handshake is waited for longer, milliseconds: half-open connections must not pile up. */
export const HANDSHAKE_TIMEOUT_MS = 10_000
