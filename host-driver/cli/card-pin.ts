import { fault } from '../errors.ts'
import { Terminal } from '../terminal.ts'
import { hiddenQuestion, inputLines } from './ask.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import type { Command, CommandContext } from './command.ts'

/** What each action asks for, in this order. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  unlock: ['PIN'],
  set: ['New PIN'],
  change: ['PIN', 'New PIN'],
  remove: ['PIN'],
}

/** `keyline card pin unlock|set|change|remove` */
export const cardPin: Command = {
  summary: "give a card its PIN, or give it another one: the card's own, not the SIM card's",
  help: `usage: keyline card pin unlock|set|change|remove [--card PATH] [--json]

A card with a PIN needs it once after each start, before anything else; at a terminal
login, enrol, pay, keys fetch, doctor and card files ask for it. It has 4 to 32 characters; without a terminal each one that is
asked for is a line of standard input. After a wrong one the card waits, longer each time, and after ten in a row it erases its memory.

${CARD_HELP}

example: keyline card pin unlock`,
  options: CARD_OPTION,
  takes: ['unlock|set|change|remove'],
  async run(context, [action = ''], options) {
    const asked = Object.hasOwn(ASKED, action) ? ASKED[action] : undefined
    if (asked === undefined) throw fault('USAGE', { what: 'expected unlock, set, change or remove' })
    const terminal = await Terminal.open({ card: await cardSource(context, options) })
    try {
      const [first = '', second = ''] = await pins(context, asked)
      const answer =
        action === 'unlock'
          ? await terminal.unlock(first)
          : await terminal.setPin(action === 'set' ? '' : first, action === 'set' ? first : second)
      context.output.say(answer.pin === 'none' ? 'The card has no PIN.' : 'The card has a PIN, and is unlocked.')
      return { ...answer }
    } finally {
      await terminal.close()
    }
  },
}

async function pins({ input, signal }: CommandContext, asked: readonly string[]): Promise<readonly string[]> {
  if (!input.isTTY) return inputLines(input, asked.length, asked.join(' and '))
  const all: string[] = []
  for (const name of asked) {
    const pin = await hiddenQuestion(input, process.stderr, `${name}: `, signal)
    if (name.startsWith('New') && (await hiddenQuestion(input, process.stderr, `${name}, again: `, signal)) !== pin) {
      throw fault('INPUT_INVALID', { what: 'the two are not the same' })
    }
    all.push(pin)
  }
  return all
}
