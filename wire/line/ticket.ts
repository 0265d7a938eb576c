import { createHash } from 'node:crypto'
import { CARD_ID_MAX } from '../limits.ts'
import { decodeArray, encodeArray, LineFormatError, numberField, textField } from './cbor.ts'
import { parseCanary, parsePacketAddress } from './packet-address.ts'

/*
 * The enrolment ticket (PROTOCOL.md §2) as one URI: `keyline:` ‖ base64url(body ‖ first 4 bytes of SHA-256(body)), where
 * body is the CBOR array
 *
 *   [1, card id, [[bearer, address], …], Internet address "host:port", server's static X25519 key (32),
 *    one-time secret (32), expiry in seconds since 1970(, Internet canary "address:port")]
 *
 * The checksum finds slips of the pen; what protects is that the secret works once.
 */
const SCHEME = 'keyline:'
const VERSION = 1
const CHECK_BYTES = 4
const KEY_BYTES = 32
const ADDRESSES_MAX = 8
const ADDRESS_BYTES_MAX = 128
const LATEST_EXPIRY = 253_402_300_799 // the year 9999
export const TICKET_TEXT_MAX = 2048

export const BEARERS = ['call', 'packet', 'sms'] as const
export type BearerName = (typeof BEARERS)[number]

/** Where the server answers on the line: IDb for one bearer. A number is `+` and digits (E.164) or digits alone; `packet-address`. */
export interface LineAddress {
  readonly bearer: BearerName
  readonly address: string
}

export interface Ticket {
  readonly cardId: string
  readonly line: readonly LineAddress[]
  /** `host:port` of the server's Internet port (IPb). */
  readonly internet: string
  readonly serverPublic: Uint8Array
  /** One-time secret, 32 bytes: the receiver's to wipe. */
  readonly secret: Uint8Array
  readonly expiresAtSeconds: number
  /** `address:port` on the Internet, IPv4, that a private network must not reach. */
  readonly canary?: string
}

/** Numbers a modem can be told without any other character reaching its command line (V.250 §6.3.1). */
export const DIAL_NUMBER = /^\+?[0-9]{1,15}$/

export function encodeTicket(ticket: Ticket): string {
  const line = ticket.line.map(({ bearer, address }) => [bearer, address])
  const { cardId, internet, serverPublic, secret, expiresAtSeconds, canary } = ticket
  const more = canary === undefined ? [] : [canary]
  const body = encodeArray([VERSION, cardId, line, internet, serverPublic, secret, expiresAtSeconds, ...more])
  return SCHEME + Buffer.concat([body, check(body)]).toString('base64url')
}

/** @throws LineFormatError for anything that is not one whole ticket of this version */
export function decodeTicket(text: string): Ticket {
  const trimmed = text.trim()
  if (!trimmed.startsWith(SCHEME) || trimmed.length > TICKET_TEXT_MAX) {
    throw new LineFormatError(`expected a ticket that begins with ${SCHEME}`)
  }
  const coded = trimmed.slice(SCHEME.length)
  const bytes = Buffer.from(coded, 'base64url')
  const body = bytes.subarray(0, -CHECK_BYTES)
  if (bytes.toString('base64url') !== coded || !check(body).equals(bytes.subarray(-CHECK_BYTES))) {
    throw new LineFormatError('expected a whole ticket: a character is missing or wrong')
  }
  const fields = decodeArray(body)
  const known = fields.length === 7 || fields.length === 8
  if (!known || fields[0] !== VERSION) throw new LineFormatError('expected a ticket of version 1')
  return {
    cardId: textField(fields[1], 'card id', 1, CARD_ID_MAX),
    line: lineAddresses(fields[2]),
    internet: internetAddress(textField(fields[3], 'Internet address', 3, ADDRESS_BYTES_MAX)),
    serverPublic: keyField(fields[4], 'server key'),
    secret: keyField(fields[5], 'ticket secret'),
    expiresAtSeconds: numberField(fields[6], 'expiry', 1, LATEST_EXPIRY),
    ...(fields.length === 8 ? { canary: canaryAddress(fields[7]) } : {}),
  }
}

function check(body: Uint8Array): Buffer {
  return createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES)
}

function lineAddresses(value: unknown): LineAddress[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > ADDRESSES_MAX) {
    throw new LineFormatError(`expected 1…${ADDRESSES_MAX} line addresses`)
  }
  return value.map((entry) => {
    const pair: readonly unknown[] = Array.isArray(entry) && entry.length === 2 ? entry : []
    const bearer = BEARERS.find((name) => name === pair[0])
    if (bearer === undefined) throw new LineFormatError(`expected a bearer of ${BEARERS.join(', ')}`)
    const address = textField(pair[1], 'line address', 1, ADDRESS_BYTES_MAX)
    checkLineAddress({ bearer, address })
    return { bearer, address }
  })
}

/** Before the text goes into a command of a modem. @throws LineFormatError for what is no address of its bearer */
export function checkLineAddress({ bearer, address }: LineAddress): void {
  if (bearer === 'packet') parsePacketAddress(address)
  else if (!DIAL_NUMBER.test(address)) throw new LineFormatError('expected a telephone number')
}

function canaryAddress(value: unknown): string {
  const text = textField(value, 'Internet canary', 3, ADDRESS_BYTES_MAX)
  parseCanary(text)
  return text
}

/** `host:port`, host a name, IPv4 or [IPv6]. @throws LineFormatError */
function internetAddress(text: string): string {
  const port = Number(/^(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})$/.exec(text)?.[1])
  if (!(port >= 1 && port <= 65_535)) throw new LineFormatError('expected an Internet address host:port')
  return text
}

function keyField(value: unknown, name: string): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== KEY_BYTES) {
    throw new LineFormatError(`expected ${name} of ${KEY_BYTES} bytes`)
  }
  return Uint8Array.from(value)
}
