import { join, resolve } from 'node:path'
import type { CardSource } from '../card/attached.ts'
import { listPorts } from '../card/card-port.ts'
import { findCard } from '../card/find.ts'
import { fault } from '../errors.ts'
import { type CommandContext, type Options, text } from './command.ts'

export const CARD_OPTION = { card: { type: 'string' }, modem: { type: 'string' }, store: { type: 'string' } } as const
export const CARD_HELP = `  --card PATH   serial port of the card, or its serial number; otherwise KEYLINE_CARD, the configuration file
                ~/.config/keyline/config.json ({"card": PATH}), or the only card on USB
  --modem PATH  no card: a modem or telephone at this computer; otherwise KEYLINE_MODEM or {"modem": PATH}
  --store DIR   where it keeps what a card would (~/.local/share/keyline/card)`

/** @returns with absolute paths @throws KeylineError CARD_NOT_FOUND, CARD_AMBIGUOUS, CONFIG_INVALID, USAGE */
export async function cardSource({ env }: CommandContext, options: Options): Promise<CardSource> {
  const [given, modem] = [text(options, 'card'), text(options, 'modem')]
  if (given !== undefined && modem !== undefined) throw fault('USAGE', { what: 'either --card or --modem' })
  const found = await findCard({ given, modem, env, listPorts })
  if ('card' in found) {
    if (text(options, 'store') !== undefined) throw fault('USAGE', { what: '--store goes with --modem' })
    // A name without a slash that is no serial number is a file here.
    return resolve(found.card)
  }
  return { modem: resolve(found.modem), store: resolve(text(options, 'store') ?? defaultStore(env)) }
}

function defaultStore(env: CommandContext['env']): string {
  const base = env.XDG_DATA_HOME || (env.HOME && join(env.HOME, '.local', 'share'))
  if (!base) throw fault('USAGE', { what: 'expected --store DIR: this account has no home' })
  return join(base, 'keyline', 'card')
}

/** For people. */
export function sourceText(source: CardSource): string {
  return typeof source === 'string' ? source : `${source.modem} at this computer`
}
