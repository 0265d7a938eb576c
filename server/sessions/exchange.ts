import { timingSafeEqual } from 'node:crypto'
import { sha256 } from '../../keys/kdf.ts'
import { NoiseError } from '../../keys/noise.ts'
import { cardHint } from '../../keys/ratchet.ts'
import type { Secret } from '../../keys/secret.ts'
import { type LineChannel, requestHint, ServerExchange } from '../../line/exchange.ts'
import { encodeLoginResponse, type LoginResponse } from '../../wire/line/login.ts'
import { encodePurchaseVerdict } from '../../wire/line/purchase.ts'
import type { Payer } from '../shop/purchases.ts'
import type { StoredCard } from '../store/store.ts'
import type { LineServiceOptions } from './line-options.ts'
import { checkLogin, type LoginDecision } from './login.ts'
import { checkPurchase, readOpening } from './purchase.ts'
import { PurchaseChannel } from './purchase-channel.ts'
import { makeSessionKeys } from './session-keys.ts'
import { short } from './sessions.ts'

/** Times that another node may be faster with the same card before this one gives up. */
const RACES_MAX = 3
const LOCKED: LoginResponse = { verdict: 'refused', reason: 'CARD_LOCKED', retryAfterSeconds: 0 }
export const CLONED = 'two continuations of one ratchet: the card was cloned'

/** What a request is answered with. */
export interface Exchanged {
  /** Noise message 2. */
  readonly response: Uint8Array
  /** Of a purchase that was accepted just now, never of an answer that is repeated: its keys have sealed already. */
  readonly purchase?: PurchaseChannel
}

interface Decision {
  /** Of the response. */
  readonly payload: Uint8Array
  readonly login?: LoginDecision
  readonly payer?: Payer | undefined
}

/**
 * A login (S2–S9) or the opening of a purchase (S30–S33, S64–S67): card hint ‖ Noise message 1.
 * @returns message 2, or undefined for a hint that nobody has and for what does not authenticate
 * @throws NoiseError when it is too short; ServerError from the store
 */
export async function handleExchange(
  options: LineServiceOptions,
  addresses: readonly string[],
  request: Uint8Array,
): Promise<Exchanged | undefined> {
  const hint = Uint8Array.from(requestHint(request))
  for (let tries = 0; tries < RACES_MAX; tries++) {
    const found = await options.store.cardByHint(hint)
    if (found === undefined) return undefined
    const { card, uses } = found
    try {
      if (uses === 'previous') return await repeated(options, addresses, card, request)
      const ended = await advance(options, addresses, card, request)
      if (ended !== 'raced') return ended
    } finally {
      card.currentRatchet.wipe()
      card.previous?.ratchet.wipe()
    }
  }
  return undefined
}

/** The current ratchet: this request confirms it, and the answer makes the next one. A refusal does so too. */
async function advance(
  options: LineServiceOptions,
  addresses: readonly string[],
  card: StoredCard,
  request: Uint8Array,
): Promise<Exchanged | undefined | 'raced'> {
  const { store, node, keysLifetimeSeconds, log } = options
  const exchange = open(options, addresses, card, card.currentRatchet, request)
  if (exchange === undefined) return undefined
  const locked = card.lockReason !== undefined
  const { payload, login: decision, payer } = await decide(options, card, exchange.payload)
  const { response, channel } = exchange.respond(payload)
  const keys = decision === undefined ? [] : makeSessionKeys(decision, channel.handshakeHash)
  let done = false
  const expiresAt = options.now() + keysLifetimeSeconds * 1000
  try {
    done = await store.commitExchange({
      cardId: card.cardId,
      expectedHint: card.currentHint,
      nextRatchet: channel.nextRatchet,
      nextHint: cardHint(channel.nextRatchet),
      requestHash: sha256(request),
      response,
      locked,
      sessions: decision?.login && { userId: decision.login.userId, node, expiresAt, keys },
    })
  } finally {
    channel.nextRatchet.wipe()
    for (const { psk } of keys) psk.wipe()
    if (!done || payer === undefined) wipeCiphers(channel)
  }
  if (!done) return 'raced'
  if (locked) log({ event: 'card.refused', path: 'line', card: card.cardId, reason: 'CARD_LOCKED' })
  const [first] = keys
  if (first !== undefined) {
    const about = { path: 'line', card: card.cardId, session: short(first) } as const
    log({ event: 'login.permitted', step: 'S5', ...about })
    log({ event: 'keys.kept', step: 'S9', ...about, keys: keys.length, lifetimeSeconds: keysLifetimeSeconds })
    log({ event: 'keys.sent', step: "S7'", ...about })
  }
  const { app } = options
  if (payer === undefined || app === undefined) return { response }
  return { response, purchase: new PurchaseChannel(channel, payer, app, log) }
}

/** @param payload wiped here */
async function decide(options: LineServiceOptions, card: StoredCard, payload: Uint8Array): Promise<Decision> {
  const opening = card.lockReason === undefined ? readOpening(payload) : undefined
  if (opening !== undefined) {
    payload.fill(0)
    const { verdict, payer } = await checkPurchase(options, card.cardId, opening)
    return { payload: encodePurchaseVerdict(verdict), payer }
  }
  if (card.lockReason !== undefined) {
    payload.fill(0)
    return { payload: encodeLoginResponse(LOCKED) }
  }
  const login = await checkLogin(options, card.cardId, payload)
  return { payload: encodeLoginResponse(login.response), login }
}

function wipeCiphers({ send, receive }: LineChannel): void {
  send.wipe()
  receive.wipe()
}

/**
 * The ratchet before: the card did not get its answer and asks once more, with the very same bytes. Other bytes that are
 * good too can only come from a second card with the same memory. Bytes that are not good prove nothing: who saw a hint on
 * the line could send them.
 */
async function repeated(
  options: LineServiceOptions,
  addresses: readonly string[],
  card: StoredCard,
  request: Uint8Array,
): Promise<Exchanged | undefined> {
  const { store, log, onSessionsEnded } = options
  if (card.previous === undefined) return undefined
  if (timingSafeEqual(sha256(request), card.previous.requestHash)) {
    log({ event: 'answer.repeated', path: 'line', card: card.cardId })
    return { response: card.previous.response }
  }
  const exchange = open(options, addresses, card, card.previous.ratchet, request)
  if (exchange === undefined) return undefined
  exchange.payload.fill(0)
  if (await store.lockCard(card.cardId, CLONED, options.now())) {
    log({ event: 'card.cloned', path: 'line', card: card.cardId, alarm: true })
    onSessionsEnded()
  }
  const { response, channel } = exchange.respond(encodeLoginResponse(LOCKED))
  wipeCiphers(channel)
  channel.nextRatchet.wipe()
  return { response }
}

/** @returns the exchange under the called address that it was made for, or undefined when it is good under none */
function open(
  { own }: LineServiceOptions,
  addresses: readonly string[],
  card: StoredCard,
  ratchet: Secret,
  request: Uint8Array,
): ServerExchange | undefined {
  for (const calledAddress of addresses) {
    try {
      return new ServerExchange({ own, peer: card.publicKey, ratchet, calledAddress }, request)
    } catch (error) {
      if (!(error instanceof NoiseError)) throw error
    }
  }
  return undefined
}
