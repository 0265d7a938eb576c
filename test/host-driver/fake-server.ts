import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcp, type Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import { PskAcceptor } from '../../internet/accept.ts'
import { Secret } from '../../keys/secret.ts'
import { sessionKey } from '../../keys/session-keys.ts'
import { keyPair } from '../../keys/x25519.ts'
import type { Params, Result } from '../../wire/usb/methods.ts'
import { CALL } from './fake-card.ts'
import type { FakeShop } from './fake-shop.ts'

interface Title {
  bytes: Buffer
  title: string
  etag: string
}

interface KeyEntry {
  readonly psk: Uint8Array
  /** None for a key that waits. */
  session: ServerSession | undefined
}

interface ServerSession {
  opened: boolean
  ended: boolean
}

export interface ServerOptions {
  readonly lifetimeSeconds?: number
  readonly secretRoutes?: readonly string[]
}

/** What one content response does beside what it should; each is used once, in order. */
export interface Mischief {
  /** Cuts the connection after so many bytes of the body. */
  readonly cutAfter?: number
  /** Runs before the answer is made. */
  readonly before?: () => void
  readonly ignoreRange?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly status?: number
  readonly body?: Buffer
  /** Says nothing at all. */
  readonly hang?: boolean
}

/** The server's end of the contract, made of internet/accept and node:http. */
export class FakeServer {
  readonly titles = new Map<string, Title>()
  readonly mischief: Mischief[] = []
  /** `METHOD path range` of every request. */
  readonly seen: string[] = []
  /** One a call, and one for each key that opened one later. */
  readonly sessions: ServerSession[] = []
  /** How long a key may wait. */
  keysLifetimeSeconds = 86_400
  /** What POST /session answers instead of looking at the user. */
  refuseLogin: { readonly status: number; readonly body: unknown } | undefined
  password = 'open sesame'
  /** What answers below /shop/. */
  shop: FakeShop | undefined
  connections = 0
  /** Where TCP connections came from. */
  readonly from: string[] = []
  port = 0
  readonly #keys = new Map<string, KeyEntry>()
  readonly #identity = new WeakMap<Socket, string>()
  readonly #open = new Set<Socket>()
  /** Nobody reaches it any more. */
  stopListening: () => void = () => {}

  static async start(t: ExecutionContext): Promise<FakeServer> {
    const it = new FakeServer()
    const http = createServer((request, response) => it.#answer(request, response))
    const acceptor = new PskAcceptor({
      findPsk: async (identity) => it.#keys.get(identity)?.psk,
      onConnection: (socket, identity) => {
        it.connections++
        it.#identity.set(socket, identity)
        it.#open.add(socket)
        http.emit('connection', socket)
      },
    })
    const tcp = createTcp((socket) => {
      it.from.push(socket.remoteAddress ?? '')
      it.#open.add(socket)
      socket.on('error', () => {})
      acceptor.accept(socket)
    })
    tcp.listen(0, '127.0.0.1')
    await once(tcp, 'listening')
    const address = tcp.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    it.port = address.port
    it.stopListening = () => {
      tcp.close()
      it.cutAll()
    }
    t.teardown(async () => {
      acceptor.close()
      it.cutAll()
      tcp.close()
      http.close()
    })
    return it
  }

  get internet(): string {
    return `127.0.0.1:${this.port}`
  }

  /** S3 … S7' as the server's line port would. */
  permit(params: Params<'line.login'>, options: ServerOptions = {}): Result<'line.login'> {
    const handshakeHash = Buffer.alloc(32, 9)
    const session: ServerSession = { opened: false, ended: false }
    this.sessions.push(session)
    const serverKeys = params.terminalKeys.map((text, index) => {
      const pair = keyPair()
      const terminalPublic = Buffer.from(text, 'base64url')
      const exchanged = { terminalPublic, serverPublic: pair.publicKey }
      const key = sessionKey('server', new Secret(pair.secretKey), exchanged, handshakeHash)
      this.#keys.set(key.id, { psk: Uint8Array.from(key.psk.reveal()), session: index === 0 ? session : undefined })
      return Buffer.from(pair.publicKey).toString('base64url')
    })
    return {
      verdict: 'permitted',
      serverKeys,
      lifetimeSeconds: options.lifetimeSeconds ?? 3600,
      secretRoutes: [...(options.secretRoutes ?? ['/purchase'])],
      handshakeHash: handshakeHash.toString('base64url'),
      internet: this.internet,
      call: CALL,
    }
  }

  add(name: string, bytes: Buffer, title = `Title of ${name}`): void {
    this.titles.set(name, { bytes, title, etag: `"${sha256(bytes).slice(0, 16)}"` })
  }

  /** Breaks every connection. */
  cutAll(): void {
    for (const socket of this.#open) socket.destroy()
    this.#open.clear()
  }

  /** The server erases all session keys, as after S18 at its side. */
  eraseKeys(): void {
    this.#keys.clear()
  }

  /** Keys that wait. */
  get spare(): number {
    return [...this.#keys.values()].filter(({ session }) => session?.opened !== true).length
  }

  /** Those are erased that wait, as by a bound that the terminal does not know. */
  eraseSpare(): void {
    for (const [id, { session }] of this.#keys) if (session?.opened !== true) this.#keys.delete(id)
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const range = request.headers.range === undefined ? '' : ` ${request.headers.range}`
    this.seen.push(`${request.method} ${request.url}${range}`)
    const id = this.#identity.get(request.socket) ?? ''
    const entry = this.#keys.get(id)
    if (entry === undefined) return problem(response, 403, 'SESSION_GONE')
    const route = `${request.method} ${request.url}`
    if (route === 'POST /session') {
      this.#login(request, response, id, entry)
      return
    }
    if (route === 'POST /session/rekey') {
      this.#rekey(request, response, entry)
      return
    }
    if (route === 'GET /session/keys') {
      return json(response, 200, { keysLeft: this.spare, lifetimeSeconds: this.keysLifetimeSeconds })
    }
    if (route === 'DELETE /session/keys') {
      for (const session of this.sessions) session.ended = true
      this.#keys.clear()
      response.writeHead(204).end()
      return
    }
    const { session } = entry
    if (!session?.opened) return problem(response, 403, 'SESSION_NOT_OPENED')
    if (route === 'GET /session') return json(response, 200, this.#sessionAnswer())
    if (route === 'DELETE /session') {
      session.ended = true
      this.#keys.delete(id)
      response.writeHead(204).end()
      return
    }
    if (route === 'GET /menu') return json(response, 200, { items: this.#menu() })
    if (request.url?.startsWith('/echo')) {
      echo(request, response)
      return
    }
    if (request.url?.startsWith('/content/')) return this.#content(request, response)
    if (request.url?.startsWith('/shop/') && this.shop !== undefined) {
      this.shop.handle(request, response)
      return
    }
    problem(response, 404, 'NOT_FOUND')
  }

  async #login(request: IncomingMessage, response: ServerResponse, id: string, entry: KeyEntry): Promise<void> {
    const body = JSON.parse(await textOf(request))
    if (this.refuseLogin) return json(response, this.refuseLogin.status, this.refuseLogin.body)
    if (entry.session?.opened) return problem(response, 409, 'KEY_USED')
    if (entry.session === undefined) {
      entry.session = { opened: false, ended: false }
      this.sessions.push(entry.session)
    }
    if (body.password !== this.password) {
      entry.session.ended = true
      this.#keys.delete(id)
      return problem(response, 401, 'LOGIN_REFUSED')
    }
    entry.session.opened = true
    json(response, 200, this.#sessionAnswer())
  }

  async #rekey(request: IncomingMessage, response: ServerResponse, entry: KeyEntry): Promise<void> {
    const { from } = JSON.parse(await textOf(request))
    const current = this.#keys.get(from)
    if (entry.session?.opened && current !== undefined) return problem(response, 409, 'KEY_USED')
    if (!entry.session?.opened) {
      if (!current?.session?.opened) return problem(response, 403, 'SESSION_NOT_OPENED')
      entry.session = current.session
      this.#keys.delete(from)
    }
    const trick = this.mischief.shift()
    if (trick?.cutAfter === 0) return void request.socket.destroy()
    json(response, 200, this.#sessionAnswer())
  }

  #sessionAnswer() {
    return { userId: 'alice', expiresAt: new Date(Date.now() + 3_600_000).toISOString(), keysLeft: this.spare }
  }

  #menu() {
    return [...this.titles].map(([name, { bytes, title, etag }]) => {
      return { name, title, kind: 'text', size: bytes.length, sha256: sha256(bytes), etag }
    })
  }

  #content(request: IncomingMessage, response: ServerResponse): void {
    const trick = this.mischief.shift() ?? {}
    trick.before?.()
    if (trick.hang) return
    const title = this.titles.get(decodeURIComponent((request.url ?? '').slice('/content/'.length)))
    if (title === undefined) return problem(response, 404, 'NOT_FOUND')
    const { bytes, etag } = title
    const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
    const headers = { etag, 'repr-digest': digest, 'accept-ranges': 'bytes', ...trick.headers }
    const from = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]
    const ranged = from !== undefined && request.headers['if-range'] === etag && !trick.ignoreRange
    const body = trick.body ?? (ranged ? bytes.subarray(Number(from)) : bytes)
    const contentRange = ranged && { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
    const length = { 'content-length': String(body.length) }
    response.writeHead(trick.status ?? (ranged ? 206 : 200), { ...length, ...contentRange, ...headers })
    if (trick.cutAfter === undefined) {
      response.end(body)
      return
    }
    // The socket ends after its last byte left, so that the terminal gets exactly so many.
    response.write(body.subarray(0, trick.cutAfter), () => request.socket.end())
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await textOf(request)
  json(response, 200, { method: request.method, url: request.url, body, host: request.headers.host })
}

function json(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function problem(response: ServerResponse, status: number, code: string): void {
  json(response, status, { code, what: `the server says ${code}`, cure: 'do otherwise' })
}
