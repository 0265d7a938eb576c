import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../line/clock.ts'
import type { Catalogue } from '../delivery/catalogue.ts'
import type { Log } from '../events.ts'
import { type Sessions, short } from '../sessions/sessions.ts'
import type { StoredSession } from '../store/store.ts'
import { sendJson, sendProblem } from './answers.ts'
import { readLogin } from './body.ts'
import { sendContent } from './content-route.ts'

export interface RoutesOptions {
  readonly sessions: Sessions
  readonly catalogue: Catalogue
  readonly clock: Clock
  readonly log: Log
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly session: StoredSession
}

type Handler = (exchange: Exchange, rest: string) => Promise<void>

interface Route {
  /** A name that ends with `/` takes what follows it. */
  readonly path: string
  readonly methods: Readonly<Record<string, Handler>>
  /** Also under a key that was not opened yet: these two are how a key is opened. */
  readonly unopened?: readonly string[]
}

const CLOSE = { connection: 'close' }
const CONTENT = '/content/'

/** What the Internet port offers under a session key (S11–S18). @returns answers one request of a session that lives */
export function routes({ sessions, catalogue, clock, log }: RoutesOptions): (exchange: Exchange) => Promise<void> {
  const login: Handler = async ({ request, response, session }) => {
    const body = await readLogin(request, clock)
    if (typeof body === 'string') return sendProblem(response, body, CLOSE)
    const verdict = await sessions.login(session, body.userId, body.password)
    if (verdict.permitted) return sendJson(response, 200, await sessions.summary(session))
    const retry = { 'retry-after': String(verdict.retryAfterSeconds) }
    sendProblem(response, verdict.reason, verdict.reason === 'SERVER_BUSY' ? retry : { ...retry, ...CLOSE })
  }
  const rekey: Handler = async ({ response, session }) => {
    if (session.index === 0) return sendProblem(response, session.opened ? 'REKEY_ORDER' : 'SESSION_NOT_OPENED')
    if (!(await sessions.rekey(session))) return sendProblem(response, 'SESSION_NOT_OPENED')
    sendJson(response, 200, await sessions.summary(session))
  }
  const logout: Handler = async ({ response, session }) => {
    await sessions.close(session)
    response.writeHead(204, CLOSE).end()
  }
  const menu: Handler = async ({ response, session }) => {
    const items = await catalogue.menu()
    sendJson(response, 200, { items })
    log({ event: 'menu.sent', step: "S17'", path: 'internet', session: short(session), titles: items.length })
  }
  const content: Handler = async ({ request, response, session }, name) => {
    const delivered = await sendContent(catalogue, name, request, response)
    if (delivered === 'not-found') return
    const about = { path: 'internet', session: short(session), name, range: request.headers.range ?? 'all' } as const
    log({ event: `content.${delivered}`, ...(delivered === 'sent' && { step: "S17'" }), ...about })
  }
  const table: readonly Route[] = [
    {
      path: '/session',
      methods: {
        POST: login,
        GET: async ({ response, session }) => sendJson(response, 200, await sessions.summary(session)),
        DELETE: logout,
      },
      unopened: ['POST'],
    },
    { path: '/session/rekey', methods: { POST: rekey }, unopened: ['POST'] },
    { path: '/menu', methods: { GET: menu } },
    { path: CONTENT, methods: { GET: content, HEAD: content } },
  ]

  return async (exchange) => {
    const { request, response, session } = exchange
    const { method = '', url = '' } = request
    const [path = ''] = url.split('?')
    const route = table.find((it) => it.path === path || (it.path.endsWith('/') && path.startsWith(it.path)))
    if (!session.opened && !route?.unopened?.includes(method)) return sendProblem(response, 'SESSION_NOT_OPENED')
    if (route === undefined) return sendProblem(response, 'NOT_FOUND')
    const handler = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined
    if (handler === undefined) {
      return sendProblem(response, 'METHOD_NOT_ALLOWED', { allow: Object.keys(route.methods).join(', ') })
    }
    await handler(exchange, path.slice(route.path.length))
  }
}
