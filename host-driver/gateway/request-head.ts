/*
 * The head of one HTTP/1.1 request (RFC 9112 §3, §5), strictly: what two readers could understand differently is refused, because the
 * gateway decides by it what goes over which path, and the server behind must see the same request.
 */
export const HEAD_MAX = 16_384
const HEADERS_MAX = 100
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
const LINE = /^([A-Za-z]{1,16}) ([\x21-\x7e]{1,8000}) HTTP\/1\.1$/
/** token ":" OWS value; no space before the colon, no folding (RFC 9112 §5.1, §5.2). */
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*$/
/** Two of them could be understood differently. */
const ONCE: ReadonlySet<string> = new Set(['host', 'cookie', 'origin', 'sec-fetch-site', 'content-type'])
/** Another protocol afterwards, or an answer before the answer. */
const NEVER: ReadonlySet<string> = new Set(['upgrade', 'expect'])
const LENGTH = /^(0|[1-9][0-9]{0,14})$/

export type BodyFraming =
  | { readonly type: 'none' }
  | { readonly type: 'length'; readonly length: number }
  | { readonly type: 'chunked' }

export interface RequestHead {
  readonly method: string
  /** As it stands in the request line: origin form, with its query. */
  readonly target: string
  /** Names in lower case, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: BodyFraming
}

export type HeadResult =
  | { readonly type: 'incomplete' }
  | { readonly type: 'refused'; readonly status: 400 | 405 | 431 | 501; readonly why: string }
  /** @param length bytes of the head with its empty line */
  | { readonly type: 'head'; readonly head: RequestHead; readonly length: number }

/** @param bytes all that came since the last request; at most HEAD_MAX are looked at */
export function readRequestHead(bytes: Buffer): HeadResult {
  const end = bytes.subarray(0, HEAD_MAX).indexOf('\r\n\r\n')
  if (end === -1) {
    if (bytes.length >= HEAD_MAX) return refuse(431, 'the head is too long')
    return { type: 'incomplete' }
  }
  const text = bytes.toString('latin1', 0, end)
  if (/\r(?!\n)|(?<!\r)\n|\0/.test(text)) return refuse(400, 'line ends that are none')
  const [first = '', ...lines] = text.split('\r\n')
  const [, method, target] = LINE.exec(first) ?? []
  if (method === undefined || target === undefined) return refuse(400, 'no request line of HTTP/1.1')
  if (!METHODS.has(method)) return refuse(405, 'a method that is not passed on')
  if (!target.startsWith('/')) return refuse(400, 'a target that is no path')
  if (lines.length > HEADERS_MAX) return refuse(431, 'too many headers')
  const headers: (readonly [string, string])[] = []
  const once = new Set<string>()
  for (const line of lines) {
    const [, given, value] = FIELD.exec(line) ?? []
    if (given === undefined || value === undefined) return refuse(400, 'a header that is none')
    const name = given.toLowerCase()
    if (NEVER.has(name)) return refuse(501, 'upgrade or expect')
    if (ONCE.has(name)) {
      if (once.has(name)) return refuse(400, `${name} twice`)
      once.add(name)
    }
    headers.push([name, value])
  }
  const body = framing(headers)
  if (typeof body === 'string') return refuse(400, body)
  return { type: 'head', head: { method, target, headers, body }, length: end + 4 }
}

/** @returns why it is ambiguous (RFC 9112 §6.3), or how long the body is */
function framing(headers: RequestHead['headers']): BodyFraming | string {
  const lengths = headers.filter(([name]) => name === 'content-length').map(([, value]) => value)
  const codings = headers.filter(([name]) => name === 'transfer-encoding').map(([, value]) => value)
  if (lengths.length + codings.length > 1) return 'more than one length'
  if (codings[0] !== undefined) return codings[0].toLowerCase() === 'chunked' ? { type: 'chunked' } : 'an odd coding'
  if (lengths[0] === undefined) return { type: 'none' }
  if (!LENGTH.test(lengths[0])) return 'an odd length'
  const length = Number(lengths[0])
  return length === 0 ? { type: 'none' } : { type: 'length', length }
}

export function headerOf({ headers }: Pick<RequestHead, 'headers'>, name: string): string | undefined {
  return headers.find(([one]) => one === name)?.[1]
}

function refuse(status: 400 | 405 | 431 | 501, why: string): HeadResult {
  return { type: 'refused', status, why }
}
