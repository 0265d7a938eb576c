import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A serial port of this computer. */
export interface PortInfo {
  readonly path: string
  /** Four hexadecimal digits, lower case; missing where the port is not on USB. */
  readonly vendorId?: string
  readonly productId?: string
  readonly serialNumber?: string
  /** Which interface of its USB device the port belongs to; missing where the system does not tell. */
  readonly usbInterface?: number
}

/** Above a port: interface and device of USB, and whatever stands between; more is none of ours. */
const LEVELS = 6

/**
 * The serial ports of a Linux computer with their places on USB, from /sys: it tells the interface, and needs no udev.
 * @param root where /sys and /dev are @returns undefined where there is none
 */
export function sysPorts(root = '/'): readonly PortInfo[] | undefined {
  let names: readonly string[]
  try {
    names = readdirSync(join(root, 'sys/class/tty'))
  } catch {
    return undefined
  }
  return names
    .filter((name) => /^tty(ACM|USB|GS|AMA|S)\d+$/.test(name))
    .flatMap((name) => {
      const place = placeOf(join(root, 'sys/class/tty', name, 'device'))
      return place === undefined ? [] : [{ path: `/dev/${name}`, ...place }]
    })
}

function placeOf(link: string): Omit<PortInfo, 'path'> | undefined {
  let folder: string
  try {
    folder = realpathSync(link)
  } catch {
    return undefined
  }
  let usbInterface: number | undefined
  for (let level = 0; level < LEVELS; level++, folder = dirname(folder)) {
    const number = text(join(folder, 'bInterfaceNumber'))
    if (number !== undefined) usbInterface = Number.parseInt(number, 16)
    const vendorId = text(join(folder, 'idVendor'))
    if (vendorId === undefined) continue
    const productId = text(join(folder, 'idProduct'))
    const serialNumber = text(join(folder, 'serial'))
    return {
      vendorId: vendorId.toLowerCase(),
      ...(productId && { productId: productId.toLowerCase() }),
      ...(serialNumber && { serialNumber }),
      ...(usbInterface !== undefined && { usbInterface }),
    }
  }
  return {}
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return undefined
  }
}
