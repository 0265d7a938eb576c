import { fieldAt, fieldsOf, valueAfter, wholeNumber } from './fields.ts'

/** One message in the modem's memory, in PDU mode (TS 27.005 §4.1, §4.2). */
export interface StoredMessage {
  /** Its place; undefined from +CMGR, where the question named it. */
  readonly index: number | undefined
  readonly status: 'unread' | 'read' | 'unsent' | 'sent'
  /** Octets without the SMSC field. */
  readonly length: number
  /** Hexadecimal digits, for `decodePdu`. */
  readonly pdu: string
}

export interface MessageList {
  readonly messages: readonly StoredMessage[]
  /** Lines between that are something else: what the modem said by itself. */
  readonly others: readonly string[]
  /** Headers without their PDU. */
  readonly broken: number
}

type Header = Omit<StoredMessage, 'pdu'>

const STATUSES = ['unread', 'read', 'unsent', 'sent'] as const

/**
 * The lines of AT+CMGL=4 or AT+CMGR=n: a header and its PDU by turns. What the modem says by itself in between is told apart
 * by not being hexadecimal digits. An empty place (`+CMGR: 0,,0`) gives no message.
 */
export function parseMessageList(lines: readonly string[]): MessageList {
  const messages: StoredMessage[] = []
  const others: string[] = []
  let broken = 0
  let header: Header | undefined
  for (const line of lines) {
    const next = parseHeader(line)
    if (next !== undefined) {
      if (header !== undefined) broken++
      header = next.length === 0 ? undefined : next
    } else if (header !== undefined && /^[0-9A-F]{2,}$/i.test(line.trim())) {
      messages.push({ ...header, pdu: line.trim() })
      header = undefined
    } else others.push(line)
  }
  return { messages, others, broken: header === undefined ? broken : broken + 1 }
}

/** `+CMGL: index,stat,[alpha],length` and `+CMGR: stat,[alpha],length`; the name is left out by some with its comma. */
function parseHeader(line: string): Header | undefined {
  const listed = valueAfter(line, '+CMGL')
  const value = listed ?? valueAfter(line, '+CMGR')
  if (value === undefined) return undefined
  const fields = fieldsOf(value)
  const from = listed === undefined ? 0 : 1
  const index = listed === undefined ? undefined : wholeNumber(fieldAt(fields, 0).text)
  const status = STATUSES[wholeNumber(fieldAt(fields, from).text) ?? STATUSES.length]
  const length = wholeNumber(fields.length < from + 3 ? fieldAt(fields, from + 1).text : fieldAt(fields, from + 2).text)
  const complete = listed === undefined || index !== undefined
  return status === undefined || length === undefined || !complete ? undefined : { index, status, length }
}
