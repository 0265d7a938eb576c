import type { Context } from 'hono'
import type { StoredSession } from '../store/store.ts'
import type { AppEnv, RequestAccess } from './access.ts'

/** Over which path a request may come: ordinary HTTPS, a session key, the line. */
export type Via = RequestAccess['path']
export type Ask = Context<AppEnv>
export type Handler = (ask: Ask) => Response | Promise<Response>

/** One row of the table: what is accepted stands before what is done. */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** As Hono writes it; `:name` is one segment. */
  readonly path: string
  readonly accepts: readonly Via[]
  readonly handler: Handler
  /** Also under a session key that was not opened yet: so a key is opened (S11). */
  readonly unopened: boolean
}

export function route(
  method: Route['method'],
  path: string,
  accepts: readonly Via[],
  handler: Handler,
  when: 'opened' | 'unopened' = 'opened',
): Route {
  return { method, path, accepts, handler, unopened: when === 'unopened' }
}

/** The table as lines of text, for people and for a test. */
export function describeRoutes(table: readonly Route[]): string[] {
  return table.map(({ method, path, accepts, unopened }) =>
    `${method.padEnd(6)} ${path.padEnd(22)} ${accepts.join(' ')}${unopened ? ' (also unopened)' : ''}`.trimEnd(),
  )
}

/** @throws RangeError when the table let through what it must not */
export function sessionOf(ask: Ask): StoredSession {
  const { access } = ask.env
  if (access.path !== 'session') throw new RangeError('expected a request under a session key')
  return access.session
}
