import { CONNECT_MS, CSD_BEARER, ESCAPE, optional, question, STANDARD_RETRIES, setting } from './lines.ts'
import type { ModemProfile } from './profile.ts'
import { SIMCOM_SOCKETS } from './simcom.ts'

/** SIMCom SIM7500 and SIM7600, LTE category 1 and 4 with fallback. */
export const SIM7600: ModemProfile = {
  id: 'sim7600',
  name: 'SIMCom SIM7600',
  recognise: /SIM7[56]\d\d/,
  cellular: true,
  sms: true,
  // Errors of sockets in words, so that +IP ERROR says them.
  init: [optional('AT+CIPCCFG=10,0,0,1,1,0,75000')],
  call: { before: CSD_BEARER, dial: 'ATD', connectMs: CONNECT_MS },
  packet: SIMCOM_SOCKETS,
  missing: undefined,
  escape: ESCAPE,
  pinRetries: [question('AT+SPIC', '+SPIC'), ...STANDARD_RETRIES],
  iccid: [question('AT+CICCID', '+ICCID'), question('AT+CCID', '+CCID')],
  powerDown: setting('AT+CPOF'),
  // 20 s to the first answer when cold.
  bootMs: 30_000,
  signal: '3gpp',
}
