import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fault, KeylineError, systemCode } from '../errors.ts'
import { bodyStream } from './body.ts'

/** A connection on which nothing moves for so long is given up, milliseconds. */
export const IDLE_MS = 60_000

export interface RequestOptions {
  /** GET unless said otherwise. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | Readable
  readonly signal?: AbortSignal
}

/** What can ask: a session over the Internet path, or the keeper's socket. @throws KeylineError */
export type Fetch = (path: string, options?: RequestOptions) => Promise<Response>

export interface Target {
  readonly agent: Agent
  /** Name of the server in the request, for its logs; the agent decides where the connection goes. */
  readonly host: string
  readonly socketPath?: string
  /** Milliseconds; IDLE_MS unless said otherwise. */
  readonly idleMs?: number
}

/** Statuses that a web Response must have no body for. */
const NO_BODY = [101, 103, 204, 205, 304]

/**
 * One HTTP/1.1 request. Redirects are not followed: they come back as they are.
 * @returns a web Response whose body streams; reading it may throw KeylineError too
 * @throws KeylineError INTERNET_UNREACHABLE, INTERNET_PATH_REFUSED, INTERNET_BROKEN, INTERNET_STALLED, CANCELLED
 */
export async function send(target: Target, path: string, options: RequestOptions = {}): Promise<Response> {
  const { signal, body } = options
  if (signal?.aborted) throw fault('CANCELLED')
  const progress = { stalled: false }
  const request = httpRequest({
    agent: target.agent,
    host: target.host,
    path,
    method: options.method ?? 'GET',
    headers: { host: target.host, ...options.headers },
    ...(target.socketPath !== undefined && { socketPath: target.socketPath }),
    ...(signal && { signal }),
  })
  request.setTimeout(target.idleMs ?? IDLE_MS, () => {
    progress.stalled = true
    request.destroy(fault('INTERNET_STALLED'))
  })
  const broken = (error: unknown): KeylineError => {
    if (signal?.aborted) return fault('CANCELLED', { cause: error })
    return progress.stalled ? fault('INTERNET_STALLED') : connectionFault(error)
  }
  try {
    const answered = answer(request)
    if (body instanceof Readable) await Promise.all([pipeline(body, request), answered])
    else request.end(body)
    return webResponse(await answered, request.method, broken)
  } catch (error) {
    request.destroy()
    throw broken(error)
  }
}

function answer(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // `on`, not `once`: a request may fail again after its answer came, and that must not end the process.
    request.on('response', resolve).on('error', reject)
  })
}

function webResponse(incoming: IncomingMessage, method: string, broken: (error: unknown) => KeylineError): Response {
  const headers = new Headers()
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const status = incoming.statusCode ?? 0
  const init = { status, statusText: incoming.statusMessage ?? '', headers }
  if (method === 'HEAD' || NO_BODY.includes(status)) {
    incoming.resume()
    return new Response(null, init)
  }
  return new Response(bodyStream(incoming, broken), init)
}

const UNREACHABLE = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT', 'ENOENT']

/** A socket's or TLS error as one of ours. */
export function connectionFault(error: unknown): KeylineError {
  if (error instanceof KeylineError) return error
  const code = systemCode(error)
  if (code === 'INTERNET_VIA_ABSENT') return fault(code, { cause: error })
  if (code === 'EADDRNOTAVAIL') return fault('INTERNET_VIA_ABSENT', { cause: error })
  if (code === 'INTERNET_PATH_REFUSED' || code === 'INTERNET_CERTIFICATE_REFUSED') return fault(code, { cause: error })
  if (code !== undefined && UNREACHABLE.includes(code)) return fault('INTERNET_UNREACHABLE', { cause: error })
  return fault('INTERNET_BROKEN', { cause: error })
}
