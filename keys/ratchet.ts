import { expand, extract } from './kdf.ts'
import { Secret } from './secret.ts'

/** Bytes of the pseudonym under which a card shows itself in one call. */
export const HINT_BYTES = 8
const SECRET_BYTES = 32
/** Bytes of the proof that an enrolling card holds its ticket. */
const PROOF_BYTES = 16

const label = (text: string): Uint8Array => Buffer.from(`keyline/1 ${text}`)

/** R₀ = HKDF(ticket secret, handshake hash of the enrolment call): PROTOCOL.md §2. */
export function firstRatchet(ticketSecret: Secret, handshakeHash: Uint8Array): Secret {
  return derive(ticketSecret, handshakeHash, 'ratchet 0')
}

/** Rₙ₊₁ = HKDF(Rₙ, handshake hash): PROTOCOL.md §3. Does not wipe Rₙ: the server keeps it until Rₙ₊₁ is seen in use. */
export function nextRatchet(current: Secret, handshakeHash: Uint8Array): Secret {
  return derive(current, handshakeHash, 'ratchet')
}

/**
 * Shows inside message 1 of an enrolment that its sender holds the ticket, 16 bytes: Noise IKpsk2 itself proves it only with
 * message 2, and a stranger with the server's public key could use the ticket up. Bound to the card's new static key.
 */
export function ticketProof(ticketSecret: Secret, cardPublic: Uint8Array): Uint8Array {
  const prk = extract(cardPublic, ticketSecret.reveal())
  const proof = expand(prk, label('ticket proof'), PROOF_BYTES)
  prk.fill(0)
  return proof
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
