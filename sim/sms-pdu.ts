import { type Address, decodeAddress, encodeAddress } from './sms-address.ts'

/** What is carried, whatever carries it. */
export interface Content {
  /** User data begin with a header (TP-UDHI). */
  readonly header: boolean
  readonly protocol: number
  readonly coding: number
  /** TP-UDL: septets with the default alphabet, else octets. */
  readonly length: number
  readonly data: Uint8Array
}

export interface Submit extends Content {
  readonly reference: number
  readonly to: Address
  readonly reportWanted: boolean
  readonly replyPath: boolean
  readonly rejectDuplicates: boolean
  /** How long the network tries; undefined leaves it to the network. Milliseconds. */
  readonly validMs?: number
  /** The field itself, for those who show it. */
  readonly validity: Uint8Array
}

export interface Deliver extends Content {
  readonly from: Address
  readonly stamp: Uint8Array
  readonly replyPath: boolean
  /** The sender hears what becomes of it (TP-SRI). */
  readonly reportWanted: boolean
}

export interface StatusReport {
  readonly reference: number
  readonly to: Address
  /** When the message was accepted, and when its fate was known. */
  readonly stamp: Uint8Array
  readonly discharge: Uint8Array
  readonly status: number
}

/** TS 23.040 §9.2.3.24. */
export const DATA_MAX = 140
const SEPTETS_MAX = 160
const STAMP = 7
/** Octets of TP-VP by TP-VPF: none, enhanced, relative, absolute. */
const VALIDITY = [0, 7, 1, 7] as const
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

export type Alphabet = 'default' | 'octets' | 'ucs2'

/** TS 23.038 §4; compressed text is octets to us. */
export function alphabetOf(coding: number): Alphabet {
  const group = coding >> 4
  if (group < 8)
    return (coding & 0x20) !== 0
      ? 'octets'
      : ((['default', 'octets', 'ucs2', 'default'] as const)[(coding >> 2) & 3] ?? 'default')
  if (group === 0xe) return 'ucs2'
  return group === 0xf && (coding & 4) !== 0 ? 'octets' : 'default'
}

/** Message class 0 to 3, if there is one. */
export function classOf(coding: number): number | undefined {
  const group = coding >> 4
  if (group === 0xf || (group < 8 && (coding & 0x10) !== 0)) return coding & 3
  return undefined
}

/** Octets that so much user data take. */
export function dataOctets(coding: number, length: number): number {
  return alphabetOf(coding) === 'default' ? Math.ceil((length * 7) / 8) : length
}

/** TS 23.040 §9.2.2.2. @returns undefined unless it is whole and nothing follows */
export function decodeSubmit(tpdu: Uint8Array): Submit | undefined {
  const first = tpdu[0] ?? 0
  if ((first & 3) !== 1) return undefined
  const to = decodeAddress(tpdu, 2)
  if (to === undefined) return undefined
  const validityOctets = VALIDITY[(first >> 3) & 3] ?? 0
  const validity = tpdu.subarray(to.next + 2, to.next + 2 + validityOctets)
  const content = decodeContent(tpdu, to.next, 2 + validityOctets, (first & 0x40) !== 0)
  if (content === undefined) return undefined
  const validMs = validityOctets === 1 ? relative(validity[0] ?? 0) : undefined
  return {
    ...content,
    reference: tpdu[1] ?? 0,
    to: to.address,
    reportWanted: (first & 0x20) !== 0,
    replyPath: (first & 0x80) !== 0,
    rejectDuplicates: (first & 0x04) !== 0,
    validity,
    ...(validMs === undefined ? {} : { validMs }),
  }
}

/** TS 23.040 §9.2.2.1. */
export function decodeDeliver(tpdu: Uint8Array): Deliver | undefined {
  const first = tpdu[0] ?? 0
  if ((first & 3) !== 0) return undefined
  const from = decodeAddress(tpdu, 1)
  if (from === undefined) return undefined
  const content = decodeContent(tpdu, from.next, 2 + STAMP, (first & 0x40) !== 0)
  const stamp = tpdu.subarray(from.next + 2, from.next + 2 + STAMP)
  return (
    content && {
      ...content,
      from: from.address,
      stamp,
      replyPath: (first & 0x80) !== 0,
      reportWanted: (first & 0x20) !== 0,
    }
  )
}

/** TS 23.040 §9.2.2.3, without its optional part. */
export function decodeStatusReport(tpdu: Uint8Array): StatusReport | undefined {
  if (((tpdu[0] ?? 0) & 3) !== 2) return undefined
  const to = decodeAddress(tpdu, 2)
  if (to === undefined || tpdu.length < to.next + 2 * STAMP + 1) return undefined
  return {
    reference: tpdu[1] ?? 0,
    to: to.address,
    stamp: tpdu.subarray(to.next, to.next + STAMP),
    discharge: tpdu.subarray(to.next + STAMP, to.next + 2 * STAMP),
    status: tpdu[to.next + 2 * STAMP] ?? 0,
  }
}

/** @param message `validity` of 0, 1 or 7 octets; 7 are an absolute time */
export function encodeSubmit(message: Submit): Uint8Array {
  const format = message.validity.length === 0 ? 0 : message.validity.length === 1 ? 0x10 : 0x18
  const first =
    0x01 | format | flag(message.header, 0x40) | flag(message.reportWanted, 0x20) | flag(message.replyPath, 0x80)
  const { reference, to, protocol, coding, validity, length, data } = message
  const more = flag(message.rejectDuplicates, 0x04)
  return Uint8Array.of(first | more, reference, ...encodeAddress(to), protocol, coding, ...validity, length, ...data)
}

/** No more messages wait as far as this one knows (TP-MMS). */
export function encodeDeliver(message: Deliver): Uint8Array {
  const { from, protocol, coding, stamp, length, data } = message
  const first = 0x04 | flag(message.header, 0x40) | flag(message.reportWanted, 0x20) | flag(message.replyPath, 0x80)
  return Uint8Array.of(first, ...encodeAddress(from), protocol, coding, ...stamp, length, ...data)
}

export function encodeStatusReport({ reference, to, stamp, discharge, status }: StatusReport): Uint8Array {
  return Uint8Array.of(0x06, reference, ...encodeAddress(to), ...stamp, ...discharge, status)
}

function decodeContent(tpdu: Uint8Array, at: number, lengthAfter: number, header: boolean): Content | undefined {
  const protocol = tpdu[at]
  const coding = tpdu[at + 1]
  const length = tpdu[at + lengthAfter]
  if (protocol === undefined || coding === undefined || length === undefined) return undefined
  if (length > (alphabetOf(coding) === 'default' ? SEPTETS_MAX : DATA_MAX)) return undefined
  const data = tpdu.subarray(at + lengthAfter + 1)
  if (data.length !== dataOctets(coding, length)) return undefined
  if (header && (data.length === 0 || 1 + (data[0] ?? 0) > data.length)) return undefined
  return { header, protocol, coding, length, data }
}

/** TS 23.040 §9.2.3.12.1. */
function relative(value: number): number {
  if (value <= 143) return (value + 1) * 5 * MINUTE
  if (value <= 167) return 12 * 60 * MINUTE + (value - 143) * 30 * MINUTE
  return value <= 196 ? (value - 166) * DAY : (value - 192) * 7 * DAY
}

function flag(set: boolean, bit: number): number {
  return set ? bit : 0
}
