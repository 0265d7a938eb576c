import { SerialPort } from 'serialport'
import { tend } from '../../wire/serial-port.ts'
import type { ModemPort } from './port.ts'

/** A modem is on a USB or UART port at this speed unless told otherwise, bit/s. */
export const MODEM_BAUD = 115_200

/** The port is not there, is in use, or may not be opened. */
export class SerialPortError extends Error {
  readonly code = 'MODEM_PORT_UNUSABLE'
  constructor(path: string, cause: Error) {
    super(
      `MODEM_PORT_UNUSABLE: ${path}: ${cause.message}; check the path, the cable and that no other program uses it`,
      {
        cause,
      },
    )
    this.name = 'SerialPortError'
  }
}

/** @throws SerialPortError (as a rejection) */
export function openSerialPort(path: string, baudRate = MODEM_BAUD): Promise<ModemPort> {
  return new Promise((resolve, reject) => {
    const port = new SerialPort({ path, baudRate, autoOpen: false })
    port.open((error) => {
      if (error) reject(new SerialPortError(path, error))
      else resolve(modemPort(path, port))
    })
  })
}

function modemPort(path: string, port: SerialPort): ModemPort {
  let gone = false
  return {
    path,
    open: (onData, onClose) => {
      // One unplugged cable can give an error and two closes; only with a reader is it noticed at all.
      const vanish = (): void => {
        if (gone) return
        gone = true
        onClose()
      }
      port.on('error', vanish).on('close', vanish).on('data', onData)
      tend(port)
    },
    write: (bytes) => {
      if (port.isOpen) port.write(Buffer.from(bytes))
    },
    close: () =>
      new Promise((resolve) => {
        if (!port.isOpen) return resolve()
        port.close(() => resolve())
      }),
  }
}
