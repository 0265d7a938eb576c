import type { CardSource } from '../card/attached.ts'
import { KeylineError } from '../errors.ts'
import { Terminal, type TerminalOptions } from '../terminal.ts'
import { hiddenQuestion } from './ask.ts'
import type { CommandContext } from './command.ts'

/**
 * A terminal whose card is unlocked, if somebody is there to be asked for its PIN; else the card says CARD_PIN_NEEDED to what needs it.
 * @throws KeylineError as Terminal.open and Terminal.unlock, CANCELLED
 */
export async function openUnlocked(context: CommandContext, options: TerminalOptions): Promise<Terminal> {
  const terminal = await Terminal.open(options)
  try {
    if (terminal.locked && context.input.isTTY) await unlock(context, terminal)
    return terminal
  } catch (error) {
    await terminal.close()
    throw error
  }
}

/** Asks again after the PIN, where a card is asked by another program, which knows no terminal. @throws KeylineError as openUnlocked, and of `ask` */
export async function withPin<T>(
  context: CommandContext,
  card: CardSource | undefined,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    const locked = error instanceof KeylineError && error.code === 'CARD_PIN_NEEDED'
    if (!locked || card === undefined || !context.input.isTTY) throw error
    const terminal = await openUnlocked(context, { card })
    await terminal.close()
    return await ask()
  }
}

async function unlock({ input, signal, output }: CommandContext, terminal: Terminal): Promise<void> {
  output.note('The card is locked by its PIN.')
  await terminal.unlock(await hiddenQuestion(input, process.stderr, 'PIN: ', signal))
}
