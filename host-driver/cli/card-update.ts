import { basename } from 'node:path'
import { UPDATE_MAX } from '../../wire/usb/update.ts'
import { awaitUpdate } from '../card/card-update.ts'
import { fault } from '../errors.ts'
import { Terminal } from '../terminal.ts'
import { after } from '../timers.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import type { Command } from './command.ts'
import { readWhole } from './read-whole.ts'

/** `keyline card update FILE|--status` */
export const cardUpdate: Command = {
  summary: "give a card a newer version of its program, signed by the card's owner",
  help: `usage: keyline card update FILE [--card PATH] [--json]
       keyline card update --status

The card takes a version that is newer than any it had and signed with a key that it trusts, starts it, and goes back by itself to the one before
if the new one is not healthy in three starts. It may be unplugged at any moment of it.

${CARD_HELP}

example: keyline card update keyline-card-0.2.0.update`,
  options: { ...CARD_OPTION, status: { type: 'boolean' } },
  takes: ['[FILE]'],
  async run(context, [file], options) {
    const { output, signal } = context
    if ((file === undefined) !== (options.status === true)) throw fault('USAGE', { what: 'expected FILE, or --status' })
    const source = { card: await cardSource(context, options) }
    const look = async () => {
      const again = await Terminal.open(source)
      return await again.updateStatus().finally(() => again.close())
    }
    const terminal = await Terminal.open(source)
    try {
      const before = await terminal.updateStatus()
      if (file === undefined) {
        output.say(`Version ${before.version}${before.trial ? ', on trial' : ''}.`)
        if (before.rolledBack) output.say(`Went back from ${before.rolledBack.version}: ${before.rolledBack.why}.`)
        return { ...before }
      }
      const bytes = await readWhole(file, UPDATE_MAX)
      const name = basename(file)
      const version = await terminal.update(bytes, (received, total) =>
        output.progress({ type: 'download', name, received, total }),
      )
      output.note(`The card starts anew with version ${version}.`)
      await terminal.close()
      await awaitUpdate(version, look, { after, now: performance.now.bind(performance), signal })
      output.say(`The card runs version ${version} (${before.version} before).`)
      return { version, before: before.version }
    } finally {
      await terminal.close()
    }
  },
}
