import type { ServerResponse } from 'node:http'

/** What a request is answered with that did not do what it asked for: status, and the three parts of an error. */
export const PROBLEMS = {
  BODY_INVALID: { status: 400, what: 'the body is not what this path expects', cure: 'send the JSON it asks for' },
  PAYMENT_PENDING: {
    status: 202,
    what: 'the card company has not answered yet',
    cure: 'do not pay again; the order tells how it ends',
  },
  PAYMENT_REFUSED: {
    status: 402,
    what: 'the card company refused the payment; nothing was charged',
    cure: 'use another card, or ask your card company',
  },
  CROSS_SITE: { status: 403, what: 'this request comes from another site', cure: 'use the pages of the shop itself' },
  ROUTE_NEEDS_LINE: {
    status: 403,
    what: 'this path is answered over the line only',
    cure: 'send it by the card, never over the Internet',
  },
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
  BACKEND_UNKNOWN: { status: 404, what: 'there is no backend of this name', cure: 'ask the operator for its name' },
  BACKEND_UNREACHABLE: {
    status: 502,
    what: 'the backend does not answer',
    cure: 'try again later, or tell the operator',
  },
  NOT_FOUND: { status: 404, what: 'there is nothing under this path', cure: 'see GET /menu' },
  GOODS_UNKNOWN: { status: 404, what: 'the shop has no such product', cure: 'see GET /shop/goods' },
  TAG_UNKNOWN: { status: 404, what: 'this purchase tag is not known', cure: 'finish a basket to get one' },
  METHOD_NOT_ALLOWED: { status: 405, what: 'this path does not take this method', cure: 'see the Allow header' },
  REQUEST_TIMEOUT: { status: 408, what: 'the body did not come in time', cure: 'send it again, at once' },
  KEY_USED: { status: 409, what: 'this key was used already', cure: 'use the next one, or log in over the line' },
  AMOUNT_CHANGED: {
    status: 409,
    what: 'the amount is another one than was agreed to; nothing was charged',
    cure: 'look at the purchase tag again, then pay',
  },
  BASKET_EMPTY: { status: 409, what: 'the basket is empty', cure: 'put something into it' },
  BASKET_FINISHED: { status: 409, what: 'this basket was finished already', cure: 'see its purchase tag' },
  BASKET_FULL: { status: 409, what: 'the basket takes no more', cure: 'finish it, or take something out' },
  BASKET_UNKNOWN: { status: 409, what: 'there is no basket yet', cure: 'send a user ID to POST /shop/enter' },
  CURRENCIES_MIXED: {
    status: 409,
    what: 'a basket holds goods of one currency only',
    cure: 'pay for these first, then take the others',
  },
  OUT_OF_STOCK: { status: 409, what: 'there is not so much in stock', cure: 'take less of it, or something else' },
  TAG_EMPTY: {
    status: 409,
    what: 'a purchase tag holds at least one thing',
    cure: 'cancel it in place of emptying it',
  },
  TAG_FOREIGN: {
    status: 409,
    what: 'this purchase tag belongs to another user or card',
    cure: 'pay with the card that it was issued to',
  },
  TAG_LAPSED: {
    status: 409,
    what: 'the time of this purchase tag is over; its goods went back',
    cure: 'finish a new basket',
  },
  TAG_PENDING: {
    status: 409,
    what: 'a payment for this purchase tag is under way',
    cure: 'wait; the order tells how it ends',
  },
  TAG_SEALED: { status: 409, what: 'this purchase tag cannot be changed any more', cure: 'begin a new basket' },
  TAG_USED: { status: 409, what: 'this purchase tag was paid for already', cure: 'see GET /shop/orders' },
  TOO_MANY_TAGS: {
    status: 409,
    what: 'too many purchase tags wait for their payment',
    cure: 'pay for one, or cancel one',
  },
  BODY_TOO_LARGE: { status: 413, what: 'the body is too large', cure: 'send at most 4096 bytes' },
  RANGE_UNSATISFIABLE: {
    status: 416,
    what: 'the range begins after the end of the content',
    cure: 'ask for less, or for all',
  },
  PERSONAL_DATA_INVALID: {
    status: 422,
    what: 'something in the personal data is not right; nothing was charged',
    cure: 'correct the fields that are named',
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
