import { question, STANDARD_RETRIES, setting } from './lines.ts'
import type { ModemProfile } from './profile.ts'
import { QUECTEL_ESCAPE, QUECTEL_SOCKETS } from './quectel.ts'

/** Quectel BG95 and BG96, LTE-M and NB-IoT. Its sockets are those of EC25. */
export const BG96: ModemProfile = {
  id: 'bg96',
  name: 'Quectel BG96',
  recognise: /\bBG9[56]/,
  cellular: true,
  sms: true,
  init: [],
  call: undefined,
  packet: QUECTEL_SOCKETS,
  missing: 'this modem has no data calls: use its packet connection or messages',
  escape: QUECTEL_ESCAPE,
  pinRetries: [question('AT+QPINC?', '+QPINC'), ...STANDARD_RETRIES],
  iccid: [question('AT+QCCID', '+QCCID')],
  powerDown: setting('AT+QPOWD=1'),
  bootMs: 20_000,
  signal: '3gpp',
}
