import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Clock } from '../clock.ts'
import { AuthoriseBody, decide } from './bank.ts'
import type { Ask, Behaviours, Manner } from './behaviour.ts'
import type { AcquirerEvent } from './events.ts'
import type { Ledger, Payment } from './ledger.ts'
import { checkRequest, type SharedKey, signAnswer } from './signature.ts'

const BODY_MAX = 8192
const ROUTE = /^\/payments\/([A-Za-z0-9_-]{16,64})(?:\/(authorise|capture|void))?$/

export interface ServiceOptions {
  readonly ledger: Ledger
  readonly key: SharedKey
  readonly behaviours: Behaviours
  readonly clock: Clock
  /** Unix milliseconds. */
  readonly now: () => number
  readonly tell: (event: AcquirerEvent) => void
}

interface Wanted {
  readonly ask: Ask
  readonly key: string
}

/** Answers over HTTP. Its `close` ends the requests that it never answers too. */
export function makeService(options: ServiceOptions): Server {
  const server = createServer((request, response) => {
    serve(options, request, response).catch(() => response.destroy())
  })
  return server
}

async function serve(options: ServiceOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { ledger, key, behaviours, clock, now, tell } = options
  const reject = (status: number, why: string): void => {
    tell({ event: 'rejected', status, why })
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: why }))
  }
  const wanted = wantedOf(request)
  if (wanted === undefined) return reject(404, 'path')
  const manner = behaviours.next(wanted.ask)
  if (manner.as === 'down') return void request.socket.destroy()
  const content = await read(request)
  if (content === undefined) return reject(413, 'length')
  const { method = '', url: path = '', headers } = request
  const checked = checkRequest(key, { method, path, headers, content }, seconds(now()))
  if (!checked.ok) return reject(401, checked.why)
  if (headers['idempotency-key'] !== `"${wanted.key}"`) return reject(400, 'idempotency-key')
  const held = { event: 'held', ask: wanted.ask, as: manner.as } as const
  if (manner.as === 'time-out-before') return tell(held)
  if (manner.waitMs > 0) {
    tell(held)
    await new Promise<void>((resolve) => clock.after(manner.waitMs, resolve))
  }
  const done = ledger.once(checked.nonce, seconds(now()), () => carryOut(options, wanted, manner, content))
  if (done === undefined) return reject(401, 'replay')
  if (done === 'conflict') return reject(422, 'another payment under this key')
  if (done === 'invalid') return reject(400, 'body')
  tell({ event: 'payment', ask: wanted.ask, as: manner.as, ...factsOf(wanted.key, done.payment) })
  if (manner.as === 'time-out-after') return
  const body = Buffer.from(JSON.stringify(answerOf(wanted.key, done.payment)))
  const signed = signAnswer(key, { ...checked, status: 200, content: body }, seconds(now()))
  send(response, body, signed, manner.as === 'answer-twice')
}

/** In a transaction of the ledger. */
function carryOut({ ledger, now }: ServiceOptions, { ask, key }: Wanted, manner: Manner, content: Uint8Array) {
  if (ask !== 'authorise') return { payment: ledger[ask](key) }
  const body = AuthoriseBody.safeParse(json(content))
  if (!body.success) return 'invalid'
  const { amount, currency, card } = body.data
  const { brand, refusal } = decide(body.data, new Date(now()))
  const reason = manner.as === 'refuse' ? 'do-not-honour' : (refusal ?? '')
  const payment = ledger.authorise(key, { amount, currency, brand, lastFour: card.cardNumber.slice(-4), reason })
  return payment === undefined ? 'conflict' : { payment }
}

function answerOf(key: string, payment: Payment | undefined): object {
  if (payment === undefined) return { key, state: 'unknown' }
  const { state, amount, currency, reason } = payment
  if (state === 'voided') return { key, state }
  return state === 'refused' ? { key, state, reason } : { key, state, amount, currency }
}

function factsOf(key: string, payment: Payment | undefined) {
  if (payment === undefined || payment.brand === '') return { key, state: payment?.state ?? ('unknown' as const) }
  const { state, amount, currency, brand, lastFour } = payment
  return { key, state, amount, currency, brand, lastFour }
}

function send(response: ServerResponse, body: Buffer, signed: Readonly<Record<string, string>>, twice: boolean): void {
  const headers = { 'content-type': 'application/json', 'content-length': String(body.length), ...signed }
  const { socket } = response
  response.writeHead(200, headers).end(body)
  if (!twice || socket === null) return
  // The same answer once more, that nobody asked for.
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 ${STATUS_CODES[200]}\r\n${lines.join('')}\r\n`), body]))
}

function wantedOf({ method, url = '' }: IncomingMessage): Wanted | undefined {
  const [, key, verb] = ROUTE.exec(url) ?? []
  if (key === undefined || method !== (verb === undefined ? 'GET' : 'POST')) return undefined
  return { key, ask: verb === 'authorise' || verb === 'capture' || verb === 'void' ? verb : 'look' }
}

/** @returns undefined when it is too long */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request) {
    length += part.length
    if (length <= BODY_MAX) parts.push(part)
  }
  return length <= BODY_MAX ? Buffer.concat(parts) : undefined
}

function json(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString())
  } catch {
    return undefined
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
