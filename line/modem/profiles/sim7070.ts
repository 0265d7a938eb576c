import { ESCAPE, question, STANDARD_RETRIES, setting } from './lines.ts'
import type { ModemProfile } from './profile.ts'

/** SIMCom SIM7070, SIM7080 and SIM7090, LTE-M and NB-IoT. */
export const SIM7070: ModemProfile = {
  id: 'sim7070',
  name: 'SIMCom SIM7070',
  recognise: /SIM70[789]0/,
  cellular: true,
  sms: true,
  init: [],
  call: undefined,
  // +CAOPEN and +CASWITCH would do it, but firmwares differ in whether OK, CONNECT or both answer the latter.
  packet: undefined,
  missing:
    'data calls do not exist on this modem, and its transparent connection is not known well enough: use messages',
  escape: ESCAPE,
  pinRetries: [question('AT+SPIC', '+SPIC'), ...STANDARD_RETRIES],
  iccid: [question('AT+CCID', '')],
  powerDown: setting('AT+CPOWD=1'),
  bootMs: 20_000,
  signal: '3gpp',
}
