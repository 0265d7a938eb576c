import type { IncomingMessage, ServerResponse } from 'node:http'
import type { App, RequestAccess } from '../app/access.ts'

/** What @hono/node-server marks a response with that its handler sent itself. */
const SENT = 'x-hono-already-sent'
/** A Request of the Fetch API cannot have these; none of our routes takes any of them, nor this one. */
const UNNAMEABLE: readonly string[] = ['TRACE', 'CONNECT', 'TRACK']
const STAND_IN = 'OPTIONS'
/** Answers that have no body and no length of one (RFC 9110 §8.6). */
const BODILESS: readonly number[] = [204, 304]

/** One request of node:http, answered by the application. The body stays where it is until a route asks for it. */
export async function answerByFetch(
  app: App,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  access: RequestAccess,
): Promise<void> {
  const response = await app.fetch(toRequest(incoming), { incoming, outgoing, access })
  if (response.headers.has(SENT)) return
  const body = Buffer.from(await response.arrayBuffer())
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) headers['set-cookie'] = cookies
  if (!BODILESS.includes(response.status) && incoming.method !== 'HEAD') headers['content-length'] = String(body.length)
  outgoing.writeHead(response.status, headers).end(body)
}

/**
 * Without query and body: no route has the one, and the application reads the other from `incoming`. It looks at the target as it stood in
 * the request too, because a URL resolves dots.
 */
function toRequest({ url = '', method = '', rawHeaders }: IncomingMessage): Request {
  const headers: [string, string][] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.push([rawHeaders[at] ?? '', rawHeaders[at + 1] ?? ''])
  const path = url.startsWith('/') ? (url.split('?')[0] ?? '/') : '/'
  return new Request(`http://server${path}`, { method: UNNAMEABLE.includes(method) ? STAND_IN : method, headers })
}
