import type { ServerResponse } from 'node:http'

/** What a request is refused with: status, and the three parts of an error. */
export const PROBLEMS = {
  BODY_INVALID: { status: 400, what: 'the body is not what this path expects', cure: 'send the JSON it asks for' },
  LOGIN_REFUSED: { status: 401, what: 'this user ID and password are not known', cure: 'log in again over the line' },
  ACCOUNT_LOCKED: {
    status: 401,
    what: 'the account is locked after wrong passwords',
    cure: 'wait, or ask the operator, then log in again over the line',
  },
  SESSION_NOT_OPENED: {
    status: 403,
    what: 'the login under this session key is still missing',
    cure: 'send user ID and password to POST /session first',
  },
  NOT_FOUND: { status: 404, what: 'there is nothing under this path', cure: 'see GET /menu' },
  METHOD_NOT_ALLOWED: { status: 405, what: 'this path does not take this method', cure: 'see the Allow header' },
  REQUEST_TIMEOUT: { status: 408, what: 'the body did not come in time', cure: 'send it again, at once' },
  REKEY_ORDER: { status: 409, what: 'this is the first key of its session', cure: 'rekey under a later key' },
  BODY_TOO_LARGE: { status: 413, what: 'the body is too large', cure: 'send at most 4096 bytes' },
  RANGE_UNSATISFIABLE: {
    status: 416,
    what: 'the range begins after the end of the content',
    cure: 'ask for less, or for all',
  },
  HTTP_INVALID: { status: 400, what: 'this is no valid HTTP/1.1 request', cure: 'send a valid one' },
  INTERNAL: { status: 500, what: 'something unforeseen happened', cure: 'try again, and tell the operator' },
  SERVER_BUSY: { status: 503, what: 'the server is busy', cure: 'try again in a few seconds' },
} as const satisfies Readonly<Record<string, { status: number; what: string; cure: string }>>

export type ProblemCode = keyof typeof PROBLEMS

/** Answers are for one session: no cache in between may keep them, no reader may take them for another type. */
export const COMMON_HEADERS = { 'cache-control': 'private, no-store', 'x-content-type-options': 'nosniff' } as const

export function sendJson(response: ServerResponse, status: number, value: unknown, headers = {}): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...COMMON_HEADERS,
    ...headers,
  })
  response.end(body)
}

export function sendProblem(
  response: ServerResponse,
  code: ProblemCode,
  headers: Readonly<Record<string, string>> = {},
): void {
  const { status, what, cure } = PROBLEMS[code]
  sendJson(response, status, { code, what, cure }, headers)
}
