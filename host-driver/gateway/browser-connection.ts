import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Coalescer } from '../../internet/relay.ts'
import type { After } from '../timers.ts'
import { type Answer, type StreamAnswer, writeAnswer, writeStream } from './answer.ts'
import { holdsCardNumber } from './card-number.ts'
import { splitCookies } from './cookie.ts'
import { BodyEnd } from './framing.ts'
import { type HeadResult, headerOf, type RequestHead, readRequestHead } from './request-head.ts'
import { ResponseEnds } from './response-end.ts'
import type { Way } from './way.ts'

/** Bodies of forms and texts are looked at before their first byte goes anywhere, up to this size, bytes. */
export const BODY_MAX = 65_536
/** A connection on which nothing moves for so long is ended, milliseconds. */
const IDLE_MS = 75_000
/** Bytes of a browser that wait here while its request before is answered. */
const AHEAD_MAX = 131_072
const TEXTUAL = /^(text\/|application\/(x-www-form-urlencoded|json|xml|[a-z0-9.+-]*\+(json|xml))|multipart\/form-data)/i
/** Of the connection, not of the request (RFC 9110 §7.6.1), or ours to say. */
const NOT_PASSED: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'host', 'cookie', 'keyline-gateway'],
  ...['proxy-authorization', 'origin', 'referer'],
])

export interface LocalRequest {
  readonly method: string
  readonly target: string
  readonly head: RequestHead
  readonly body: Buffer
}

export interface ConnectionOptions {
  /** Whether this browser was let in, and where the request goes. */
  readonly decide: (head: RequestHead) => Way
  readonly local: (request: LocalRequest) => Promise<Answer | StreamAnswer>
  readonly refused: (status: number, code: string, why: string) => Answer
  /** The Internet path: a connection of its own for each browser connection. May reject. */
  readonly dial: () => Promise<{ readonly socket: Duplex; readonly host: string }>
  readonly count: (what: 'requests' | 'up' | 'down', by: number) => void
  readonly after: After
}

/**
 * One connection of the browser. Requests are read strictly, one after the other; each is answered here or passed on, its body and
 * the response as bytes in large pieces. The next request is looked at only when the one before is answered whole: so nothing can be answered
 * in another order than asked, and no byte of one request can be taken for the next.
 */
export class BrowserConnection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  #ahead: Buffer = Buffer.alloc(0)
  #state: 'head' | 'body' | 'busy' | 'ended' = 'head'
  #body: BodyEnd | undefined
  #upstream: { readonly socket: Duplex; readonly out: Coalescer; readonly ends: ResponseEnds } | undefined
  #cancelIdle = (): void => {}

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('error', () => {})
    socket.once('end', () => {
      if (this.#state === 'head') socket.end()
    })
    socket.once('close', () => this.#end())
    this.#alive()
  }

  #alive(): void {
    this.#cancelIdle()
    this.#cancelIdle = this.#options.after(IDLE_MS, () => this.#socket.destroy())
  }

  #receive(bytes: Buffer): void {
    this.#ahead = this.#ahead.length === 0 ? bytes : Buffer.concat([this.#ahead, bytes])
    if (this.#ahead.length > AHEAD_MAX) this.#socket.pause()
    this.#run()
  }

  #run(): void {
    try {
      for (;;) {
        const before = this.#ahead.length
        if (this.#state === 'head' && before > 0) this.#takeHead()
        else if (this.#state === 'body') this.#passBody()
        if (this.#ahead.length === before || this.#ahead.length === 0) break
      }
      if (this.#ahead.length <= AHEAD_MAX && !(this.#upstream?.socket.writableNeedDrain ?? false)) this.#socket.resume()
    } catch {
      this.#socket.destroy() // framing that cannot be followed
    }
  }

  #takeHead(): void {
    const result: HeadResult = readRequestHead(this.#ahead)
    if (result.type === 'incomplete') return
    this.#alive()
    if (result.type === 'refused') return this.#refuse(result.status, 'HTTP_INVALID', result.why)
    const { head, length } = result
    const way = this.#options.decide(head)
    this.#ahead = this.#ahead.subarray(length)
    if (way.type === 'refused') return this.#refuse(way.status, way.code, way.why)
    const whole = way.type === 'local' || TEXTUAL.test(headerOf(head, 'content-type') ?? 'text/')
    if (head.body.type !== 'none' && whole) return this.#collect(head, way)
    if (way.type === 'local') this.#answer(head, Buffer.alloc(0))
    else this.#pass(head, way.target, undefined)
  }

  /** A body that must be seen as a whole. */
  #collect(head: RequestHead, way: Exclude<Way, { type: 'refused' }>): void {
    const { body } = head
    // Forms say how long they are; a chunked one could only hide from being looked at.
    if (body.type !== 'length') return this.#refuse(400, 'LENGTH_NEEDED', 'a form without its length')
    if (body.length > BODY_MAX) return this.#refuse(413, 'BODY_TOO_LARGE', 'a form that is too long')
    if (this.#ahead.length < body.length) {
      this.#wait(body.length, () => this.#collect(head, way))
      return
    }
    const bytes = Buffer.from(this.#ahead.subarray(0, body.length))
    this.#ahead = this.#ahead.subarray(body.length)
    if (way.type === 'local') return this.#answer(head, bytes)
    if (holdsCardNumber(bytes.toString('latin1'))) {
      return this.#refuse(403, 'PERSONAL_DATA_REFUSED', 'a card number goes over the line only')
    }
    this.#pass(head, way.target, bytes)
  }

  /** Until so many bytes are here. */
  #wait(length: number, go: () => void): void {
    this.#state = 'busy'
    const check = (): void => {
      if (this.#ahead.length < length) return
      this.#socket.off('data', check)
      this.#state = 'head'
      go()
      this.#run()
    }
    this.#socket.on('data', check).resume()
  }

  #answer(head: RequestHead, body: Buffer): void {
    this.#state = 'busy'
    const { method, target } = head
    this.#options.local({ method, target, head, body }).then(
      (answer) => {
        body.fill(0)
        if (this.#state === 'ended') return
        if ('stream' in answer) {
          this.#cancelIdle()
          writeStream(this.#socket, answer)
          return
        }
        writeAnswer(this.#socket, answer, method, false)
        this.#ready()
      },
      () => {
        body.fill(0)
        this.#refuse(502, 'INTERNAL', 'something unforeseen happened')
      },
    )
  }

  /** @param body all of it, or undefined when it is passed on as it comes */
  #pass(head: RequestHead, target: string, body: Buffer | undefined): void {
    this.#state = 'busy'
    this.#options.count('requests', 1)
    const send = (host: string): void => {
      const upstream = this.#upstream
      if (upstream === undefined || this.#state === 'ended') return
      upstream.ends.expect(head.method)
      const first = upstreamHead(head, target, host)
      upstream.socket.write(body === undefined ? first : Buffer.concat([first, body]))
      this.#options.count('up', first.length + (body?.length ?? 0))
      if (body !== undefined || head.body.type === 'none') return
      this.#body = new BodyEnd(head.body)
      this.#state = 'body'
      this.#run()
    }
    if (this.#upstream !== undefined) return send(this.#host)
    this.#options.dial().then(
      ({ socket, host }) => {
        if (this.#state === 'ended') {
          socket.destroy()
          return
        }
        this.#host = host
        this.#attach(socket)
        send(host)
      },
      (error: unknown) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNET_UNREACHABLE'
        this.#refuse(code.startsWith('SESSION_') || code === 'NOT_LOGGED_IN' ? 401 : 502, code, 'no Internet path')
      },
    )
  }

  #host = ''

  #attach(socket: Duplex): void {
    const upstream = { socket, out: new Coalescer(this.#socket), ends: new ResponseEnds() }
    this.#upstream = upstream
    socket.on('data', (bytes: Buffer) => {
      this.#options.count('down', bytes.length)
      try {
        upstream.ends.take(bytes)
      } catch {
        this.#socket.destroy()
        return
      }
      if (!upstream.out.push(bytes)) socket.pause()
      if (upstream.ends.outstanding > 0) return
      // The whole response goes out before anything else is written.
      upstream.out.flush()
      if (this.#state === 'busy') this.#ready()
    })
    this.#socket.on('drain', () => socket.resume())
    socket.on('drain', () => this.#run())
    socket.on('error', () => {})
    socket.once('end', () => {
      upstream.ends.end()
      upstream.out.flush()
    })
    socket.once('close', () => this.#upstreamGone())
  }

  #passBody(): void {
    const upstream = this.#upstream
    const body = this.#body
    if (upstream === undefined || body === undefined || this.#ahead.length === 0) return
    const end = body.take(this.#ahead, 0)
    const part = this.#ahead.subarray(0, end)
    this.#ahead = this.#ahead.subarray(end)
    this.#options.count('up', part.length)
    if (!upstream.socket.write(part)) this.#socket.pause()
    if (!body.over) return
    this.#body = undefined
    this.#state = 'busy'
    if (upstream.ends.outstanding === 0) this.#ready() // it was answered before it was read
  }

  /** The request is answered: the next one may be looked at. */
  #ready(): void {
    if (this.#state === 'ended') return
    this.#state = 'head'
    this.#alive()
    // Not from within the callback that brought the last byte.
    queueMicrotask(() => this.#run())
  }

  #upstreamGone(): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    if (upstream === undefined || this.#state === 'ended') return
    const { outstanding, begun } = upstream.ends
    if (outstanding === 0 && this.#state === 'head') return // between two requests: the next one dials anew
    if (outstanding > 0 && !begun) this.#refuse(502, 'INTERNET_BROKEN', 'the connection to the server broke')
    else this.#socket.destroySoon()
  }

  #refuse(status: number, code: string, why: string): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#ahead = Buffer.alloc(0)
    writeAnswer(this.#socket, this.#options.refused(status, code, why), 'GET', true)
    this.#socket.resume() // what still comes is thrown away, so that the answer arrives
    this.#cancelIdle()
    this.#cancelIdle = this.#options.after(1000, () => this.#socket.destroy())
    this.#upstream?.socket.destroy()
  }

  #end(): void {
    this.#state = 'ended'
    this.#cancelIdle()
    this.#upstream?.socket.destroy()
  }
}

/** The head as the server gets it: our own cookie and all that belongs to the browser's connection stay here. */
export function upstreamHead(head: RequestHead, target: string, host: string): Buffer {
  const { others } = splitCookies(headerOf(head, 'cookie'), '')
  const passed = head.headers.filter(([name]) => !NOT_PASSED.has(name) && !name.startsWith('sec-'))
  const lines = passed.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const cookie = others === '' ? '' : `cookie: ${others}\r\n`
  const text = `${head.method} ${target} HTTP/1.1\r\nhost: ${host}\r\nkeyline-gateway: 1\r\n${cookie}${lines}\r\n`
  return Buffer.from(text, 'latin1')
}
