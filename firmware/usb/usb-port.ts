import { SerialPort } from 'serialport'
import { tend } from '../../wire/serial-port.ts'
import { CardError } from '../card/errors.ts'
import type { UsbPort } from './usb-link.ts'

/**
 * Opens the port to the PC for this program alone: the gadget's `/dev/ttyGS0`, a UART, or a pseudo-terminal.
 * @param baudRate bit/s; means nothing on USB
 * @throws CardError USB_PORT_UNUSABLE (as a rejection)
 */
export function openUsbPort(path: string, baudRate: number): Promise<UsbPort> {
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate, autoOpen: false })
    // Errors also come after a close, and one unplugging may close twice. The link reads from the moment it gets the port:
    // only a port with a reader notices that its cable is gone.
    port.on('error', () => {})
    port.open((error) => {
      if (error)
        return reject(
          new CardError('USB_PORT_UNUSABLE', `${path}: ${error.message.replace(/^Error: /, '')}`, { cause: error }),
        )
      // Tells the PC's end that somebody is here. A pseudo-terminal has no such line (ENOTTY), and needs none.
      port.set({ dtr: true, rts: true }, () => {})
      tend(port)
      resolve({ source: port, sink: port, close: () => close(port) })
    })
  })
}

/** @returns when the port is free; one that closed by itself, perhaps twice, is */
function close(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (!port.isOpen && !port.closing) return resolve()
    port.once('close', () => resolve())
    if (!port.closing) port.close(() => resolve())
  })
}
