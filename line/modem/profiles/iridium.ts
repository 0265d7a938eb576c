import { ESCAPE, optional, question, STANDARD_RETRIES } from './lines.ts'
import type { ModemProfile } from './profile.ts'

/** A satellite is found, the call goes through a gateway, and the modems train: a minute is usual, milliseconds. */
const SATELLITE_CONNECT_MS = 120_000

/** Iridium handsets and 9522 transceivers: dial-up data at 2,400 bit/s. Numbers begin with 00 or +. */
export const IRIDIUM: ModemProfile = {
  id: 'iridium',
  name: 'Iridium dial-up',
  recognise: /IRIDIUM|\b95(05|22|55|75)[AB]?\b/,
  cellular: true,
  sms: true,
  init: [],
  call: { before: [optional('AT+CBST=71,0,1')], dial: 'ATDT', connectMs: SATELLITE_CONNECT_MS },
  packet: undefined,
  missing: 'a satellite telephone carries no private packet network: use calls or messages',
  escape: ESCAPE,
  pinRetries: STANDARD_RETRIES,
  iccid: [question('AT+CICCID', '+CICCID'), question('AT+CCID', '+CCID')],
  powerDown: undefined,
  bootMs: 30_000,
  // 0 to 5, as it shows them.
  signal: 'bars',
}
