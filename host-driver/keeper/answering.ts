import type { IncomingMessage, ServerResponse } from 'node:http'
import { fault, KeylineError } from '../errors.ts'

/** Aborts when the asking end left before it was answered. */
export function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

/** No faster than it is taken. What came before a break still arrives; then the connection ends before the body does. */
export async function pour(body: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  try {
    for await (const chunk of body) {
      if (response.destroyed) return
      if (response.write(chunk)) continue
      await new Promise<void>((resolve) => {
        const goOn = (): void => {
          response.off('drain', goOn).off('close', goOn)
          resolve()
        }
        response.once('drain', goOn).once('close', goOn)
      })
    }
    response.end()
  } catch {
    response.socket?.end()
  }
}

/** @throws KeylineError REQUEST_INVALID for what is no JSON or too long */
export async function readBody(request: IncomingMessage, max: number): Promise<unknown> {
  const bytes = await bytesOf(request, max)
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw fault('REQUEST_INVALID') // without its cause: it may quote a password
  }
}

/** @throws KeylineError REQUEST_INVALID for what is too long */
export async function bytesOf(request: IncomingMessage, max: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > max) throw fault('REQUEST_INVALID')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/** Of the answer that tells an error. */
export function statusOf(error: unknown): number {
  const code = error instanceof KeylineError ? error.code : ''
  if (code === 'REQUEST_INVALID') return 400
  if (code === 'NOT_LOGGED_IN' || code === 'SESSION_EXPIRED' || code === 'SESSION_CLOSED') return 401
  if (code === 'LOGIN_RUNNING') return 409
  return 502
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
}
