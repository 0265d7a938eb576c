import type { SessionKey } from '../../keys/session-keys.ts'
import type { CallKeys } from '../stored/key-pool.ts'
import { type Fetch, send } from './http.ts'
import { keyedAgent } from './keyed-agent.ts'

/**
 * A few requests under a key that is no session's: about keys that wait.
 * @throws KeylineError INTERNET_*, CARD_PROTOCOL when the address is none, and what `use` throws
 */
export async function underKey<T>(
  { server, via }: Pick<CallKeys, 'server' | 'via'>,
  key: SessionKey,
  use: (fetch: Fetch) => Promise<T>,
): Promise<T> {
  const link = keyedAgent(server, key, via)
  try {
    return await use((path, options) => send({ agent: link.agent, host: server }, path, options))
  } finally {
    link.destroy()
  }
}
