import { writeAddress, writeCentre } from './address.ts'
import { CODING_OCTETS } from './coding.ts'
import { USER_DATA_MAX } from './content.ts'
import { type SmsConcat, type SmsPorts, writeHeader } from './header.ts'
import { relativeMinutes } from './pdu.ts'

export interface SubmitFields {
  /** Digits, with `+` where international. */
  readonly to: string
  /** 8 bit data: at most 140 octets together with the header. */
  readonly data: Uint8Array
  readonly ports?: SmsPorts | undefined
  readonly concat?: SmsConcat | undefined
  /** The SMSC is to say what became of it. */
  readonly statusReport?: boolean | undefined
  /** 5 minutes to 63 weeks, rounded up to what the octet can say; without it the SMSC decides. */
  readonly validityMinutes?: number | undefined
  /** Without it the SMSC stored in the modem is used. */
  readonly smsc?: string | undefined
}

export interface SubmitPdu {
  /** What follows the prompt of +CMGS, in hexadecimal digits, SMSC field included; Ctrl-Z is the caller's. */
  readonly pdu: string
  /** What AT+CMGS= says: octets without the SMSC field. */
  readonly tpduLength: number
}

const SUBMIT = 0x01
const VALIDITY_RELATIVE = 0x10
const REPORT = 0x20
const HEADER = 0x40

/** An SMS-SUBMIT of 8 bit data (TS 23.040 §9.2.2.2). @throws RangeError for what does not fit: a fault of the program */
export function encodeSubmit(fields: SubmitFields): SubmitPdu {
  const header = writeHeader(fields.ports, fields.concat)
  const length = header.length + fields.data.length
  if (length > USER_DATA_MAX) {
    throw new RangeError(`expected at most ${USER_DATA_MAX} octets of user data, got ${length}`)
  }
  const validity = fields.validityMinutes === undefined ? [] : [relativeValidity(fields.validityMinutes)]
  const first =
    SUBMIT |
    (validity.length > 0 ? VALIDITY_RELATIVE : 0) |
    (fields.statusReport ? REPORT : 0) |
    (header.length > 0 ? HEADER : 0)
  const tpdu = Buffer.concat([
    Uint8Array.of(first, 0),
    writeAddress(fields.to),
    Uint8Array.of(0, CODING_OCTETS, ...validity, length),
    header,
    fields.data,
  ])
  const pdu = Buffer.concat([writeCentre(fields.smsc), tpdu])
    .toString('hex')
    .toUpperCase()
  return { pdu, tpduLength: tpdu.length }
}

function relativeValidity(minutes: number): number {
  const octet = Array.from({ length: 256 }, (_, n) => n).find((n) => relativeMinutes(n) >= minutes)
  if (octet === undefined || !(minutes > 0))
    throw new RangeError(`expected 1…${relativeMinutes(255)} minutes, got ${minutes}`)
  return octet
}
