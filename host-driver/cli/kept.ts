import { fault } from '../errors.ts'
import { KeeperClient } from '../keeper/keeper-client.ts'
import { stateFolder } from '../keeper/state-folder.ts'
import type { CommandContext } from './command.ts'

/** The keeper with a session in it. @throws KeylineError NOT_LOGGED_IN, KEEPER_VERSION, STATE_UNSAFE */
export async function keptSession({ env }: CommandContext): Promise<KeeperClient> {
  const keeper = await KeeperClient.find(stateFolder(env))
  if (keeper === undefined || (await keeper.status()).session === null) throw fault('NOT_LOGGED_IN')
  return keeper
}
