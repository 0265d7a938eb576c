import { fault, KeylineError } from '../errors.ts'
import { KeeperClient } from '../keeper/keeper-client.ts'
import { startKeeper } from '../keeper/start.ts'
import { stateFolder } from '../keeper/state-folder.ts'
import type { CommandContext } from './command.ts'

/** A keeper that ends in the very moment it was found is replaced; twice is no coincidence. */
const START_TRIES = 2

/** The keeper with a session in it. @throws KeylineError NOT_LOGGED_IN, KEEPER_VERSION, STATE_UNSAFE */
export async function keptSession({ env }: CommandContext): Promise<KeeperClient> {
  const keeper = await KeeperClient.find(stateFolder(env))
  if (keeper === undefined || (await keeper.status()).session === null) throw fault('NOT_LOGGED_IN')
  return keeper
}

/** A keeper, with or without a session, started where none runs. @throws KeylineError KEEPER_*, STATE_UNSAFE */
export async function runningKeeper(env: CommandContext['env']): Promise<KeeperClient> {
  const folder = stateFolder(env)
  for (let tries = 0; tries < START_TRIES; tries++) {
    const keeper = await KeeperClient.find(folder)
    if (keeper === undefined) await startKeeper(folder, env)
    else if (await isOurs(keeper)) return keeper
  }
  const keeper = await KeeperClient.find(folder)
  if (keeper === undefined) throw fault('KEEPER_FAILED')
  return keeper
}

/** A request to a running keeper. One that ends for want of work just then has not begun with it, and another one gets it. */
export async function askKeeper<T>(env: CommandContext['env'], ask: (keeper: KeeperClient) => Promise<T>): Promise<T> {
  try {
    return await ask(await runningKeeper(env))
  } catch (error) {
    if (!(error instanceof KeylineError && error.code === 'NOT_LOGGED_IN')) throw error
    return await ask(await runningKeeper(env))
  }
}

/** @returns false when it ended meanwhile @throws KeylineError KEEPER_VERSION */
async function isOurs(keeper: KeeperClient): Promise<boolean> {
  try {
    await keeper.status()
    return true
  } catch (error) {
    if (error instanceof KeylineError && (error.code === 'NOT_LOGGED_IN' || error.code === 'INTERNET_BROKEN'))
      return false
    throw error
  }
}
