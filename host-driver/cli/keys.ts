import { Secret } from '../../keys/secret.ts'
import { SESSION_KEYS_MAX } from '../../wire/limits.ts'
import { fault } from '../errors.ts'
import { KeeperClient } from '../keeper/keeper-client.ts'
import { stateFolder } from '../keeper/state-folder.ts'
import { after } from '../timers.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import { type Command, type CommandContext, type Options, text } from './command.ts'
import { credentials } from './credentials.ts'
import { askKeeper } from './kept.ts'
import { keysLine, keysOption } from './keys-text.ts'
import { readQuietHours } from './quiet-hours.ts'
import { waitForQuiet } from './quiet-wait.ts'
import { refused } from './refused.ts'
import { withPin } from './unlock.ts'
import { VIA_HELP, VIA_OPTION, via } from './via-option.ts'

/** `keyline keys`: looks, and changes nothing. */
const keys: Command = {
  summary: 'show the keys that wait for later sessions; keys fetch gets some',
  help: `usage: keyline keys [--json]
       keyline keys fetch --keys K …

Shows how many keys of earlier calls wait for later sessions, whose they are and until when. They are in the keeper's memory
only; each opens one session without a call, or takes over the running one (keyline rekey).

example: keyline keys`,
  options: {},
  takes: [],
  async run({ env, output }) {
    const kept = await (await KeeperClient.find(stateFolder(env)))?.status()
    const waiting = kept?.keys ?? []
    for (const one of waiting) output.say(keysLine(one))
    if (waiting.length === 0) output.say('No keys wait.')
    return { keys: waiting }
  },
}

/** `keyline keys fetch` */
const fetch: Command = {
  summary: 'exchange keys for later sessions in one call',
  help: `usage: keyline keys fetch --keys K [--between HH:MM-HH:MM] [--user NAME] [--card PATH | --modem PATH]
                          [--internet-via INTERFACE] [--json]

Makes one call that exchanges keys and opens no session; keyline login uses them without a call. With --between it waits
for a moment by chance in these hours, so that not all cards of a fleet call at once. Until then the password is in this
process alone: let a timer start the command in the night where it should be nowhere before.

  --keys K      session keys to exchange, 1…${SESSION_KEYS_MAX}
  --between …   quiet hours, local time; over midnight too
  --user NAME   user ID at the server; the password is asked for, or the first line of standard input
${VIA_HELP}
${CARD_HELP}

example: keyline keys fetch --keys 8 --between 02:00-05:00 --user alice`,
  options: {
    ...CARD_OPTION,
    keys: { type: 'string' },
    between: { type: 'string' },
    user: { type: 'string' },
    ...VIA_OPTION,
  },
  takes: [],
  async run(context, _args, options) {
    const { output, env, signal } = context
    if (options.keys === undefined) throw fault('USAGE', { what: 'keys fetch: expected --keys K' })
    const wanted = keysOption(options, '')
    const between = text(options, 'between')
    const hours = between === undefined ? undefined : readQuietHours(between)
    const internet = via(options)
    const card = await cardSource(context, options)
    const { userId, password } = await secretCredentials(context, options)
    try {
      if (hours !== undefined) {
        const planned = (at: Date): void => {
          output.event({ event: 'planned', at: at.toISOString() })
          output.note(`The call is planned for ${at.toLocaleString('sv')}; Ctrl-C ends it.`)
        }
        await waitForQuiet(hours, { now: () => new Date(), after, chance: Math.random, signal, planned })
      }
      const body = {
        userId,
        password: Buffer.from(password.reveal()).toString('utf8'),
        keys: wanted,
        card,
        ...internet,
      }
      const outcome = await withPin(context, card, () =>
        askKeeper(env, (keeper) => keeper.fetchKeys(body, output.progress, signal)),
      )
      if (outcome.verdict === 'refused') throw refused(outcome.reason, outcome.retryAfterSeconds)
      for (const one of outcome.keys) output.say(keysLine(one))
      return { keys: outcome.keys }
    } finally {
      password.wipe()
    }
  },
}

/** Bytes can be overwritten after use; the text that was typed goes out of reach here. */
async function secretCredentials(
  context: CommandContext,
  options: Options,
): Promise<{ readonly userId: string; readonly password: Secret }> {
  const { userId, password } = await credentials(context, options)
  return { userId, password: new Secret(Buffer.from(password, 'utf8')) }
}

export const KEYS: Readonly<Record<string, Command>> = { keys, 'keys fetch': fetch }
