import { LineFormatError } from './cbor.ts'

/*
 * IDb of the packet bearer as one text, as it stands in a ticket:
 *
 *   [USER[:PASSWORD]@][APN/]HOST:PORT          iot.example/10.0.0.1:7000     me:secret@iot.example/10.0.0.1:7000
 *
 * USER has no colon, so that the first one ends it; PASSWORD may have any of the signs, as the last @ ends it. Without APN the
 * network chooses the access point that belongs to the SIM card (TS 27.007 §10.1.1). One address has one text.
 */

/** Where a server answers inside one network. */
export interface Endpoint {
  /** Name or IPv4 address. */
  readonly host: string
  readonly port: number
}

/** Where the modem's own TCP connection leads, from the enrolment. */
export interface PacketAddress extends Endpoint {
  /** Access point of the private network; empty for the one that belongs to the SIM card. */
  readonly apn: string
  readonly user: string | undefined
  /** Never shown and never logged. */
  readonly password: string | undefined
}

const ADDRESS_MAX = 128
/** As much as fits between the quotes of an AT command. */
const HOST_MAX = 64
const CREDENTIAL_MAX = 64
/** Of a network identifier, octets (TS 23.003 §9.1.1). */
const APN_MAX = 63
const LABEL = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/
/** What would be taken for an address of the network's own nodes (TS 23.003 §9.1.1). */
const APN_RESERVED = /^(?:rac|lac|sgsn|rnc)|\.gprs$/i
/** All that ends no quoted text and no command: printable, without the quote, the semicolon, the backslash and the backtick. */
const CREDENTIAL = /^[A-Za-z0-9 !#$%&()*+,./:<=>?@[\]^_{|}~-]*$/
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/

/** @throws LineFormatError for anything else; the message quotes nothing, as there may be a password in it */
export function parsePacketAddress(text: string): PacketAddress {
  if (Buffer.byteLength(text) > ADDRESS_MAX) throw wrong()
  const at = text.lastIndexOf('@')
  const place = text.slice(at + 1)
  const slash = place.indexOf('/')
  const apn = slash === -1 ? '' : place.slice(0, slash)
  if (slash !== -1 && !isApn(apn)) throw wrong()
  return { apn, ...credentials(at === -1 ? undefined : text.slice(0, at)), ...parseEndpoint(place.slice(slash + 1)) }
}

/** The one text of an address. @throws LineFormatError for an address that no text can be */
export function formatPacketAddress({ apn, user, password, host, port }: PacketAddress): string {
  const who = user === undefined ? '' : `${user}${password === undefined ? '' : `:${password}`}@`
  const text = `${who}${apn === '' ? '' : `${apn}/`}${host}:${port}`
  const back = parsePacketAddress(text)
  const same = back.apn === apn && back.user === user && back.password === password
  if (!same || back.host !== host || back.port !== port) throw wrong()
  return text
}

/** `HOST:PORT`, host a name or an IPv4 address. @throws LineFormatError */
function parseEndpoint(text: string): Endpoint {
  const [, host = '', digits = ''] = /^([^:]*):([1-9][0-9]{0,4})$/.exec(text) ?? []
  const port = Number(digits)
  if (port < 1 || port > 0xffff || !isHost(host)) throw new LineFormatError('expected HOST:PORT')
  return { host, port }
}

/** `ADDRESS:PORT` of the Internet canary, IPv4 only: a name that is not found would prove nothing. @throws LineFormatError */
export function parseCanary(text: string): Endpoint {
  const endpoint = parseEndpoint(text)
  if (!IPV4.test(endpoint.host)) throw new LineFormatError('expected an IPv4 address and a port')
  return endpoint
}

function credentials(text: string | undefined): Pick<PacketAddress, 'user' | 'password'> {
  if (text === undefined) return { user: undefined, password: undefined }
  const colon = text.indexOf(':')
  const user = colon === -1 ? text : text.slice(0, colon)
  const password = colon === -1 ? undefined : text.slice(colon + 1)
  if (user === '' || !isCredential(user) || !isCredential(password ?? '')) throw wrong()
  return { user, password }
}

function isCredential(text: string): boolean {
  return text.length <= CREDENTIAL_MAX && CREDENTIAL.test(text)
}

function isApn(text: string): boolean {
  return text.length <= APN_MAX && !APN_RESERVED.test(text) && text.split('.').every((label) => LABEL.test(label))
}

/** A name does not end in a number: that would be an address, and a wrong one. */
function isHost(text: string): boolean {
  if (IPV4.test(text)) return true
  const labels = text.split('.')
  const last = labels.at(-1) ?? ''
  return text.length <= HOST_MAX && labels.every((label) => LABEL.test(label)) && !/^[0-9]+$/.test(last)
}

function wrong(): LineFormatError {
  return new LineFormatError('expected a packet address [USER:PASSWORD@]APN/HOST:PORT')
}
