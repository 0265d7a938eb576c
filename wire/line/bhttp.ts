import { LINE_HTTP_MAX } from '../limits.ts'
import {
  decodeEndedFields,
  decodeKnownFields,
  decodeText,
  encodeFields,
  encodeText,
  type Field,
} from './bhttp-fields.ts'
import { LineFormatError } from './cbor.ts'
import { encodeVarint, VarintReader } from './quic-varint.ts'

/*
 * Binary HTTP (RFC 9292), what goes through the channel after a purchase was opened (S34, S68). All numbers are varints:
 *
 *   request    00 or 02 ‖ method ‖ scheme ‖ authority ‖ path, each with its length ‖ header ‖ content ‖ trailer ‖ padding
 *   response   01 or 03 ‖ [1xx status ‖ header] … ‖ status ‖ header ‖ content ‖ trailer ‖ padding
 *
 * 00 and 01 say the length of each section before it, 02 and 03 end each with a zero and carry content in chunks. Written are the
 * first two. Padding is zeros; trailer, and content before it, may be missing at the end when they are empty (§3.8).
 */
const REQUEST = 0
const RESPONSE = 1
/** Set in the framing indicator when lengths are not known beforehand. */
const INDETERMINATE = 2
/** 1xx responses before the real one. */
const INFORMATIONAL_MAX = 16

const METHOD = /^[A-Z][A-Z-]{0,15}$/
const SCHEME = /^[a-z][a-z0-9+.-]{0,15}$/
/** Without user information; empty where a `host` field names the server. */
const AUTHORITY = /^[A-Za-z0-9._~:[\]-]{0,255}$/
/** Printable ASCII without fragment and backslash: what two programs could read as two paths is refused. */
const PATH = /^\/[!"$-[\]-~]{0,2047}$/

interface Sections {
  readonly headers: readonly Field[]
  readonly content: Uint8Array
  readonly trailers?: readonly Field[]
}

export interface BinaryRequest extends Sections {
  /** In capitals. */
  readonly method: string
  readonly scheme: string
  readonly authority: string
  /** With its query. */
  readonly path: string
}

export interface BinaryResponse extends Sections {
  /** 200 … 599. */
  readonly status: number
}

export interface Informational {
  /** 100 … 199. */
  readonly status: number
  readonly headers: readonly Field[]
}

export type DecodedRequest = Required<BinaryRequest>
export type DecodedResponse = Required<BinaryResponse> & { readonly informational: readonly Informational[] }

/** @throws LineFormatError for what may not be sent, or is longer than LINE_HTTP_MAX */
export function encodeBinaryRequest(request: BinaryRequest): Uint8Array {
  const { method, scheme, authority, path } = checkControl(request)
  const control = [method, scheme, authority, path].map(encodeText)
  return bounded([encodeVarint(REQUEST), ...control, ...encodeSections(request)])
}

/** @throws LineFormatError for what may not be sent, or is longer than LINE_HTTP_MAX */
export function encodeBinaryResponse(response: BinaryResponse): Uint8Array {
  const { status } = response
  if (!(Number.isInteger(status) && status >= 200 && status <= 599))
    throw new LineFormatError('expected a final status')
  return bounded([encodeVarint(RESPONSE), encodeVarint(status), ...encodeSections(response)])
}

/** @returns with copies of all bytes @throws LineFormatError for anything that is not one whole request */
export function decodeBinaryRequest(bytes: Uint8Array): DecodedRequest {
  const message = open(bytes)
  const indeterminate = framing(message, REQUEST)
  const [method, scheme] = [decodeText(message, 'method'), decodeText(message, 'scheme')]
  const [authority, path] = [decodeText(message, 'authority'), decodeText(message, 'path')]
  const control = checkControl({ method, scheme, authority, path })
  return { ...control, ...decodeSections(message, indeterminate) }
}

/** @returns with copies of all bytes @throws LineFormatError for anything that is not one whole response */
export function decodeBinaryResponse(bytes: Uint8Array): DecodedResponse {
  const message = open(bytes)
  const indeterminate = framing(message, RESPONSE)
  const informational: Informational[] = []
  for (;;) {
    const status = message.varint('status', 599)
    if (status < 100) throw new LineFormatError('expected a status of 100…599')
    if (status >= 200) return { status, informational, ...decodeSections(message, indeterminate) }
    if (informational.length === INFORMATIONAL_MAX) {
      throw new LineFormatError(`expected at most ${INFORMATIONAL_MAX} informational responses`)
    }
    informational.push({ status, headers: decodeFields(message, indeterminate) })
  }
}

function encodeSections({ headers, content, trailers = [] }: Sections): Uint8Array[] {
  return [encodeFields(headers), encodeVarint(content.length), content, encodeFields(trailers)]
}

function bounded(parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length > LINE_HTTP_MAX) throw new LineFormatError(`expected at most ${LINE_HTTP_MAX} bytes, got ${length}`)
  return Buffer.concat(parts)
}

function open(bytes: Uint8Array): VarintReader {
  if (bytes.length <= LINE_HTTP_MAX) return new VarintReader(bytes)
  throw new LineFormatError(`expected at most ${LINE_HTTP_MAX} bytes, got ${bytes.length}`)
}

/** @returns whether lengths come with the sections, not before them */
function framing(message: VarintReader, kind: typeof REQUEST | typeof RESPONSE): boolean {
  const indicator = message.varint('framing indicator', kind | INDETERMINATE)
  if ((indicator & ~INDETERMINATE) !== kind) {
    throw new LineFormatError(`expected a ${kind === REQUEST ? 'request' : 'response'}`)
  }
  return indicator !== kind
}

/** Header, content, trailer and padding. What is missing at the end is empty (§3.8), but the header is never missing. */
function decodeSections(message: VarintReader, indeterminate: boolean): Required<Sections> {
  const headers = decodeFields(message, indeterminate)
  const content = message.ended ? new Uint8Array(0) : decodeContent(message, indeterminate)
  const trailers = message.ended ? [] : decodeFields(message, indeterminate)
  if (message.rest().some((byte) => byte !== 0)) throw new LineFormatError('expected padding of zeros only')
  return { headers, content, trailers }
}

function decodeFields(message: VarintReader, indeterminate: boolean): Field[] {
  if (indeterminate) return decodeEndedFields(message)
  const length = message.varint('length of a field section', LINE_HTTP_MAX)
  return decodeKnownFields(new VarintReader(message.take(length, 'a field section')))
}

function decodeContent(message: VarintReader, indeterminate: boolean): Uint8Array {
  const chunks: Uint8Array[] = []
  for (;;) {
    const length = message.varint('length of content', LINE_HTTP_MAX)
    chunks.push(message.take(length, 'content'))
    if (!indeterminate || length === 0) return joined(chunks)
  }
}

/** One copy and no more: it may be personal data, which the caller wipes. */
function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const content = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    content.set(chunk, at)
    at += chunk.length
  }
  return content
}

type Control = Pick<BinaryRequest, 'method' | 'scheme' | 'authority' | 'path'>

/** What was given is never in the error: it may be anything. */
function checkControl({ method, scheme, authority, path }: Control): Control {
  if (!METHOD.test(method)) throw new LineFormatError('expected a method in capitals')
  if (!SCHEME.test(scheme)) throw new LineFormatError('expected a scheme')
  if (!AUTHORITY.test(authority)) throw new LineFormatError('expected an authority')
  if (!PATH.test(path)) throw new LineFormatError('expected a path that begins with a slash')
  return { method, scheme, authority, path }
}
