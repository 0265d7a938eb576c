import { LINE_HTTP_MAX } from '../limits.ts'
import { LineFormatError } from './cbor.ts'
import { encodeVarint, type VarintReader } from './quic-varint.ts'

/*
 * Field lines of Binary HTTP (RFC 9292 §3.6), lengths as varints:
 *
 *   field line                    name length ‖ name ‖ value length ‖ value
 *   section of known length       bytes of all its field lines ‖ field line …
 *   section of unknown length     field line … ‖ 00
 *
 * Stricter than the RFC in two things: no pseudo-fields at all, and no control character in a value but the tab.
 */

/** Name in lower case, value one character a byte (RFC 9110 §5.5). */
export type Field = readonly [name: string, value: string]

/** Fields of one section: far above what any request of ours has. */
export const FIELDS_MAX = 64
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there (RFC 9113 §8.2.1)
const VALUE = /^(?![ \t])[^\x00-\x08\x0a-\x1f\x7f]*(?<![ \t])$/

/** As a section of known length. @throws LineFormatError for a name or a value that may not be sent */
export function encodeFields(fields: readonly Field[]): Uint8Array {
  if (fields.length > FIELDS_MAX) throw new LineFormatError(`expected at most ${FIELDS_MAX} fields`)
  const lines = fields.flatMap(([name, value]) => [encodeText(checkName(name)), encodeText(checkValue(value))])
  const length = lines.reduce((sum, line) => sum + line.length, 0)
  return Buffer.concat([encodeVarint(length), ...lines])
}

/** A length and one byte a character. @throws LineFormatError for text that has others */
export function encodeText(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.toString('latin1') !== text) throw new LineFormatError('expected text of one byte a character')
  return Buffer.concat([encodeVarint(bytes.length), bytes])
}

/** @throws LineFormatError unless exactly these bytes are field lines */
export function decodeKnownFields(section: VarintReader): Field[] {
  const fields: Field[] = []
  while (!section.ended) add(fields, decodeText(section, 'field name'), section)
  return fields
}

/** Field lines up to the zero that ends them. @throws LineFormatError */
export function decodeEndedFields(message: VarintReader): Field[] {
  const fields: Field[] = []
  for (;;) {
    const name = decodeText(message, 'field name')
    if (name === '') return fields
    add(fields, name, message)
  }
}

/** @throws LineFormatError */
export function decodeText(message: VarintReader, what: string): string {
  const length = message.varint(`length of ${what}`, LINE_HTTP_MAX)
  return Buffer.from(message.take(length, what)).toString('latin1')
}

function add(fields: Field[], name: string, message: VarintReader): void {
  if (fields.length === FIELDS_MAX) throw new LineFormatError(`expected at most ${FIELDS_MAX} fields`)
  fields.push([checkName(name), checkValue(decodeText(message, 'field value'))])
}

/** What was given is never in the error: it may be anything. */
function checkName(name: string): string {
  if (!NAME.test(name)) throw new LineFormatError('expected a field name in lower case')
  return name
}

function checkValue(value: string): string {
  if (!VALUE.test(value)) throw new LineFormatError('expected a field value without control characters')
  return value
}
