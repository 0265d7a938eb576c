import { fault } from '../errors.ts'
import { KeeperClient } from '../keeper/keeper-client.ts'
import { stateFolder } from '../keeper/state-folder.ts'
import type { Command } from './command.ts'

/** `keyline logout`: S18. Works with a keeper of another version too. */
export const logout: Command = {
  summary: 'erase the session keys on both sides',
  help: `usage: keyline logout [--json]

Ends the session: the server and this computer erase its keys, and the keeper ends.

example: keyline logout`,
  options: {},
  takes: [],
  async run({ env, output }) {
    const keeper = await KeeperClient.find(stateFolder(env))
    if (keeper === undefined) throw fault('NOT_LOGGED_IN')
    const serverErased = await keeper.logout()
    output.progress({ type: 'step', step: 'S18', path: 'here', text: 'session keys erased' })
    output.say('Logged out: the session keys here are erased.')
    if (!serverErased) output.note('The server could not be told; its keys end with their lifetime.')
    return { serverErased }
  },
}
