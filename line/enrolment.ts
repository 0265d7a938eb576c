import { timingSafeEqual } from 'node:crypto'
import { Handshake } from '../keys/noise.ts'
import { firstRatchet, ticketProof } from '../keys/ratchet.ts'
import { Secret } from '../keys/secret.ts'
import { type KeyPair, keyPair } from '../keys/x25519.ts'
import {
  decodeEnrolmentRequest,
  decodeEnrolmentResponse,
  type EnrolmentResponse,
  encodeEnrolmentRequest,
  encodeEnrolmentResponse,
} from '../wire/line/enrolment.ts'
import { linePrologue, type PendingRequest } from './exchange.ts'

/*
 * Once per card (PROTOCOL.md §2): Noise IKpsk2. The card knows the server's static key from its ticket; the server learns the
 * card's static key and the ticket's name from message 1, and only who holds the ticket's secret can make or read message 2.
 */

export interface CardEnrolmentOptions {
  readonly cardId: string
  readonly calledAddress: string
  readonly serverPublic: Uint8Array
  readonly ticketSecret: Secret
  /** The card's new static key pair. */
  readonly own: KeyPair
}

/** The card's half. */
export class CardEnrolment {
  /** To be made durable with the key pair before the request is sent: a ticket works for one request only. */
  readonly pending: PendingRequest
  readonly #handshake: Handshake
  readonly #secret: Secret

  /** @param pending of an earlier attempt with the same ticket and keys: the same bytes are then sent again */
  constructor(options: CardEnrolmentOptions, pending?: PendingRequest) {
    const e = keyPair(pending && Uint8Array.from(pending.ephemeral.reveal()))
    const ephemeral = new Secret(Uint8Array.from(e.secretKey))
    this.#secret = options.ticketSecret
    this.#handshake = new Handshake({
      pattern: 'IKpsk2',
      initiator: true,
      prologue: linePrologue(options.calledAddress),
      s: options.own,
      rs: options.serverPublic,
      psk: options.ticketSecret.reveal(),
      e,
    })
    const proof = ticketProof(options.ticketSecret, options.own.publicKey)
    const request = this.#handshake.writeMessage(encodeEnrolmentRequest({ cardId: options.cardId, proof }))
    this.pending = { request, ephemeral }
  }

  get request(): Uint8Array {
    return this.pending.request
  }

  /**
   * @returns the verdict, and R₀ when enrolled
   * @throws NoiseError, LineFormatError when the response is not the server's of this ticket
   */
  finish(response: Uint8Array): { readonly verdict: EnrolmentResponse; readonly ratchet: Secret } {
    const verdict = decodeEnrolmentResponse(this.#handshake.readMessage(response))
    return { verdict, ratchet: firstRatchet(this.#secret, this.#handshake.split().hash) }
  }
}

/** The server's half: who asks is known before the secret of his ticket must be. */
export class ServerEnrolment {
  readonly cardId: string
  /** The card's static public key, 32 bytes. */
  readonly cardPublic: Uint8Array
  readonly #proof: Uint8Array
  readonly #request: Uint8Array
  readonly #own: KeyPair
  readonly #calledAddress: string

  /** @throws NoiseError, LineFormatError: such a request gets no answer at all */
  constructor(own: KeyPair, calledAddress: string, request: Uint8Array) {
    this.#own = own
    this.#calledAddress = calledAddress
    this.#request = request
    // Message 1 does not depend on the psk of `psk2`, but Noise §9.2 lets any psk change how ephemerals are mixed: read it with zeros.
    const { handshake, payload } = this.#read(new Uint8Array(32))
    const { cardId, proof } = decodeEnrolmentRequest(payload)
    this.cardId = cardId
    this.#proof = proof
    this.cardPublic = Uint8Array.from(handshake.remoteStatic ?? [])
    handshake.wipe()
  }

  /** Whether the sender holds this ticket; who does not gets no answer, and changes nothing. In constant time. */
  holds(ticketSecret: Secret): boolean {
    return timingSafeEqual(this.#proof, ticketProof(ticketSecret, this.cardPublic))
  }

  /** @returns the bytes to send and to keep (the same request gets the same response), and R₀ */
  respond(
    ticketSecret: Secret,
    verdict: EnrolmentResponse,
  ): { readonly response: Uint8Array; readonly ratchet: Secret } {
    const { handshake } = this.#read(ticketSecret.reveal())
    const response = handshake.writeMessage(encodeEnrolmentResponse(verdict))
    return { response, ratchet: firstRatchet(ticketSecret, handshake.split().hash) }
  }

  #read(psk: Uint8Array): { readonly handshake: Handshake; readonly payload: Uint8Array } {
    const prologue = linePrologue(this.#calledAddress)
    const handshake = new Handshake({ pattern: 'IKpsk2', initiator: false, prologue, s: this.#own, psk })
    return { handshake, payload: handshake.readMessage(this.#request) }
  }
}
