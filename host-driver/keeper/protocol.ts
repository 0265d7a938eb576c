import { z } from 'zod'
import { PASSWORD_MAX, SESSION_KEYS_MAX, USER_ID_MAX } from '../../wire/limits.ts'
import { LINE_STATES, triedBearers } from '../../wire/usb/methods.ts'
import { ORIGINS } from '../errors.ts'
import { isStep, type Step } from '../events.ts'
import { VERSION } from '../version.ts'

/*
 * HTTP between the command line and the keeper, over a private socket:
 *
 *   GET  /status        → status
 *   POST /login         loginBody → NDJSON: events, then one `done` or `failed`
 *   POST /keys          keysBody → the same: keys for later sessions
 *   POST /rekey         → {"keysLeft": number}
 *   POST /logout        → {"serverErased": boolean, "keysLeft": number}; POST /logout/all erases the keys that wait too
 *   GET  /menu, /content/NAME, GET and POST /shop/…  → the server's own answer, passed through as it comes
 *   POST /gateway       gatewayBody → NDJSON: `listening`, then events; when the asking end leaves, the gateway closes
 *   POST /forward       forwardBody → the same
 *
 * Errors are {code, what, cure, origin}, as the server's.
 */
export const KEEPER_VERSION = `keyline-keeper/${VERSION}`

const count = z.number().int().nonnegative()
/** Keys of one call that wait. */
const keysLeft = z.strictObject({ userId: z.string(), server: z.string(), left: count, expiresAt: z.iso.datetime() })
export type KeptKeys = z.infer<typeof keysLeft>
const keptKeys = z.array(keysLeft).max(1024)

export const statusAnswer = z.strictObject({
  keeper: z.literal(KEEPER_VERSION),
  pid: z.number().int().positive(),
  session: z
    .strictObject({
      userId: z.string(),
      server: z.string(),
      expiresAt: z.iso.datetime(),
      keysLeft: count,
    })
    .nullable(),
  /** One entry a call; they wait also when nobody is logged in. */
  keys: keptKeys,
})
export type KeeperStatus = z.infer<typeof statusAnswer>

/** Absolute: the keeper has another working folder. */
const absolute = z.string().regex(/^\//, 'expected an absolute path').max(4096)
const cardSource = z.union([absolute, z.strictObject({ modem: absolute, store: absolute })])

export const loginBody = z.strictObject({
  userId: z.string().min(1).max(USER_ID_MAX),
  password: z.string().min(1).max(PASSWORD_MAX),
  keys: z.number().int().min(1).max(SESSION_KEYS_MAX),
  /** Without it only a stored key can be used. */
  card: cardSource.optional(),
  /** Interface or address that the Internet path must leave by. */
  internetVia: z.string().min(1).max(64).optional(),
  /** Makes a call in any case. */
  fresh: z.boolean().optional(),
})
export type LoginBody = z.infer<typeof loginBody>

export const keysBody = loginBody.omit({ fresh: true }).required({ card: true })
export type KeysBody = z.infer<typeof keysBody>

export const gatewayBody = z.strictObject({
  port: z.number().int().min(0).max(65_535),
  card: cardSource,
  internetVia: z.string().min(1).max(64).optional(),
  /** Of the second embodiment. */
  shop: z.string().max(300).optional(),
  /** PEM. */
  ca: z.string().max(1_000_000).optional(),
})
export type GatewayBody = z.infer<typeof gatewayBody>

export const forwardBody = z.strictObject({
  port: z.number().int().min(0).max(65_535),
  name: z.string().max(64),
})
export type ForwardBody = z.infer<typeof forwardBody>

/** Of a keeper of an earlier version too: it had no keys that wait. */
export const logoutAnswer = z.strictObject({ serverErased: z.boolean(), keysLeft: count.default(0) })
export type LogoutAnswer = z.infer<typeof logoutAnswer>
export const rekeyAnswer = z.strictObject({ keysLeft: count })

const outcome = z.discriminatedUnion('verdict', [
  z.strictObject({
    verdict: z.literal('permitted'),
    session: statusAnswer.shape.session.unwrap(),
    /** No call was made: this key of so many was used. */
    stored: z.strictObject({ number: count, of: count }).optional(),
    /** A call was made: the bearers in the order in which they were tried; the last one did it. */
    tried: triedBearers.optional(),
  }),
  z.strictObject({ verdict: z.literal('fetched'), keys: keptKeys }),
  z.strictObject({
    verdict: z.literal('refused'),
    reason: z.enum(['LOGIN_REFUSED', 'ACCOUNT_LOCKED', 'CARD_LOCKED', 'SERVER_BUSY', 'CONSENT_REQUIRED']),
    retryAfterSeconds: z.number().int().nonnegative(),
    path: z.enum(['line', 'internet']),
  }),
])
export type KeptOutcome = z.infer<typeof outcome>
type Outcome<V> = Extract<KeptOutcome, { verdict: V | 'refused' }>
export type KeptLogin = Outcome<'permitted'>
export type KeptFetch = Outcome<'fetched'>

const failure = z.strictObject({ code: z.string(), what: z.string(), cure: z.string(), origin: z.enum(ORIGINS) })

/** One line of the answer to /login and /keys. */
export const loginLine = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('step'),
    step: z.custom<Step>((it) => typeof it === 'string' && isStep(it)),
    path: z.enum(['here', 'line', 'internet']),
    text: z.string(),
  }),
  z.strictObject({ type: z.literal('line'), state: z.enum(LINE_STATES), text: z.string().max(200).optional() }),
  z.strictObject({ type: z.literal('done'), outcome }),
  z.strictObject({ type: z.literal('failed'), error: failure }),
])
export type LoginLine = z.infer<typeof loginLine>

/** One line of the answer to /gateway and /forward. */
export const standingLine = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('listening'), url: z.string(), port: z.number().int() }),
  /** What happens in a gateway: nothing in it is secret. */
  z.strictObject({
    type: z.literal('event'),
    event: z.enum(['entered', 'logged-in', 'erased', 'paying', 'paid', 'not-paid', 'refused']),
    code: z.string().max(64).optional(),
  }),
  /** A connection did not come about; the others go on. */
  z.strictObject({ type: z.literal('fault'), error: failure }),
  /** Now and then, so that neither end takes the other for gone. */
  z.strictObject({ type: z.literal('alive') }),
])
export type StandingLine = z.infer<typeof standingLine>

/** What passes through to the server and back; nothing else does. */
export const HEADERS_UP = ['accept-encoding', 'content-type', 'range', 'if-range', 'if-none-match'] as const
export const HEADERS_DOWN = [
  'accept-ranges',
  'content-disposition',
  'content-length',
  'content-range',
  'content-type',
  'etag',
  'last-modified',
  'repr-digest',
  'retry-after',
] as const
