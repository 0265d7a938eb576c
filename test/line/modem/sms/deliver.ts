import { decodePdu, type SmsDeliver } from '../../../../line/modem/sms/pdu.ts'
import { encodeSubmit, type SubmitFields } from '../../../../line/modem/sms/submit.ts'

export interface DeliverFields {
  readonly smsc?: string
  /** Address field: length in digits, type, digits. */
  readonly sender?: string
  readonly coding?: number
  readonly header?: boolean
  readonly timestamp?: string
  /** Length and user data. */
  readonly data: string
}

/** A DELIVER in hexadecimal digits, written down field by field and not by the encoder that is tested. */
export function deliverHex(fields: DeliverFields): string {
  const { smsc = '00', sender = '0B911326880736F4', coding = 0, header = false, timestamp = '62804101234563' } = fields
  const code = coding.toString(16).padStart(2, '0')
  return `${smsc}${header ? '44' : '04'}${sender}00${code}${timestamp}${fields.data}`.toUpperCase()
}

/** The same message as its recipient gets it: what an SMSC makes of a SUBMIT. */
export function delivered(fields: Omit<SubmitFields, 'to'>, sender = '0B911326880736F4', smsc = '00'): SmsDeliver {
  const { pdu } = encodeSubmit({ ...fields, to: '1' })
  // SMSC 1, first octet 1, reference 1, address of one digit 3, identifier and coding 2.
  const userData = pdu.slice(2 * (1 + 1 + 1 + 3 + 2))
  const header = (Number.parseInt(pdu.slice(2, 4), 16) & 0x40) !== 0
  const sms = decodePdu(deliverHex({ smsc, sender, coding: 4, header, data: userData }), 'received')
  if (sms.type !== 'deliver') throw new Error(`expected a DELIVER, got ${JSON.stringify(sms)}`)
  return sms
}
