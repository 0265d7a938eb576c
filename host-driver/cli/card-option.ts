import { resolve } from 'node:path'
import { listPorts } from '../card/card-port.ts'
import { findCard } from '../card/find.ts'
import { type CommandContext, type Options, text } from './command.ts'

export const CARD_OPTION = { card: { type: 'string' } } as const
export const CARD_HELP = `  --card PATH   serial port of the card; otherwise KEYLINE_CARD, the configuration file
                ~/.config/keyline/config.json ({"card": PATH}), or the only card on USB`

/** @returns an absolute path @throws KeylineError CARD_NOT_FOUND, CARD_AMBIGUOUS, CONFIG_INVALID */
export async function cardPath({ env }: CommandContext, options: Options): Promise<string> {
  return resolve(await findCard({ given: text(options, 'card'), env, listPorts }))
}
