import { sessionKey } from '../../keys/session-keys.ts'
import type { NewSession } from '../store/store.ts'
import type { LoginDecision } from './login.ts'

/**
 * S9: the session keys of a permitted login. The secret halves are erased here; only the PSKs are left.
 * @param handshakeHash of the line exchange, 32 bytes
 */
export function makeSessionKeys(decision: LoginDecision, handshakeHash: Uint8Array): NewSession[] {
  const { response, serverSecrets, login } = decision
  if (response.verdict === 'refused' || login === undefined) return []
  try {
    return login.terminalKeys.map((terminalPublic, index) => {
      const serverPublic = response.serverKeys[index]
      const secret = serverSecrets[index]
      if (serverPublic === undefined || secret === undefined) throw new RangeError('expected one pair for each key')
      return { ...sessionKey('server', secret, { terminalPublic, serverPublic }, handshakeHash), index }
    })
  } finally {
    for (const secret of serverSecrets) secret.wipe()
  }
}
