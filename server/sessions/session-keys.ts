import { randomBytes } from 'node:crypto'
import { sessionKey } from '../../keys/session-keys.ts'
import type { NewSession } from '../store/store.ts'
import type { LoginDecision } from './login.ts'

const GROUP_BYTES = 16

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
      const groupId = randomBytes(GROUP_BYTES).toString('hex')
      return { ...sessionKey('server', secret, { terminalPublic, serverPublic }, handshakeHash), index, groupId }
    })
  } finally {
    for (const secret of serverSecrets) secret.wipe()
  }
}
