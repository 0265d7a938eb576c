import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { TLSSocket } from 'node:tls'
import type { ExecutionContext } from 'ava'
import { connectPsk } from '../../../internet/connect.ts'
import type { SessionKey } from '../../../keys/session-keys.ts'
import { makeApp } from '../../../server/app/app.ts'
import { Catalogue } from '../../../server/delivery/catalogue.ts'
import { type InternetPort, type Limits, openInternetPort } from '../../../server/internet-port/internet-port.ts'
import type { Purchases } from '../../../server/shop/purchases.ts'
import { Shop } from '../../../server/shop/shop.ts'
import { enrolled, type LoginWish, type TestCard } from '../test-card.ts'
import { type Node, PASSWORD, startNode, USER, type World, world } from '../world.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  json(): unknown
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** One connection under a session key, kept alive. */
export class Terminal {
  readonly socket: TLSSocket
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(t: ExecutionContext, socket: TLSSocket) {
    this.socket = socket
    this.#agent.createConnection = () => socket
    socket.on('error', () => {})
    t.teardown(() => {
      this.#agent.destroy()
      socket.destroy()
    })
  }

  /** Headers only: nothing of the body is read yet. @throws Error when the connection ends before */
  async begin(method: string, path: string, { headers = {}, body }: Ask = {}): Promise<IncomingMessage> {
    const request = httpRequest({ agent: this.#agent, method, path, headers: { host: 'server', ...headers } })
    request.end(body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
    const [response] = await once(request, 'response')
    return response
  }

  /** @throws Error when the connection ends before the answer is whole */
  async ask(method: string, path: string, options?: Ask): Promise<Answer> {
    const response = await this.begin(method, path, options)
    const bytes = await buffer(response)
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: bytes,
      json: () => JSON.parse(bytes.toString('utf8')),
    }
  }

  /** S11 */
  login(userId = USER, password = PASSWORD): Promise<Answer> {
    return this.ask('POST', '/session', { body: { userId, password } })
  }

  /** Resolves when the server has ended this connection. */
  async ended(): Promise<void> {
    if (!this.socket.closed) await once(this.socket.resume(), 'close')
  }
}

export interface PortWorld extends World {
  readonly card: TestCard
  readonly port: InternetPort
  readonly content: string
  /** S1–S9: a login over the line. @returns the session keys */
  keys(wish?: LoginWish): Promise<SessionKey[]>
  dial(): Socket
  /** A connection under this key. @throws InternetPathError */
  terminal(key: SessionKey | undefined): Promise<Terminal>
  /** A connection on which the login was repeated. */
  opened(): Promise<Terminal>
}

const demo = (name: string) => readFileSync(new URL(`../../../demo/certificate/${name}`, import.meta.url), 'utf8')
export const CERTIFICATE = { cert: demo('server.pem'), key: demo('server-key.pem') }
export const CA = demo('ca.pem')
const TAG_MS = 15 * 60_000

export interface PortOptions {
  readonly limits?: Partial<Limits>
  readonly allowX25519?: boolean
  /** Without it there is no open shop. */
  readonly certificate?: typeof CERTIFICATE
  readonly purchases?: Purchases
}

export async function openPort(
  t: ExecutionContext,
  it: Node & Pick<World, 'clock'>,
  content: string,
  { limits = {}, allowX25519 = false, certificate, purchases }: PortOptions = {},
): Promise<InternetPort> {
  const log = (event: Parameters<Parameters<typeof Catalogue.open>[1]>[0]): void => void it.events.push(event)
  const catalogue = await Catalogue.open(content, log)
  const { sessions, clock, store } = it
  const shop = new Shop({ store: store.shop, now: () => clock.now(), log, tagLifetimeMs: TAG_MS })
  const app = makeApp({ sessions, catalogue, shop, orders: store.shop, purchases, clock, log })
  const port = await openInternetPort({
    sessions,
    app,
    certificate,
    clock,
    log,
    host: '127.0.0.1',
    port: 0,
    limits,
    allowX25519,
  })
  t.teardown(() => port.close())
  return port
}

/** Waits until the event loop has brought it about; ava's time-out is the end of patience. */
export async function until(fits: () => boolean): Promise<void> {
  while (!fits()) await new Promise((resolve) => setImmediate(resolve))
}

export function dialTo(t: ExecutionContext, port: InternetPort, from?: string): Socket {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port.address.split(':')[1]),
    ...(from && { localAddress: from }),
  })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  return socket
}

export async function portWorld(t: ExecutionContext, options: PortOptions = {}): Promise<PortWorld> {
  const it = await world(t)
  const content = join(it.folder, 'content')
  mkdirSync(content)
  const card = await enrolled(it)
  const port = await openPort(t, it, content, options)
  const dial = (): Socket => dialTo(t, port)
  const keys = async (wish?: LoginWish): Promise<SessionKey[]> => (await card.login(it, wish)).keys
  const terminal = async (key: SessionKey | undefined): Promise<Terminal> => {
    if (key === undefined) throw new Error('expected a key')
    return new Terminal(t, await connectPsk(dial(), key))
  }
  const opened = async (): Promise<Terminal> => {
    const one = await terminal((await keys())[0])
    const { status } = await one.login()
    if (status !== 200) throw new Error(`expected 200 to the login, got ${status}`)
    return one
  }
  return { ...it, card, port, content, keys, dial, terminal, opened }
}

/** Another node with its own Internet port on the same database. */
export async function secondPort(t: ExecutionContext, it: PortWorld) {
  const node = await startNode(t, it.path, { node: 'other', clock: it.clock })
  const port = await openPort(t, { ...node, clock: it.clock }, it.content)
  return { ...node, port, dial: () => dialTo(t, port) }
}
