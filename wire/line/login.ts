import { PASSWORD_MAX, SESSION_KEYS_MAX, USER_ID_MAX } from '../limits.ts'
import { decodeArray, encodeArray, keysField, LineFormatError, numberField, textField } from './cbor.ts'
import { type Consent, consentField, consentItems } from './consent.ts'

/*
 * Payloads of the line exchange for login (S2–S7', PROTOCOL.md §3), CBOR arrays:
 *
 *   request   [1, user ID, password, POkey₁‖…‖POkeyₖ]
 *   asked     the same with how consent was given behind it: 1 earlier in this session, 2 by the button now
 *   permitted [0, SOkey₁‖…‖SOkeyₖ, lifetime in seconds, [secret route, …]]
 *   refused   [reason, seconds until another try makes sense]
 */
const PURPOSE_LOGIN = 1
const PERMITTED = 0
const LIFETIME_MAX = 30 * 86_400
const ROUTES_MAX = 16
const ROUTE_BYTES_MAX = 64
const RETRY_MAX = 86_400

/** Reason codes of a refusal that the user may be shown (S4, S15). Unknown user and wrong password are one reason. */
export const REFUSALS = {
  1: 'LOGIN_REFUSED',
  2: 'ACCOUNT_LOCKED',
  3: 'CARD_LOCKED',
  4: 'SERVER_BUSY',
  10: 'CONSENT_REQUIRED',
} as const
export type Refusal = (typeof REFUSALS)[keyof typeof REFUSALS]

export interface LoginRequest {
  readonly userId: string
  readonly password: string
  /** POkey₁ … POkeyₖ, 32 bytes each. */
  readonly terminalKeys: readonly Uint8Array[]
  /** Absent: the card never asks. */
  readonly consent?: Consent
}

export type LoginResponse =
  | {
      readonly verdict: 'permitted'
      /** SOkey₁ … SOkeyₖ, as many as were asked for. */
      readonly serverKeys: readonly Uint8Array[]
      readonly lifetimeSeconds: number
      /** Paths that must go over the line and never over the Internet. */
      readonly secretRoutes: readonly string[]
    }
  | { readonly verdict: 'refused'; readonly reason: Refusal; readonly retryAfterSeconds: number }

export function encodeLoginRequest(request: LoginRequest): Uint8Array {
  const { userId, password, terminalKeys, consent } = request
  return encodeArray([PURPOSE_LOGIN, userId, password, Buffer.concat(terminalKeys), ...consentItems(consent)])
}

/** @throws LineFormatError */
export function decodeLoginRequest(bytes: Uint8Array): LoginRequest {
  const fields = decodeArray(bytes)
  if (fields.length < 4 || fields[0] !== PURPOSE_LOGIN) throw new LineFormatError('expected a login request')
  return {
    userId: textField(fields[1], 'user ID', 1, USER_ID_MAX),
    password: textField(fields[2], 'password', 1, PASSWORD_MAX),
    terminalKeys: keysField(fields[3], 'session keys', SESSION_KEYS_MAX),
    ...consentField(fields.slice(4)),
  }
}

export function encodeLoginResponse(response: LoginResponse): Uint8Array {
  if (response.verdict === 'refused') {
    const reason = Object.entries(REFUSALS).find(([, name]) => name === response.reason)?.[0]
    return encodeArray([Number(reason), response.retryAfterSeconds])
  }
  return encodeArray([PERMITTED, Buffer.concat(response.serverKeys), response.lifetimeSeconds, response.secretRoutes])
}

/** @throws LineFormatError */
export function decodeLoginResponse(bytes: Uint8Array): LoginResponse {
  const fields = decodeArray(bytes)
  if (fields[0] === PERMITTED && fields.length === 4) {
    const routes = fields[3]
    if (!Array.isArray(routes) || routes.length > ROUTES_MAX) {
      throw new LineFormatError(`expected at most ${ROUTES_MAX} secret routes`)
    }
    return {
      verdict: 'permitted',
      serverKeys: keysField(fields[1], 'session keys', SESSION_KEYS_MAX),
      lifetimeSeconds: numberField(fields[2], 'lifetime', 1, LIFETIME_MAX),
      secretRoutes: routes.map((route) => textField(route, 'secret route', 1, ROUTE_BYTES_MAX)),
    }
  }
  const reason = Object.entries(REFUSALS).find(([code]) => Number(code) === fields[0])?.[1]
  if (reason === undefined || fields.length !== 2) throw new LineFormatError('expected a login response')
  return { verdict: 'refused', reason, retryAfterSeconds: numberField(fields[1], 'retry time', 0, RETRY_MAX) }
}
