import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { cardPorts } from '../../../host-driver/card/find.ts'
import { sysPorts } from '../../../host-driver/card/sys-ports.ts'

/** /sys as Linux lays it out: a port's `device` is an interface of USB, and that one's parent is the USB device. */
class Sys {
  readonly root: string

  constructor(t: ExecutionContext) {
    this.root = mkdtempSync(join(tmpdir(), 'keyline-sys-'))
    t.teardown(() => rmSync(this.root, { recursive: true, force: true }))
    mkdirSync(join(this.root, 'sys/class/tty'), { recursive: true })
  }

  device(name: string, about: Readonly<Record<string, string>>): string {
    const folder = join(this.root, 'sys/devices/pci0000:00/0000:00:14.0/usb1', name)
    mkdirSync(folder, { recursive: true })
    for (const [file, text] of Object.entries(about)) writeFileSync(join(folder, file), `${text}\n`)
    return folder
  }

  /** @param below folders between the interface and the port, as usb-serial has one */
  port(name: string, device: string, interfaceNumber: string, below = ''): void {
    const folder = join(device, `1-1:1.${Number.parseInt(interfaceNumber, 16)}`)
    mkdirSync(join(folder, below), { recursive: true })
    writeFileSync(join(folder, 'bInterfaceNumber'), `${interfaceNumber}\n`)
    this.link(name, join(folder, below))
  }

  link(name: string, device: string): void {
    mkdirSync(join(this.root, 'sys/class/tty', name))
    symlinkSync(device, join(this.root, 'sys/class/tty', name, 'device'))
  }
}

test('a card has two ports, told apart by their interfaces; a modem, a UART and a console are what they are', (t) => {
  const sys = new Sys(t)
  const card = sys.device('1-1', { idVendor: '1209', idProduct: '0001', serial: '10000000abcdef01' })
  sys.port('ttyACM0', card, '02')
  sys.port('ttyACM1', card, '00')
  sys.port('ttyUSB2', sys.device('1-2', { idVendor: '1E0E', idProduct: '9001' }), '0a', 'ttyUSB2')
  const uart = join(sys.root, 'sys/devices/platform/serial8250')
  mkdirSync(uart, { recursive: true })
  sys.link('ttyS0', uart)
  mkdirSync(join(sys.root, 'sys/class/tty/tty1'))
  mkdirSync(join(sys.root, 'sys/class/tty/ttyS9'))
  const ports = sysPorts(sys.root) ?? []
  const of = { vendorId: '1209', productId: '0001', serialNumber: '10000000abcdef01' }
  t.deepEqual(
    [...ports].sort((a, b) => a.path.localeCompare(b.path)),
    [
      { path: '/dev/ttyACM0', ...of, usbInterface: 2 },
      { path: '/dev/ttyACM1', ...of, usbInterface: 0 },
      { path: '/dev/ttyS0' },
      { path: '/dev/ttyUSB2', vendorId: '1e0e', productId: '9001', usbInterface: 10 },
    ],
  )
  t.deepEqual(
    cardPorts(ports).map(({ path }) => path),
    ['/dev/ttyACM1'],
  )
})

test('what was unplugged in between, and a computer without /sys', (t) => {
  const sys = new Sys(t)
  sys.link('ttyACM0', join(sys.root, 'gone'))
  t.deepEqual(sysPorts(sys.root), [])
  t.is(sysPorts(join(sys.root, 'none')), undefined)
})
