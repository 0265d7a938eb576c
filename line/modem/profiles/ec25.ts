import { CONNECT_MS, CSD_BEARER, question, STANDARD_RETRIES, setting } from './lines.ts'
import type { ModemProfile } from './profile.ts'
import { QUECTEL_ESCAPE, QUECTEL_SOCKETS } from './quectel.ts'

/** Quectel EC20, EC21 and EC25, LTE with fallback. */
export const EC25: ModemProfile = {
  id: 'ec25',
  name: 'Quectel EC25',
  recognise: /\bE[CG]2[015](?!\d)/,
  cellular: true,
  sms: true,
  init: [],
  // Only in 2G or 3G, and where the network still has them: a refusal is an answer.
  call: { before: CSD_BEARER, dial: 'ATD', connectMs: CONNECT_MS },
  packet: QUECTEL_SOCKETS,
  missing: undefined,
  escape: QUECTEL_ESCAPE,
  pinRetries: [question('AT+QPINC?', '+QPINC'), ...STANDARD_RETRIES],
  iccid: [question('AT+QCCID', '+QCCID'), question('AT+CCID', '+CCID')],
  powerDown: setting('AT+QPOWD=1'),
  bootMs: 20_000,
  signal: '3gpp',
}
