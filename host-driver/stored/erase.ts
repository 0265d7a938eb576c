import { underKey } from '../requests/under-key.ts'
import type { Session } from '../session.ts'
import type { KeyPool, StoredKey } from './key-pool.ts'

/** The server is given so long to erase its keys before ours are erased without it, milliseconds. */
const ERASE_MS = 5000

/**
 * S18 for everything: the session, and all keys that wait, at both ends. Ours are erased in any case.
 * @returns whether the server confirmed all of it; if not, its keys end with their lifetime
 */
export async function eraseKeys(keys: KeyPool, session?: Session): Promise<{ readonly serverErased: boolean }> {
  const open = session?.state === 'open' ? session : undefined
  // The session's own request erases what its card brought at the server; here it must not be asked for twice.
  if (open !== undefined) keys.dropCard(open.userId, open.cardId)
  const ends = keys.takeOneOfEachCard().map(eraseUnder)
  if (open !== undefined) ends.push(open.close({ spareKeys: true }).then(({ serverErased }) => serverErased))
  return { serverErased: (await Promise.all(ends)).every(Boolean) }
}

async function eraseUnder({ key, from }: StoredKey): Promise<boolean> {
  try {
    return await underKey(from, key, async (fetch) => {
      const response = await fetch('/session/keys', { method: 'DELETE', signal: AbortSignal.timeout(ERASE_MS) })
      await response.body?.cancel()
      return response.ok
    })
  } catch {
    return false // without the server: the keys here must not wait for a network
  } finally {
    key.psk.wipe()
  }
}
