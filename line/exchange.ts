import { type CipherState, Handshake, NoiseError } from '../keys/noise.ts'
import { cardHint, HINT_BYTES, nextRatchet } from '../keys/ratchet.ts'
import { Secret } from '../keys/secret.ts'
import { type KeyPair, keyPair } from '../keys/x25519.ts'

/** What one end of an enrolled pair holds (PROTOCOL.md §2). */
export interface LineIdentity {
  readonly own: KeyPair
  /** The peer's static public key, 32 bytes. */
  readonly peer: Uint8Array
  /** Rₙ, 32 bytes. */
  readonly ratchet: Secret
  /** The called address (IDb) as enrolled: a call that reached another number does not authenticate. */
  readonly calledAddress: string
}

/** What both ends hold after a good exchange. */
export interface LineChannel {
  readonly send: CipherState
  readonly receive: CipherState
  /** Salt of the session keys, 32 bytes. */
  readonly handshakeHash: Uint8Array
  /** Rₙ₊₁: the card makes it durable before it reports success. */
  readonly nextRatchet: Secret
}

/** What a card keeps from before it sends until it has the answer: from these the very same call can be repeated. */
export interface PendingRequest {
  readonly request: Uint8Array
  /** Secret half of the ephemeral key of message 1, 32 bytes. */
  readonly ephemeral: Secret
}

/** Prologue of every handshake on the line: version and called address. */
export function linePrologue(calledAddress: string): Uint8Array {
  return Buffer.concat([Buffer.from('keyline/1'), Buffer.from(calledAddress)])
}

function handshake(identity: LineIdentity, initiator: boolean, e?: KeyPair): Handshake {
  return new Handshake({
    pattern: 'KKpsk0',
    initiator,
    prologue: linePrologue(identity.calledAddress),
    s: identity.own,
    rs: identity.peer,
    psk: identity.ratchet.reveal(),
    ...(e && { e }),
  })
}

function channel(ended: Handshake, ratchet: Secret): LineChannel {
  const { send, receive, hash } = ended.split()
  return { send, receive, handshakeHash: hash, nextRatchet: nextRatchet(ratchet, hash) }
}

/** The card's half: one request, one response (S2, S6, S7). */
export class CardExchange {
  /** To be made durable before the request is sent, so that only the same bytes can ever continue Rₙ. */
  readonly pending: PendingRequest
  readonly #handshake: Handshake
  readonly #ratchet: Secret

  private constructor(pending: PendingRequest, ongoing: Handshake, ratchet: Secret) {
    this.pending = pending
    this.#handshake = ongoing
    this.#ratchet = ratchet
  }

  /** A new call. @param payload encrypted into the request; stays the caller's to wipe */
  static start(identity: LineIdentity, payload: Uint8Array): CardExchange {
    const e = keyPair()
    const ephemeral = new Secret(Uint8Array.from(e.secretKey))
    const ongoing = handshake(identity, true, e)
    const request = Buffer.concat([cardHint(identity.ratchet), ongoing.writeMessage(payload)])
    return new CardExchange({ request, ephemeral }, ongoing, identity.ratchet)
  }

  /**
   * The same call once more, after a lost response or a loss of power (PROTOCOL.md §3).
   * @throws NoiseError when the pending request is not one of this identity
   */
  static repeat(identity: LineIdentity, pending: PendingRequest): CardExchange {
    const ongoing = handshake(identity, true, keyPair(Uint8Array.from(pending.ephemeral.reveal())))
    ongoing.adoptMessage(pending.request.subarray(requestHint(pending.request).length))
    return new CardExchange(pending, ongoing, identity.ratchet)
  }

  /** Card hint ‖ Noise message 1. */
  get request(): Uint8Array {
    return this.pending.request
  }

  /** @throws NoiseError when the response is not the enrolled server's: the exchange is then over */
  finish(response: Uint8Array): { readonly payload: Uint8Array; readonly channel: LineChannel } {
    const payload = this.#handshake.readMessage(response)
    return { payload, channel: channel(this.#handshake, this.#ratchet) }
  }
}

/** The pseudonym in front of a request, by which the server finds Rₙ. @throws NoiseError when it is too short */
export function requestHint(request: Uint8Array): Uint8Array {
  if (request.length < HINT_BYTES) throw new NoiseError(`expected at least ${HINT_BYTES} bytes, got ${request.length}`)
  return request.subarray(0, HINT_BYTES)
}

/** The server's half, for the card whose hint was found (S3–S7'). */
export class ServerExchange {
  readonly payload: Uint8Array
  readonly #handshake: Handshake
  readonly #ratchet: Secret

  /** @throws NoiseError when the request is not that card's under Rₙ: it gets no answer at all */
  constructor(identity: LineIdentity, request: Uint8Array) {
    this.#ratchet = identity.ratchet
    this.#handshake = handshake(identity, false)
    this.payload = this.#handshake.readMessage(request.subarray(requestHint(request).length))
  }

  /** Keep the returned bytes: the same request gets the same response (PROTOCOL.md §3). */
  respond(payload: Uint8Array): { readonly response: Uint8Array; readonly channel: LineChannel } {
    const response = this.#handshake.writeMessage(payload)
    return { response, channel: channel(this.#handshake, this.#ratchet) }
  }
}
