import { SESSION_KEYS_MAX } from '../../wire/limits.ts'
import type { CardSource } from '../card/attached.ts'
import { KeylineError } from '../errors.ts'
import { KeeperClient } from '../keeper/keeper-client.ts'
import { stateFolder } from '../keeper/state-folder.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import type { Command, CommandContext, Options } from './command.ts'
import { credentials } from './credentials.ts'
import { askKeeper } from './kept.ts'
import { keysOption } from './keys-text.ts'
import { refused } from './refused.ts'
import { sayTried } from './tried-text.ts'
import { withPin } from './unlock.ts'
import { VIA_HELP, VIA_OPTION, via } from './via-option.ts'

/** `keyline login` */
export const login: Command = {
  summary: 'log in over the line, and open the session over the Internet',
  help: `usage: keyline login [--user NAME] [--keys K] [--fresh] [--card PATH | --modem PATH]
                     [--internet-via INTERFACE] [--json]

The password is asked for without being shown; without a terminal it is the first line of standard input. The session
is held by a keeper in the background until keyline logout, or until its lifetime is over. Where a key of an earlier
call waits for this user (see keyline keys), no call is made, and no card is needed. Each key is used once, also by a
wrong password.

  --user NAME   user ID at the server
  --keys K      session keys to exchange in a call, 1…${SESSION_KEYS_MAX} (1); those not used now wait for later
  --fresh       make a call also where a key waits
${VIA_HELP}
${CARD_HELP}

example: keyline login --user alice`,
  options: {
    ...CARD_OPTION,
    user: { type: 'string' },
    keys: { type: 'string' },
    fresh: { type: 'boolean' },
    ...VIA_OPTION,
  },
  takes: [],
  async run(context, _args, options) {
    const { output, env, signal } = context
    const keys = keysOption(options, '1')
    const fresh = options.fresh === true
    const card = await cardOrStoredKey(context, options, fresh)
    const { userId, password } = await credentials(context, options)
    const body = { userId, password, keys, fresh, ...(card !== undefined && { card }), ...via(options) }
    const outcome = await withPin(context, card, () =>
      askKeeper(env, (keeper) => keeper.login(body, output.progress, signal)),
    )
    if (outcome.verdict === 'refused') throw refused(outcome.reason, outcome.retryAfterSeconds)
    const { session, stored, tried } = outcome
    const { server, expiresAt, keysLeft } = session
    output.say(`Logged in as ${userId} at ${server} until ${new Date(expiresAt).toLocaleString('sv')}.`)
    if (stored !== undefined) output.say(`No call: stored key ${stored.number} of ${stored.of}; ${keysLeft} more wait.`)
    if (tried !== undefined) output.say(sayTried(tried))
    const cost = { ...(stored && { stored }), ...(tried && { tried }) }
    return { userId, server, expiresAt, keysLeft, call: stored === undefined, ...cost }
  },
}

/** @returns undefined when there is no card but a key that waits @throws KeylineError why there is no card, where there is no key either */
async function cardOrStoredKey(
  context: CommandContext,
  options: Options,
  fresh: boolean,
): Promise<CardSource | undefined> {
  try {
    return await cardSource(context, options)
  } catch (error) {
    const missing =
      error instanceof KeylineError && (error.code === 'CARD_NOT_FOUND' || error.code === 'CARD_AMBIGUOUS')
    if (!missing || fresh) throw error
    const keeper = await KeeperClient.find(stateFolder(context.env))
    if (keeper === undefined || (await keeper.status()).keys.length === 0) throw error
    return undefined
  }
}
