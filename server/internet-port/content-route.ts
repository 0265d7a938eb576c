import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Catalogue, OpenedContent } from '../delivery/catalogue.ts'
import { SLAB_BYTES, sameBytes } from '../delivery/content-file.ts'
import { MEDIA_TYPES } from '../delivery/kind.ts'
import { systemCode } from '../errors.ts'
import { COMMON_HEADERS, sendProblem } from './answers.ts'
import { type ByteRange, select } from './range.ts'

/** How one answer to GET or HEAD /content/NAME ended. */
export type Delivered = 'sent' | 'not-found' | 'gone' | 'changed'

/** S17'. @param encoded the name as it stands in the path, percent-encoded once (RFC 3986 §2.1) */
export async function sendContent(
  catalogue: Catalogue,
  encoded: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Delivered> {
  const name = decodeName(encoded)
  const content = name === undefined ? undefined : await catalogue.open(name)
  if (name === undefined || content === undefined) {
    sendProblem(response, 'NOT_FOUND')
    return 'not-found'
  }
  try {
    return await send(name, content, request, response)
  } finally {
    await content.handle.close()
  }
}

async function send(
  name: string,
  content: OpenedContent,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Delivered> {
  const { size, etag, sha256, kind } = content
  const digest = `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`
  const headers = { etag, 'accept-ranges': 'bytes', 'repr-digest': digest, ...COMMON_HEADERS }
  const selected = select(request.method ?? '', request.headers, size, etag)
  if (selected.type === 'not-modified') {
    response.writeHead(304, headers).end()
    return 'sent'
  }
  if (selected.type === 'unsatisfiable') {
    sendProblem(response, 'RANGE_UNSATISFIABLE', { 'content-range': `bytes */${size}` })
    return 'sent'
  }
  const range = selected.type === 'part' ? selected.range : { first: 0, last: size - 1 }
  const contentRange = selected.type === 'part' && { 'content-range': `bytes ${range.first}-${range.last}/${size}` }
  response.writeHead(selected.type === 'part' ? 206 : 200, {
    ...headers,
    ...contentRange,
    'content-type': MEDIA_TYPES[kind],
    'content-length': range.last - range.first + 1,
    // RFC 6266 §5 with RFC 8187: a title is kept, never shown in a browser under the gateway's name.
    'content-disposition': `attachment; filename*=UTF-8''${encodeName(name)}`,
  })
  if (request.method === 'HEAD' || range.last < range.first) {
    response.end()
    return 'sent'
  }
  try {
    await pipeline(slabs(content, range), response)
    return 'sent'
  } catch (error) {
    // The answer has begun: only a broken connection can tell the terminal that it is not whole.
    response.destroy()
    if (error instanceof ContentChanged) return 'changed'
    if (GONE.includes(systemCode(error) ?? '')) return 'gone'
    throw error
  }
}

/** What a socket says whose other end or session is gone. */
const GONE = [
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_UNABLE_TO_PIPE',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
]

class ContentChanged extends Error {}

/**
 * The bytes of the range, one slab read ahead of the one being sent. The last slab is sent only if the file is still as it was
 * hashed: otherwise a mixture of two versions would arrive as if it were whole.
 */
async function* slabs({ handle, stat }: OpenedContent, { first, last }: ByteRange): AsyncGenerator<Buffer> {
  let at = first
  let next = readSlab(handle, at, last)
  try {
    while (at <= last) {
      const slab = await next
      if (slab.length === 0) throw new ContentChanged('the content became shorter')
      at += slab.length
      if (at <= last) next = readSlab(handle, at, last)
      else if (!sameBytes(stat, await handle.stat({ bigint: true }))) throw new ContentChanged('the content changed')
      yield slab
    }
  } finally {
    // The handle may be closed only when nobody reads from it any more.
    await next.catch(() => {})
  }
}

async function readSlab(handle: FileHandle, at: number, last: number): Promise<Buffer> {
  const slab = Buffer.allocUnsafeSlow(Math.min(SLAB_BYTES, last - at + 1))
  const { bytesRead } = await handle.read(slab, 0, slab.length, at)
  return slab.subarray(0, bytesRead)
}

function decodeName(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

/** RFC 8187 §3.2.1: what encodeURIComponent leaves alone is not all allowed there. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
}
