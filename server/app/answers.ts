import { html } from 'hono/html'
import { COMMON_HEADERS, PROBLEMS, type ProblemCode } from '../internet-port/answers.ts'
import { type Frame, frame, type Html } from './pages/layout.ts'
import { problemPage } from './pages/problem.ts'
import type { Ask } from './route.ts'

/** Nothing but our own images, style sheet and forms; no script at all. */
const CSP =
  "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export const HTML_HEADERS = {
  ...COMMON_HEADERS,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': CSP,
  'referrer-policy': 'no-referrer',
} as const

/** A browser says so; everybody else is answered in JSON. */
export function wantsHtml(ask: Ask): boolean {
  return /(?:^|[,\s])text\/html(?:[;,\s]|$)/i.test(ask.req.header('accept') ?? '')
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...COMMON_HEADERS, ...headers },
  })
}

/** One page in the common frame. */
export async function page(
  about: Frame,
  main: Html,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const body = await html`${frame(about, main)}`
  return new Response(body.toString(), { status, headers: { ...HTML_HEADERS, ...headers } })
}

/** After a form: the browser shows this page by GET, and a reload sends nothing twice. */
export function seeOther(location: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status: 303, headers: { ...COMMON_HEADERS, location, ...headers } })
}

export interface ProblemDetail {
  /** In place of the table's status. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Further fields of the JSON; never what somebody sent. */
  readonly fields?: Readonly<Record<string, unknown>>
}

/** A refusal: JSON with code, what happened and what to do, or a page that says the same in plain words. */
export function problem(ask: Ask, code: ProblemCode, detail: ProblemDetail = {}): Response | Promise<Response> {
  const { what, cure, status: usual } = PROBLEMS[code]
  const { status = usual, headers = {}, fields = {} } = detail
  if (!wantsHtml(ask)) return json({ code, what, cure, ...fields }, status, headers)
  const { access } = ask.env
  const about: Frame = { title: 'Sorry', access: access.path, gateway: throughGateway(ask), basketCount: 0 }
  return page(about, problemPage(code, fields), status, headers)
}

/** The gateway adds it for its own user; whoever else does sees two links that lead nowhere. */
export function throughGateway(ask: Ask): boolean {
  return ask.req.header('keyline-gateway') === '1'
}
