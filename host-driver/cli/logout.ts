import { fault } from '../errors.ts'
import { KeeperClient } from '../keeper/keeper-client.ts'
import { stateFolder } from '../keeper/state-folder.ts'
import type { Command } from './command.ts'

/** `keyline logout`: S18. Works with a keeper of another version too. */
export const logout: Command = {
  summary: 'erase the session key on both sides',
  help: `usage: keyline logout [--all] [--json]

Ends the session: the server and this computer erase its key. Keys that wait for later sessions stay (see keyline keys);
without any the keeper ends.

  --all         erase the keys that wait too, on both sides; also when nobody is logged in

example: keyline logout --all`,
  options: { all: { type: 'boolean' } },
  takes: [],
  async run({ env, output }, _args, options) {
    const all = options.all === true
    const keeper = await KeeperClient.find(stateFolder(env))
    if (keeper === undefined) throw fault('NOT_LOGGED_IN')
    const { serverErased, keysLeft } = await keeper.logout(all)
    output.progress({ type: 'step', step: 'S18', path: 'here', text: `${all ? 'all keys' : 'session keys'} erased` })
    output.say(`Logged out: ${all ? 'all' : 'the session'} keys here are erased.`)
    if (keysLeft > 0) output.say(`Keys that wait for later sessions: ${keysLeft}; keyline logout --all erases them.`)
    if (!serverErased) output.note('The server could not be told; its keys end with their lifetime.')
    return { serverErased, keysLeft }
  },
}
