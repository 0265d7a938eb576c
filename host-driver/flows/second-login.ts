import { KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import { ask, sessionAnswer } from '../requests/server-api.ts'
import type { Session } from '../session.ts'
import { type After, pause } from '../timers.ts'
import type { Credentials, Refused } from './exchange-keys.ts'

export interface SecondLoginParts {
  readonly onProgress: OnProgress
  readonly after: After
}

/** After an unreachable Internet port the call was not in vain: it is tried again after these pauses, milliseconds. */
const CONNECT_PAUSES_MS = [500, 1000, 2000]

/**
 * S11 … S16: user ID and password once more, encrypted with the session key. Unless it is permitted the session is erased here.
 * @param about what is told of it, beside that it goes over the Internet
 * @returns why it was refused (S15)
 * @throws KeylineError CANCELLED, INTERNET_*, SERVER_PROTOCOL, and the server's codes
 */
export async function secondLogin(
  { onProgress, after }: SecondLoginParts,
  session: Session,
  { userId, password, signal }: Credentials,
  about = '',
): Promise<Refused | undefined> {
  const text = `${about}user ID and password go over the Internet, encrypted with the session key`
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
        await pause(wait, after, signal)
      }
    }
  } catch (error) {
    session.forget()
    const reason = error instanceof KeylineError && error.origin === 'server' ? refusal(error.code) : undefined
    if (reason === undefined) throw error
    onProgress({ type: 'step', step: 'S15', path: 'internet', text: `the server refused: ${reason}` })
    return { verdict: 'refused', reason, retryAfterSeconds: 0, path: 'internet' }
  }
  session.opened()
  onProgress({ type: 'step', step: 'S16', path: 'internet', text: 'the connection is permitted' })
  return undefined
}

const REASONS: Readonly<Record<Refused['reason'], true>> = {
  LOGIN_REFUSED: true,
  ACCOUNT_LOCKED: true,
  CARD_LOCKED: true,
  SERVER_BUSY: true,
  CONSENT_REQUIRED: true,
}

function refusal(code: string): Refused['reason'] | undefined {
  return Object.hasOwn(REASONS, code) ? (code as Refused['reason']) : undefined // hasOwn: it is one
}
