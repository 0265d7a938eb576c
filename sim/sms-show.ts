import type { Settings } from './at-settings.ts'
import { stampText } from './network-time.ts'
import { type Address, addressOf, encodeCentre } from './sms-address.ts'
import {
  type Deliver,
  decodeDeliver,
  decodeStatusReport,
  decodeSubmit,
  type StatusReport,
  type Submit,
} from './sms-pdu.ts'
import type { MessageStatus, StoredMessage } from './sms-store.ts'
import { type Charset, hex, shownData, toTerminal } from './sms-text.ts'

/** TS 27.005 §3.1, <stat> in text mode. */
export const STATUS_NAMES = ['REC UNREAD', 'REC READ', 'STO UNSENT', 'STO SENT'] as const

/** How messages are shown: +CMGF, +CSDH and +CSCS. */
export interface Form {
  readonly text: boolean
  /** Text mode shows all header fields. */
  readonly details: boolean
  readonly charset: Charset
}

export function formOf({ cmgf, csdh, charset }: Pick<Settings, 'cmgf' | 'csdh' | 'charset'>): Form {
  return { text: cmgf === 1, details: csdh === 1, charset }
}

type Place = 'cmgr' | 'cmgl' | 'cmt'

/** Length of the TPDU, as +CMGL, +CMGR, +CMT and +CDS give it, and all octets with the centre's address. */
export function pduForm({ centre, tpdu }: Pick<StoredMessage, 'centre' | 'tpdu'>): {
  readonly length: number
  readonly digits: string
} {
  return { length: tpdu.length, digits: hex(encodeCentre(centre)) + hex(tpdu) }
}

/** What follows `+CMGR: `. */
export function shownMessage(message: StoredMessage, form: Form): string {
  if (form.text) return textOf(message, form, 'cmgr')
  const { length, digits } = pduForm(message)
  return `${message.status},,${length}\r\n${digits}`
}

/** What follows `+CMGL: `. */
export function listedMessage(index: number, message: StoredMessage, form: Form): string {
  if (form.text) return `${index},${textOf(message, form, 'cmgl')}`
  const { length, digits } = pduForm(message)
  return `${index},${message.status},,${length}\r\n${digits}`
}

/** What follows `+CMT: `. */
export function arrivedMessage(message: Pick<StoredMessage, 'centre' | 'tpdu'>, form: Form): string {
  if (form.text) return textOf({ ...message, status: 0 }, form, 'cmt')
  const { length, digits } = pduForm(message)
  return `,${length}\r\n${digits}`
}

/** What follows `+CDS: `. */
export function arrivedReport(message: Pick<StoredMessage, 'centre' | 'tpdu'>, form: Form): string {
  const report = decodeStatusReport(message.tpdu)
  if (form.text && report !== undefined) return reportFields(report, form)
  const { length, digits } = pduForm(message)
  return `${length}\r\n${digits}`
}

function textOf(message: StoredMessage, form: Form, place: Place): string {
  const { status, tpdu } = message
  const stat = place === 'cmt' ? '' : `"${STATUS_NAMES[status]}",`
  const deliver = decodeDeliver(tpdu)
  if (deliver !== undefined) return stat + deliverFields(deliver, message, form, place)
  const submit = decodeSubmit(tpdu)
  if (submit !== undefined) return stat + submitFields(submit, message, form, place)
  const report = decodeStatusReport(tpdu)
  return stat + (report === undefined ? `\r\n${hex(tpdu)}` : reportFields(report, form))
}

function deliverFields(deliver: Deliver, { centre, tpdu }: StoredMessage, form: Form, place: Place): string {
  const { from, stamp, protocol, coding, length } = deliver
  const head = `${quoted(from, form)},,"${stampText(stamp)}"`
  const detail =
    place === 'cmgl'
      ? `,${from.type},${length}`
      : `,${from.type},${tpdu[0]},${protocol},${coding},${centreFields(centre, form)},${length}`
  return `${head}${form.details ? detail : ''}\r\n${shownData(deliver, form.charset)}`
}

function submitFields(submit: Submit, { centre, tpdu }: StoredMessage, form: Form, place: Place): string {
  const { to, protocol, coding, validity, length } = submit
  const head = `${quoted(to, form)},`
  const period = validity.length === 1 ? String(validity[0]) : validity.length === 7 ? `"${stampText(validity)}"` : ''
  const detail =
    place === 'cmgl'
      ? `,,${to.type},${length}`
      : `,${to.type},${tpdu[0]},${protocol},${coding},${period},${centreFields(centre, form)},${length}`
  return `${head}${form.details ? detail : place === 'cmgl' ? ',' : ''}\r\n${shownData(submit, form.charset)}`
}

/** TS 27.005 §3.4.1, +CDS in text mode. */
function reportFields({ reference, to, stamp, discharge, status }: StatusReport, form: Form): string {
  return `6,${reference},${quoted(to, form)},${to.type},"${stampText(stamp)}","${stampText(discharge)}",${status}`
}

function centreFields(centre: string, { charset }: Form): string {
  return `"${toTerminal(centre, charset)}",${addressOf(centre).type}`
}

function quoted({ text }: Address, { charset }: Form): string {
  return `"${toTerminal(text, charset)}"`
}

/** <stat> as a terminal gives it in either mode. @returns undefined if it is none; `all` is 4 or "ALL" */
export function readStatus(text: string, form: Pick<Form, 'text'>): MessageStatus | 'all' | undefined {
  const names: readonly string[] = form.text ? [...STATUS_NAMES, 'ALL'] : ['0', '1', '2', '3', '4']
  const index = names.indexOf(text)
  if (index === -1) return undefined
  // Five names, of which the last one is for all.
  return index === 4 ? 'all' : (index as MessageStatus)
}
