import { z } from 'zod'
import { CARD_ID_MAX, LINE_HTTP_MAX, PASSWORD_MAX, SESSION_KEYS_MAX, USER_ID_MAX } from '../limits.ts'
import { REFUSALS, type Refusal } from '../line/login.ts'
import { AMOUNT_MAX, PURCHASE_REFUSALS, type PurchaseRefusal } from '../line/purchase.ts'
import { BEARERS, TICKET_TEXT_MAX } from '../line/ticket.ts'
import { FILES_METHODS } from './files.ts'
import { PAIRING_METHODS, pairingNeeded } from './pairing.ts'
import { PIN_METHODS, pinState } from './pin.ts'
import { UPDATE_METHODS } from './update.ts'

/*
 * The card API (PROTOCOL.md §6): what a PC may ask a card, one schema for both ends. A field that is not named here is an
 * error. Keys and hashes are base64url; sizes are bytes, times milliseconds unless the name says otherwise.
 */
export const API_VERSION = 1

const text = (max: number): z.ZodString => z.string().min(1).max(max)
const bytes = (max: number) => text(max).refine((value) => Buffer.byteLength(value) <= max, `at most ${max} bytes`)
const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected 32 bytes as base64url')
const count = z.number().int().nonnegative()
const amount = z.strictObject({ amount: count.max(AMOUNT_MAX), currency: z.string().regex(/^[A-Z]{3}$/) })
/** Binary HTTP as base64url. */
const binaryHttp = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, 'expected base64url')
  .max(Math.ceil((LINE_HTTP_MAX * 4) / 3))
const PURCHASE_REFUSAL_NAMES = [...new Set(Object.values(PURCHASE_REFUSALS))] as [PurchaseRefusal, ...PurchaseRefusal[]] // as below
const REFUSAL_NAMES = Object.values(REFUSALS) as [Refusal, ...Refusal[]] // Object.values forgets that the list is not empty

/** What the card is doing on the line; the same names in docs/states/card.md. */
export const LINE_STATES = [
  'idle',
  'preparing',
  'consenting',
  'dialling',
  'connected',
  'exchanging',
  'paying',
  'hanging-up',
] as const
export type LineState = (typeof LINE_STATES)[number]

/** What the modem is and hears, as of the card's last look at it. */
const network = z.strictObject({
  /** Kind of modem, as the card recognised it. */
  modem: z.string().max(64).optional(),
  sim: z.string().max(32),
  registration: z.string().max(32).optional(),
  operator: z.string().max(64).optional(),
  signalDbm: z.number().optional(),
  /** 0…5 as a telephone shows it. */
  signalBars: z.number().int().min(0).max(5).optional(),
})
export type NetworkLook = z.infer<typeof network>

/** One thing that a card looked at, and what to do where it is not well. */
const check = z.strictObject({
  name: z.string().max(32),
  verdict: z.enum(['ok', 'failed', 'unproved']),
  what: z.string().max(400),
  cure: z.string().max(400).optional(),
})
export type Check = z.infer<typeof check>
const CHECKS_MAX = 32

const cardSummary = z.strictObject({
  /** Empty until enrolment. */
  cardId: z.string().max(CARD_ID_MAX),
  enrolled: z.boolean(),
  /** `host:port` of the server's Internet port; empty until enrolment. */
  internet: z.string().max(128),
  state: z.enum(LINE_STATES),
  /** Serial path of the modem, or why it is not usable. */
  modem: z.string().max(256),
  /** Absent while the modem is not usable. */
  network: network.optional(),
  /** Its own PIN; absent without one. Locked, it says no more of itself than this. */
  pin: pinState.optional(),
})

/** One bearer of a job: what it cost, and the card's code of why it did not do. */
const triedBearer = z.strictObject({
  bearer: z.enum(BEARERS),
  calls: count,
  ms: count,
  bytesUp: count,
  bytesDown: count,
  messagesUp: count,
  messagesDown: count,
  code: z.string().max(64).optional(),
})
export type TriedBearer = z.infer<typeof triedBearer>
export const triedBearers = z.array(triedBearer).max(BEARERS.length)

/** One call as it was on the wire: framing included, `up` is away from the card. */
const callReport = z.strictObject({
  bytesUp: count,
  bytesDown: count,
  messagesUp: count,
  messagesDown: count,
  /** From the first dialling to CONNECT, over all attempts. */
  setupMs: count,
  /** From the first byte of the request to the last byte of the response. */
  exchangeMs: count,
  attempts: count,
  /** Bearers in the order in which they were tried; the last one did it. */
  tried: triedBearers,
})
export type CallReport = z.infer<typeof callReport>

const loginResult = z.discriminatedUnion('verdict', [
  z.strictObject({
    verdict: z.literal('permitted'),
    serverKeys: z.array(key).min(1).max(SESSION_KEYS_MAX),
    lifetimeSeconds: count,
    secretRoutes: z.array(z.string().max(64)).max(16),
    /** Salt of the session keys. */
    handshakeHash: key,
    internet: z.string().max(128),
    call: callReport,
  }),
  z.strictObject({
    verdict: z.literal('refused'),
    reason: z.enum(REFUSAL_NAMES),
    retryAfterSeconds: count,
    call: callReport,
  }),
])
export type LoginResult = z.infer<typeof loginResult>

const payResult = z.discriminatedUnion('verdict', [
  z.strictObject({
    verdict: z.literal('accepted'),
    /** What the server said it charges for; the card compared it with what was expected. */
    terms: amount.extend({ items: count, lapsesInSeconds: count }),
    /** The server's answer to the request, of whatever status. */
    response: binaryHttp,
    call: callReport,
  }),
  z.strictObject({
    verdict: z.literal('refused'),
    reason: z.enum(PURCHASE_REFUSAL_NAMES),
    retryAfterSeconds: count,
    call: callReport,
  }),
])
export type PayResult = z.infer<typeof payResult>

export const METHODS = {
  /** First call of a driver: which version both speak, and what the card is. */
  'card.hello': {
    params: z.strictObject({ version: z.literal(API_VERSION), driver: text(64) }),
    result: z.strictObject({
      version: z.literal(API_VERSION),
      firmware: text(64),
      card: cardSummary,
      /** Until this was answered the card says and does nothing else. */
      pairing: pairingNeeded.optional(),
    }),
  },
  'card.status': { params: z.strictObject({}), result: z.strictObject({ card: cardSummary }) },
  /** Looks at the modem, its SIM card, the network and each bearer, calls nobody, and says what to do. Takes up to two minutes. */
  'card.doctor': {
    params: z.strictObject({}),
    result: z.strictObject({ checks: z.array(check).max(CHECKS_MAX) }),
  },
  /** Once per card: one call with the ticket. The same ticket may be given again after a lost answer. */
  'card.enrol': {
    params: z.strictObject({ ticket: text(TICKET_TEXT_MAX) }),
    result: z.strictObject({ cardId: z.string(), internet: z.string(), call: callReport }),
  },
  /** S2–S10 in one call. The card hangs up in any case. */
  'line.login': {
    params: z.strictObject({
      userId: bytes(USER_ID_MAX),
      password: bytes(PASSWORD_MAX),
      /** POkey₁ … POkeyₖ. */
      terminalKeys: z.array(key).min(1).max(SESSION_KEYS_MAX),
    }),
    result: loginResult,
  },
  /**
   * S30–S36 or S64–S70 in one call: the tag, and after the server accepted it and named the amount that is expected, the request. Another
   * amount ends it with AMOUNT_CHANGED before anything is sent.
   */
  'line.pay': {
    params: z.strictObject({
      userId: bytes(USER_ID_MAX),
      tag: z.string().regex(/^[A-Za-z0-9_-]{22}$/, 'expected 16 bytes as base64url'),
      expected: amount,
      /** POST of a secret route with the personal data in it. */
      request: binaryHttp,
      /** Which steps are told: of the second embodiment (S30 …) or of the third (S64 …). */
      embodiment: z.union([z.literal(2), z.literal(3)]),
    }),
    result: payResult,
  },
  /** Ends a running call; harmless when there is none. */
  'line.cancel': { params: z.strictObject({}), result: z.strictObject({ cancelled: z.boolean() }) },
  ...PAIRING_METHODS,
  ...PIN_METHODS,
  ...FILES_METHODS,
  ...UPDATE_METHODS,
} as const

export type MethodName = keyof typeof METHODS
export type Params<M extends MethodName> = z.infer<(typeof METHODS)[M]['params']>
export type Result<M extends MethodName> = z.infer<(typeof METHODS)[M]['result']>

export const NOTIFICATIONS = {
  /** `step` is a step (S2 … S10, S30 … S36, S64 … S70) where one happens. */
  'line.state': z.strictObject({
    state: z.enum(LINE_STATES),
    step: z
      .string()
      .regex(/^S\d{1,2}'?$/)
      .optional(),
    text: z.string().max(200),
  }),
  'card.log': z.strictObject({ level: z.enum(['info', 'warning', 'error']), text: z.string().max(1000) }),
} as const

export type NotificationName = keyof typeof NOTIFICATIONS
export type NotificationParams<N extends NotificationName> = z.infer<(typeof NOTIFICATIONS)[N]>

export function isMethod(name: string): name is MethodName {
  return Object.hasOwn(METHODS, name)
}

export function isNotification(name: string): name is NotificationName {
  return Object.hasOwn(NOTIFICATIONS, name)
}
