import { CONNECT_MS, CSD_BEARER, ESCAPE, question, STANDARD_RETRIES } from './lines.ts'
import type { ModemProfile } from './profile.ts'

/** A modem of which nothing more is known than the standards: calls and messages, no sockets. */
export const GENERIC: ModemProfile = {
  id: 'generic',
  name: 'modem by the standards of 3GPP',
  recognise: /(?!)/,
  cellular: true,
  sms: true,
  init: [],
  call: { before: CSD_BEARER, dial: 'ATD', connectMs: CONNECT_MS },
  packet: undefined,
  missing: 'the standards of modems know no connection that is open and transparent',
  escape: ESCAPE,
  pinRetries: STANDARD_RETRIES,
  iccid: [question('AT+CCID', '+CCID'), question('AT+ICCID', '+ICCID')],
  powerDown: undefined,
  bootMs: 30_000,
  signal: '3gpp',
}
