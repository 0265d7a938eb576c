import { explainModemError } from '../../../line/modem/explain-error.ts'
import { parseIdentity } from '../../../line/modem/identity.ts'
import type { AtResult } from '../../../line/modem/machine.ts'
import { parseMessageList } from '../../../line/modem/message-list.ts'
import { parseOperator } from '../../../line/modem/operator.ts'
import { parsePinRetries, parsePinState } from '../../../line/modem/pin-state.ts'
import { parseRegistration } from '../../../line/modem/registration.ts'
import { parseSignal } from '../../../line/modem/signal.ts'
import { decodePdu, type MalformedPdu, type SmsPdu } from '../../../line/modem/sms/pdu.ts'

/** An answer as the expectations of transcripts say it. */
export function answerWords({ final, lines }: AtResult): string[] {
  const list = parseMessageList(lines).messages.map(
    ({ index, status, length, pdu }) => `stored ${index} ${status} ${messageWords(decodePdu(pdu, 'stored', length))}`,
  )
  const told = lines.map((line) => `line ${line}${meaning(line)}`)
  const why = final.type === 'error' ? ` ${explainModemError(final.text)?.code}` : ''
  const speed = final.type === 'connect' ? ` ${final.text}` : ''
  return [...(list.length > 0 ? list : told), `answer ${final.type}${why}${speed}`]
}

/** What the readers of answers make of it: at most one of them knows it. */
function meaning(line: string): string {
  const imei = parseIdentity('imei', line)
  const found = Object.entries({
    registration: parseRegistration(line),
    signal: parseSignal(line),
    operator: parseOperator(line),
    retries: parsePinRetries(line),
    pin: parsePinState(line),
    imei,
    iccid: parseIdentity('iccid', line),
    error: explainModemError(line)?.code,
    // Every IMEI could be an IMSI as well: whoever asks knows which one it is.
    imsi: imei === undefined && line.replace(/\D/g, '').length >= 14 ? parseIdentity('imsi', line) : undefined,
  }).filter(([, value]) => value !== undefined)
  return found.map(([name, value]) => ` means ${name} ${JSON.stringify(value)}`).join('')
}

export function messageWords(sms: SmsPdu | MalformedPdu): string {
  if (sms.type === 'malformed') return `malformed: ${sms.why}`
  if (sms.type === 'status-report') return `report ${sms.mr} ${sms.status.outcome}: ${sms.status.what}`
  const who = sms.type === 'deliver' ? sms.sender : sms.recipient
  const { concat, ports, coding } = sms
  return [
    `${sms.type} ${who?.text} ${JSON.stringify(sms.text ?? Buffer.from(sms.data).toString('hex'))}`,
    ...(sms.type === 'deliver' ? [`at ${sms.timestamp?.iso}`] : []),
    ...(concat ? [`part ${concat.part} of ${concat.total} ref ${concat.ref}`] : []),
    ...(ports ? [`port ${ports.destination} from ${ports.source}`] : []),
    ...(coding.messageClass === undefined ? [] : [`class ${coding.messageClass}`]),
    ...(coding.waiting ? [`waiting ${coding.waiting}`] : []),
  ].join(', ')
}
