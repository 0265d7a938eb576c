import { CODING_OCTETS, codingOf, type SmsCoding } from './coding.ts'
import { gsm7Text, unpackSeptets } from './gsm7.ts'
import {
  concatOf,
  type HeaderElement,
  needsLanguage,
  portsOf,
  readHeader,
  type SmsConcat,
  type SmsPorts,
} from './header.ts'
import { type OctetReader, PduFault } from './octets.ts'

/** User data as a message carries it (TS 23.040 §9.2.3.24). */
export interface SmsContent {
  readonly coding: SmsCoding
  /** All elements of the header in their order, the known ones too. */
  readonly header: readonly HeaderElement[]
  readonly concat: SmsConcat | undefined
  readonly ports: SmsPorts | undefined
  /** What follows the header, as it was sent: septets stay packed. */
  readonly data: Uint8Array
  /** Undefined when it is not text, or text that cannot be read here (compressed, national tables). */
  readonly text: string | undefined
}

/** User data of one message, octets, header included (§9.2.3.24). */
export const USER_DATA_MAX = 140
const SEPTETS_MAX = 160

export const NO_CONTENT: SmsContent = {
  coding: codingOf(CODING_OCTETS),
  header: [],
  concat: undefined,
  ports: undefined,
  data: new Uint8Array(0),
  text: undefined,
}

/** @param hasHeader TP-UDHI @throws PduFault */
export function readContent(reader: OctetReader, codingOctet: number, hasHeader: boolean): SmsContent {
  const coding = codingOf(codingOctet)
  const length = reader.octet('the length of the user data')
  const septets = coding.alphabet === 'gsm7' && !coding.compressed
  const most = septets ? SEPTETS_MAX : USER_DATA_MAX
  if (length > most) throw new PduFault(`expected user data of at most ${most}, got ${length}`)
  const octets = reader.octets(septets ? Math.ceil((length * 7) / 8) : length, 'user data')
  const headerOctets = hasHeader ? 1 + (octets[0] ?? 0) : 0
  if (headerOctets > octets.length) throw new PduFault('expected a header within the user data, got a longer one')
  const header = hasHeader ? readHeader(octets.subarray(1, headerOctets)) : []
  const body = octets.slice(headerOctets)
  return {
    coding,
    header,
    concat: concatOf(header),
    ports: portsOf(header),
    data: body,
    text: coding.compressed || needsLanguage(header) ? undefined : textOf(coding, octets, headerOctets, length),
  }
}

function textOf(coding: SmsCoding, octets: Uint8Array, headerOctets: number, length: number): string | undefined {
  if (coding.alphabet === 'octets') return undefined
  if (coding.alphabet === 'ucs2') return ucs2Text(octets.subarray(headerOctets))
  // The header takes whole septets, fill bits included, and they are counted in the length.
  const skipped = Math.ceil((headerOctets * 8) / 7)
  if (skipped > length) throw new PduFault('expected a header within the user data, got a longer one')
  return gsm7Text(unpackSeptets(octets, length).slice(skipped))
}

/**
 * UTF-16, the high octet first. Half a letter beyond the basic plane stays as it is: its other half may be in the next part.
 * An odd octet at the end is no letter.
 */
export function ucs2Text(octets: Uint8Array): string {
  let text = ''
  for (let at = 0; at + 1 < octets.length; at += 2) {
    text += String.fromCharCode(((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0))
  }
  return text
}
