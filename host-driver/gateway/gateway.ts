import { randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { OnBytes } from '../../internet/connect.ts'
import { SECRET_ROUTES } from '../../wire/limits.ts'
import type { PersonalData } from '../../wire/line/personal-data.ts'
import { fault, systemCode } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import { payOpen } from '../flows/second.ts'
import type { Purchase } from '../flows/settled.ts'
import { payInSession } from '../flows/third.ts'
import { openFetch } from '../requests/open-agent.ts'
import { Shop, type Tag } from '../requests/shop-api.ts'
import type { Session } from '../session.ts'
import type { KeysLeft } from '../stored/key-pool.ts'
import { type After, after, every } from '../timers.ts'
import { BrowserConnection } from './browser-connection.ts'
import { CardDesk, type OpenTerminal } from './card-desk.ts'
import { cookieName, Expected, splitCookies } from './cookie.ts'
import { answerLocally, type LocalParts, wordsOf } from './local.ts'
import { type PaymentEnd, Payments } from './payments.ts'
import { refused } from './refusals.ts'
import { headerOf, type RequestHead } from './request-head.ts'
import type { TerminalView } from './terminal-page.ts'
import { type Way, wayOf } from './way.ts'

const TOKEN_BYTES = 32
/** The printed address opens the gateway once, within this time, milliseconds. */
const TOKEN_MS = 600_000
const CONNECTIONS_MAX = 256

/** What the gateway stands on: the keeper, which holds the session and knows the card. */
export interface GatewayHost {
  readonly session: () => Session | undefined
  /** Keys that wait for later sessions, one entry a call. */
  readonly keys: () => readonly KeysLeft[]
  /** By the card: S1–S16. @returns why not, in words */
  readonly login: (userId: string, password: string, onProgress: OnProgress) => Promise<string | undefined>
  /** S18, and the keys that wait too. */
  readonly erase: () => Promise<void>
  readonly openTerminal: OpenTerminal
}

/** What whoever opened the gateway is told; nothing in it is secret, and neither tag nor user ID is. */
export interface GatewayEvent {
  readonly event: 'entered' | 'logged-in' | 'erased' | 'paying' | 'paid' | 'not-paid' | 'refused'
  /** Number of the order that is paid, outcome of one that is not, code of what was refused. */
  readonly code?: string
}

export interface GatewayOptions {
  /** Port of 127.0.0.1; 0 is any free one. */
  readonly port: number
  /** `https://host:port` of an open shop: the second embodiment. Without it the third, in the session. */
  readonly shop?: string | undefined
  /** Authorities in PEM that alone are trusted for it. */
  readonly ca?: string | undefined
  /** Interface or address that connections to it leave by. */
  readonly internetVia?: string | undefined
  readonly onEvent?: (event: GatewayEvent) => void
  readonly after?: After
  readonly now?: () => Date
}

export interface Gateway {
  /** To be opened in a browser, once. */
  readonly url: string
  readonly port: number
  /** Ends all connections, and hangs up where a call runs. */
  close(): Promise<void>
}

/** The local gateway: everything by the Internet path, what is secret by the card. @throws KeylineError GATEWAY_PORT_IN_USE, INPUT_INVALID */
export async function openGateway(host: GatewayHost, options: GatewayOptions): Promise<Gateway> {
  const state = new GatewayState(host, options)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    if (sockets.size >= CONNECTIONS_MAX) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    state.serve(socket)
  })
  const port = await listen(server, options.port)
  return {
    url: state.listening(port),
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await Promise.all([closed, state.close()])
    },
  }
}

/** On loopback and nowhere else. @throws KeylineError GATEWAY_PORT_IN_USE */
export async function listen(server: ReturnType<typeof createServer>, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const used = systemCode(error) === 'EADDRINUSE'
      const what = `127.0.0.1:${port} ${used ? 'is used by another program' : 'cannot be opened'}`
      reject(fault('GATEWAY_PORT_IN_USE', { what, cause: error }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port // it listens on TCP
}

class GatewayState {
  readonly #host: GatewayHost
  readonly #options: GatewayOptions
  readonly #after: After
  readonly #open: ReturnType<typeof openFetch> | undefined
  readonly #desk: CardDesk
  readonly #payments: Payments
  readonly #secret = randomBytes(TOKEN_BYTES).toString('base64url')
  readonly #expected = new Expected(this.#secret)
  readonly #token = randomBytes(TOKEN_BYTES).toString('base64url')
  #expectedToken: Expected | undefined = new Expected(this.#token)
  #cookie = ''
  #hosts: readonly string[] = []
  #cancelToken = (): void => {}
  readonly #internet = { requests: 0, connections: 0, internetUp: 0, internetDown: 0 }
  #counted: Session | undefined

  constructor(host: GatewayHost, options: GatewayOptions) {
    this.#host = host
    this.#options = options
    this.#after = options.after ?? after
    this.#open =
      options.shop === undefined
        ? undefined
        : openFetch({ shop: options.shop, ca: options.ca, via: options.internetVia })
    this.#desk = new CardDesk(host.openTerminal)
    this.#payments = new Payments({
      pay: (tag, data, onProgress, signal) => this.#pay(tag, data, onProgress, signal),
      ended: (end) => this.#tell(endEvent(end)),
    })
  }

  listening(port: number): string {
    this.#hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
    this.#cookie = cookieName(port)
    this.#cancelToken = this.#after(TOKEN_MS, () => {
      this.#expectedToken = undefined
    })
    return `http://127.0.0.1:${port}/keyline/enter?token=${this.#token}`
  }

  serve(socket: Socket): void {
    const counts = { requests: 'requests', up: 'internetUp', down: 'internetDown' } as const
    new BrowserConnection(socket, {
      decide: (head) => this.#decide(head),
      local: (request) => answerLocally(request, this.#parts()),
      refused: (status, code, why) => {
        this.#tell({ event: 'refused', code })
        return refused(status, code, why)
      },
      dial: (onBytes) => this.#dial(onBytes),
      count: (what, by) => {
        this.#internet[counts[what]] += by
      },
      after: this.#after,
    })
  }

  /** @returns when no call runs any more */
  async close(): Promise<void> {
    this.#cancelToken()
    await this.#payments.close()
    this.#open?.close()
  }

  #decide(head: RequestHead): Way {
    const secretRoutes = [...SECRET_ROUTES, ...(this.#host.session()?.secretRoutes ?? [])]
    const way = wayOf(head, { hosts: this.#hosts, secretRoutes })
    if (way.type === 'refused') return way
    if (way.type === 'local' && head.target.startsWith('/keyline/enter?') && head.method === 'GET') return way
    const { own } = splitCookies(headerOf(head, 'cookie'), this.#cookie)
    if (own.some((value) => this.#expected.is(value))) return way
    return { type: 'refused', status: 401, code: 'NOT_LET_IN', why: 'this browser was not let in' }
  }

  /** The token is worth something once. @returns the cookie */
  #enter(token: string): string | undefined {
    if (this.#expectedToken?.is(token) !== true) return undefined
    this.#expectedToken = undefined
    this.#tell({ event: 'entered' })
    return `${this.#cookie}=${this.#secret}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** A connection of the Internet path. @throws KeylineError NOT_LOGGED_IN, SESSION_*, INTERNET_* */
  async #dial(onBytes: OnBytes): Promise<{ socket: Duplex; host: string }> {
    this.#internet.connections++
    if (this.#open !== undefined) {
      const socket = await this.#open.dial()
      socket.on('data', (bytes: Buffer) => {
        if (!onBytes(bytes)) socket.pause()
      })
      return { socket, host: this.#open.host }
    }
    const session = this.#session()
    return { socket: await session.connectBulk(onBytes), host: session.server }
  }

  #shop(): Shop {
    if (this.#open !== undefined) return new Shop(this.#open.fetch, 2)
    return new Shop(this.#session().fetch, 3)
  }

  /** Another login may have chosen another interface. @throws KeylineError NOT_LOGGED_IN, INTERNET_VIA_DIFFERS */
  #session(): Session {
    const session = this.#host.session()
    if (session === undefined) throw fault('NOT_LOGGED_IN')
    const { internetVia } = this.#options
    if (internetVia !== undefined && session.via !== internetVia) throw fault('INTERNET_VIA_DIFFERS')
    return session
  }

  /** S29–S36, S63–S70 */
  async #pay(tag: Tag, data: PersonalData, onProgress: OnProgress, signal: AbortSignal): Promise<Purchase> {
    const { shop, ca, internetVia: via } = this.#options
    this.#tell({ event: 'paying' })
    const purchase = await this.#desk.withCard(onProgress, async (card, tell) => {
      const payment = { tag, data, onProgress: tell, signal }
      if (shop !== undefined) return payOpen(card, { shop, ca, via, ...payment })
      return payInSession(card, { session: this.#session(), ...payment })
    })
    if ('call' in purchase) this.#desk.count(purchase.call)
    return purchase
  }

  #parts(): LocalParts {
    const { shop, now = () => new Date() } = this.#options
    return {
      shop: () => this.#shop(),
      payments: this.#payments,
      inSession: shop === undefined,
      view: async (wrong) => {
        await this.#desk.look(wordsOf)
        return this.#live(wrong)
      },
      live: () => this.#live(undefined),
      login: (userId, password) => this.#login(userId, password),
      erase: async () => {
        await this.#host.erase()
        this.#tell({ event: 'erased' })
      },
      enter: (token) => this.#enter(token),
      every: (ms, run) => every(this.#after, ms, run),
      now,
    }
  }

  async #login(userId: string, password: string): Promise<string | undefined> {
    const wrong = await this.#desk.calling(
      () => {},
      (tell) => this.#host.login(userId, password, tell),
    )
    if (wrong === undefined) this.#tell({ event: 'logged-in' })
    return wrong
  }

  #live(wrong: string | undefined): TerminalView {
    const { shop: openShop, now = () => new Date() } = this.#options
    const session = this.#host.session()
    if (session !== undefined && session !== this.#counted) {
      this.#counted = session
      this.#desk.count(session.call)
    }
    const shown = session && {
      userId: session.userId,
      server: session.server,
      secondsLeft: (session.expiresAt.getTime() - now().getTime()) / 1000,
    }
    const { card, line, total } = this.#desk
    const keys = this.#host.keys()
    return { card, line, session: shown, keys, openShop, traffic: { ...total, ...this.#internet }, wrong }
  }

  #tell(event: GatewayEvent): void {
    this.#options.onEvent?.(event)
  }
}

function endEvent(end: PaymentEnd): GatewayEvent {
  if (end.type === 'fault') return { event: 'not-paid', code: end.fault.code }
  const { purchase } = end
  if (purchase.outcome === 'paid') return { event: 'paid', code: purchase.receipt.order }
  return { event: 'not-paid', code: purchase.outcome }
}
