import { ACTIVATE_MS, apnOf, DEACTIVATE_MS, destination, OPEN_MS, optional, quoted, setting } from './lines.ts'
import type { EscapeRules, PacketSetUp, PacketTarget } from './profile.ts'

/** IPv4; then no authentication or PAP. */
const IPV4 = 1
const NO_AUTHENTICATION = 0
const PAP = 1
/** Access mode of +QIOPEN: 0 buffers, 1 pushes, 2 is transparent. */
const TRANSPARENT = 2

/** The sockets of EC2x and BG9x (Quectel TCP/IP application note). +QIOPEN in mode 2 ends with CONNECT or ERROR. */
export const QUECTEL_SOCKETS: PacketSetUp = {
  enter: (target) => [
    setting(`AT+QICSGP=1,${IPV4},${apnOf(target)},${authentication(target)}`),
    // What a run before left open; it answers OK when nothing is.
    optional('AT+QIDEACT=1', DEACTIVATE_MS),
    setting('AT+QIACT=1', ACTIVATE_MS),
  ],
  open: (target) => setting(`AT+QIOPEN=1,0,"TCP",${destination(target)},0,${TRANSPARENT}`, OPEN_MS),
  connect: 'final',
  close: optional('AT+QICLOSE=0', DEACTIVATE_MS),
  leave: [optional('AT+QIDEACT=1', DEACTIVATE_MS)],
  closedWord: 'NO CARRIER',
  cause: { ...optional('AT+QIGETERROR'), prefixes: ['+QIGETERROR'] },
}

function authentication({ user, password }: PacketTarget): string {
  if (user === undefined) return `"","",${NO_AUTHENTICATION}`
  return `${quoted(user, 'a user')},${quoted(password ?? '', 'a password')},${PAP}`
}

/** The three signs within 20 ms, and half a second to one of silence: written in one piece. */
export const QUECTEL_ESCAPE: EscapeRules = { guardMs: 1_060, withinMs: 20, settable: false }
