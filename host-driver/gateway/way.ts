import { KeylineError } from '../errors.ts'
import { internetPath } from '../requests/secret-routes.ts'
import { holdsCardNumber } from './card-number.ts'
import { headerOf, type RequestHead } from './request-head.ts'

/** Everything below this belongs to the gateway itself, and everything below a secret route too: none of it ever goes upstream. */
const OWN_ROUTE = '/keyline'
/** Spelled so and not otherwise: every other spelling goes nowhere. */
const LOCAL = /^\/(?:keyline|pay)(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/

export type RefusedWay = {
  readonly type: 'refused'
  readonly status: 401 | 403 | 404 | 421
  readonly code: string
  readonly why: string
}

/** Where a request goes. */
export type Way =
  | RefusedWay
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
  const host = headerOf(head, 'host')?.toLowerCase()
  if (host === undefined || !hosts.includes(host)) {
    return refuse(421, 'HOST_UNKNOWN', 'this gateway has another name')
  }
  if (!sameOrigin(head, host)) return refuse(403, 'ORIGIN_FOREIGN', 'another site asked for this')
  const { target } = head
  const mark = target.indexOf('?')
  const path = mark === -1 ? target : target.slice(0, mark)
  if (LOCAL.test(path)) return { type: 'local' }
  // A worker of the server could answer for the pages of the gateway from then on.
  if (headerOf(head, 'service-worker') !== undefined) return refuse(403, 'WORKER_REFUSED', 'a service worker')
  // A form may be sent in the query too.
  if (mark !== -1 && holdsCardNumber(target.slice(mark))) {
    return refuse(403, 'PERSONAL_DATA_REFUSED', 'a card number goes over the line only')
  }
  if (!isPlain(path)) return refuse(404, 'PATH_INVALID', 'this is no path')
  try {
    return { type: 'upstream', target: internetPath(target, [...secretRoutes, OWN_ROUTE]) }
  } catch (error) {
    if (!(error instanceof KeylineError)) throw error
    // Written so that it could be read as a secret route: it goes nowhere.
    return error.code === 'ROUTE_NEEDS_LINE'
      ? refuse(403, 'ROUTE_NEEDS_LINE', 'this goes over the line only')
      : refuse(404, 'PATH_INVALID', 'this is no path')
  }
}

/**
 * Where a reader could see a name of a server before the path, or characters that end it for some and not for others, no two readers need
 * agree on what is asked for.
 */
function isPlain(path: string): boolean {
  if (path.startsWith('//')) return false
  try {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    return !/[\0-\x1f\x7f]/.test(decodeURIComponent(path))
  } catch {
    return false // no UTF-8
  }
}

/**
 * GET and HEAD change nothing. Browsers say where all else comes from: Sec-Fetch-Site where they have it, because a page without referrer
 * sends `Origin: null`; older ones Origin alone. Who says neither is no browser.
 */
function sameOrigin(head: RequestHead, host: string): boolean {
  if (head.method === 'GET' || head.method === 'HEAD') return true
  const site = headerOf(head, 'sec-fetch-site')
  const origin = headerOf(head, 'origin')?.toLowerCase()
  if (site === undefined) return origin === `http://${host}`
  const foreign = origin !== undefined && origin !== 'null' && origin !== `http://${host}`
  return (site === 'same-origin' || site === 'none') && !foreign
}

function refuse(status: 403 | 404 | 421, code: string, why: string): RefusedWay {
  return { type: 'refused', status, code, why }
}
