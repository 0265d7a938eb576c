import type { UsbPort } from './usb-link.ts'

/** A PC with an attached phone (D-5): this program is a child of the driver, and their cable is standard input and output. */
export function stdioPort(): UsbPort {
  return {
    source: process.stdin,
    sink: process.stdout,
    close: async () => {
      process.stdin.destroy()
    },
  }
}
