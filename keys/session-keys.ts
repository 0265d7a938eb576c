import { expand, extract } from './kdf.ts'
import { Secret } from './secret.ts'
import { x25519 } from './x25519.ts'

const ID_BYTES = 16
const PSK_BYTES = 32

export interface SessionKey {
  /** TLS 1.3 PSK identity: base64url of 16 random-looking bytes, new for each key (RFC 9257 §6). */
  readonly id: string
  readonly psk: Secret
}

/** Both public halves of one key pair exchange (S7, S7'). */
export interface ExchangedKeys {
  readonly terminalPublic: Uint8Array
  readonly serverPublic: Uint8Array
}

/**
 * The session key that both ends derive after the call (S8, S9; PROTOCOL.md §4).
 * @param ownSecret PSkey at the terminal, SSkey at the server, 32 bytes; stays the caller's to wipe
 * @param handshakeHash of the line exchange, 32 bytes: binds the key to that very call
 * @throws RangeError when the peer's key is a low-order point
 */
export function sessionKey(
  side: 'terminal' | 'server',
  ownSecret: Secret,
  keys: ExchangedKeys,
  handshakeHash: Uint8Array,
): SessionKey {
  const shared = x25519(ownSecret.reveal(), side === 'terminal' ? keys.serverPublic : keys.terminalPublic)
  const prk = extract(handshakeHash, shared)
  const info = (label: string): Uint8Array =>
    Buffer.concat([Buffer.from(`keyline/1 ${label}`), keys.terminalPublic, keys.serverPublic])
  const psk = new Secret(expand(prk, info('psk'), PSK_BYTES))
  const id = Buffer.from(expand(prk, info('id'), ID_BYTES)).toString('base64url')
  shared.fill(0)
  prk.fill(0)
  return { id, psk }
}
