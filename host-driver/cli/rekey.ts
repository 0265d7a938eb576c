import type { Command } from './command.ts'
import { keptSession } from './kept.ts'

/** `keyline rekey` */
export const rekey: Command = {
  summary: 'go on under the next stored key, without a call',
  help: `usage: keyline rekey [--json]

The running session goes on under a key that waits (see keyline keys); the one before is erased on both sides. Downloads
that run are not disturbed, and the session ends when it would have.

example: keyline rekey`,
  options: {},
  takes: [],
  async run(context) {
    const keeper = await keptSession(context)
    const keysLeft = await keeper.rekey()
    context.output.say(`The session goes on under the next key; ${keysLeft} more wait.`)
    return { keysLeft }
  },
}
