import { closeSync, constants, openSync } from 'node:fs'
import koffi from 'koffi'
import { SimError } from './fault.ts'

/** Requests and bits as Linux has them on x86 and ARM (asm-generic/ioctls.h, termbits.h). */
const TCGETS = 0x5401
const TCSETS = 0x5402
const TCFLSH = 0x540b
const TIOCSPTLCK = 0x40045431
const TIOCGPTN = 0x80045430
/** struct termios: four words of flags, one byte of line discipline, 19 characters; some room to spare. */
const TERMIOS_BYTES = 64
const CONTROL_FLAGS_AT = 8
const CHARACTERS_AT = 17
const VTIME = 5
const VMIN = 6
const CBAUD = 0o010017
const B115200 = 0o010002
const CS8 = 0o60
const CREAD = 0o200
const CLOCAL = 0o4000

export const POLL_IN = 1
export const POLL_OUT = 4
export const POLL_HUP = 16
/** struct pollfd: descriptor, wanted events, events there are. */
const POLLFD_BYTES = 8

const libc = koffi.load(null)
const ioctl = libc.func('int ioctl(int, unsigned long, _Inout_ uint8_t*)')
const pollSystem = libc.func('int poll(_Inout_ uint8_t*, unsigned long, int)')

export interface Descriptors {
  /** Non-blocking. */
  readonly master: number
  /** What programs open. */
  readonly path: string
}

/** A new pseudo-terminal in raw mode. @throws SimError NO_PTY */
export function openMaster(): Descriptors {
  let master: number | undefined
  try {
    // Node adds O_CLOEXEC, so that no child keeps it open.
    master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
    request(master, TIOCSPTLCK, Buffer.alloc(4))
    const number = Buffer.alloc(4)
    request(master, TIOCGPTN, number)
    return { master, path: `/dev/pts/${number.readInt32LE()}` }
  } catch (cause) {
    if (master !== undefined) closeSync(master)
    throw noPty(cause)
  }
}

export function noPty(cause: unknown): SimError {
  return new SimError('NO_PTY', 'The system gave no pseudo-terminal.', 'See that /dev/ptmx and /dev/pts are there.', {
    cause,
  })
}

/**
 * Puts the slave into the state in which the next program finds it: raw (no echo of its own, or two echoing programs would
 * talk for ever), 8 bits, nothing left to read of what was meant for the one before. Opened only for that moment: while the
 * simulator held it open, it could not see others close it.
 */
export function resetSlave(path: string): void {
  const slave = openSlave(path)
  try {
    const termios = Buffer.alloc(TERMIOS_BYTES)
    request(slave, TCGETS, termios)
    termios.fill(0, 0, CONTROL_FLAGS_AT + 8)
    termios.writeUInt32LE(B115200 | CS8 | CREAD | CLOCAL, CONTROL_FLAGS_AT)
    termios[CHARACTERS_AT + VTIME] = 0
    termios[CHARACTERS_AT + VMIN] = 1
    request(slave, TCSETS, termios)
    // TCIFLUSH is 0, which as a pointer is null.
    ioctl(slave, TCFLSH, null)
  } finally {
    closeSync(slave)
  }
}

/** @throws Error EBUSY where a program wants the port for itself alone, and this one has no right to disregard that */
export function openSlave(path: string): number {
  return openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
}

/** Whether the slave's speed is B0, by which programs drop DTR (POSIX 11.1.3). */
export function speedIsZero(master: number): boolean {
  const termios = Buffer.alloc(TERMIOS_BYTES)
  return ioctl(master, TCGETS, termios) === 0 && (termios.readUInt32LE(CONTROL_FLAGS_AT) & CBAUD) === 0
}

/** One poll(2) for many descriptors, without waiting: a tenth of the cost of a failing read each. */
export function pollAll(wanted: readonly { readonly fd: number; readonly events: number }[]): number[] {
  const table = Buffer.alloc(wanted.length * POLLFD_BYTES)
  for (const [index, { fd, events }] of wanted.entries()) {
    table.writeInt32LE(fd, index * POLLFD_BYTES)
    table.writeInt16LE(events, index * POLLFD_BYTES + 4)
  }
  pollSystem(table, wanted.length, 0)
  return wanted.map((_, index) => table.readInt16LE(index * POLLFD_BYTES + 6))
}

/** Whether nobody has the slave open just now. */
export function isHungUp(master: number): boolean {
  return ((pollAll([{ fd: master, events: 0 }])[0] ?? 0) & POLL_HUP) !== 0
}

function request(fd: number, code: number, data: Buffer): void {
  if (ioctl(fd, code, data) !== 0) throw new Error(`ioctl 0x${code.toString(16)}: errno ${koffi.errno()}`)
}
