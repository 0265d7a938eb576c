import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import koffi from 'koffi'
import { problem } from '../../../firmware/card/errors.ts'
import { UsbLink, type UsbPort } from '../../../firmware/usb/usb-link.ts'
import { openUsbPort } from '../../../firmware/usb/usb-port.ts'

const BAUD = 115_200
/** Requests of asm-generic/ioctls.h: number of the pseudo-terminal, and its lock. */
const TIOCGPTN = 0x80045430
const TIOCSPTLCK = 0x40045431
const ioctl = koffi.load(null).func('int ioctl(int, unsigned long, _Inout_ uint8_t*)')

interface PtyEnd {
  readonly path: string
  write(text: string): void
  /** The next whole line. */
  line(): Promise<string>
  close(): void
}

/** A pseudo-terminal: the card opens `path`, the test is the PC at its other end. */
function pty(t: ExecutionContext): PtyEnd {
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  const number = Buffer.alloc(4)
  t.is(ioctl(master, TIOCSPTLCK, Buffer.alloc(4)), 0)
  t.is(ioctl(master, TIOCGPTN, number), 0)
  let open = true
  let text = ''
  const close = (): void => {
    if (open) closeSync(master)
    open = false
  }
  t.teardown(close)
  return {
    path: `/dev/pts/${number.readInt32LE()}`,
    write: (it) => {
      writeSync(master, it)
    },
    line: async () => {
      while (!text.includes('\n')) {
        text += read(master)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      const end = text.indexOf('\n')
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      return line
    },
    close,
  }
}

/** What there is; nothing while nobody has the other end open. */
function read(fd: number): string {
  const buffer = Buffer.alloc(4096)
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer))
  } catch {
    return ''
  }
}

function link(port: UsbPort, onEnd: () => void): UsbLink {
  const card = { cardId: '', enrolled: false, internet: '', state: 'idle', modem: '/dev/x' } as const
  const no = async () => ({ ok: false, problem: problem('CARD_BUSY') }) as const
  const status = async () => ({ ok: true, result: { card } }) as const
  const api = { 'card.hello': no, 'card.status': status, 'card.enrol': no, 'line.login': no, 'line.cancel': no }
  return new UsbLink(port, api, onEnd)
}

const ASK = '{"jsonrpc":"2.0","id":1,"method":"card.status","params":{}}\n'

test('a pseudo-terminal is a port: both ways, garbage before, closed twice, opened again', async (t) => {
  const pc = pty(t)
  for (let n = 0; n < 2; n++) {
    const port = await openUsbPort(pc.path, BAUD)
    t.teardown(() => port.close())
    let ends = 0
    link(port, () => ends++)
    pc.write(`\u0000half a line${n === 0 ? '\r' : ''}\n${ASK}`)
    t.regex(await pc.line(), /REQUEST_INVALID/)
    t.regex(await pc.line(), /"id":1,"result"/)
    await Promise.all([port.close(), port.close()])
    await port.close()
    t.is(ends, 1)
  }
})

test('a cable that is pulled ends the link, once', async (t) => {
  const pc = pty(t)
  const port = await openUsbPort(pc.path, BAUD)
  let ends = 0
  const ended = new Promise<void>((resolve) => {
    link(port, () => {
      ends++
      resolve()
    })
  })
  pc.write(ASK)
  t.regex(await pc.line(), /"id":1/)
  pc.close()
  await ended
  await port.close()
  await new Promise((resolve) => setImmediate(resolve))
  t.is(ends, 1)
})

test('what is no port, or is used already, is said with its path', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyline-port-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'file')
  writeFileSync(file, '')
  for (const path of [join(folder, 'missing'), file, folder]) {
    const error = await t.throwsAsync(openUsbPort(path, BAUD), { code: 'USB_PORT_UNUSABLE' })
    t.true(error.message.includes(folder), error.message)
  }
  const pc = pty(t)
  const port = await openUsbPort(pc.path, BAUD)
  t.teardown(() => port.close())
  await t.throwsAsync(openUsbPort(pc.path, BAUD), { code: 'USB_PORT_UNUSABLE' })
})
