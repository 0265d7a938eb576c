import { Secret } from '../../keys/secret.ts'
import { type SessionKey, sessionKey } from '../../keys/session-keys.ts'
import type { KeyPair } from '../../keys/x25519.ts'
import { SESSION_KEYS_MAX } from '../../wire/limits.ts'
import type { LoginResult } from '../../wire/usb/methods.ts'
import type { CardClient } from '../card/card-client.ts'
import { callOverLine } from '../card/line-call.ts'
import { fault, KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import { ask, sessionAnswer } from '../requests/server-api.ts'
import { Session } from '../session.ts'
import { type After, pause } from '../timers.ts'

export interface LoginRequest {
  readonly userId: string
  readonly password: string
  /** Session keys to exchange in this call, 1 … 16 (D-2); 1 unless said otherwise. */
  readonly keys?: number
  /** Ends the call and erases everything. */
  readonly signal?: AbortSignal
}

type Refused = Extract<LoginResult, { verdict: 'refused' }>
type Permitted = Extract<LoginResult, { verdict: 'permitted' }>

/** S4 and S15 are no errors but answers. */
export type LoginOutcome =
  | { readonly verdict: 'permitted'; readonly session: Session }
  | {
      readonly verdict: 'refused'
      readonly reason: Refused['reason']
      readonly retryAfterSeconds: number
      /** Where it was refused: over the line (S4) or over the Internet (S15). */
      readonly path: 'line' | 'internet'
    }

export interface FirstFlowParts {
  readonly card: CardClient
  readonly newKeyPair: () => KeyPair
  readonly onProgress: OnProgress
  readonly after: After
}

/** After an unreachable Internet port the call was not in vain: it is tried again after these pauses, milliseconds. */
const CONNECT_PAUSES_MS = [500, 1000, 2000]

/**
 * The first embodiment: login and session keys over the line, the same login again over the Internet, encrypted.
 * @throws KeylineError INPUT_INVALID, CANCELLED, CARD_*, INTERNET_*, SERVER_PROTOCOL and the card's codes
 */
export async function logIn(parts: FirstFlowParts, request: LoginRequest): Promise<LoginOutcome> {
  const { card, newKeyPair, onProgress } = parts
  const { userId, password, keys: k = 1, signal } = request
  if (!Number.isInteger(k) || k < 1 || k > SESSION_KEYS_MAX) {
    throw fault('INPUT_INVALID', { what: `expected 1…${SESSION_KEYS_MAX} session keys` })
  }
  onProgress({ type: 'step', step: 'S1', path: 'here', text: 'user ID and password were given' })

  const pairs = Array.from({ length: k }, newKeyPair)
  const secrets = pairs.map(({ secretKey }) => new Secret(secretKey))
  let keys: SessionKey[] = []
  try {
    // S2 … S10: the card calls, sends, receives and hangs up; its notifications tell the steps.
    const terminalKeys = pairs.map(({ publicKey }) => Buffer.from(publicKey).toString('base64url'))
    const answer = await callOverLine(card, 'line.login', { userId, password, terminalKeys }, signal)
    if (answer.verdict === 'refused') {
      onProgress({ type: 'step', step: 'S4', path: 'line', text: `the server refused: ${answer.reason}` })
      const { reason, retryAfterSeconds } = answer
      return { verdict: 'refused', reason, retryAfterSeconds, path: 'line' }
    }

    // S8: here the keys are made that travelled on no network.
    keys = deriveKeys(pairs, secrets, answer)
    const text = `${k === 1 ? 'the session key is' : `${k} session keys are`} kept; the secret halves are erased`
    for (const secret of secrets) secret.wipe()
    onProgress({ type: 'step', step: 'S8', path: 'here', text })
    const { internet, lifetimeSeconds, secretRoutes, call } = answer
    const session = new Session({ userId, internet, keys, lifetimeSeconds, secretRoutes, call, onProgress })
    return await secondLogin(parts, session, request)
  } catch (error) {
    for (const { psk } of keys) psk.wipe()
    throw error
  } finally {
    for (const secret of secrets) secret.wipe()
  }
}

/** S11 … S16: user ID and password once more, encrypted with the session key. */
async function secondLogin(parts: FirstFlowParts, session: Session, request: LoginRequest): Promise<LoginOutcome> {
  const { onProgress } = parts
  const { userId, password, signal } = request
  const text = 'user ID and password go over the Internet, encrypted with the session key'
  onProgress({ type: 'step', step: 'S11', path: 'internet', text })
  const options = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId, password }),
    ...(signal && { signal }),
  }
  try {
    for (let tries = 0; ; tries++) {
      try {
        await ask(session.fetch, '/session', sessionAnswer, options)
        break
      } catch (error) {
        const wait = CONNECT_PAUSES_MS[tries]
        const unreachable = error instanceof KeylineError && error.code === 'INTERNET_UNREACHABLE'
        if (!unreachable || wait === undefined) throw error
        await pause(wait, parts.after, signal)
      }
    }
  } catch (error) {
    session.forget()
    const reason = error instanceof KeylineError && error.origin === 'server' ? refusal(error.code) : undefined
    if (reason === undefined) throw error
    onProgress({ type: 'step', step: 'S15', path: 'internet', text: `the server refused: ${reason}` })
    return { verdict: 'refused', reason, retryAfterSeconds: 0, path: 'internet' }
  }
  onProgress({ type: 'step', step: 'S16', path: 'internet', text: 'the connection is permitted' })
  return { verdict: 'permitted', session }
}

function deriveKeys(pairs: readonly KeyPair[], secrets: readonly Secret[], answer: Permitted): SessionKey[] {
  const { serverKeys, handshakeHash } = answer
  if (serverKeys.length !== pairs.length) {
    throw fault('CARD_PROTOCOL', { what: `expected ${pairs.length} keys of the server, got ${serverKeys.length}` })
  }
  const salt = Buffer.from(handshakeHash, 'base64url')
  const made: SessionKey[] = []
  try {
    for (const [n, pair] of pairs.entries()) {
      const serverPublic = Buffer.from(serverKeys[n] ?? '', 'base64url')
      const secret = secrets[n]
      if (secret === undefined) throw new RangeError('expected a secret for each pair')
      made.push(sessionKey('terminal', secret, { terminalPublic: pair.publicKey, serverPublic }, salt))
    }
  } catch (error) {
    for (const { psk } of made) psk.wipe()
    throw fault('CARD_PROTOCOL', { what: 'a key of the server is not valid', cause: error })
  }
  return made
}

const REASONS: Readonly<Record<Refused['reason'], true>> = {
  LOGIN_REFUSED: true,
  ACCOUNT_LOCKED: true,
  CARD_LOCKED: true,
  SERVER_BUSY: true,
}

function refusal(code: string): Refused['reason'] | undefined {
  return Object.hasOwn(REASONS, code) ? (code as Refused['reason']) : undefined // hasOwn: it is one
}
