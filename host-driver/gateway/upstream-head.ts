import { splitCookies } from './cookie.ts'
import { headerOf, type RequestHead } from './request-head.ts'

/** Of the connection, not of the request (RFC 9110 §7.6.1), or ours to say. */
const NOT_PASSED: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'host', 'cookie', 'keyline-gateway'],
  ...['proxy-authorization', 'proxy-authenticate', 'origin', 'referer', 'http2-settings'],
])
/** They say how long the body is, whatever Connection says of them. */
const FRAMING: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

/** The head as the server gets it: our own cookie and all that belongs to the browser's connection stay here. */
export function upstreamHead(head: RequestHead, target: string, host: string): Buffer {
  const { others } = splitCookies(headerOf(head, 'cookie'), '')
  const named = connectionOptions(head)
  let text = `${head.method} ${target} HTTP/1.1\r\nhost: ${host}\r\nkeyline-gateway: 1\r\n`
  if (others !== '') text += `cookie: ${others}\r\n`
  for (const [name, value] of head.headers) {
    if (NOT_PASSED.has(name) || name.startsWith('sec-') || (named.includes(name) && !FRAMING.has(name))) continue
    text += `${name}: ${value}\r\n`
  }
  return Buffer.from(`${text}\r\n`, 'latin1')
}

/** Headers that are for this connection only, because Connection names them (RFC 9110 §7.6.1). */
function connectionOptions({ headers }: RequestHead): readonly string[] {
  return headers
    .filter(([name, value]) => name === 'connection' && value !== 'keep-alive')
    .flatMap(([, value]) => value.split(',').map((one) => one.trim().toLowerCase()))
}
