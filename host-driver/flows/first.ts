import { KeylineError } from '../errors.ts'
import { ask, spareAnswer } from '../requests/server-api.ts'
import { Session } from '../session.ts'
import type { KeyPool } from '../stored/key-pool.ts'
import { type Credentials, type ExchangeParts, exchangeKeys, type Refused } from './exchange-keys.ts'
import { type SecondLoginParts, secondLogin } from './second-login.ts'

export interface LoginRequest extends Credentials {
  /** Session keys to exchange where a call is made, 1 … 16 (D-2); 1 unless said otherwise. The others wait for later sessions. */
  readonly keys?: number
  /** Makes a call also where a key of an earlier call waits. */
  readonly fresh?: boolean
}

/** S4 and S15 are no errors but answers. */
export type LoginOutcome =
  | {
      readonly verdict: 'permitted'
      readonly session: Session
      /** No call was made: a key of an earlier one was used, this one of so many. */
      readonly stored?: { readonly number: number; readonly of: number }
    }
  | Refused

export interface FirstFlowParts extends ExchangeParts, SecondLoginParts {
  readonly keys: KeyPool
}

/**
 * The first embodiment: login and session keys over the line, the same login again over the Internet, encrypted.
 * @throws KeylineError INPUT_INVALID, CANCELLED, CARD_*, INTERNET_*, SERVER_PROTOCOL and the card's codes
 */
export async function logIn(parts: FirstFlowParts, request: LoginRequest): Promise<LoginOutcome> {
  const { onProgress, keys: pool } = parts
  const { keys: k = 1 } = request
  onProgress({ type: 'step', step: 'S1', path: 'here', text: 'user ID and password were given' })
  const exchanged = await exchangeKeys(parts, request, k)
  if (exchanged.verdict === 'refused') return exchanged
  const { from, keys, call } = exchanged
  try {
    const [key] = keys
    if (key === undefined) throw new RangeError('expected a key')
    const session = new Session({ from, key, keys: pool, call, onProgress })
    const refused = await secondLogin(parts, session, request)
    if (refused !== undefined) {
      // The line had just accepted the same login: nothing of that call is trusted.
      for (const { psk } of keys) psk.wipe()
      return refused
    }
    if (k > 1) {
      pool.add(from, keys, 1)
      await learnLifetime(pool, from, session.fetch)
    }
    return { verdict: 'permitted', session }
  } catch (error) {
    for (const { psk } of keys) psk.wipe()
    throw error
  }
}

/**
 * Asks the server how long keys of this call may wait. Without an answer they wait as long as a session lasts.
 * @param fetch under one of its keys
 */
export async function learnLifetime(
  pool: KeyPool,
  from: Parameters<KeyPool['setLifetime']>[0],
  fetch: Session['fetch'],
): Promise<void> {
  try {
    const { lifetimeSeconds } = await ask(fetch, '/session/keys', spareAnswer)
    pool.setLifetime(from, lifetimeSeconds)
  } catch (error) {
    if (!(error instanceof KeylineError)) throw error
  }
}
