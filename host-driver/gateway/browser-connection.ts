import type { Socket } from 'node:net'
import type { After } from '../timers.ts'
import { type Answer, type StreamAnswer, writeAnswer, writeStream } from './answer.ts'
import { holdsCardNumber } from './card-number.ts'
import { BodyEnd } from './framing.ts'
import { headerOf, type RequestHead, readRequestHead } from './request-head.ts'
import { type DialUpstream, Upstream, type UpstreamEnd } from './upstream.ts'
import { upstreamHead } from './upstream-head.ts'
import type { Way } from './way.ts'

/** Bodies of forms and texts are looked at before their first byte goes anywhere, up to this size, bytes. */
export const BODY_MAX = 65_536
/** A connection on which nothing moves for so long is ended, milliseconds; twice that at the latest. */
const IDLE_MS = 75_000
/** Who was refused may read why for so long, milliseconds. */
const LAST_WORDS_MS = 1000
/** Bytes of a browser that wait here while its request before is answered. */
const AHEAD_MAX = 131_072
const TEXTUAL = /^(text\/|application\/(x-www-form-urlencoded|json|xml|[a-z0-9.+-]*\+(json|xml))|multipart\/form-data)/i

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
  readonly dial: DialUpstream
  readonly count: (what: 'requests' | 'up' | 'down', by: number) => void
  readonly after: After
}

/**
 * `head`: the next request is read; `collect`: a body that must be seen as a whole; `body`: a body is passed on as it comes; `busy`: the
 * request is being answered; `ended`: nothing is read any more.
 */
type State = 'head' | 'collect' | 'body' | 'busy' | 'ended'

interface Asked {
  readonly head: RequestHead
  readonly way: Exclude<Way, { type: 'refused' }>
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
  #state: State = 'head'
  #asked: Asked | undefined
  #body: BodyEnd | undefined
  #upstream: Upstream | undefined
  /** Something moved since the last look; or the gateway itself works for as long as it takes. */
  #alive = true
  #patient = false
  #cancelIdle = (): void => {}

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('drain', () => {
      this.#alive = true
      this.#upstream?.resume()
    })
    socket.on('error', () => {}) // its end is seen by 'close'
    socket.once('close', () => this.#end())
    this.#watch()
  }

  #watch(): void {
    this.#cancelIdle = this.#options.after(IDLE_MS, () => {
      if (!this.#alive && !this.#patient) return this.#socket.destroy()
      this.#alive = false
      this.#watch()
    })
  }

  #receive(bytes: Buffer): void {
    if (this.#state === 'ended') return
    this.#alive = true
    this.#ahead = this.#ahead.length === 0 ? bytes : Buffer.concat([this.#ahead, bytes])
    this.#run()
  }

  /** Goes as far as it can with what is here. */
  #run(): void {
    try {
      for (;;) {
        const state = this.#state
        const { length } = this.#ahead
        if (length === 0) break
        if (state === 'head') this.#takeHead()
        else if (state === 'collect') this.#collect()
        else if (state === 'body') this.#passBody()
        if (this.#state === state && this.#ahead.length === length) break
      }
    } catch {
      this.#socket.destroy() // framing that cannot be followed
    }
    const wait = this.#ahead.length > AHEAD_MAX || (this.#state === 'body' && this.#upstream?.full === true)
    if (wait) this.#socket.pause()
    else this.#socket.resume()
  }

  #takeHead(): void {
    const result = readRequestHead(this.#ahead)
    if (result.type === 'incomplete') return
    if (result.type === 'refused') return this.#refuse(result.status, 'HTTP_INVALID', result.why)
    const { head, length } = result
    const way = this.#options.decide(head)
    this.#ahead = this.#ahead.subarray(length)
    if (way.type === 'refused') return this.#refuse(way.status, way.code, way.why, head.method)
    this.#asked = { head, way }
    const whole = way.type === 'local' || TEXTUAL.test(headerOf(head, 'content-type') ?? 'text/')
    if (head.body.type === 'none') this.#go({ head, way }, undefined)
    else if (whole) this.#begin(head)
    else this.#go({ head, way }, 'as it comes')
  }

  /** A body that must be seen as a whole. */
  #begin({ body }: RequestHead): void {
    // Forms say how long they are; a chunked one could only hide from being looked at.
    if (body.type !== 'length') return this.#refuse(400, 'LENGTH_NEEDED', 'a form without its length')
    if (body.length > BODY_MAX) return this.#refuse(413, 'BODY_TOO_LARGE', 'a form that is too long')
    this.#state = 'collect'
  }

  #collect(): void {
    const asked = this.#asked
    if (asked?.head.body.type !== 'length' || this.#ahead.length < asked.head.body.length) return
    const { length } = asked.head.body
    const body = Buffer.from(this.#ahead.subarray(0, length))
    this.#ahead.fill(0, 0, length) // it may hold what is secret; the copy is wiped by whom it is for
    this.#ahead = this.#ahead.subarray(length)
    if (asked.way.type === 'upstream' && holdsCardNumber(body.toString('latin1'))) {
      body.fill(0)
      return this.#refuse(403, 'PERSONAL_DATA_REFUSED', 'a card number goes over the line only')
    }
    this.#go(asked, body)
  }

  #go({ head, way }: Asked, body: Buffer | 'as it comes' | undefined): void {
    this.#state = 'busy'
    if (way.type === 'local') {
      this.#answer(head, body instanceof Buffer ? body : Buffer.alloc(0))
      return
    }
    this.#options.count('requests', 1)
    this.#ask(head, way.target, body)
  }

  #answer(head: RequestHead, body: Buffer): void {
    const { method, target } = head
    this.#patient = true
    this.#options.local({ method, target, head, body }).then(
      (answer) => {
        body.fill(0)
        if (this.#state === 'ended') return
        if ('stream' in answer) return writeStream(this.#socket, answer, method)
        this.#patient = false
        writeAnswer(this.#socket, answer, method, false)
        this.#ready()
      },
      () => {
        body.fill(0)
        this.#refuse(502, 'INTERNAL', 'something unforeseen happened', method)
      },
    )
  }

  #ask(head: RequestHead, target: string, body: Buffer | 'as it comes' | undefined): void {
    const upstream = this.#upstream
    if (upstream === undefined) {
      this.#dial(head, target, body)
      return
    }
    const first = upstreamHead(head, target, upstream.host)
    const bytes = body instanceof Buffer ? Buffer.concat([first, body]) : first
    this.#options.count('up', bytes.length)
    upstream.ask(head.method, bytes)
    if (body !== 'as it comes') return
    this.#body = new BodyEnd(head.body)
    this.#state = 'body'
  }

  #dial(head: RequestHead, target: string, body: Buffer | 'as it comes' | undefined): void {
    const upstream: Upstream = new Upstream(this.#socket, {
      answered: () => this.#answered(),
      drained: () => this.#run(),
      received: (bytes) => {
        this.#alive = true
        this.#options.count('down', bytes)
      },
      gone: (how) => this.#upstreamGone(upstream, how),
    })
    upstream.open(this.#options.dial).then(
      () => {
        if (this.#state === 'ended') return upstream.destroy()
        this.#upstream = upstream
        this.#ask(head, target, body)
        this.#run()
      },
      (error: unknown) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'INTERNET_UNREACHABLE'
        const loggedOut = code.startsWith('SESSION_') || code === 'NOT_LOGGED_IN'
        this.#refuse(loggedOut ? 401 : 502, code, 'no Internet path', head.method)
      },
    )
  }

  #passBody(): void {
    const upstream = this.#upstream
    const body = this.#body
    if (upstream === undefined || body === undefined) return
    const end = body.take(this.#ahead, 0)
    const part = this.#ahead.subarray(0, end)
    this.#ahead = this.#ahead.subarray(end)
    this.#options.count('up', part.length)
    upstream.write(part)
    if (!body.over) return
    this.#body = undefined
    this.#state = 'busy'
    if (upstream.answered) this.#ready() // it was answered before it was read
  }

  #answered(): void {
    if (this.#state === 'busy') this.#ready()
  }

  /** The request is answered: the next one may be looked at. */
  #ready(): void {
    if (this.#state === 'ended') return
    this.#state = 'head'
    this.#asked = undefined
    // Not from within the callback that brought the last byte.
    if (this.#ahead.length > 0) queueMicrotask(() => this.#run())
  }

  #upstreamGone(upstream: Upstream, how: UpstreamEnd): void {
    if (this.#upstream === upstream) this.#upstream = undefined
    if (this.#state === 'ended') return
    // The browser knows how long the answer should have been; or what is left of its body has nobody to go to.
    if (how === 'cut' || (how === 'idle' && this.#state === 'body')) return this.#socket.destroySoon()
    if (how === 'idle') return // the next request dials anew
    const { head, way } = this.#asked ?? {}
    const harmless = head?.body.type === 'none' && (head.method === 'GET' || head.method === 'HEAD')
    if (harmless && way?.type === 'upstream' && upstream.wasGood) {
      // It was given up between two requests, and this one crossed the news.
      this.#dial(head, way.target, undefined)
      return
    }
    this.#refuse(502, 'INTERNET_BROKEN', 'the connection to the server broke', head?.method)
  }

  #refuse(status: number, code: string, why: string, method = 'GET'): void {
    if (this.#state === 'ended') return
    this.#state = 'ended'
    this.#ahead = Buffer.alloc(0)
    writeAnswer(this.#socket, this.#options.refused(status, code, why), method, true)
    this.#socket.resume() // what still comes is thrown away, so that the answer arrives
    this.#cancelIdle()
    this.#cancelIdle = this.#options.after(LAST_WORDS_MS, () => this.#socket.destroy())
    this.#upstream?.destroy()
  }

  #end(): void {
    this.#state = 'ended'
    this.#cancelIdle()
    this.#upstream?.destroy()
  }
}
