import { size } from '../printable.ts'
import { readMenu } from '../requests/server-api.ts'
import type { Command } from './command.ts'
import { keptSession } from './kept.ts'

/** `keyline ls` */
export const ls: Command = {
  summary: 'show the menu of the server',
  help: `usage: keyline ls [--json]

Lists name, size and title of what the server offers to this session.

example: keyline ls`,
  options: {},
  takes: [],
  async run(context) {
    const keeper = await keptSession(context)
    const items = await readMenu(keeper.fetch, context.signal)
    const text = `menu of ${items.length} titles`
    context.output.progress({ type: 'step', step: 'S17', path: 'internet', text })
    const widest = Math.max(0, ...items.map(({ name }) => name.length))
    for (const item of items)
      context.output.say(`${item.name.padEnd(widest)}  ${size(item.size).padStart(8)}  ${item.title}`)
    return { items }
  },
}
