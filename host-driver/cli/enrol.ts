import { firstLine } from './ask.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import type { Command } from './command.ts'
import { openUnlocked } from './unlock.ts'

/** `keyline enrol TICKET|-` */
export const enrol: Command = {
  summary: 'give the card the ticket of its server, once',
  help: `usage: keyline enrol TICKET|- [--card PATH | --modem PATH] [--json]

The card calls the server once with the ticket (keyline:…) that the operator gave you. "-" reads it from standard
input, where other users of this computer cannot see it.

${CARD_HELP}

example: keyline enrol - < ticket.txt`,
  options: CARD_OPTION,
  takes: ['TICKET'],
  async run(context, [given = ''], options) {
    const { output, input } = context
    const ticket = given === '-' ? await firstLine(input, 'a ticket') : given
    const card = await cardSource(context, options)
    const terminal = await openUnlocked(context, { card, onProgress: output.progress })
    try {
      const { cardId, internet, call } = await terminal.enrol(ticket, context.signal)
      output.say(`The card is enrolled as ${cardId}; its server is ${internet}.`)
      return { cardId, internet, call }
    } finally {
      await terminal.close()
    }
  },
}
