import { timingSafeEqual } from 'node:crypto'
import { Secret } from '../../keys/secret.ts'
import { KEY_BYTES } from '../../keys/x25519.ts'
import { CARD_ID_MAX, LINE_MESSAGE_MAX } from '../../wire/limits.ts'
import { decodeArray, encodeArray, LineFormatError, textField } from '../../wire/line/cbor.ts'
import { parseCanary } from '../../wire/line/packet-address.ts'
import type { LineAddress } from '../../wire/line/ticket.ts'

/*
 * All that a card must not forget, as one CBOR array:
 *
 *   record    [1, enrolled or null, enrolling or null(, key of the file area (32))]
 *   enrolled  [card id, IDc or "", Internet address, [[bearer, address], …], server's static key (32), own static secret (32),
 *              Rₙ (32), mark of the ticket (32), pending or null(, Internet canary)]
 *   pending   [called address, request, ephemeral secret (32), mark (32)]
 *   enrolling [mark of the ticket (32), called address, own static secret (32), request, ephemeral secret (32)]
 */
const VERSION = 1
const ADDRESS_MAX = 128
const ADDRESSES_MAX = 8
const MARK_BYTES = 32
const BEARERS = ['call', 'packet', 'sms'] as const

/** A login that was sent, or is about to be, and has no answer yet: only these very bytes may continue Rₙ. */
export interface PendingCall {
  readonly calledAddress: string
  readonly request: Uint8Array
  readonly ephemeral: Secret
  /** Tells whether another request asks for the same; says nothing without `ephemeral`. */
  readonly mark: Uint8Array
}

export interface Enrolled {
  readonly cardId: string
  /** IDc: the card's own number where it is known, else empty. */
  readonly ownNumber: string
  /** `host:port` of the server's Internet port (IPb). */
  readonly internet: string
  /** IDb, one for each bearer. */
  readonly line: readonly LineAddress[]
  readonly serverPublic: Uint8Array
  readonly ownSecret: Secret
  /** Rₙ. */
  readonly ratchet: Secret
  /** Which ticket made this enrolment. */
  readonly ticketMark: Uint8Array
  readonly pending: PendingCall | undefined
  /** `address:port` on the Internet that a private network must not reach, where the operator named one. */
  readonly canary?: string
}

/** An enrolment that was asked for and has no answer yet: a ticket works for one request only. */
export interface Enrolling {
  readonly ticketMark: Uint8Array
  readonly calledAddress: string
  readonly ownSecret: Secret
  readonly request: Uint8Array
  readonly ephemeral: Secret
}

export interface CardRecord {
  readonly enrolled: Enrolled | undefined
  readonly enrolling: Enrolling | undefined
  /** What the file area (51A) is sealed with; made with the first file. */
  readonly filesKey?: Secret
}

export const EMPTY_RECORD: CardRecord = { enrolled: undefined, enrolling: undefined }

/** @returns bytes full of secrets: the caller wipes them */
export function encodeRecord({ enrolled, enrolling, filesKey }: CardRecord): Uint8Array {
  return encodeArray([
    VERSION,
    enrolled ? encodeEnrolled(enrolled) : null,
    enrolling ? encodeEnrolling(enrolling) : null,
    ...(filesKey ? [filesKey.reveal()] : []),
  ])
}

/** @throws LineFormatError */
export function decodeRecord(bytes: Uint8Array): CardRecord {
  const all = decodeArray(bytes)
  const [version, enrolled, enrolling, filesKey] = array(all, all.length === 4 ? 4 : 3, 'record')
  if (version !== VERSION) throw new LineFormatError(`expected a record of version ${VERSION}`)
  return {
    enrolled: enrolled === null ? undefined : decodeEnrolled(enrolled),
    enrolling: enrolling === null ? undefined : decodeEnrolling(enrolling),
    ...(filesKey !== undefined && { filesKey: secretField(filesKey, 'key of the file area') }),
  }
}

/** In constant time. */
export function sameMark(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function encodeEnrolled(it: Enrolled): readonly unknown[] {
  const line = it.line.map(({ bearer, address }) => [bearer, address])
  const keys = [it.serverPublic, it.ownSecret.reveal(), it.ratchet.reveal(), it.ticketMark]
  const { pending } = it
  const call = pending && [pending.calledAddress, pending.request, pending.ephemeral.reveal(), pending.mark]
  const canary = it.canary === undefined ? [] : [it.canary]
  return [it.cardId, it.ownNumber, it.internet, line, ...keys, call ?? null, ...canary]
}

function encodeEnrolling(it: Enrolling): readonly unknown[] {
  return [it.ticketMark, it.calledAddress, it.ownSecret.reveal(), it.request, it.ephemeral.reveal()]
}

function decodeEnrolled(value: unknown): Enrolled {
  const withCanary = Array.isArray(value) && value.length === 10
  const fields = array(value, withCanary ? 10 : 9, 'enrolled card')
  const [cardId, ownNumber, internet, line, server, own, ratchet, mark, pending, canary] = fields
  return {
    cardId: textField(cardId, 'card id', 1, CARD_ID_MAX),
    ownNumber: textField(ownNumber, 'own number', 0, ADDRESS_MAX),
    internet: textField(internet, 'Internet address', 3, ADDRESS_MAX),
    line: lineAddresses(line),
    serverPublic: bytesField(server, 'server key', KEY_BYTES, KEY_BYTES),
    ownSecret: secretField(own, 'own key'),
    ratchet: secretField(ratchet, 'ratchet'),
    ticketMark: bytesField(mark, 'ticket mark', MARK_BYTES, MARK_BYTES),
    pending: pending === null ? undefined : decodePending(pending),
    ...(withCanary ? { canary: canaryField(canary) } : {}),
  }
}

function decodePending(value: unknown): PendingCall {
  const [called, request, ephemeral, mark] = array(value, 4, 'pending call')
  return {
    calledAddress: textField(called, 'called address', 1, ADDRESS_MAX),
    request: bytesField(request, 'request', 1, LINE_MESSAGE_MAX),
    ephemeral: secretField(ephemeral, 'ephemeral key'),
    mark: bytesField(mark, 'mark', MARK_BYTES, MARK_BYTES),
  }
}

function decodeEnrolling(value: unknown): Enrolling {
  const [mark, called, own, request, ephemeral] = array(value, 5, 'pending enrolment')
  return {
    ticketMark: bytesField(mark, 'ticket mark', MARK_BYTES, MARK_BYTES),
    calledAddress: textField(called, 'called address', 1, ADDRESS_MAX),
    ownSecret: secretField(own, 'own key'),
    request: bytesField(request, 'request', 1, LINE_MESSAGE_MAX),
    ephemeral: secretField(ephemeral, 'ephemeral key'),
  }
}

function array(value: unknown, length: number, name: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length)
    throw new LineFormatError(`expected ${name} of ${length} fields`)
  return value
}

function lineAddresses(value: unknown): LineAddress[] {
  if (!Array.isArray(value) || value.length > ADDRESSES_MAX) throw new LineFormatError('expected line addresses')
  return value.map((entry) => {
    const [name, address] = array(entry, 2, 'line address')
    const bearer = BEARERS.find((known) => known === name)
    if (bearer === undefined) throw new LineFormatError(`expected a bearer of ${BEARERS.join(', ')}`)
    return { bearer, address: textField(address, 'line address', 1, ADDRESS_MAX) }
  })
}

function canaryField(value: unknown): string {
  const text = textField(value, 'Internet canary', 3, ADDRESS_MAX)
  parseCanary(text)
  return text
}

function bytesField(value: unknown, name: string, min: number, max: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length < min || value.length > max) {
    throw new LineFormatError(`expected ${name} of ${min}…${max} bytes`)
  }
  return Uint8Array.from(value)
}

function secretField(value: unknown, name: string): Secret {
  return new Secret(bytesField(value, name, KEY_BYTES, KEY_BYTES))
}
