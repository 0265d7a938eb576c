import { Secret } from '../../keys/secret.ts'
import { type KeyPair, keyPair, x25519 } from '../../keys/x25519.ts'
import { LineFormatError } from '../../wire/line/cbor.ts'
import { decodeLoginRequest, type LoginRequest, type LoginResponse } from '../../wire/line/login.ts'
import type { LineServiceOptions } from './line-options.ts'

export interface LoginDecision {
  readonly response: LoginResponse
  /** S7': the secret halves SSkey of the keys in the response, as many as there are POkeys; none when refused. */
  readonly serverSecrets: readonly Secret[]
  readonly login?: { readonly userId: string; readonly terminalKeys: readonly Uint8Array[] }
}

const CONSENT_REQUIRED = { verdict: 'refused', reason: 'CONSENT_REQUIRED', retryAfterSeconds: 0 } as const
const REFUSED = { verdict: 'refused', reason: 'LOGIN_REFUSED', retryAfterSeconds: 0 } as const

/**
 * S3: user ID and password against the user table, for a card that has authenticated. Such a card always gets an answer,
 * whatever it asks: without one it could only repeat the same request for ever.
 * @param payload wiped here
 */
export async function checkLogin(
  { accounts, lifetimeSeconds, secretRoutes, requireConsent, log }: LineServiceOptions,
  card: string,
  payload: Uint8Array,
): Promise<LoginDecision> {
  const about = { path: 'line', card } as const
  const refuse = (response: Extract<LoginResponse, { verdict: 'refused' }>): LoginDecision => {
    log({ event: 'login.refused', step: 'S4', ...about, reason: response.reason })
    return { response, serverSecrets: [] }
  }
  const request = readRequest(payload)
  payload.fill(0)
  if (request === undefined) return refuse(REFUSED)
  // Before anything else: a password is not even tried by a card that nobody pressed.
  if (requireConsent?.has('login') && request.consent === undefined) return refuse(CONSENT_REQUIRED)
  const verdict = await accounts.check(request.userId, request.password)
  log({ event: 'login.checked', step: 'S3', ...about })
  if (!verdict.permitted) {
    const { reason, retryAfterSeconds } = verdict
    return refuse({ verdict: 'refused', reason, retryAfterSeconds })
  }
  const { terminalKeys } = request
  const pairs = terminalKeys.map(() => keyPair())
  const serverKeys = pairs.map(({ publicKey }) => publicKey)
  return {
    response: { verdict: 'permitted', serverKeys, lifetimeSeconds, secretRoutes },
    serverSecrets: pairs.map(({ secretKey }) => new Secret(secretKey)),
    login: { userId: verdict.userId, terminalKeys },
  }
}

/** @returns undefined for what is no login request, or has a key that makes no secret (RFC 7748 §6.1) */
function readRequest(payload: Uint8Array): LoginRequest | undefined {
  const probe: KeyPair = keyPair()
  try {
    const request = decodeLoginRequest(payload)
    for (const key of request.terminalKeys) x25519(probe.secretKey, key).fill(0)
    return request
  } catch (error) {
    if (error instanceof LineFormatError || error instanceof RangeError) return undefined
    throw error
  } finally {
    probe.secretKey.fill(0)
  }
}
