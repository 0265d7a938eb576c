import { type Commands, ERROR, type Extended, wholeIn } from './at-command.ts'
import { activating, contextNumber, contextOf, isApn } from './at-packet.ts'
import type { ModemView, Step } from './at-step.ts'
import type { SocketEnd } from './events.ts'
import { CONTEXTS_MAX, type Denied } from './packet-unit.ts'

/** <err> of +QIGETERROR (EC25 TCP/IP application note). */
const WORDS: Readonly<Record<number, string>> = {
  0: 'Operate successfully',
  552: 'Invalid parameters',
  555: 'Operation not supported',
  561: 'Open PDP context failed',
  563: 'Socket identity has been used',
  566: 'Socket connect failed',
  569: 'Operation timeout',
  570: 'PDP context broken down',
  572: 'Operation not allowed',
  573: 'APN not configured',
}

const DENIED: Readonly<Record<Denied, number>> = {
  'not-defined': 573,
  detached: 561,
  'unknown-apn': 561,
  'wrong-password': 561,
  refused: 561,
}

/** Refused, and +QIGETERROR says why. */
function refused(code: number): Step {
  return { set: { qierror: code }, ...ERROR }
}

const CONFIGURE: Extended = {
  test: `(1-${CONTEXTS_MAX}),(1),<APN>,<username>,<password>,(0-2)`,
  set: ([number, ...args], _, view) => {
    const cid = contextNumber(number)
    if (cid === undefined) return refused(552)
    if (args.length === 0) {
      const { apn, user, password, auth } = contextOf(cid, view)
      return { info: [`+QICSGP: 1,"${apn}","${user}","${password}",${auth}`] }
    }
    const [type, apn = '', user = '', password = '', method = '0', ...more] = args
    const auth = wholeIn(method, 0, 2)
    if (
      type !== '1' ||
      !isApn(apn) ||
      auth === undefined ||
      user.length > 64 ||
      password.length > 64 ||
      more.length > 0
    )
      return refused(552)
    view.packet.define(cid, { type: 'IP', apn, user, password, auth })
    return { set: { qierror: 0 } }
  },
}

const ACTIVATE: Extended = {
  test: `(1-${CONTEXTS_MAX})`,
  read: (_, { packet }) => {
    const lines = packet.contexts.flatMap(([cid]) => {
      const address = packet.address(cid)
      return address === undefined ? [] : [`+QIACT: ${cid},1,1,"${address}"`]
    })
    return { info: lines.length === 0 ? [] : [lines.join('\r\n')] }
  },
  set: ([number, ...more], _, view) => {
    const cid = contextNumber(number)
    if (cid === undefined || more.length > 0) return refused(552)
    if (view.packet.address(cid) !== undefined) return refused(572)
    return activating(cid, view, (denied) => (denied === undefined ? { set: { qierror: 0 } } : refused(DENIED[denied])))
  },
}

const DEACTIVATE: Extended = {
  test: `(1-${CONTEXTS_MAX})`,
  set: ([number, ...more], _, view) => {
    const cid = contextNumber(number)
    if (cid === undefined || more.length > 0) return refused(552)
    view.packet.deactivate(cid)
    return { set: { qierror: 0 } }
  },
}

/** +QIOPEN: only socket 0, and only transparent (mode 2). */
const OPEN: Extended = {
  test: `(1-${CONTEXTS_MAX}),(0),"TCP",<IP_address>/<domain_name>,(1-65535),(0),(2)`,
  set: ([number, socket, type, address = '', port, local = '0', mode = '0', ...more], _, view) => {
    const cid = contextNumber(number)
    const to = wholeIn(port, 1, 65_535)
    const right = socket === '0' && type === 'TCP' && wholeIn(local, 0, 65_535) !== undefined && more.length === 0
    if (cid === undefined || to === undefined || !right || !/^[A-Za-z0-9.-]{1,100}$/.test(address)) return refused(552)
    if (mode !== '2') return refused(/^[01]$/.test(mode) ? 555 : 552)
    if (view.packet.address(cid) === undefined) return refused(570)
    return view.packet.socket === undefined ? connecting(cid, address, to, view) : refused(563)
  },
}

function connecting(cid: number, address: string, port: number, view: ModemView): Step {
  const opened = (socket: object | SocketEnd): Step =>
    typeof socket === 'object'
      ? { set: { qierror: 0 }, end: { type: 'connect' } }
      : refused(socket === 'timeout' ? 569 : socket === 'context-lost' ? 570 : 566)
  return {
    end: {
      type: 'wait',
      start: (done) => view.packet.open(cid, address, port, view.socketUser, (socket) => done(opened(socket))),
    },
  }
}

const CLOSE: Extended = {
  test: '(0),(0-65535)',
  set: ([socket, timeout = '10', ...more], _, view) => {
    if (socket !== '0' || wholeIn(timeout, 0, 65_535) === undefined || more.length > 0) return refused(552)
    view.closeSocket()
    return {}
  },
}

/** Sockets as EC25 and BG96 have them. */
export const QUECTEL: Commands = {
  '+QICSGP': CONFIGURE,
  '+QIACT': ACTIVATE,
  '+QIDEACT': DEACTIVATE,
  '+QIOPEN': OPEN,
  '+QICLOSE': CLOSE,
  '+QIGETERROR': {
    run: ({ qierror }) => ({ info: [`+QIGETERROR: ${qierror},"${WORDS[qierror] ?? 'Unknown error'}"`] }),
  },
  '+QNWINFO': { run: () => ({ info: ['+QNWINFO: "FDD LTE","00101","LTE BAND 3",1650'] }) },
  '+QPOWD': {
    test: '(0,1)',
    run: () => ({ hangUp: true, end: { type: 'off' } }),
    set: ([how = '1']) => (/^[01]$/.test(how) ? { hangUp: true, end: { type: 'off' } } : ERROR),
    always: true,
  },
}
