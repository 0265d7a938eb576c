import type { Duplex } from 'node:stream'

/** What the gateway itself answers. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer that goes on: server-sent events. Ends when `start`'s clean-up is called or the browser leaves. */
export interface StreamAnswer {
  /** @returns how to stop; `send` gives a piece of text, `end` ends the answer */
  readonly stream: (send: (text: string) => void, end: () => void) => () => void
}

export const HTML = { 'content-type': 'text/html; charset=utf-8' } as const

/** No script, style, picture, form or frame but our own. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-store',
} as const

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  303: 'See Other',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Content Too Large',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

/** Writes one whole answer. @param close the connection ends with it */
export function writeAnswer(socket: Duplex, answer: Answer, method: string, close: boolean): void {
  const body = Buffer.from(answer.body)
  const headers = {
    ...HEADERS,
    ...answer.headers,
    'content-length': String(body.length),
    connection: close ? 'close' : 'keep-alive',
  }
  socket.write(Buffer.concat([head(answer.status, headers), method === 'HEAD' ? Buffer.alloc(0) : body]))
  if (close) socket.end()
}

/** Server-sent events until either side ends; then the connection does. */
export function writeStream(socket: Duplex, answer: StreamAnswer, method: string): void {
  const headers = { ...HEADERS, 'content-type': 'text/event-stream', connection: 'close' }
  socket.write(head(200, headers))
  if (method === 'HEAD') {
    socket.end()
    return
  }
  const stop = answer.stream(
    (text) => {
      // A reader that does not read is not waited for.
      if (socket.writableLength < 1_000_000) socket.write(text)
      else socket.destroy()
    },
    () => socket.end(),
  )
  socket.once('close', stop)
}

function head(status: number, headers: Readonly<Record<string, string>>): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Answer'}\r\n${lines.join('')}\r\n`)
}
