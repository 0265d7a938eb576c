import {
  ACTIVATE_MS,
  apnOf,
  CONNECT_MS,
  CSD_BEARER,
  DEACTIVATE_MS,
  destination,
  ESCAPE,
  OPEN_MS,
  optional,
  question,
  quoted,
  STANDARD_RETRIES,
  setting,
} from './lines.ts'
import type { ModemProfile, PacketSetUp, PacketTarget } from './profile.ts'

/** +CIPSTART answers OK at once, and CONNECT follows; +CIFSR answers an address without OK, which E0 behind it brings. */
const SOCKETS: PacketSetUp = {
  enter: (target) => [
    optional('AT+CIPSHUT', DEACTIVATE_MS),
    setting('AT+CGATT=1', ACTIVATE_MS),
    setting('AT+CIPMUX=0'),
    setting('AT+CIPMODE=1'),
    setting(`AT+CSTT=${apnOf(target)}${authentication(target)}`),
    setting('AT+CIICR', ACTIVATE_MS),
    { ...setting('AT+CIFSR;E0'), prefixes: [''] },
  ],
  open: (target) => setting(`AT+CIPSTART="TCP",${destination(target)}`, OPEN_MS),
  connect: 'after-ok',
  close: optional('AT+CIPCLOSE=1'),
  leave: [optional('AT+CIPSHUT', DEACTIVATE_MS)],
  closedWord: 'CLOSED',
}

function authentication({ user, password }: PacketTarget): string {
  return user === undefined ? '' : `,${quoted(user, 'a user')},${quoted(password ?? '', 'a password')}`
}

/** SIMCom SIM800 and SIM900, GSM only: the last ones with data calls, where a network still has them. */
export const SIM800: ModemProfile = {
  id: 'sim800',
  name: 'SIMCom SIM800',
  recognise: /SIM[89]\d\d/,
  cellular: true,
  sms: true,
  init: [],
  call: { before: CSD_BEARER, dial: 'ATD', connectMs: CONNECT_MS },
  packet: SOCKETS,
  missing: undefined,
  escape: ESCAPE,
  pinRetries: [question('AT+SPIC', '+SPIC'), ...STANDARD_RETRIES],
  iccid: [question('AT+CCID', '')],
  powerDown: setting('AT+CPOWD=1'),
  bootMs: 15_000,
  signal: '3gpp',
}
