import { Secret } from '../../keys/secret.ts'
import { type SessionKey, sessionKey } from '../../keys/session-keys.ts'
import type { KeyPair } from '../../keys/x25519.ts'
import { SESSION_KEYS_MAX } from '../../wire/limits.ts'
import type { CallReport, LoginResult } from '../../wire/usb/methods.ts'
import type { CardCalls } from '../card/card-link.ts'
import { callOverLine } from '../card/line-call.ts'
import { fault } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import { type CallKeys, normal } from '../stored/key-pool.ts'

export interface Credentials {
  readonly userId: string
  readonly password: string
  /** Interface or address of this computer that the Internet path must leave by; never another one. */
  readonly internetVia?: string | undefined
  /** Ends what runs and erases everything. */
  readonly signal?: AbortSignal
}

export interface ExchangeParts {
  readonly card: CardCalls
  readonly cardId: string
  readonly newKeyPair: () => KeyPair
  readonly onProgress: OnProgress
}

type Permitted = Extract<LoginResult, { verdict: 'permitted' }>
export type RefusalReason = Extract<LoginResult, { verdict: 'refused' }>['reason']

/** S4 and S15 are no errors but answers. */
export interface Refused {
  readonly verdict: 'refused'
  readonly reason: RefusalReason
  readonly retryAfterSeconds: number
  /** Where it was refused: over the line (S4) or over the Internet (S15). */
  readonly path: 'line' | 'internet'
}

export interface Exchanged {
  readonly verdict: 'permitted'
  readonly from: CallKeys
  /** Key 1 … key k, the receiver's to wipe. */
  readonly keys: readonly SessionKey[]
  readonly call: CallReport
}

/**
 * S1 … S10: user ID and password over the line, and k session keys that travelled on no network.
 * @param k 1 … 16 (D-2)
 * @throws KeylineError INPUT_INVALID, CANCELLED, CARD_* and the card's codes
 */
export async function exchangeKeys(
  { card, cardId, newKeyPair, onProgress }: ExchangeParts,
  { userId, password, signal, internetVia }: Credentials,
  k: number,
): Promise<Exchanged | Refused> {
  if (!Number.isInteger(k) || k < 1 || k > SESSION_KEYS_MAX) {
    throw fault('INPUT_INVALID', { what: `expected 1…${SESSION_KEYS_MAX} session keys` })
  }
  const pairs = Array.from({ length: k }, newKeyPair)
  const secrets = pairs.map(({ secretKey }) => new Secret(secretKey))
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
    const keys = deriveKeys(pairs, secrets, answer)
    const text = `${k === 1 ? 'the session key is' : `${k} session keys are`} kept; the secret halves are erased`
    for (const secret of secrets) secret.wipe()
    onProgress({ type: 'step', step: 'S8', path: 'here', text })
    const { internet: server, lifetimeSeconds, secretRoutes, call } = answer
    const from = { userId: normal(userId), server, cardId, lifetimeSeconds, secretRoutes, via: internetVia }
    return { verdict: 'permitted', from, keys, call }
  } finally {
    for (const secret of secrets) secret.wipe()
  }
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
