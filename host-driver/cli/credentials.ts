import { fault } from '../errors.ts'
import { firstLine, hiddenQuestion, question } from './ask.ts'
import { type CommandContext, type Options, text } from './command.ts'

export interface TypedCredentials {
  readonly userId: string
  readonly password: string
}

/** S1: asked for at a terminal, else --user and the first line of standard input. @throws KeylineError USAGE, INPUT_INVALID, CANCELLED */
export async function credentials({ input, signal }: CommandContext, options: Options): Promise<TypedCredentials> {
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
