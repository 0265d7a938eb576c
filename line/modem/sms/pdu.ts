import { readAddress, readCentre, type SmsAddress } from './address.ts'
import { NO_CONTENT, readContent, type SmsContent } from './content.ts'
import { OctetReader, PduFault } from './octets.ts'
import { type SmsStatus, statusOf } from './status.ts'
import { type SmsTimestamp, TIMESTAMP_OCTETS, timestampOf } from './timestamp.ts'

/** A message that came from the network (TS 23.040 §9.2.2.1). */
export interface SmsDeliver extends SmsContent {
  readonly type: 'deliver'
  readonly smsc: SmsAddress | undefined
  readonly sender: SmsAddress | undefined
  readonly pid: number
  /** When the SMSC took it in; undefined when its clock says nothing. */
  readonly timestamp: SmsTimestamp | undefined
  readonly moreToCome: boolean
  /** The sender asked for a status report. */
  readonly reportRequested: boolean
  readonly replyPath: boolean
}

/** How long an SMSC tries: relative in minutes, or until a date; `enhanced` (§9.2.3.12.3) is not looked into. */
export type SmsValidity =
  | { readonly type: 'relative'; readonly minutes: number }
  | { readonly type: 'absolute'; readonly until: SmsTimestamp | undefined }
  | { readonly type: 'enhanced' }

/** A message to the network (§9.2.2.2). */
export interface SmsSubmit extends SmsContent {
  readonly type: 'submit'
  readonly smsc: SmsAddress | undefined
  /** Message reference; the modem puts its own. */
  readonly mr: number
  readonly recipient: SmsAddress | undefined
  readonly pid: number
  readonly validity: SmsValidity | undefined
  readonly reportRequested: boolean
  readonly rejectDuplicates: boolean
  readonly replyPath: boolean
}

/** What became of a message sent before (§9.2.2.3). */
export interface SmsStatusReport extends SmsContent {
  readonly type: 'status-report'
  readonly smsc: SmsAddress | undefined
  /** The reference that +CMGS gave. */
  readonly mr: number
  readonly recipient: SmsAddress | undefined
  readonly sentAt: SmsTimestamp | undefined
  readonly dischargedAt: SmsTimestamp | undefined
  readonly status: SmsStatus
}

export interface MalformedPdu {
  readonly type: 'malformed'
  /** Holds nothing of the message. */
  readonly why: string
}

export type SmsPdu = SmsDeliver | SmsSubmit | SmsStatusReport
/** `stored`: in a modem's memory there are both kinds, and their first octet tells them apart. */
export type PduDirection = 'received' | 'sent' | 'stored'

/** SMSC (12) and TPDU (164) at their longest (TS 27.005 §3.1), octets. */
const PDU_MAX = 176

/**
 * Never throws. What is behind the user data is ignored.
 * @param tpduLength as +CMT, +CMGL or +CDS say it: must then fit; a PDU of just that length has no SMSC field
 */
export function decodePdu(hex: string, direction: PduDirection = 'stored', tpduLength?: number): SmsPdu | MalformedPdu {
  const text = hex.trim()
  if (!/^([0-9A-Fa-f]{2})+$/.test(text)) return malformed('expected pairs of hexadecimal digits')
  const bytes = Buffer.from(text, 'hex')
  if (bytes.length > PDU_MAX) return malformed(`expected at most ${PDU_MAX} octets, got ${bytes.length}`)
  try {
    return read(bytes, direction, tpduLength)
  } catch (error) {
    if (error instanceof PduFault) return malformed(error.message)
    throw error
  }
}

function malformed(why: string): MalformedPdu {
  return { type: 'malformed', why }
}

function read(bytes: Uint8Array, direction: PduDirection, tpduLength: number | undefined): SmsPdu {
  const reader = new OctetReader(bytes)
  const smsc = tpduLength === bytes.length ? undefined : readCentre(reader)
  if (tpduLength !== undefined && reader.left !== tpduLength) {
    throw new PduFault(`expected a TPDU of ${tpduLength} octets, got ${reader.left}`)
  }
  const first = reader.octet('the first octet')
  const type = first & 3
  if (direction === 'sent' && type !== 1) throw new PduFault('expected a SUBMIT')
  if (direction === 'received' && type === 1) throw new PduFault('expected no SUBMIT from the network')
  if (type === 1) return readSubmit(reader, first, smsc)
  // A reserved type is taken as a DELIVER (§9.2.3.1).
  return type === 2 ? readReport(reader, first, smsc) : readDeliver(reader, first, smsc)
}

function readDeliver(reader: OctetReader, first: number, smsc: SmsAddress | undefined): SmsDeliver {
  const sender = readAddress(reader)
  const pid = reader.octet('the protocol identifier')
  const coding = reader.octet('the data coding scheme')
  const timestamp = readTimestamp(reader)
  return {
    type: 'deliver',
    smsc,
    sender,
    pid,
    timestamp,
    moreToCome: (first & 0x04) === 0,
    reportRequested: (first & 0x20) !== 0,
    replyPath: (first & 0x80) !== 0,
    ...readContent(reader, coding, hasHeader(first)),
  }
}

function readSubmit(reader: OctetReader, first: number, smsc: SmsAddress | undefined): SmsSubmit {
  const mr = reader.octet('the message reference')
  const recipient = readAddress(reader)
  const pid = reader.octet('the protocol identifier')
  const coding = reader.octet('the data coding scheme')
  const validity = readValidity(reader, (first >> 3) & 3)
  return {
    type: 'submit',
    smsc,
    mr,
    recipient,
    pid,
    validity,
    reportRequested: (first & 0x20) !== 0,
    rejectDuplicates: (first & 0x04) !== 0,
    replyPath: (first & 0x80) !== 0,
    ...readContent(reader, coding, hasHeader(first)),
  }
}

function readReport(reader: OctetReader, first: number, smsc: SmsAddress | undefined): SmsStatusReport {
  const mr = reader.octet('the message reference')
  const recipient = readAddress(reader)
  const sentAt = readTimestamp(reader)
  const dischargedAt = readTimestamp(reader)
  const status = statusOf(reader.octet('the status'))
  const content = reader.left === 0 ? NO_CONTENT : readOptional(reader, hasHeader(first))
  return { type: 'status-report', smsc, mr, recipient, sentAt, dischargedAt, status, ...content }
}

/** TP-PI says which of protocol identifier, coding and user data follow (§9.2.3.27). */
function readOptional(reader: OctetReader, header: boolean): SmsContent {
  const first = reader.octet('the parameter indicator')
  for (let more = first; more & 0x80; ) more = reader.octet('the parameter indicator')
  if (first & 1) reader.octet('the protocol identifier')
  const coding = first & 2 ? reader.octet('the data coding scheme') : 0
  return first & 4 ? readContent(reader, coding, header) : NO_CONTENT
}

function hasHeader(first: number): boolean {
  return (first & 0x40) !== 0
}

function readTimestamp(reader: OctetReader): SmsTimestamp | undefined {
  return timestampOf(reader.octets(TIMESTAMP_OCTETS, 'a time stamp'))
}

function readValidity(reader: OctetReader, format: number): SmsValidity | undefined {
  if (format === 0) return undefined
  if (format === 2) return { type: 'relative', minutes: relativeMinutes(reader.octet('the validity')) }
  if (format === 3) return { type: 'absolute', until: readTimestamp(reader) }
  reader.octets(TIMESTAMP_OCTETS, 'the validity')
  return { type: 'enhanced' }
}

/** Steps of 5 minutes, then of half an hour, a day, a week (§9.2.3.12.1). */
export function relativeMinutes(octet: number): number {
  if (octet < 144) return (octet + 1) * 5
  if (octet < 168) return 720 + (octet - 143) * 30
  return (octet < 197 ? octet - 166 : (octet - 192) * 7) * 1440
}
