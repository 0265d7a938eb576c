import { CARD_ID_MAX } from '../limits.ts'
import { decodeArray, encodeArray, LineFormatError, textField } from './cbor.ts'

/*
 * Payloads of the enrolment exchange (PROTOCOL.md §2), CBOR arrays:
 *
 *   request  [1, card id, proof of the ticket (16)]  inside Noise IKpsk2 message 1, encrypted to the server's static key
 *   response [0]              enrolled: both sides now hold each other's static key and R₀
 *            [reason]         refused
 */
const VERSION = 1
const ENROLLED = 0
const PROOF_BYTES = 16

export const ENROLMENT_REFUSALS = { 1: 'TICKET_USED', 2: 'TICKET_EXPIRED', 3: 'TICKET_REVOKED' } as const
export type EnrolmentRefusal = (typeof ENROLMENT_REFUSALS)[keyof typeof ENROLMENT_REFUSALS]

export type EnrolmentResponse =
  | { readonly verdict: 'enrolled' }
  | { readonly verdict: 'refused'; readonly reason: EnrolmentRefusal }

export interface EnrolmentRequest {
  readonly cardId: string
  /** 16 bytes that only who holds the ticket can make (keys/ratchet.ts). */
  readonly proof: Uint8Array
}

export function encodeEnrolmentRequest({ cardId, proof }: EnrolmentRequest): Uint8Array {
  return encodeArray([VERSION, cardId, proof])
}

/** @throws LineFormatError */
export function decodeEnrolmentRequest(bytes: Uint8Array): EnrolmentRequest {
  const fields = decodeArray(bytes)
  const proof = fields[2]
  if (fields.length !== 3 || fields[0] !== VERSION) throw new LineFormatError('expected an enrolment request')
  if (!(proof instanceof Uint8Array) || proof.length !== PROOF_BYTES) {
    throw new LineFormatError(`expected a proof of ${PROOF_BYTES} bytes`)
  }
  return { cardId: textField(fields[1], 'card id', 1, CARD_ID_MAX), proof: Uint8Array.from(proof) }
}

export function encodeEnrolmentResponse(response: EnrolmentResponse): Uint8Array {
  if (response.verdict === 'enrolled') return encodeArray([ENROLLED])
  const code = Object.entries(ENROLMENT_REFUSALS).find(([, name]) => name === response.reason)?.[0]
  return encodeArray([Number(code)])
}

/** @throws LineFormatError */
export function decodeEnrolmentResponse(bytes: Uint8Array): EnrolmentResponse {
  const fields = decodeArray(bytes)
  if (fields.length === 1 && fields[0] === ENROLLED) return { verdict: 'enrolled' }
  const reason = Object.entries(ENROLMENT_REFUSALS).find(([code]) => Number(code) === fields[0])?.[1]
  if (reason === undefined || fields.length !== 1) throw new LineFormatError('expected an enrolment response')
  return { verdict: 'refused', reason }
}
