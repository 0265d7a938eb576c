import { LINE_MESSAGE_MAX } from '../limits.ts'
import { LineFormatError } from './cbor.ts'

/*
 * Packets of the line transport, the body of one frame each; header of at most 4 bytes:
 *
 *   01 id body                  a whole request             02 id body                  a whole response
 *   11 id index last body       one fragment of a request   12 id index last body       one fragment of a response
 *   03 id bitmap                request fragments received  04 id bitmap                response fragments received
 *
 * `id` counts requests modulo 256; a response carries its request's. The bitmap's lowest bit of its first byte is fragment 0.
 */
export type LinkPacket =
  | {
      readonly type: 'data'
      readonly of: Side
      readonly id: number
      readonly index: number
      readonly last: number
      readonly body: Uint8Array
    }
  | { readonly type: 'ack'; readonly of: Side; readonly id: number; readonly received: ReadonlySet<number> }

export type Side = 'request' | 'response'

/** Fragments of one message: their number is one byte. */
export const FRAGMENTS_MAX = 256
const BITMAP_MAX = FRAGMENTS_MAX / 8
const BYTE = { request: 1, response: 2 } as const
const FRAGMENT = 0x10
const ACK = 2

export function encodeLink(packet: LinkPacket): Uint8Array {
  if (packet.type === 'data') {
    const type = BYTE[packet.of]
    const header = packet.last === 0 ? [type, packet.id] : [type | FRAGMENT, packet.id, packet.index, packet.last]
    return Buffer.concat([Uint8Array.from(header), packet.body])
  }
  const bitmap = new Uint8Array(Math.max(1, ...[...packet.received].map((index) => (index >> 3) + 1)))
  for (const index of packet.received) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7))
  return Buffer.concat([Uint8Array.of(BYTE[packet.of] + ACK, packet.id), bitmap])
}

/** @throws LineFormatError; the body is not copied */
export function decodeLink(bytes: Uint8Array): LinkPacket {
  const [type = 0, id, index = 0, last = 0] = bytes
  const of = (type & 1) === 1 ? 'request' : 'response'
  if (id === undefined) throw new LineFormatError(`expected a packet, got ${bytes.length} bytes`)
  if (type === 1 || type === 2) return whole(of, id, bytes.subarray(2))
  if (type === (1 | FRAGMENT) || type === (2 | FRAGMENT)) {
    const body = bytes.subarray(4)
    if (last === 0 || index > last || body.length === 0)
      throw new LineFormatError('expected a fragment within its message')
    return { type: 'data', of, id, index, last, body }
  }
  if (type === 3 || type === 4) return ack(of, id, bytes.subarray(2))
  throw new LineFormatError(`expected a packet type, got ${type}`)
}

function whole(of: Side, id: number, body: Uint8Array): LinkPacket {
  if (body.length === 0) throw new LineFormatError('expected a message with a body')
  return { type: 'data', of, id, index: 0, last: 0, body }
}

function ack(of: Side, id: number, bitmap: Uint8Array): LinkPacket {
  if (bitmap.length === 0 || bitmap.length > BITMAP_MAX)
    throw new LineFormatError(`expected a bitmap of 1…${BITMAP_MAX} bytes`)
  const received = new Set<number>()
  bitmap.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) received.add(at * 8 + bit)
  })
  return { type: 'ack', of, id, received }
}

/** Cuts a message for packets with at most `fragmentBytes` of body. @throws RangeError above LINE_MESSAGE_MAX */
export function fragments(of: Side, id: number, message: Uint8Array, fragmentBytes: number): LinkPacket[] {
  const count = Math.ceil(message.length / fragmentBytes)
  if (message.length === 0 || message.length > LINE_MESSAGE_MAX || count > FRAGMENTS_MAX) {
    throw new RangeError(`expected a message of 1…${LINE_MESSAGE_MAX} bytes, got ${message.length}`)
  }
  return Array.from({ length: count }, (_, index) => ({
    type: 'data',
    of,
    id,
    index,
    last: count - 1,
    body: message.subarray(index * fragmentBytes, (index + 1) * fragmentBytes),
  }))
}
