import { ESCAPE, question, STANDARD_RETRIES, setting } from './lines.ts'
import type { ModemProfile } from './profile.ts'
import { SIMCOM_SOCKETS } from './simcom.ts'

/** SIMCom A7600 and A7670 to A7672, LTE category 1. */
export const A7670: ModemProfile = {
  id: 'a7670',
  name: 'SIMCom A7670',
  recognise: /A76\d\d/,
  cellular: true,
  sms: true,
  init: [],
  call: undefined,
  packet: SIMCOM_SOCKETS,
  missing: 'this modem has no data calls: use its packet connection or messages',
  escape: ESCAPE,
  pinRetries: [question('AT+SPIC', '+SPIC'), ...STANDARD_RETRIES],
  iccid: [question('AT+CICCID', '+ICCID')],
  powerDown: setting('AT+CPOF'),
  bootMs: 25_000,
  signal: '3gpp',
}
