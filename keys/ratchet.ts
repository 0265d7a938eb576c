import { expand, extract } from './kdf.ts'
import { Secret } from './secret.ts'

/** Bytes of the pseudonym under which a card shows itself in one call. */
export const HINT_BYTES = 8
const SECRET_BYTES = 32

const label = (text: string): Uint8Array => Buffer.from(`keyline/1 ${text}`)

/** R₀ = HKDF(ticket secret, handshake hash of the enrolment call): PROTOCOL.md §2. */
export function firstRatchet(ticketSecret: Secret, handshakeHash: Uint8Array): Secret {
  return derive(ticketSecret, handshakeHash, 'ratchet 0')
}

/** Rₙ₊₁ = HKDF(Rₙ, handshake hash): PROTOCOL.md §3. Does not wipe Rₙ: the server keeps it until Rₙ₊₁ is seen in use. */
export function nextRatchet(current: Secret, handshakeHash: Uint8Array): Secret {
  return derive(current, handshakeHash, 'ratchet')
}

/** The card's pseudonym for the call made with Rₙ, 8 bytes: says nothing about Rₙ and links no two calls. */
export function cardHint(current: Secret): Uint8Array {
  return expand(current.reveal(), label('hint'), HINT_BYTES)
}

function derive(secret: Secret, handshakeHash: Uint8Array, purpose: string): Secret {
  const prk = extract(handshakeHash, secret.reveal())
  const next = new Secret(expand(prk, label(purpose), SECRET_BYTES))
  prk.fill(0)
  return next
}
