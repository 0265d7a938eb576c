import { LineFormatError } from './cbor.ts'

/*
 * What a message on the line is, one byte in front of it:
 *
 *   01 login exchange: card hint ‖ Noise KKpsk0 message 1, answered by message 2 (PROTOCOL.md §3)
 *   02 enrolment: Noise IKpsk2 message 1, answered by message 2 (PROTOCOL.md §2)
 *   03 channel: one sealed message under the transport keys of the exchange before it
 */
const KINDS = { exchange: 1, enrolment: 2, channel: 3 } as const
export type MessageKind = keyof typeof KINDS

export function encodeMessage(kind: MessageKind, body: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(KINDS[kind]), body])
}

/** @throws LineFormatError for an unknown kind or an empty body; the body is not copied */
export function decodeMessage(bytes: Uint8Array): { readonly kind: MessageKind; readonly body: Uint8Array } {
  const body = bytes.subarray(1)
  if (body.length === 0) throw new LineFormatError(`expected a message with a body, got ${bytes.length} bytes`)
  for (const kind of ['exchange', 'enrolment', 'channel'] as const) if (KINDS[kind] === bytes[0]) return { kind, body }
  throw new LineFormatError(`expected a message of kind 1…3, got ${bytes[0]}`)
}
