import { KeylineError } from '../errors.ts'
import { networkText } from '../gateway/terminal-page.ts'
import { KeeperClient } from '../keeper/keeper-client.ts'
import type { KeeperStatus } from '../keeper/protocol.ts'
import { stateFolder } from '../keeper/state-folder.ts'
import { duration } from '../printable.ts'
import { Terminal, type TerminalStatus } from '../terminal.ts'
import { CARD_HELP, CARD_OPTION, cardSource, sourceText } from './card-option.ts'
import type { Command, CommandContext, Options } from './command.ts'
import { keysLine } from './keys-text.ts'

type CardLook = { readonly path: string } & TerminalStatus

/** `keyline status`: looks, and changes nothing. */
export const status: Command = {
  summary: 'show the session and the card',
  help: `usage: keyline status [--card PATH | --modem PATH] [--json]

Shows who is logged in where and for how long, which keys wait for later sessions, and what the card says of itself. A missing card is no failure.

${CARD_HELP}

example: keyline status --json`,
  options: CARD_OPTION,
  takes: [],
  async run(context, _args, options) {
    const { output } = context
    const kept = await keptStatus(context)
    const session = kept?.session ?? null
    const keeper = kept?.pid ?? null
    output.say(session === null ? 'Session: nobody is logged in.' : `Session: ${sessionText(session)}`)
    const keys = kept?.keys ?? []
    for (const one of keys) output.say(`Keys:    ${keysLine(one)}`)
    const card = await lookAtCard(context, options)
    if (card instanceof KeylineError) {
      output.say(`Card:    ${card.what} (${card.code})`)
      return { session, keys, keeper, card: null, cardError: { code: card.code, what: card.what, cure: card.cure } }
    }
    const { enrolled, cardId, state, modem, network, pin } = card.card
    const as = pin === 'locked' ? 'locked by its PIN' : enrolled ? `enrolled as ${cardId}` : 'not enrolled'
    output.say(`Card:    ${card.path}, ${as}, ${state}`)
    output.say(`Modem:   ${modem}`)
    if (network !== undefined) output.say(`Network: ${networkText(network)}`)
    return { session, keys, keeper, card: { path: card.path, firmware: card.firmware, ...card.card } }
  },
}

async function keptStatus({ env }: CommandContext): Promise<KeeperStatus | undefined> {
  return (await KeeperClient.find(stateFolder(env)))?.status()
}

function sessionText({ userId, server, expiresAt, keysLeft }: NonNullable<KeeperStatus['session']>): string {
  const left = duration((Date.parse(expiresAt) - Date.now()) / 1000)
  return `${userId} at ${server}, ${left} left, ${keysLeft} more keys`
}

async function lookAtCard(context: CommandContext, options: Options): Promise<CardLook | KeylineError> {
  let terminal: Terminal | undefined
  try {
    const path = await cardSource(context, options)
    terminal = await Terminal.open({ card: path })
    return { path: sourceText(path), ...(await terminal.status()) }
  } catch (error) {
    if (error instanceof KeylineError && error.code !== 'USAGE') return error
    throw error
  } finally {
    await terminal?.close()
  }
}
