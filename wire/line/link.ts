import { LINE_MESSAGE_MAX } from '../limits.ts'
import { LineFormatError } from './cbor.ts'

/*
 * Packets of the line transport, the body of one frame or short message each; header of at most 5 bytes:
 *
 *   01 id body                       a whole request           02 id body                       a whole response
 *   11 id serial index last body     blocks of a request       12 id serial index last body     blocks of a response
 *   03 id newest bitmap              request blocks received   04 id newest bitmap              response blocks received
 *
 * `id` counts requests modulo 256; a response carries its request's. A message is numbered in blocks of BLOCK_BYTES, the last
 * one shorter: `index` is the first block in the body, `last` the message's last. So a repetition can be cut shorter than what
 * was lost, and a bitmap means the same however the message was cut. Its lowest bit of its first byte is block 0.
 *
 * `serial` counts the packets of one message modulo 256, repetitions too, and `newest` is the newest that came: so it is known,
 * and never guessed from times, which of several sendings of a block arrived and which are lost (as in RFC 9002 §3).
 */
export interface LinkData {
  readonly type: 'data'
  readonly of: Side
  readonly id: number
  /** 0 … 255; 0 for a whole message. */
  readonly serial: number
  readonly index: number
  /** 0: the message is whole. */
  readonly last: number
  readonly body: Uint8Array
}

export type LinkPacket = LinkData | LinkAck

export interface LinkAck {
  readonly type: 'ack'
  readonly of: Side
  readonly id: number
  /** Means something only if anything was received. */
  readonly newest: number
  readonly received: ReadonlySet<number>
}

export type Side = 'request' | 'response'

/** One block, bytes: what is worth sending alone on a line with one wrong bit in a thousand. */
export const BLOCK_BYTES = 64
/** Blocks of one message: their number is one byte. */
export const BLOCKS_MAX = LINE_MESSAGE_MAX / BLOCK_BYTES
const WHOLE_HEADER = 2
const FRAGMENT_HEADER = 5
const BITMAP_MAX = BLOCKS_MAX / 8
const BYTE = { request: 1, response: 2 } as const
const FRAGMENT = 0x10
const ACK = 2

export function encodeLink(packet: LinkPacket): Uint8Array {
  if (packet.type === 'data') {
    const type = BYTE[packet.of]
    const header =
      packet.last === 0 ? [type, packet.id] : [type | FRAGMENT, packet.id, packet.serial, packet.index, packet.last]
    return Buffer.concat([Uint8Array.from(header), packet.body])
  }
  const bitmap = new Uint8Array(Math.max(1, ...[...packet.received].map((index) => (index >> 3) + 1)))
  for (const index of packet.received) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7))
  return Buffer.concat([Uint8Array.of(BYTE[packet.of] + ACK, packet.id, packet.newest), bitmap])
}

/** @throws LineFormatError; the body is not copied */
export function decodeLink(bytes: Uint8Array): LinkPacket {
  const [type = 0, id, serial = 0, index = 0, last = 0] = bytes
  const of = (type & 1) === 1 ? 'request' : 'response'
  if (id === undefined) throw new LineFormatError(`expected a packet, got ${bytes.length} bytes`)
  if (type === 1 || type === 2) return whole(of, id, bytes.subarray(WHOLE_HEADER))
  if (type === (1 | FRAGMENT) || type === (2 | FRAGMENT)) {
    const body = bytes.subarray(FRAGMENT_HEADER)
    if (last === 0 || index > last || body.length === 0)
      throw new LineFormatError('expected a fragment within its message')
    return { type: 'data', of, id, serial, index, last, body }
  }
  if (type === 3 || type === 4) return ack(of, id, serial, bytes.subarray(3))
  throw new LineFormatError(`expected a packet type, got ${type}`)
}

function whole(of: Side, id: number, body: Uint8Array): LinkPacket {
  if (body.length === 0) throw new LineFormatError('expected a message with a body')
  return { type: 'data', of, id, serial: 0, index: 0, last: 0, body }
}

function ack(of: Side, id: number, newest: number, bitmap: Uint8Array): LinkPacket {
  if (bitmap.length === 0 || bitmap.length > BITMAP_MAX)
    throw new LineFormatError(`expected a bitmap of 1…${BITMAP_MAX} bytes`)
  const received = new Set<number>()
  bitmap.forEach((byte, at) => {
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) received.add(at * 8 + bit)
  })
  return { type: 'ack', of, id, newest, received }
}

/** @returns blocks of a message @throws RangeError unless it has 1 … LINE_MESSAGE_MAX bytes */
export function blocksOf(message: Uint8Array): number {
  if (message.length === 0 || message.length > LINE_MESSAGE_MAX) {
    throw new RangeError(`expected a message of 1…${LINE_MESSAGE_MAX} bytes, got ${message.length}`)
  }
  return Math.ceil(message.length / BLOCK_BYTES)
}

/** Whether a message of so many bytes is one whole packet on a path of `packetMax` bytes a packet. */
export function fitsWhole(bytes: number, packetMax: number): boolean {
  return bytes <= BLOCK_BYTES || bytes + WHOLE_HEADER <= packetMax
}

/** @returns blocks in the longest fragment of a path @throws RangeError when not even one fits */
export function blocksPerPacket(packetMax: number): number {
  const blocks = Math.floor((packetMax - FRAGMENT_HEADER) / BLOCK_BYTES)
  if (blocks < 1) throw new RangeError(`expected packets of at least ${FRAGMENT_HEADER + BLOCK_BYTES} bytes`)
  return blocks
}

/** Which blocks of a message go as one packet: with all of them it is the whole message. */
export interface Run {
  readonly serial: number
  readonly first: number
  readonly count: number
}

export function fragment(of: Side, id: number, message: Uint8Array, { serial, first, count }: Run): LinkData {
  const blocks = blocksOf(message)
  if (count === blocks) return { type: 'data', of, id, serial: 0, index: 0, last: 0, body: message }
  const body = message.subarray(first * BLOCK_BYTES, (first + count) * BLOCK_BYTES)
  return { type: 'data', of, id, serial: serial & 0xff, index: first, last: blocks - 1, body }
}
