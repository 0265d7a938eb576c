import { Agent } from 'node:http'
import type { Duplex } from 'node:stream'
import { connectOpen, InternetOpenError } from '../../internet/connect-open.ts'
import { boundTo } from '../../internet/via.ts'
import { SECRET_ROUTES } from '../../wire/limits.ts'
import { fault } from '../errors.ts'
import { connectionFault, type Fetch, send } from './http.ts'
import { internetPath } from './secret-routes.ts'

/** Connections at once, as for a session. */
const CONNECTIONS_MAX = 8
const IDLE_CONNECTIONS_MAX = 2
/** The only cookie that is kept: it is how the open shop knows a basket again. */
const COOKIE = /^basket=([A-Za-z0-9_-]{0,128})(?:;|$)/

export interface OpenShopAddress {
  /** `https://host:port`. */
  readonly shop: string
  /** Authorities in PEM that alone are trusted; otherwise those that Node brings. */
  readonly ca?: string | undefined
  /** Interface or address of this computer that every connection leaves by. */
  readonly via?: string | undefined
}

/** The way to an open shop. */
export interface OpenWay {
  readonly fetch: Fetch
  /** The shop's name in requests. */
  readonly host: string
  /** A connection for whoever speaks on it himself; cut with the others. @throws KeylineError INTERNET_* */
  dial(): Promise<Duplex>
  /** S28: every connection ends and the basket's cookie is forgotten; harmless when repeated. */
  close(): void
}

/**
 * Ordinary HTTPS with a certificate and no session key (S21). Redirects come back as they are, and what belongs on the line is not sent here
 * either.
 * @throws KeylineError INPUT_INVALID when the address is none; its `fetch` throws INTERNET_*, INTERNET_CERTIFICATE_REFUSED, ROUTE_NEEDS_LINE
 */
export function openFetch(address: OpenShopAddress): OpenWay {
  const { host, port, name } = readAddress(address.shop)
  const open = new Set<Duplex>()
  let closed = false
  let basket = ''
  const dial = async (): Promise<Duplex> => {
    const socket = await connectOpen({ host, port, ca: address.ca, binding: boundTo(address.via, host) })
    if (closed) {
      socket.destroy()
      throw gone()
    }
    open.add(socket)
    return socket.once('close', () => open.delete(socket))
  }
  const agent = new Agent({
    keepAlive: true,
    maxTotalSockets: CONNECTIONS_MAX,
    maxFreeSockets: IDLE_CONNECTIONS_MAX,
    scheduling: 'lifo',
  })
  agent.createConnection = (_options, made) => {
    dial().then(
      (socket) => made?.(null, socket),
      // As in keyed-agent.ts: the agent looks at the error alone.
      (error: unknown) => made?.(openFault(error), undefined as unknown as Duplex),
    )
    return undefined
  }
  return {
    host: name,
    dial: () =>
      dial().catch((error: unknown) => {
        throw openFault(error)
      }),
    fetch: async (path, options = {}) => {
      if (closed) throw gone()
      const wanted = internetPath(path, SECRET_ROUTES)
      const headers = { ...options.headers, ...(basket !== '' && { cookie: `basket=${basket}` }) }
      const response = await send({ agent, host: name }, wanted, { ...options, headers })
      for (const line of response.headers.getSetCookie()) basket = COOKIE.exec(line)?.[1] ?? basket
      return response
    },
    close: () => {
      closed = true
      basket = ''
      agent.destroy()
      for (const socket of open) socket.destroy()
    },
  }
}

/** @throws KeylineError INPUT_INVALID */
function readAddress(text: string): { readonly host: string; readonly port: number; readonly name: string } {
  const url = URL.parse(text)
  const plain = url?.username === '' && url.password === '' && url.pathname === '/' && url.search + url.hash === ''
  if (url === null || url.protocol !== 'https:' || !plain || url.hostname === '') {
    throw fault('INPUT_INVALID', { what: 'expected the address of a shop as https://HOST:PORT' })
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443), name: url.host }
}

function gone(): Error {
  return fault('INTERNET_BROKEN', { what: 'the connection to the shop was ended here' })
}

function openFault(error: unknown): Error {
  if (!(error instanceof InternetOpenError)) return connectionFault(error)
  return fault(error.code, { what: error.what, cause: error })
}
