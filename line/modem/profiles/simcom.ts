import { ACTIVATE_MS, apnOf, DEACTIVATE_MS, destination, OPEN_MS, optional, quoted, setting } from './lines.ts'
import type { AtLine, PacketSetUp, PacketTarget } from './profile.ts'

/** PAP; the modem takes user and password in another order than most. */
const PAP = 1
const NETWORK_CLOSE = withOutcome(optional('AT+NETCLOSE', DEACTIVATE_MS), '+NETCLOSE')

/**
 * The sockets of SIM7500, SIM7600 and A76xx (SIMCom TCP/IP application note). Transparent mode must be chosen before the network
 * is opened, and only link 0 has it. +NETOPEN answers OK at once and how it went by itself.
 */
export const SIMCOM_SOCKETS: PacketSetUp = {
  enter: (target) => [
    setting(`AT+CGDCONT=1,"IP",${apnOf(target)}`),
    ...authentication(target),
    // What a run before left open; refused when nothing is.
    NETWORK_CLOSE,
    setting('AT+CIPMODE=1'),
    // Of the opening of a network, of a connection and of sending: who is silent is given up after 20 s and not after 120.
    optional('AT+CIPTIMEOUT=120000,20000,120000'),
    withOutcome(setting('AT+NETOPEN', ACTIVATE_MS), '+NETOPEN'),
  ],
  open: (target) => ({ ...setting(`AT+CIPOPEN=0,"TCP",${destination(target)}`, OPEN_MS), prefixes: ['+CIPOPEN'] }),
  connect: 'final',
  close: withOutcome(optional('AT+CIPCLOSE=0', DEACTIVATE_MS), '+CIPCLOSE'),
  leave: [NETWORK_CLOSE],
  closedWord: 'CLOSED',
}

/** Both before and behind OK, as the firmware likes. */
function withOutcome(line: AtLine, prefix: string): AtLine {
  return { ...line, prefixes: [prefix], outcome: prefix }
}

function authentication({ user, password }: PacketTarget): AtLine[] {
  if (user === undefined) return []
  return [setting(`AT+CGAUTH=1,${PAP},${quoted(password ?? '', 'a password')},${quoted(user, 'a user')}`)]
}
