import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Secret } from '../../keys/secret.ts'
import type { Clock } from '../../line/clock.ts'
import { AMOUNT_MAX } from '../../wire/line/purchase.ts'
import type { Authorisation, PaymentGateway, PaymentState } from './payment-gateway.ts'
import { type Component, contentDigest, hmacIsOf, signatureBase, signatureParams, signHmac } from './signature.ts'

/** Of one request, milliseconds: several fit into the budget of a call. */
const TIMEOUT_MS = 8000
/** Of an answer; a real one has less than 200 bytes. */
const ANSWER_MAX = 4096
const NONCE_BYTES = 16
const LABEL = 'keyline'
/** The answer is bound to the very request, whose nonce is in its signature (RFC 9421 §2.4). */
const REQUEST_SIGNATURE = `"signature";req;key="${LABEL}"`

export interface HttpGatewayOptions {
  /** Payments are below it. @see acquirer-url.ts */
  readonly url: URL
  /** Printable ASCII without quotes. */
  readonly keyId: string
  readonly key: Secret
  /** Its `now()` is Unix milliseconds. */
  readonly clock: Clock
  readonly timeoutMs?: number
  readonly fetch?: typeof fetch
  /** Told why the acquirer counts as unreachable, in a word or two that hold nothing of the payment. */
  readonly onFault?: (why: string) => void
}

const common = { key: z.string() }
const money = { amount: z.int().min(0).max(AMOUNT_MAX), currency: z.string().regex(/^[A-Z]{3}$/) }
const Answer = z.discriminatedUnion('state', [
  z.strictObject({ ...common, state: z.literal('unknown') }),
  z.strictObject({ ...common, state: z.literal('authorised'), ...money }),
  z.strictObject({ ...common, state: z.literal('captured'), ...money }),
  z.strictObject({ ...common, state: z.literal('voided') }),
  z.strictObject({ ...common, state: z.literal('refused'), reason: z.string().regex(/^[a-z0-9-]{1,40}$/) }),
])

/** Why an answer is none. */
class Unfit extends Error {}

interface Request {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly content: Uint8Array
  readonly key: string
}

/** The acquirer over HTTP. Whatever is not exactly as expected is `unreachable`. */
export function httpGateway(options: HttpGatewayOptions): PaymentGateway {
  const base = options.url.pathname.replace(/\/$/, '')
  const ask = async (key: string, verb: string, body: object | undefined, signal?: AbortSignal) => {
    const content = Buffer.from(body === undefined ? '' : JSON.stringify(body))
    const path = `${base}/payments/${encodeURIComponent(key)}${verb}`
    return exchange(options, { method: body === undefined ? 'GET' : 'POST', path, content, key }, signal)
  }
  return {
    authorise: async (payment, signal) => {
      const { key, amount, currency, card } = payment
      const said = await ask(key, '/authorise', { amount, currency, card }, signal)
      if (agrees(said, payment)) return stateOf(said)
      options.onFault?.('another amount')
      return { state: 'unreachable' }
    },
    capture: async (key, signal) => stateOf(await ask(key, '/capture', {}, signal)),
    void: async (key, signal) => stateOf(await ask(key, '/void', {}, signal)),
    look: async (key, signal) => stateOf(await ask(key, '', undefined, signal)),
  }
}

type Said = z.output<typeof Answer> | { readonly state: 'unreachable' }

/** Whether money is held for what was asked. */
function agrees(said: Said, { amount, currency }: Authorisation): boolean {
  return !('amount' in said) || (said.amount === amount && said.currency === currency)
}

function stateOf(said: Said): PaymentState {
  return said.state === 'refused' ? { state: said.state, reason: said.reason } : { state: said.state }
}

async function exchange(options: HttpGatewayOptions, request: Request, signal: AbortSignal | undefined): Promise<Said> {
  const { clock, timeoutMs = TIMEOUT_MS, onFault } = options
  const abort = new AbortController()
  const cancel = clock.after(timeoutMs, () => abort.abort(new Unfit('timeout')))
  const either = signal === undefined ? abort.signal : AbortSignal.any([abort.signal, signal])
  try {
    return await send(options, request, either)
  } catch (error) {
    // What fetch says may name the address and parts of the answer; one word is enough for the operator.
    onFault?.(error instanceof Unfit ? error.message : either.aborted ? 'given up' : 'connection')
    return { state: 'unreachable' }
  } finally {
    cancel()
    // Ends a body that was not read to its end.
    abort.abort()
  }
}

async function send(options: HttpGatewayOptions, request: Request, signal: AbortSignal): Promise<Said> {
  const { method, path, content, key } = request
  const { headers, signature } = signed(options, request)
  const target = new URL(options.url)
  target.pathname = path
  const response = await (options.fetch ?? fetch)(target, {
    method,
    headers,
    redirect: 'manual',
    signal,
    ...(method === 'POST' ? { body: content } : {}),
  })
  if (response.status !== 200) throw new Unfit(`status ${response.status}`)
  const bytes = await bounded(response)
  checkSignature(options, response, bytes, signature)
  const said = Answer.safeParse(json(bytes))
  if (!said.success) throw new Unfit('answer not understood')
  if (said.data.key !== key) throw new Unfit('answer about another payment')
  return said.data
}

/** Headers of a request; its signature also names the answer that belongs to it. */
function signed({ clock, keyId, key: secret }: HttpGatewayOptions, { method, path, content, key }: Request) {
  const digest = contentDigest(content)
  const idempotencyKey = `"${key}"`
  const components: readonly Component[] = [
    ['"@method"', method],
    ['"@path"', path],
    ['"content-digest"', digest],
    ['"idempotency-key"', idempotencyKey],
  ]
  const nonce = randomBytes(NONCE_BYTES).toString('base64url')
  const params = signatureParams(components, { created: Math.floor(clock.now() / 1000), keyId, nonce })
  const signature = signHmac(secret.reveal(), signatureBase(components, params))
  const headers = {
    accept: 'application/json',
    // The digest is of what was sent; nothing is to be unpacked in between (RFC 9530 §2).
    'accept-encoding': 'identity',
    'content-type': 'application/json',
    'content-digest': digest,
    'idempotency-key': idempotencyKey,
    'signature-input': `${LABEL}=${params}`,
    signature: `${LABEL}=:${signature}:`,
  }
  return { headers, signature }
}

/** @throws Unfit unless the answer was made by who has the key, for this request */
function checkSignature(options: HttpGatewayOptions, response: Response, content: Uint8Array, request: string): void {
  const created = Number(/;created=([0-9]{1,12});/.exec(response.headers.get('signature-input') ?? '')?.[1])
  const signature = /^keyline=:([A-Za-z0-9+/]{43}=):$/.exec(response.headers.get('signature') ?? '')?.[1]
  const components: readonly Component[] = [
    ['"@status"', String(response.status)],
    ['"content-digest"', contentDigest(content)],
    [REQUEST_SIGNATURE, `:${request}:`],
  ]
  const params = signatureParams(components, { created, keyId: options.keyId })
  const asExpected = response.headers.get('signature-input') === `${LABEL}=${params}`
  if (signature === undefined || !asExpected) throw new Unfit('answer without signature')
  if (!hmacIsOf(options.key.reveal(), signatureBase(components, params), signature)) {
    throw new Unfit('answer with a wrong signature')
  }
}

/** @throws Unfit when it is too long */
async function bounded(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > ANSWER_MAX) throw new Unfit('answer too long')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Unfit('answer not understood')
  }
}
