import { OctetReader } from './octets.ts'

/** One information element of a user data header (TS 23.040 §9.2.3.24), also of a kind that nobody here knows. */
export interface HeaderElement {
  readonly id: number
  readonly data: Uint8Array
}

/** One of the parts of a longer message. */
export interface SmsConcat {
  /** The same for all parts, and another one for the sender's next message. */
  readonly ref: number
  /** Width of `ref`. */
  readonly bits: 8 | 16
  /** 1…255 */
  readonly total: number
  /** 1…total */
  readonly part: number
}

/** Application ports (§9.2.3.24.4); 16000…16999 are free for anybody. */
export interface SmsPorts {
  readonly destination: number
  readonly source: number
}

const CONCAT_8 = 0x00
const PORTS_8 = 0x04
const PORTS_16 = 0x05
const CONCAT_16 = 0x08
/** National language tables (§9.2.3.24.15, 16): the default alphabet would show other letters than were written. */
const LANGUAGES: readonly number[] = [0x24, 0x25]

/** @param octets the header without its own length @throws PduFault when the last element is longer than the header */
export function readHeader(octets: Uint8Array): HeaderElement[] {
  const reader = new OctetReader(octets)
  const elements: HeaderElement[] = []
  while (reader.left > 0) {
    const id = reader.octet('an information element')
    const length = reader.octet('the length of an information element')
    elements.push({ id, data: reader.octets(length, 'an information element') })
  }
  return elements
}

/** The last one counts (§9.2.3.24); one that says the impossible is as if it were not there (§9.2.3.24.1). */
export function concatOf(header: readonly HeaderElement[]): SmsConcat | undefined {
  const found = header.findLast(
    ({ id, data }) => (id === CONCAT_8 && data.length === 3) || (id === CONCAT_16 && data.length === 4),
  )
  if (found === undefined) return undefined
  const view = Buffer.from(found.data)
  const bits = found.id === CONCAT_8 ? 8 : 16
  const ref = view.readUIntBE(0, bits / 8)
  const total = view[bits / 8] ?? 0
  const part = view[bits / 8 + 1] ?? 0
  return part === 0 || part > total ? undefined : { ref, bits, total, part }
}

export function portsOf(header: readonly HeaderElement[]): SmsPorts | undefined {
  const found = header.findLast(
    ({ id, data }) => (id === PORTS_8 && data.length === 2) || (id === PORTS_16 && data.length === 4),
  )
  if (found === undefined) return undefined
  const width = found.data.length / 2
  const view = Buffer.from(found.data)
  return { destination: view.readUIntBE(0, width), source: view.readUIntBE(width, width) }
}

/** Whether the text needs a table that is not here. */
export function needsLanguage(header: readonly HeaderElement[]): boolean {
  return header.some(({ id }) => LANGUAGES.includes(id))
}

/** @returns the header with its length, or nothing at all when there is nothing to say @throws RangeError */
export function writeHeader(ports: SmsPorts | undefined, concat: SmsConcat | undefined): Uint8Array {
  const elements = Buffer.concat([...(concat ? [writeConcat(concat)] : []), ...(ports ? [writePorts(ports)] : [])])
  return elements.length === 0 ? elements : Buffer.concat([Uint8Array.of(elements.length), elements])
}

function writePorts({ destination, source }: SmsPorts): Uint8Array {
  for (const port of [destination, source]) whole(port, 0, 0xffff, 'a port')
  const bytes = Buffer.from([PORTS_16, 4, 0, 0, 0, 0])
  bytes.writeUInt16BE(destination, 2)
  bytes.writeUInt16BE(source, 4)
  return bytes
}

function writeConcat({ ref, bits, total, part }: SmsConcat): Uint8Array {
  whole(ref, 0, 2 ** bits - 1, `a reference of ${bits} bits`)
  whole(total, 1, 255, 'a number of parts')
  whole(part, 1, total, 'the number of a part')
  const bytes = Buffer.alloc(bits === 8 ? 5 : 6)
  bytes[0] = bits === 8 ? CONCAT_8 : CONCAT_16
  bytes[1] = bytes.length - 2
  bytes.writeUIntBE(ref, 2, bits / 8)
  bytes[bytes.length - 2] = total
  bytes[bytes.length - 1] = part
  return bytes
}

function whole(value: number, least: number, most: number, what: string): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`expected ${what} from ${least} to ${most}, got ${value}`)
  }
}
