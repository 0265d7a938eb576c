import { SESSION_KEYS_MAX } from '../../wire/limits.ts'
import { fault } from '../errors.ts'
import { firstLine, hiddenQuestion, question } from './ask.ts'
import { CARD_HELP, CARD_OPTION, cardPath } from './card-option.ts'
import { type Command, type CommandContext, type Options, text } from './command.ts'
import { runningKeeper } from './kept.ts'
import { refused } from './refused.ts'

/** `keyline login` */
export const login: Command = {
  summary: 'log in over the line, and open the session over the Internet',
  help: `usage: keyline login [--user NAME] [--keys K] [--card PATH] [--json]

The password is asked for without being shown; without a terminal it is the first line of standard input. The session
is held by a keeper in the background until keyline logout, or until its lifetime is over.

  --user NAME   user ID at the server
  --keys K      session keys to exchange in this call, 1…${SESSION_KEYS_MAX} (1)
${CARD_HELP}

example: keyline login --user alice`,
  options: { ...CARD_OPTION, user: { type: 'string' }, keys: { type: 'string' } },
  takes: [],
  async run(context, _args, options) {
    const { output, env, signal } = context
    const keys = keysOption(options)
    const card = await cardPath(context, options)
    const { userId, password } = await credentials(context, options)
    const keeper = await runningKeeper(env)
    const outcome = await keeper.login({ userId, password, keys, card }, output.progress, signal)
    if (outcome.verdict === 'refused') throw refused(outcome.reason, outcome.retryAfterSeconds)
    const { server, expiresAt, keysLeft } = outcome.session
    output.say(`Logged in as ${userId} at ${server} until ${new Date(expiresAt).toLocaleString('sv')}.`)
    return { userId, server, expiresAt, keysLeft }
  },
}

function keysOption(options: Options): number {
  const given = text(options, 'keys') ?? '1'
  const keys = /^\d{1,2}$/.test(given) ? Number(given) : 0
  if (keys >= 1 && keys <= SESSION_KEYS_MAX) return keys
  throw fault('USAGE', { what: `--keys: expected 1…${SESSION_KEYS_MAX}, got ${JSON.stringify(given)}` })
}

/** S1. */
async function credentials(
  { input, signal }: CommandContext,
  options: Options,
): Promise<{ readonly userId: string; readonly password: string }> {
  const given = text(options, 'user')
  if (!input.isTTY) {
    if (given === undefined) throw fault('USAGE', { what: 'expected --user NAME: there is no terminal to ask at' })
    return { userId: given, password: await firstLine(input, 'the password') }
  }
  // Questions go to standard error: standard output is for results.
  const userId = given ?? (await question(input, process.stderr, 'User: ', signal))
  const password = await hiddenQuestion(input, process.stderr, 'Password: ', signal)
  if (userId === '' || password === '') throw fault('INPUT_INVALID', { what: 'expected a user ID and a password' })
  return { userId, password }
}
