import { randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connectOpen } from '../../internet/connect-open.ts'
import { SECRET_ROUTES } from '../../wire/limits.ts'
import type { PersonalData } from '../../wire/line/personal-data.ts'
import type { CallReport, LineState } from '../../wire/usb/methods.ts'
import { fault, systemCode } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import { payOpen } from '../flows/second.ts'
import type { Purchase } from '../flows/settled.ts'
import { payInSession } from '../flows/third.ts'
import { connectionFault } from '../requests/http.ts'
import { openFetch } from '../requests/open-agent.ts'
import { Shop, type Tag } from '../requests/shop-api.ts'
import type { Session } from '../session.ts'
import type { Terminal } from '../terminal.ts'
import { type After, after } from '../timers.ts'
import { type Answer, HTML } from './answer.ts'
import { BrowserConnection } from './browser-connection.ts'
import { cookieName, sameSecret, splitCookies } from './cookie.ts'
import { answerLocally, type LocalParts, wordsOf } from './local.ts'
import { problemPage } from './pay-pages.ts'
import { Payments } from './payments.ts'
import { headerOf, type RequestHead } from './request-head.ts'
import type { TerminalView, Traffic } from './terminal-page.ts'
import { type Way, wayOf } from './way.ts'

const TOKEN_BYTES = 32
/** The printed address opens the gateway once, within this time, milliseconds. */
const TOKEN_MS = 600_000
const CONNECTIONS_MAX = 256

/** What the gateway stands on: the keeper, which holds the session and knows the card. */
export interface GatewayHost {
  readonly session: () => Session | undefined
  /** By the card: S1–S16. @returns why not, in words */
  readonly login: (userId: string, password: string, onProgress: OnProgress) => Promise<string | undefined>
  /** S18 */
  readonly erase: () => Promise<void>
  readonly openTerminal: (onProgress: OnProgress) => Promise<Pick<Terminal, 'pay' | 'status' | 'close'>>
}

export interface GatewayOptions {
  /** Port of 127.0.0.1; 0 is any free one. */
  readonly port: number
  /** `https://host:port` of an open shop: the second embodiment. Without it the third, in the session. */
  readonly shop?: string | undefined
  /** Authorities in PEM that alone are trusted for it. */
  readonly ca?: string | undefined
  readonly after?: After
  readonly now?: () => Date
}

export interface Gateway {
  /** To be opened in a browser, once. */
  readonly url: string
  readonly port: number
  /** Ends all connections. */
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
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const used = systemCode(error) === 'EADDRINUSE'
      const what = `127.0.0.1:${options.port} ${used ? 'is used by another program' : 'cannot be opened'}`
      reject(fault('GATEWAY_PORT_IN_USE', { what, cause: error }))
    })
    server.listen(options.port, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: state.listening(port),
    port,
    close: async () => {
      state.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

class GatewayState {
  readonly #host: GatewayHost
  readonly #options: GatewayOptions
  readonly #after: After
  readonly #open: ReturnType<typeof openFetch> | undefined
  readonly #payments: Payments
  readonly #cookie = randomBytes(TOKEN_BYTES).toString('base64url')
  #token: string | undefined = randomBytes(TOKEN_BYTES).toString('base64url')
  #hosts: readonly string[] = []
  #port = 0
  #line: LineState = 'idle'
  /** Uses of the card that run now. */
  #cardJobs = 0
  #card: TerminalView['card'] = { fault: 'not asked yet' }
  #cancelToken = (): void => {}
  readonly #traffic = {
    calls: 0,
    lineUp: 0,
    lineDown: 0,
    lineSeconds: 0,
    requests: 0,
    connections: 0,
    internetUp: 0,
    internetDown: 0,
  }
  #counted: Session | undefined

  constructor(host: GatewayHost, options: GatewayOptions) {
    this.#host = host
    this.#options = options
    this.#after = options.after ?? after
    this.#open = options.shop === undefined ? undefined : openFetch({ shop: options.shop, ca: options.ca })
    this.#payments = new Payments((tag, data, onProgress) => this.#pay(tag, data, onProgress))
  }

  listening(port: number): string {
    this.#port = port
    this.#hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
    this.#cancelToken = this.#after(TOKEN_MS, () => {
      this.#token = undefined
    })
    return `http://127.0.0.1:${port}/keyline/enter?token=${this.#token}`
  }

  serve(socket: Socket): void {
    const counts = { requests: 'requests', up: 'internetUp', down: 'internetDown' } as const
    new BrowserConnection(socket, {
      decide: (head) => this.#decide(head),
      local: (request) => answerLocally(request, this.#parts()),
      refused,
      dial: () => this.#dial(),
      count: (what, by) => {
        this.#traffic[counts[what]] += by
      },
      after: this.#after,
    })
  }

  close(): void {
    this.#cancelToken()
    this.#open?.close()
  }

  #decide(head: RequestHead): Way {
    const secretRoutes = [...SECRET_ROUTES, ...(this.#host.session()?.secretRoutes ?? [])]
    const way = wayOf(head, { hosts: this.#hosts, secretRoutes })
    if (way.type === 'refused') return way
    if (way.type === 'local' && head.target.startsWith('/keyline/enter?') && head.method === 'GET') return way
    const { own } = splitCookies(headerOf(head, 'cookie'), cookieName(this.#port))
    if (own === undefined || !sameSecret(own, this.#cookie)) {
      return { type: 'refused', status: 401, code: 'NOT_LET_IN', why: 'this browser was not let in' }
    }
    return way
  }

  /** The token is worth something once. */
  #enter(token: string): string | undefined {
    if (this.#token === undefined || !sameSecret(token, this.#token)) return undefined
    this.#token = undefined
    return `${cookieName(this.#port)}=${this.#cookie}; HttpOnly; SameSite=Strict; Path=/`
  }

  /** A connection of the Internet path. @throws KeylineError NOT_LOGGED_IN, SESSION_*, INTERNET_* */
  async #dial(): Promise<{ socket: Duplex; host: string }> {
    this.#traffic.connections++
    const { shop, ca } = this.#options
    if (shop !== undefined) {
      const url = new URL(shop)
      const host = url.hostname.replace(/^\[|\]$/g, '')
      try {
        return { socket: await connectOpen({ host, port: Number(url.port || 443), ca }), host: url.host }
      } catch (error) {
        throw connectionFault(error)
      }
    }
    const session = this.#host.session()
    if (session === undefined) throw fault('NOT_LOGGED_IN')
    return { socket: await session.connect(), host: session.server }
  }

  #shop(): Shop {
    if (this.#open !== undefined) return new Shop(this.#open.fetch, 2)
    const session = this.#host.session()
    if (session === undefined) throw fault('NOT_LOGGED_IN')
    return new Shop(session.fetch, 3)
  }

  /** S29–S36, S63–S70 */
  async #pay(tag: Tag, data: PersonalData, onProgress: OnProgress): Promise<Purchase> {
    const { shop, ca } = this.#options
    return this.#withCard(onProgress, async (terminal, tell) => {
      const payment = { tag, data, onProgress: tell }
      const session = this.#host.session()
      if (shop === undefined && session === undefined) throw fault('NOT_LOGGED_IN')
      const purchase =
        shop === undefined && session !== undefined
          ? await payInSession(terminal, { session, ...payment })
          : await payOpen(terminal, { shop: shop ?? '', ca, ...payment })
      if ('call' in purchase) this.#call(purchase.call)
      return purchase
    })
  }

  async #withCard<T>(
    onProgress: OnProgress,
    use: (terminal: Pick<Terminal, 'pay' | 'status'>, tell: OnProgress) => Promise<T>,
  ): Promise<T> {
    const tell: OnProgress = (event) => {
      if (event.type === 'line') this.#line = event.state
      onProgress(event)
    }
    this.#cardJobs++
    try {
      const terminal = await this.#host.openTerminal(tell)
      try {
        return await use(terminal, tell)
      } finally {
        await terminal.close()
      }
    } finally {
      this.#cardJobs--
      this.#line = 'idle'
    }
  }

  #call({ attempts, bytesUp, bytesDown, exchangeMs }: CallReport): void {
    this.#traffic.calls += attempts
    this.#traffic.lineUp += bytesUp
    this.#traffic.lineDown += bytesDown
    this.#traffic.lineSeconds += exchangeMs / 1000
  }

  #parts(): LocalParts {
    const { now = () => new Date() } = this.#options
    return {
      shop: () => this.#shop(),
      payments: this.#payments,
      inSession: this.#options.shop === undefined,
      view: (wrong) => this.#view(wrong),
      live: () => this.#live(undefined),
      login: (userId, password) => this.#login(userId, password),
      erase: () => this.#host.erase(),
      enter: (token) => this.#enter(token),
      every: (ms, run) => this.#every(ms, run),
      now,
    }
  }

  async #login(userId: string, password: string): Promise<string | undefined> {
    this.#cardJobs++
    try {
      return await this.#host.login(userId, password, (event) => {
        if (event.type === 'line') this.#line = event.state
      })
    } finally {
      this.#cardJobs--
      this.#line = 'idle'
    }
  }

  /** Asks the card only when nobody uses it: a greeting ends its call. */
  async #view(wrong: string | undefined): Promise<TerminalView> {
    if (this.#cardJobs === 0) {
      try {
        this.#card = await this.#withCard(
          () => {},
          async (terminal) => {
            const { card, firmware } = await terminal.status()
            return { id: card.cardId, modem: card.modem, firmware }
          },
        )
      } catch (error) {
        this.#card = { fault: wordsOf(error) }
      }
    }
    return this.#live(wrong)
  }

  #live(wrong: string | undefined): TerminalView {
    const session = this.#host.session()
    if (session !== undefined && session !== this.#counted) {
      this.#counted = session
      this.#call(session.call)
    }
    const shown = session && {
      userId: session.userId,
      server: session.server,
      secondsLeft: (session.expiresAt.getTime() - Date.now()) / 1000,
      keysLeft: session.keysLeft,
    }
    const traffic: Traffic = this.#traffic
    return { card: this.#card, line: this.#line, session: shown, openShop: this.#options.shop, traffic, wrong }
  }

  #every(ms: number, run: () => void): () => void {
    let cancel = (): void => {}
    const again = (): void => {
      cancel = this.#after(ms, () => {
        run()
        again()
      })
    }
    again()
    return () => cancel()
  }
}

const TITLES: Readonly<Record<string, string>> = {
  NOT_LET_IN: 'Open the printed address first',
  NOT_LOGGED_IN: 'Nobody is logged in',
  PERSONAL_DATA_REFUSED: 'This does not go over the Internet',
  ROUTE_NEEDS_LINE: 'This does not go over the Internet',
}
const WORDS: Readonly<Record<string, string>> = {
  NOT_LET_IN: 'keyline gateway prints an address with a token; it lets one browser in.',
  NOT_LOGGED_IN: 'Log in on the terminal page, or with keyline login.',
  PERSONAL_DATA_REFUSED:
    'The page wanted to send a card number over the Internet. Nothing was sent. Card numbers are typed on the page “Pay by telephone” only.',
  ROUTE_NEEDS_LINE: 'It is meant for the telephone line only. Nothing was sent.',
}

function refused(status: number, code: string, why: string): Answer {
  const title = TITLES[code] ?? 'This was not passed on'
  const body = problemPage(title, `${WORDS[code] ?? `${why}.`} (${code})`, ['/keyline', 'The terminal'])
  return { status, headers: HTML, body }
}
