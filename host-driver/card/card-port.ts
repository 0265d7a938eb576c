import { SerialPort } from 'serialport'
import { tend } from '../../wire/serial-port.ts'
import type { CardCable } from './card-client.ts'
import { openFault } from './open-fault.ts'
import { type PortInfo, sysPorts } from './sys-ports.ts'

/** USB has no speed of this kind; a serial converter in between would want one. */
const BAUD = 115_200
/** A port closes at once, or its driver is stuck, milliseconds. */
const CLOSE_MS = 5000

export type { PortInfo } from './sys-ports.ts'

/** As udev names a port in /dev/serial/by-id: …-if00. */
const INTERFACE = /-if([0-9a-f]{2})(-port\d+)?$/

/** The serial ports of this computer; pseudo-terminals are not among them. None where the system cannot list them. */
export async function listPorts(): Promise<readonly PortInfo[]> {
  const found = sysPorts()
  if (found !== undefined) return found
  const ports = await SerialPort.list().catch(() => [])
  return ports.map(({ path, vendorId, productId, serialNumber, pnpId }) => ({
    path,
    ...(vendorId && { vendorId: vendorId.toLowerCase() }),
    ...(productId && { productId: productId.toLowerCase() }),
    ...(serialNumber && { serialNumber }),
    ...usbInterface(pnpId),
  }))
}

function usbInterface(pnpId: string | undefined): Pick<PortInfo, 'usbInterface'> {
  const [, digits] = INTERFACE.exec(pnpId ?? '') ?? []
  return digits === undefined ? {} : { usbInterface: Number.parseInt(digits, 16) }
}

/**
 * Opens a card's port for this program alone.
 * @throws KeylineError CARD_NOT_FOUND, CARD_FORBIDDEN, CARD_IN_USE, CARD_GONE
 */
export function openCardPort(path: string): Promise<CardCable> {
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate: BAUD, lock: true, autoOpen: false })
    // A port without a reader does not notice that it was unplugged; the client attaches its own later, and until then
    // what comes belongs to nobody.
    port.on('error', () => {})
    port.open((error) => {
      if (error) return reject(openFault(path, error))
      port.on('data', () => {})
      // DTR tells the card's end that somebody is there. A pseudo-terminal has no such line (ENOTTY), and needs none.
      port.set({ dtr: true, rts: true }, () => {})
      tend(port)
      resolve({ stream: port, close: () => close(port) })
    })
  })
}

/** @returns when the port is free; one that closed by itself, perhaps twice, is. A driver that does not say so is not waited for. */
function close(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (!port.isOpen && !port.closing) return resolve()
    const limit = setTimeout(resolve, CLOSE_MS)
    const closed = (): void => {
      clearTimeout(limit)
      resolve()
    }
    port.once('close', closed)
    if (!port.closing) port.close(closed)
  })
}
