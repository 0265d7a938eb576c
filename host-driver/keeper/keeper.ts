import type { IncomingMessage, ServerResponse } from 'node:http'
import { fault, reportOf } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import type { GatewayHost } from '../gateway/gateway.ts'
import { wordsOf } from '../gateway/local.ts'
import type { Session } from '../session.ts'
import type { Terminal, TerminalOptions } from '../terminal.ts'
import type { After } from '../timers.ts'
import { bytesOf, goneSignal, pour, readBody, sendJson, statusOf } from './answering.ts'
import {
  HEADERS_DOWN,
  HEADERS_UP,
  KEEPER_VERSION,
  type KeeperStatus,
  type KeptOutcome,
  type LoginLine,
  loginBody,
} from './protocol.ts'
import { standForward, standGateway } from './standing.ts'

/** The keeper ends after so long without a session, and closes a session that nobody used for so long, milliseconds. */
const EMPTY_MS = 15_000
const UNUSED_MS = 3_600_000
const BODY_MAX = 16_384
/** Authorities in PEM may come with it. */
const GATEWAY_BODY_MAX = 1_100_000
/** Of a request to the shop, as the server takes it. */
const SHOP_BODY_MAX = 4096

export interface KeeperParts {
  readonly openTerminal: (options: TerminalOptions) => Promise<Pick<Terminal, 'login' | 'pay' | 'status' | 'close'>>
  /** Nobody needs the keeper any more. Called once. */
  readonly quit: () => void
  readonly after: After
}

/** Holds one session of one user, and answers the command line. Its keys never leave this process. */
export class Keeper {
  readonly #parts: KeeperParts
  #session: Session | undefined
  #loginRuns = false
  /** Requests being answered. */
  #active = 0
  #quits = false
  readonly #stopping = new AbortController()
  #cancelIdle = (): void => {}

  constructor(parts: KeeperParts) {
    this.#parts = parts
    this.#rest()
  }

  /** Answers one request; never throws. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#active++
    this.#cancelIdle()
    try {
      await this.#route(request, response)
    } catch (error) {
      if (response.headersSent) response.destroy()
      else sendJson(response, statusOf(error), reportOf(error))
    } finally {
      this.#active--
      this.#rest()
    }
  }

  /** S18, and the end of this keeper. @returns whether the server erased its keys too */
  async end(): Promise<boolean> {
    const closed = await this.#session?.close()
    this.#session = undefined
    this.#quits = true
    this.#rest()
    return closed?.serverErased ?? true
  }

  /** The same, and gateways and forwarded ports close too. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.end()
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const route = `${request.method} ${path}`
    if (route === 'GET /status') return sendJson(response, 200, this.#status())
    if (route === 'POST /logout') {
      if (this.#session === undefined) throw fault('NOT_LOGGED_IN')
      return sendJson(response, 200, { serverErased: await this.end() })
    }
    if (route === 'POST /login') return this.#login(await readBody(request, BODY_MAX), response)
    if (/^GET \/(menu$|content\/[^/]+$|shop\/)/.test(route)) return this.#pass(path, request, response)
    if (/^POST \/shop\//.test(route)) return this.#pass(path, request, response, await bytesOf(request, SHOP_BODY_MAX))
    const standing = { 'POST /gateway': standGateway, 'POST /forward': standForward }[route]
    if (standing !== undefined) {
      const body = await readBody(request, GATEWAY_BODY_MAX)
      const host = (card: string): GatewayHost => this.#gatewayHost(card)
      const gone = AbortSignal.any([goneSignal(response), this.#stopping.signal])
      return standing(body, { host, after: this.#parts.after, response, gone })
    }
    throw fault('REQUEST_INVALID')
  }

  #status(): KeeperStatus {
    const session = this.#session?.state === 'open' ? summary(this.#session) : null
    return { keeper: KEEPER_VERSION, pid: process.pid, session }
  }

  async #login(body: unknown, response: ServerResponse): Promise<void> {
    const checked = loginBody.safeParse(body)
    if (!checked.success) throw fault('REQUEST_INVALID')
    if (this.#loginRuns) throw fault('LOGIN_RUNNING')
    const { card, ...request } = checked.data
    this.#loginRuns = true
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const write = (line: LoginLine): void => {
      if (!response.destroyed) response.write(`${JSON.stringify(line)}\n`)
    }
    const gone = goneSignal(response)
    let last: LoginLine
    try {
      const outcome = await this.#loginByCard(card, { ...request, signal: gone }, write)
      last = { type: 'done', outcome }
    } catch (error) {
      last = { type: 'failed', error: reportOf(error) }
    } finally {
      this.#loginRuns = false
    }
    write(last)
    response.end()
  }

  async #loginByCard(
    card: string,
    request: Parameters<Terminal['login']>[0],
    write: (line: Extract<LoginLine, { type: 'step' | 'line' }>) => void,
  ): Promise<KeptOutcome> {
    let loggingIn = true
    const terminal = await this.#parts.openTerminal({
      card,
      onProgress: (event) => {
        // Later events of the session (S17, S18) have nobody here to be told.
        if (loggingIn && event.type !== 'download') write(event)
      },
    })
    try {
      const outcome = await terminal.login(request)
      if (outcome.verdict === 'refused') return outcome
      // Who asked has left in the last moment: nobody knows of this session.
      if (request.signal?.aborted) {
        await outcome.session.close()
        throw fault('CANCELLED')
      }
      this.#keep(outcome.session)
      return { verdict: 'permitted', session: summary(outcome.session) }
    } finally {
      loggingIn = false
      await terminal.close() // other programs may use the card meanwhile
    }
  }

  #gatewayHost(card: string): GatewayHost {
    return {
      session: () => (this.#session?.state === 'open' ? this.#session : undefined),
      login: (userId, password, onProgress) => this.#loginForGateway(card, { userId, password }, onProgress),
      erase: async () => {
        await this.#session?.close()
        this.#session = undefined
      },
      openTerminal: (onProgress) => this.#parts.openTerminal({ card, onProgress }),
    }
  }

  /** @returns why not, in words */
  async #loginForGateway(
    card: string,
    request: { readonly userId: string; readonly password: string },
    onProgress: OnProgress,
  ): Promise<string | undefined> {
    try {
      if (this.#loginRuns) throw fault('LOGIN_RUNNING')
      this.#loginRuns = true
      try {
        const outcome = await this.#loginByCard(card, request, onProgress)
        return outcome.verdict === 'permitted' ? undefined : wordsOf(fault(outcome.reason))
      } finally {
        this.#loginRuns = false
      }
    } catch (error) {
      return wordsOf(error)
    }
  }

  #keep(session: Session): void {
    const before = this.#session
    this.#session = session
    this.#quits = false // it was emptied by a gateway that is still open, perhaps
    before?.close() // never rejects: keys are wiped in any case
    session.ended.then(() => {
      if (this.#session !== session) return
      this.#session = undefined
      this.#quits = true
      this.#rest()
    })
  }

  /** The server's answer as it comes, no faster than it is taken. */
  async #pass(path: string, request: IncomingMessage, response: ServerResponse, body?: Buffer): Promise<void> {
    if (this.#session === undefined) throw fault('NOT_LOGGED_IN')
    const headers: Record<string, string> = {}
    for (const name of HEADERS_UP) {
      const value = request.headers[name]
      if (typeof value === 'string') headers[name] = value
    }
    const method = request.method ?? 'GET'
    const options = { method, headers, signal: goneSignal(response), ...(body && { body }) }
    const answer = await this.#session.fetch(path, options)
    const passed = HEADERS_DOWN.flatMap((name) => {
      const value = answer.headers.get(name)
      return value === null ? [] : [[name, value] as const]
    })
    response.writeHead(answer.status, Object.fromEntries(passed))
    if (answer.body === null) response.end()
    else await pour(answer.body, response)
  }

  /** Ends, or waits for the next request no longer than is useful. */
  #rest(): void {
    this.#cancelIdle()
    if (this.#active > 0) return
    if (this.#quits) return this.#parts.quit()
    const limit = this.#session === undefined ? EMPTY_MS : UNUSED_MS
    this.#cancelIdle = this.#parts.after(limit, () => {
      this.end()
    })
  }
}

function summary(session: Session): NonNullable<KeeperStatus['session']> {
  const { userId, server, expiresAt, keysLeft } = session
  return { userId, server, expiresAt: expiresAt.toISOString(), keysLeft }
}
