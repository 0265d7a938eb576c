import { fieldAt, fieldsOf, valueAfter, wholeNumber } from './fields.ts'
import { ucs2Text } from './sms/content.ts'

/** The network in use (TS 27.007 §7.3). */
export interface Operator {
  /** 0 the modem chooses, 1 fixed, 2 deregistered, 4 fixed if possible. */
  readonly mode: number
  /** Undefined when there is no network. */
  readonly name: string | undefined
  /** `name` is the number of the network, country and network code, as `44010`. */
  readonly numeric: boolean
  /** Access technology, as of a `Registration`. */
  readonly access: number | undefined
}

const NUMERIC = 2

/** `+COPS:` */
export function parseOperator(line: string): Operator | undefined {
  const value = valueAfter(line, '+COPS')
  if (value === undefined) return undefined
  const fields = fieldsOf(value)
  const mode = wholeNumber(fieldAt(fields, 0).text)
  if (mode === undefined || mode > 4) return undefined
  const numeric = wholeNumber(fieldAt(fields, 1).text) === NUMERIC
  const text = fieldAt(fields, 2).text
  const name = text === '' ? undefined : numeric ? text : readable(text)
  return { mode, name, numeric, access: wholeNumber(fieldAt(fields, 3).text) }
}

/**
 * A modem set to UCS2 (+CSCS) gives names in hexadecimal digits, four a letter. Taken so when all of it is that and makes
 * sense as text; otherwise it is a name that only looks so, and stays.
 */
export function readable(text: string): string {
  if (!/^([0-9A-Fa-f]{4})+$/.test(text)) return text
  const decoded = ucs2Text(Buffer.from(text, 'hex'))
  // Control characters, private use, unassigned and half letters are in no name.
  return /\p{C}/u.test(decoded) ? text : decoded
}
