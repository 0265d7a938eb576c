import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Clock } from '../../line/clock.ts'
import type { Catalogue } from '../delivery/catalogue.ts'
import type { Log } from '../events.ts'
import { sendJson, sendProblem } from '../internet-port/answers.ts'
import { readLogin, readRekey } from '../internet-port/body.ts'
import { sendContent } from '../internet-port/content-route.ts'
import { type Sessions, short } from '../sessions/sessions.ts'
import { type Ask, type Handler, type Route, route, sessionOf } from './route.ts'

export interface SessionRoutesOptions {
  readonly sessions: Sessions
  readonly catalogue: Catalogue
  readonly clock: Clock
  readonly log: Log
}

const CLOSE = { connection: 'close' }
const CONTENT = '/content/'

/**
 * The first embodiment (S11–S18). These answer on node's own response: content is streamed in slabs, and an answer that tells that its session
 * ended must be the last one of its connection.
 */
export function sessionRoutes({ sessions, catalogue, clock, log }: SessionRoutesOptions): Route[] {
  const login = raw(async (ask, response) => {
    const session = sessionOf(ask)
    const body = await readLogin(incomingOf(ask), clock)
    if (typeof body === 'string') return sendProblem(response, body, CLOSE)
    const verdict = await sessions.login(session, body.userId, body.password)
    if (verdict.permitted) return sendJson(response, 200, await sessions.summary(session))
    const retry = { 'retry-after': String(verdict.retryAfterSeconds) }
    const goesOn = verdict.reason === 'SERVER_BUSY' || verdict.reason === 'KEY_USED'
    sendProblem(response, verdict.reason, goesOn ? retry : { ...retry, ...CLOSE })
  })
  const summary = raw(async (ask, response) => sendJson(response, 200, await sessions.summary(sessionOf(ask))))
  const logout = raw(async (ask, response) => {
    await sessions.close(sessionOf(ask))
    response.writeHead(204, CLOSE).end()
  })
  const rekey = raw(async (ask, response) => {
    const session = sessionOf(ask)
    const body = await readRekey(incomingOf(ask), clock)
    if (typeof body === 'string') return sendProblem(response, body, CLOSE)
    const wrong = await sessions.rekey(session, body.from)
    if (wrong !== undefined) return sendProblem(response, wrong)
    sendJson(response, 200, await sessions.summary(session))
  })
  const spare = raw(async (ask, response) => sendJson(response, 200, await sessions.spare(sessionOf(ask))))
  const eraseAll = raw(async (ask, response) => {
    await sessions.eraseKeys(sessionOf(ask))
    response.writeHead(204, CLOSE).end()
  })
  const menu = raw(async (ask, response) => {
    const items = await catalogue.menu()
    sendJson(response, 200, { items })
    log({ event: 'menu.sent', step: "S17'", path: 'internet', session: short(sessionOf(ask)), titles: items.length })
  })
  const content = raw(async (ask, response) => {
    const incoming = incomingOf(ask)
    // As it stood in the request: the router has decoded what it passes on.
    const name = (incoming.url?.split('?')[0] ?? '').slice(CONTENT.length)
    const delivered = await sendContent(catalogue, name, incoming, response)
    if (delivered === 'not-found') return
    const about = { session: short(sessionOf(ask)), name, range: incoming.headers.range ?? 'all' }
    log({ event: `content.${delivered}`, ...(delivered === 'sent' && { step: "S17'" }), path: 'internet', ...about })
  })
  return [
    route('POST', '/session', ['session'], login, 'unopened'),
    route('GET', '/session', ['session'], summary),
    route('DELETE', '/session', ['session'], logout),
    route('POST', '/session/rekey', ['session'], rekey, 'unopened'),
    route('GET', '/session/keys', ['session'], spare, 'unopened'),
    route('DELETE', '/session/keys', ['session'], eraseAll, 'unopened'),
    route('GET', '/menu', ['session'], menu),
    route('GET', `${CONTENT}:name`, ['session'], content),
    route('HEAD', `${CONTENT}:name`, ['session'], content),
  ]
}

/** @param work answers on node's own response, wholly */
function raw(work: (ask: Ask, response: ServerResponse) => Promise<void>): Handler {
  return async (ask) => {
    const { outgoing } = ask.env
    if (outgoing === undefined) throw new RangeError('expected a request of the Internet port')
    await work(ask, outgoing)
    return RESPONSE_ALREADY_SENT
  }
}

function incomingOf({ env: { incoming } }: Ask): IncomingMessage {
  if (incoming === undefined) throw new RangeError('expected a request of the Internet port')
  return incoming
}
