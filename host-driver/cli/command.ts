import { type ParseArgsConfig, parseArgs } from 'node:util'
import { fault } from '../errors.ts'
import type { Output } from './output.ts'

/** What a command works with, so that tests can give their own. */
export interface CommandContext {
  readonly output: Output
  readonly env: Readonly<Record<string, string | undefined>>
  readonly input: NodeJS.ReadStream
  /** Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal
}

export type Options = Readonly<Record<string, string | boolean | undefined>>

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** Usage, options and an example. */
  readonly help: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  /** Names of the arguments; those in brackets may be left out. */
  readonly takes: readonly string[]
  /** @returns fields of the last JSON line; throws KeylineError */
  run(context: CommandContext, args: readonly string[], options: Options): Promise<Readonly<Record<string, unknown>>>
}

export interface ParsedCommand {
  readonly args: readonly string[]
  readonly options: Options
}

/** @throws KeylineError USAGE */
export function parseCommand(name: string, command: Command, argv: readonly string[]): ParsedCommand {
  const common = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: [...argv], options: { ...command.options, ...common }, allowPositionals: true })
  } catch (error) {
    // The first sentence of Node says which option; what follows is about its API.
    const text = error instanceof Error ? (error.message.split('. ')[0] ?? '') : ''
    throw fault('USAGE', { what: `${name}: ${text}`, cause: error })
  }
  const options = parsed.values as Options // none of the options is `multiple`
  const args = parsed.positionals
  const needed = command.takes.filter((one) => !one.startsWith('[')).length
  if (options.help !== true && (args.length < needed || args.length > command.takes.length)) {
    const wanted = command.takes.length === 0 ? 'no argument' : command.takes.join(' ')
    throw fault('USAGE', { what: `${name}: expected ${wanted}, got ${args.length} arguments` })
  }
  return { args, options }
}

/** A text option, or undefined. */
export function text(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}
