import { KeylineError } from '../errors.ts'
import { internetPath } from '../requests/secret-routes.ts'
import { holdsCardNumber } from './card-number.ts'
import { headerOf, type RequestHead } from './request-head.ts'

/** Everything below this belongs to the gateway itself, and everything below a secret route too: none of it ever goes upstream. */
export const OWN_ROUTE = '/keyline'

/** Where a request goes. */
export type Way =
  | { readonly type: 'refused'; readonly status: 401 | 403 | 404 | 421; readonly code: string; readonly why: string }
  /** A page of the gateway, the personal data among them. */
  | { readonly type: 'local' }
  /** Over the Internet path, with this target. */
  | { readonly type: 'upstream'; readonly target: string }

export interface WayOptions {
  /** `127.0.0.1:PORT`, `localhost:PORT` */
  readonly hosts: readonly string[]
  /** Routes that go over the line only: those that everybody knows and those that the server listed over the line. */
  readonly secretRoutes: readonly string[]
}

/**
 * Decides by the head alone. Host: a name that somebody else's DNS points here is refused (DNS rebinding). Origin: what changes something
 * must come from a page of this very gateway (CSRF).
 */
export function wayOf(head: RequestHead, { hosts, secretRoutes }: WayOptions): Way {
  const host = headerOf(head, 'host')
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    return refuse(421, 'HOST_UNKNOWN', 'this gateway has another name')
  }
  if (!sameOrigin(head, host)) return refuse(403, 'ORIGIN_FOREIGN', 'another site asked for this')
  const [path = '', ...query] = head.target.split('?')
  if (/^\/(keyline|pay)(\/[A-Za-z0-9._~-]*)*$/.test(path)) return { type: 'local' }
  // A worker of the server could answer for the pages of the gateway from then on.
  if (headerOf(head, 'service-worker') !== undefined) return refuse(403, 'WORKER_REFUSED', 'a service worker')
  // A form may be sent in the query too.
  if (holdsCardNumber(query.join('?'))) {
    return refuse(403, 'PERSONAL_DATA_REFUSED', 'a card number goes over the line only')
  }
  try {
    return { type: 'upstream', target: internetPath(head.target, [...secretRoutes, OWN_ROUTE]) }
  } catch (error) {
    if (!(error instanceof KeylineError)) throw error
    // Written so that it could be read as a secret route: it goes nowhere.
    return error.code === 'ROUTE_NEEDS_LINE'
      ? refuse(403, 'ROUTE_NEEDS_LINE', 'this goes over the line only')
      : refuse(404, 'PATH_INVALID', 'this is no path')
  }
}

/**
 * GET and HEAD change nothing. Browsers say where all else comes from: Sec-Fetch-Site where they have it, because a page without referrer
 * sends `Origin: null`; older ones Origin alone. Who says neither is no browser.
 */
function sameOrigin(head: RequestHead, host: string): boolean {
  if (head.method === 'GET' || head.method === 'HEAD') return true
  const site = headerOf(head, 'sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  return headerOf(head, 'origin') === `http://${host}`
}

function refuse(status: 403 | 404 | 421, code: string, why: string): Way {
  return { type: 'refused', status, code, why }
}
