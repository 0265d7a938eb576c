import { exitCode, fault, reportOf, unexpected } from '../errors.ts'
import { EXIT } from '../faults.ts'
import { VERSION } from '../version.ts'
import { type CommandContext, parseCommand } from './command.ts'
import { COMMANDS, unknownCommand } from './commands.ts'
import { Output } from './output.ts'
import { PROGRAMS, runProgram } from './programs.ts'
import { USAGE } from './usage.ts'

/** `keyline`, the command line of the terminal. @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  const json = argv.includes('--json')
  const output = new Output({ out: process.stdout, err: process.stderr }, json)
  try {
    // `keyline card --usb …` is the card itself, `keyline card files …` a command that asks one.
    const command = Object.hasOwn(COMMANDS, `${name} ${rest[0]}`)
    if (name !== undefined && Object.hasOwn(PROGRAMS, name) && !command) return await runProgram(name, rest)
    if (name === '--version' || name === '--help' || name === '-h' || name === 'help') {
      const version = name === '--version'
      output.help(version ? `keyline ${VERSION}` : USAGE)
      output.done(version ? { version: VERSION } : { help: USAGE })
      return EXIT.ok
    }
    await runCommand(name, rest, output)
    return EXIT.ok
  } catch (error) {
    output.failed(reportOf(error))
    return exitCode(unexpected(error))
  }
}

async function runCommand(first: string | undefined, rest: readonly string[], output: Output): Promise<void> {
  if (first === undefined || first === '--json') throw fault('USAGE', { what: 'expected a command' })
  const two = `${first} ${rest[0]}`
  const name = Object.hasOwn(COMMANDS, two) ? two : first
  const argv = name === two ? rest.slice(1) : rest
  const known = [...Object.keys(COMMANDS), ...Object.keys(PROGRAMS)]
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) return unknownCommand(name, known)
  const { args, options } = parseCommand(name, command, argv)
  if (options.help === true) {
    output.help(command.help)
    return output.done({ help: command.help })
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())
  const context: CommandContext = { output, env: process.env, input: process.stdin, signal: stop.signal }
  output.done(await command.run(context, args, options))
}

// Who reads our output may end before us: `keyline ls | head`.
process.stdout.on('error', () => process.exit(EXIT.failed))
process.exitCode = await main(process.argv.slice(2))
// A terminal's input would keep the process waiting.
process.stdin.destroy()
