import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import type { Clock } from '../../line/clock.ts'
import { SECRET_ROUTES } from '../../wire/limits.ts'
import type { Catalogue } from '../delivery/catalogue.ts'
import { asServerError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Purchases } from '../shop/purchases.ts'
import type { App, AppEnv } from './access.ts'
import { problem } from './answers.ts'
import { pageRoutes } from './page-routes.ts'
import { payRoutes } from './pay-route.ts'
import type { Ask, Route } from './route.ts'
import { isSameSite } from './same-site.ts'
import { sessionRoutes } from './session-routes.ts'
import { shopRoutes } from './shop-routes.ts'
import type { Orders, ShopService } from './shop-service.ts'
import { couldMean, readTarget } from './target.ts'
import { Views } from './views.ts'
import { Visits } from './visits.ts'

export interface AppOptions {
  readonly sessions: Sessions
  readonly catalogue: Catalogue
  readonly shop: ShopService
  readonly orders: Orders
  /** What the line asks of the shop; without it nothing can be paid for. */
  readonly purchases?: Purchases | undefined
  /** Its `now()` is Unix milliseconds. */
  readonly clock: Clock
  readonly log: Log
}

/** The one table of what there is, and over which path (PROTOCOL.md §5). */
export function routeTable({ sessions, catalogue, shop, orders, purchases, clock, log }: AppOptions): readonly Route[] {
  const views = new Views({ shop, orders, now: () => clock.now() })
  const about = { shop, orders, views, visits: new Visits(shop, views), clock, log }
  return [
    ...sessionRoutes({ sessions, catalogue, clock, log }),
    ...pageRoutes(about),
    ...shopRoutes(about),
    ...payRoutes(clock, purchases),
  ]
}

/** The one application behind both ports. A request reaches a handler only by a path that the handler's row accepts. */
export function makeApp(options: AppOptions): App {
  const table = routeTable(options)
  const lineOnly = table.filter(({ accepts }) => accepts.every((via) => via === 'line')).map(({ path }) => path)
  const secret = [...new Set([...lineOnly, ...SECRET_ROUTES])]
  const hono = new Hono<AppEnv>()
  hono.use(async (ask, next) => (await guard(ask, table, secret)) ?? next())
  for (const { method, path, accepts, handler } of table) {
    hono.on(method, path, (ask, next) => (accepts.includes(ask.env.access.path) ? handler(ask) : next()))
  }
  // Reached when no row of this method and access was.
  for (const path of new Set(table.map((row) => row.path))) {
    hono.all(path, (ask) => {
      const rows = table.filter((row) => row.path === path)
      const allowed = rows.filter(({ accepts }) => accepts.includes(ask.env.access.path)).map(({ method }) => method)
      if (allowed.length === 0) return problem(ask, 'NOT_FOUND')
      return problem(ask, 'METHOD_NOT_ALLOWED', { headers: { allow: allowed.join(', ') } })
    })
  }
  hono.notFound((ask) => problem(ask, 'NOT_FOUND'))
  hono.onError((error, ask) => fault(error, ask, options.log))
  return { fetch: async (request, bindings) => hono.fetch(request, bindings) }
}

/** What no handler needs to think of. @returns the refusal, if it is one */
async function guard(ask: Ask, table: readonly Route[], secret: readonly string[]): Promise<Response | undefined> {
  const { access, incoming } = ask.env
  const { method } = ask.req
  // As it stood in the request, before anything was decoded or resolved.
  const raw = incoming?.url ?? ask.req.url.replace(/^[a-z]+:\/\/[^/]*/, '')
  const target = readTarget(raw)
  if (access.path === 'session' && !access.session.opened) {
    const opens = table.some((row) => row.unopened && row.method === method && row.path === target?.path)
    if (!opens) return problem(ask, 'SESSION_NOT_OPENED')
  }
  if (access.path !== 'line' && couldMean(raw, secret)) return problem(ask, 'ROUTE_NEEDS_LINE')
  // The router must have read what was looked at here; names of content it decodes, and nobody takes them from it.
  if (target === undefined || !(target.path === ask.req.path || target.path.startsWith('/content/'))) {
    return problem(ask, 'NOT_FOUND')
  }
  const changes = method !== 'GET' && method !== 'HEAD'
  if (access.path === 'open' && changes && !isSameSite(ask.req.raw.headers)) return problem(ask, 'CROSS_SITE')
  return undefined
}

/** Told without its details, which are the log's. */
function fault(error: unknown, ask: Ask, log: Log): Response | Promise<Response> {
  const { code, what } = asServerError(error)
  const { access, outgoing } = ask.env
  if (access.path === 'line') {
    // The text of an error could hold what was sent, and what is sent here is never logged.
    log({ event: 'line.fault', path: 'line', code, what: 'something unforeseen happened at a request of a call' })
    return problem(ask, 'INTERNAL')
  }
  log({ event: 'internet.fault', path: 'internet', code, what })
  if (outgoing?.headersSent !== true) return problem(ask, 'INTERNAL', { headers: { connection: 'close' } })
  // The answer has begun: only a broken connection can tell that it is not whole.
  outgoing.destroy()
  return RESPONSE_ALREADY_SENT
}
