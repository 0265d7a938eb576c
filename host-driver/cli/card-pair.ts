import { hostname } from 'node:os'
import { pairingFolder } from '../card/pairing.ts'
import { fault } from '../errors.ts'
import { Terminal } from '../terminal.ts'
import { firstLine, question } from './ask.ts'
import { CARD_HELP, CARD_OPTION, cardSource, sourceText } from './card-option.ts'
import { type Command, type CommandContext, text } from './command.ts'

/** `keyline card pair|unpair|paired` */
export const CARD_PAIR: Readonly<Record<string, Command>> = {
  'card pair': {
    summary: 'make this computer known to a card, by a code that the card shows',
    help: `usage: keyline card pair [--name NAME] [--card PATH] [--json]

The card shows a code of eight digits on its log console (/dev/keyline-SERIAL-log, or the journal of the board); type it here, or
give it as a line of standard input. A card that wants this gives a computer that it does not know nothing at all.

  --name NAME   of this computer, for the list of the card (its host name)
${CARD_HELP}

example: keyline card pair`,
    options: { ...CARD_OPTION, name: { type: 'string' } },
    takes: [],
    async run(context, _args, options) {
      const card = await cardSource(context, options)
      const name = text(options, 'name') ?? hostname().slice(0, 64)
      const folder = pairingFolder(context.env)
      const paired = await Terminal.pair({ card, pairings: folder }, name, (seconds) => code(context, seconds))
      context.output.say(`This computer (${name}) is paired with the card at ${sourceText(card)}.`)
      return { card: paired.card, pc: paired.pc, name }
    },
  },
  'card paired': {
    summary: 'list the computers that a card knows',
    help: `usage: keyline card paired [--card PATH] [--json]\n\n${CARD_HELP}\n\nexample: keyline card paired`,
    options: CARD_OPTION,
    takes: [],
    async run(context, _args, options) {
      const terminal = await Terminal.open({ card: await cardSource(context, options) })
      try {
        const pcs = await terminal.paired()
        for (const { pc, name } of pcs) context.output.say(`${pc}  ${name}`)
        if (pcs.length === 0) context.output.say('The card knows no computer.')
        return { pcs }
      } finally {
        await terminal.close()
      }
    },
  },
  'card unpair': {
    summary: 'make a card forget a computer',
    help: `usage: keyline card unpair PC|all [--card PATH] [--json]

PC is as "keyline card paired" shows it. After "all" the next computer needs the code that the card shows.

${CARD_HELP}

example: keyline card unpair all`,
    options: CARD_OPTION,
    takes: ['PC'],
    async run(context, [pc = ''], options) {
      if (pc !== 'all' && !/^[0-9a-f]{16}$/.test(pc))
        throw fault('USAGE', { what: 'expected 16 hexadecimal digits, or all' })
      const terminal = await Terminal.open({ card: await cardSource(context, options) })
      try {
        const removed = await terminal.unpair(pc === 'all' ? undefined : pc)
        context.output.say(`The card forgot ${removed} ${removed === 1 ? 'computer' : 'computers'}.`)
        return { removed }
      } finally {
        await terminal.close()
      }
    },
  },
}

function code({ input, output, signal }: CommandContext, seconds: number): Promise<string> {
  if (!input.isTTY) return firstLine(input, 'the code')
  output.note(`The card shows a code of eight digits now, for ${seconds} seconds.`)
  return question(input, process.stderr, 'Code: ', signal)
}
