import { type Commands, ERROR, type Extended, ignored, wholeIn } from './at-command.ts'
import type { ModemView, Step } from './at-step.ts'
import type { SocketEnd } from './events.ts'

/** The context that +NETOPEN takes. */
const CONTEXT = 1
/** CONNECT names the speed of the serial port, not of the network. */
const SERIAL_RATE = 115_200

/** <err> of +CIPOPEN (SIM7500/SIM7600 TCP/IP application note). */
const NOT_OPENED = 2
const NOT_SUPPORTED = 4
const BUSY = 8

function isOpen({ packet }: ModemView): boolean {
  return packet.address(CONTEXT) !== undefined
}

/** OK comes at once, and how it went by itself. */
const OPEN_NETWORK: Extended = {
  read: (_, view) => (isOpen(view) ? '1' : '0'),
  run: (_, view) => {
    if (isOpen(view)) return { info: ['+IP ERROR: Network is already opened'], ...ERROR }
    return {
      later: () => {
        view.packet.activate(CONTEXT, (denied) => view.urc(`+NETOPEN: ${denied === undefined ? 0 : 1}`))
      },
    }
  },
}

const CLOSE_NETWORK: Extended = {
  run: (_, view) => {
    if (!isOpen(view)) return { info: ['+NETCLOSE: 2'], ...ERROR }
    view.packet.deactivate(CONTEXT)
    return { later: () => view.urc('+NETCLOSE: 0') }
  },
}

/** Transparent mode is chosen before the network is opened. */
const MODE: Extended = {
  test: '(0,1)',
  read: ({ cipmode }) => String(cipmode),
  set: ([mode, ...more], _, view) => {
    const cipmode = wholeIn(mode, 0, 1)
    return cipmode === undefined || more.length > 0 || isOpen(view) ? ERROR : { set: { cipmode } }
  },
}

/** +CIPOPEN: only link 0, and only transparent; who has not chosen that mode hears that it is not supported. */
const OPEN: Extended = {
  test: '(0),"TCP",<serverIP>,(1-65535)',
  read: (_, { packet }) => ({ info: [`+CIPOPEN: 0${packet.socket === undefined ? '' : ',"TCP"'}`] }),
  set: ([link, type, address = '', port, ...more], { cipmode }, view) => {
    const number = wholeIn(port, 1, 65_535)
    if (
      link !== '0' ||
      type !== 'TCP' ||
      number === undefined ||
      !/^[A-Za-z0-9.-]{1,100}$/.test(address) ||
      more.length > 1
    )
      return ERROR
    const fault = !isOpen(view) ? NOT_OPENED : cipmode === 0 ? NOT_SUPPORTED : view.packet.socket ? BUSY : undefined
    if (fault !== undefined) return { info: [`+CIPOPEN: 0,${fault}`], ...ERROR }
    return connecting(address, number, view)
  },
}

function connecting(address: string, port: number, view: ModemView): Step {
  const opened = (socket: object | SocketEnd): Step =>
    typeof socket === 'object'
      ? { end: { type: 'connect', rate: SERIAL_RATE } }
      : { end: { type: 'words', words: 'CONNECT FAIL' } }
  return {
    end: {
      type: 'wait',
      start: (done) => view.packet.open(CONTEXT, address, port, view.socketUser, (socket) => done(opened(socket))),
    },
  }
}

const CLOSE: Extended = {
  test: '(0)',
  read: (_, { packet }) => (packet.socket === undefined ? '0' : '1'),
  set: ([link, ...more], _, view) => {
    if (link !== '0' || more.length > 1) return ERROR
    if (view.packet.socket === undefined) return { info: [`+CIPCLOSE: 0,${NOT_SUPPORTED}`], ...ERROR }
    view.closeSocket()
    return { later: () => view.urc('+CIPCLOSE: 0,0') }
  },
}

/** Sockets as SIM7600 and A7670 have them. */
export const SIMCOM: Commands = {
  '+CIPMODE': MODE,
  '+NETOPEN': OPEN_NETWORK,
  '+NETCLOSE': CLOSE_NETWORK,
  '+CIPOPEN': OPEN,
  '+CIPCLOSE': CLOSE,
  '+IPADDR': {
    run: (_, { packet }) => {
      const address = packet.address(CONTEXT)
      return address === undefined
        ? { info: ['+IP ERROR: Network not opened'], ...ERROR }
        : { info: [`+IPADDR: ${address}`] }
    },
  },
  '+CIPTIMEOUT': ignored('(3000-120000),(3000-120000),(3000-120000)', 120_000, 120_000, 120_000),
  '+CIPCCFG': ignored('(0-10),(0-1000),(0),(0,1),(0,1),(0,1),(500-120000)', 10, 1000, 0, 1, 1, 1, 120_000),
  '+CSOCKSETPN': ignored('(1)', 1),
  '+CTCPKA': ignored('(0,1),(1-7200),(1-30)', 1, 7200, 30),
  '+CPSI': {
    read: ({ fun }) =>
      fun === 1 ? 'LTE,Online,001-01,0x00C3,27439872,3,EUTRAN-BAND3,1650,5,5,-89,-913,-604,15' : 'NO SERVICE,Online',
  },
  '+CRESET': { run: () => ({ hangUp: true, end: { type: 'reset' } }), always: true },
}
