import type { IncomingMessage, ServerResponse } from 'node:http'
import type { CardSource } from '../card/attached.ts'
import type { PortInfo } from '../card/card-port.ts'
import { followed } from '../card/greeting.ts'
import { fault, reportOf } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import type { LoginOutcome } from '../flows/first.ts'
import type { GatewayHost } from '../gateway/gateway.ts'
import { wordsOf } from '../gateway/local.ts'
import type { Session } from '../session.ts'
import { eraseKeys } from '../stored/erase.ts'
import { KeyPool } from '../stored/key-pool.ts'
import type { Terminal, TerminalOptions } from '../terminal.ts'
import type { After } from '../timers.ts'
import { bytesOf, goneSignal, pour, readBody, sendJson, statusOf } from './answering.ts'
import { Logins } from './logins.ts'
import {
  HEADERS_DOWN,
  HEADERS_UP,
  KEEPER_VERSION,
  type KeeperStatus,
  type KeptKeys,
  type KeptOutcome,
  keysBody,
  type LogoutAnswer,
  loginBody,
} from './protocol.ts'
import { standForward, standGateway } from './standing.ts'
import { told } from './told.ts'

/** The keeper ends after so long without a session, and closes a session that nobody used for so long, milliseconds. */
const EMPTY_MS = 15_000
const UNUSED_MS = 3_600_000
const BODY_MAX = 16_384
/** Authorities in PEM may come with it. */
const GATEWAY_BODY_MAX = 1_100_000
/** Of a request to the shop, as the server takes it. */
const SHOP_BODY_MAX = 4096

export interface KeeperParts {
  readonly openTerminal: (
    options: TerminalOptions,
  ) => Promise<Pick<Terminal, 'login' | 'prefetch' | 'pay' | 'status' | 'close'>>
  /** Nobody needs the keeper any more. Called once. */
  readonly quit: () => void
  readonly after: After
  /** Where a card that was plugged in again is looked for. */
  readonly listPorts?: () => Promise<readonly PortInfo[]>
  /** Keys that wait; a test may hold their time in its hands. */
  readonly keys?: KeyPool
}

/** Holds one session of one user and keys for later ones, and answers the command line. The keys never leave this process. */
export class Keeper {
  readonly #parts: KeeperParts
  readonly #keys: KeyPool
  readonly #logins: Logins
  #session: Session | undefined
  /** Requests being answered. */
  #active = 0
  #quits = false
  readonly #stopping = new AbortController()
  #cancelIdle = (): void => {}

  constructor(parts: KeeperParts) {
    this.#parts = parts
    this.#keys = parts.keys ?? new KeyPool()
    this.#logins = new Logins({ openTerminal: parts.openTerminal, keys: this.#keys })
    this.#keys.onEmpty(() => this.#rest())
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

  /** S18, and the end of this keeper unless keys wait. @param all erases them too */
  async end(all = false): Promise<LogoutAnswer> {
    const session = this.#session
    const closed = all ? await eraseKeys(this.#keys, session) : await session?.close()
    if (this.#session === session) this.#session = undefined
    this.#quits = true
    this.#rest()
    return { serverErased: closed?.serverErased ?? true, keysLeft: this.#keys.size }
  }

  /** Everything is erased, and gateways and forwarded ports close too. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.end(true)
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    const route = `${request.method} ${path}`
    if (route === 'GET /status') return sendJson(response, 200, this.#status())
    if (route === 'POST /logout') {
      if (this.#session === undefined) throw fault('NOT_LOGGED_IN')
      return sendJson(response, 200, await this.end())
    }
    if (route === 'POST /logout/all') {
      if (this.#session === undefined && this.#keys.size === 0) throw fault('NOT_LOGGED_IN')
      return sendJson(response, 200, await this.end(true))
    }
    if (route === 'POST /rekey') {
      if (this.#session === undefined) throw fault('NOT_LOGGED_IN')
      await this.#session.rekey()
      return sendJson(response, 200, { keysLeft: this.#session?.keysLeft ?? 0 })
    }
    if (route === 'POST /login') return this.#login(await readBody(request, BODY_MAX), response)
    if (route === 'POST /keys') return this.#fetchKeys(await readBody(request, BODY_MAX), response)
    if (/^GET \/(menu$|content\/[^/]+$|shop\/)/.test(route)) return this.#pass(path, request, response)
    if (/^POST \/shop\//.test(route)) return this.#pass(path, request, response, await bytesOf(request, SHOP_BODY_MAX))
    const standing = { 'POST /gateway': standGateway, 'POST /forward': standForward }[route]
    if (standing !== undefined) {
      const body = await readBody(request, GATEWAY_BODY_MAX)
      const host = (card: CardSource, internetVia?: string): GatewayHost => this.#gatewayHost(card, internetVia)
      const gone = AbortSignal.any([goneSignal(response), this.#stopping.signal])
      return standing(body, { host, after: this.#parts.after, response, gone })
    }
    throw fault('REQUEST_INVALID')
  }

  #status(): KeeperStatus {
    const session = this.#session?.state === 'open' ? summary(this.#session) : null
    return { keeper: KEEPER_VERSION, pid: process.pid, session, keys: keptKeys(this.#keys) }
  }

  async #login(body: unknown, response: ServerResponse): Promise<void> {
    const checked = loginBody.safeParse(body)
    if (!checked.success) throw fault('REQUEST_INVALID')
    const { card, fresh = false, ...request } = checked.data
    await told(response, async (onProgress, signal) => {
      const outcome = await this.#logins.logIn(card, { ...request, fresh, signal }, onProgress)
      if (outcome.verdict === 'refused') return outcome
      // Who asked has left in the last moment: nobody knows of this session.
      if (signal.aborted) {
        await outcome.session.close()
        throw fault('CANCELLED')
      }
      return this.#keep(outcome)
    })
  }

  async #fetchKeys(body: unknown, response: ServerResponse): Promise<void> {
    const checked = keysBody.safeParse(body)
    if (!checked.success) throw fault('REQUEST_INVALID')
    const { card, ...request } = checked.data
    await told(response, async (onProgress, signal) => {
      const outcome = await this.#logins.prefetch(card, { ...request, signal }, onProgress)
      return outcome.verdict === 'refused' ? outcome : { verdict: 'fetched', keys: keptKeys(this.#keys) }
    })
  }

  #gatewayHost(card: CardSource, internetVia?: string): GatewayHost {
    const place = followed(card, this.#parts.listPorts)
    return {
      session: () => (this.#session?.state === 'open' ? this.#session : undefined),
      keys: () => this.#keys.view(),
      login: (userId, password, onProgress) =>
        this.#loginForGateway(
          place,
          { userId, password, ...(internetVia !== undefined && { internetVia }) },
          onProgress,
        ),
      erase: async () => {
        await eraseKeys(this.#keys, this.#session)
        this.#session = undefined
      },
      openTerminal: async (onProgress) => {
        const at = await place()
        if (at === undefined) throw fault('CARD_NOT_FOUND', { what: 'the card was unplugged' })
        return this.#parts.openTerminal({ card: at, onProgress, keys: this.#keys })
      },
    }
  }

  /** @returns why not, in words */
  async #loginForGateway(
    place: () => Promise<CardSource | undefined>,
    request: { readonly userId: string; readonly password: string; readonly internetVia?: string },
    onProgress: OnProgress,
  ): Promise<string | undefined> {
    try {
      const outcome = await this.#logins.logIn(await place(), request, onProgress)
      if (outcome.verdict === 'refused') return wordsOf(fault(outcome.reason))
      this.#keep(outcome)
      return undefined
    } catch (error) {
      return wordsOf(error)
    }
  }

  #keep({ session, stored }: Extract<LoginOutcome, { verdict: 'permitted' }>): KeptOutcome {
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
    const cost = stored === undefined ? { tried: [...session.call.tried] } : { stored }
    return { verdict: 'permitted', session: summary(session), ...cost }
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
    const waiting = this.#keys.size > 0
    if (this.#quits && !waiting) return this.#parts.quit()
    // Keys that wait lapse by themselves, which is told.
    if (this.#session === undefined && waiting) return
    const limit = this.#session === undefined ? EMPTY_MS : UNUSED_MS
    this.#cancelIdle = this.#parts.after(limit, () => {
      this.end()
    })
  }
}

function keptKeys(keys: KeyPool): KeptKeys[] {
  return keys.view().map((one) => ({ ...one, expiresAt: one.expiresAt.toISOString() }))
}

function summary(session: Session): NonNullable<KeeperStatus['session']> {
  const { userId, server, expiresAt, keysLeft } = session
  return { userId, server, expiresAt: expiresAt.toISOString(), keysLeft }
}
