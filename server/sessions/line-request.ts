import { LINE_HTTP_MAX } from '../../wire/limits.ts'
import { type BinaryResponse, type DecodedRequest, decodeBinaryRequest } from '../../wire/line/bhttp.ts'
import type { Field } from '../../wire/line/bhttp-fields.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import type { App, RequestAccess } from '../app/access.ts'
import type { Log } from '../events.ts'

/** What a request in the channel is made for: the server of this very call, whatever its names on the Internet are. */
const SCHEME = 'https'
const AUTHORITY = 'keyline'
/** All that a card's end needs to know of an answer: each byte costs a millisecond of a call. */
const HEADERS = ['content-type', 'retry-after'] as const
/** Framing, status and headers beside the content, bytes. */
const OVERHEAD_MAX = 512

const PROBLEMS = {
  LINE_REQUEST_INVALID: {
    status: 400,
    what: 'this is no request that goes through the channel of a call',
    cure: 'send Binary HTTP for https and keyline',
  },
  INTERNAL: { status: 500, what: 'something unforeseen happened', cure: 'try again, and tell the operator' },
} as const

/**
 * One request that came over the line, put to the application (S34, S68).
 * @param bytes Binary HTTP; stays the caller's to wipe
 * @returns always an answer; personal data are in none of its errors
 */
export async function answerOverLine(
  app: App,
  access: RequestAccess,
  bytes: Uint8Array,
  log: Log,
): Promise<BinaryResponse> {
  const request = read(bytes)
  if (request === undefined) return problem('LINE_REQUEST_INVALID')
  try {
    return (await short(await app.fetch(request, { access }))) ?? problem('INTERNAL')
  } catch {
    // Its text may hold anything that was sent.
    log({
      event: 'line.fault',
      path: 'line',
      code: 'UNEXPECTED',
      what: 'the application failed at a request of a call',
    })
    return problem('INTERNAL')
  }
}

/** @returns undefined for what is no request of this server */
function read(bytes: Uint8Array): Request | undefined {
  let decoded: DecodedRequest | undefined
  try {
    decoded = decodeBinaryRequest(bytes)
    return decoded.scheme === SCHEME && decoded.authority === AUTHORITY ? webRequest(decoded) : undefined
  } catch (error) {
    // TypeError: the Fetch standard forbids some methods, headers and bodies.
    if (error instanceof LineFormatError || error instanceof TypeError) return undefined
    throw error
  } finally {
    decoded?.content.fill(0)
  }
}

function webRequest({ method, path, headers, content }: DecodedRequest): Request | undefined {
  const origin = `${SCHEME}://${AUTHORITY}`
  const url = URL.parse(origin + path)
  // A path that is read as another one, as with dots in it, is none of ours.
  if (url === null || url.href !== origin + path) return undefined
  const pairs = headers.map(([name, value]): [string, string] => [name, value])
  const body = Uint8Array.from(content)
  try {
    return new Request(url, { method, headers: pairs, body: body.length === 0 ? null : body })
  } finally {
    body.fill(0) // the request has its own copy (Fetch standard, extract a body)
  }
}

/** @returns undefined for what is too long for the line, or no final answer */
async function short(response: Response): Promise<BinaryResponse | undefined> {
  if (response.status < 200 || response.status > 599) return undefined
  const parts: Uint8Array[] = []
  let length = OVERHEAD_MAX
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > LINE_HTTP_MAX) return undefined
    parts.push(part)
  }
  const headers = HEADERS.flatMap((name): Field[] => {
    const value = response.headers.get(name)
    return value === null || value.length > OVERHEAD_MAX / 4 ? [] : [[name, value]]
  })
  return { status: response.status, headers, content: Buffer.concat(parts) }
}

function problem(code: keyof typeof PROBLEMS): BinaryResponse {
  const { status, what, cure } = PROBLEMS[code]
  const content = Buffer.from(JSON.stringify({ code, what, cure }))
  return { status, headers: [['content-type', 'application/json']], content }
}
