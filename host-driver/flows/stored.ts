import { Secret } from '../../keys/secret.ts'
import type { CallReport } from '../../wire/usb/methods.ts'
import { KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import { Session } from '../session.ts'
import type { KeyPool, StoredKey } from '../stored/key-pool.ts'
import { type After, after } from '../timers.ts'
import type { Credentials } from './exchange-keys.ts'
import type { LoginOutcome } from './first.ts'
import { secondLogin } from './second-login.ts'

export interface StoredLoginParts {
  readonly keys: KeyPool
  readonly onProgress?: OnProgress
  readonly after?: After
}

/** What no call costs. */
const NO_CALL: CallReport = {
  bytesUp: 0,
  bytesDown: 0,
  messagesUp: 0,
  messagesDown: 0,
  setupMs: 0,
  exchangeMs: 0,
  attempts: 0,
  tried: [],
}

/**
 * S1, then S11 … S16 under a key of an earlier call (D-2): no call, and no card. A key is used once, also by a wrong password; one that
 * was not used, because the server could not be reached or was busy, or the interface to it was not there, waits on.
 * @param server `host:port` that the login is meant for; without it the only one that there are keys for
 * @returns undefined when there is no key, or the server knows none of them any more: a call must be made
 * @throws KeylineError CANCELLED, INTERNET_*, SERVER_PROTOCOL, and the server's codes
 */
export async function logInWithStoredKey(
  parts: StoredLoginParts,
  request: Credentials,
  server?: string,
): Promise<LoginOutcome | undefined> {
  const { keys, onProgress = () => {} } = parts
  for (let stored = keys.take(request.userId, server); stored; stored = keys.take(request.userId, server)) {
    const outcome = await tryKey({ after, ...parts, onProgress }, request, stored)
    if (outcome !== undefined) return outcome
    const text = 'the server does not know the stored keys of this call any more'
    onProgress({ type: 'step', step: 'S15', path: 'internet', text })
  }
  return undefined
}

/** @returns undefined when the server does not know the key */
async function tryKey(
  parts: Required<StoredLoginParts>,
  request: Credentials,
  stored: StoredKey,
): Promise<LoginOutcome | undefined> {
  const { keys, onProgress } = parts
  const { key, from, number, of } = stored
  let used = true
  try {
    onProgress({ type: 'step', step: 'S1', path: 'here', text: 'user ID and password were given' })
    // A copy: the session wipes its own, and this one may have to wait on.
    const own = { id: key.id, psk: new Secret(Uint8Array.from(key.psk.reveal())) }
    const session = new Session({ from, key: own, keys, call: NO_CALL, onProgress, via: request.internetVia })
    const refused = await secondLogin(parts, session, request, `no call: stored key ${number} of ${of}; `)
    if (refused === undefined) return { verdict: 'permitted', session, stored: { number, of } }
    used = refused.reason !== 'SERVER_BUSY'
    return refused
  } catch (error) {
    const code = error instanceof KeylineError ? error.code : ''
    used = code !== 'INTERNET_UNREACHABLE' && code !== 'INTERNET_VIA_ABSENT'
    if (code !== 'INTERNET_PATH_REFUSED') throw error
    // What erases one key before its time erases all of its call: a restart, a new password, a lock.
    keys.drop(from)
    return undefined
  } finally {
    if (used) keys.spent(stored)
    else keys.giveBack(stored)
  }
}
