import { fstatSync } from 'node:fs'
import { readArguments, USAGE } from './arguments.ts'
import { CommandLines, readCommand } from './control.ts'
import { describe } from './describe.ts'
import type { SimEvent } from './events.ts'
import { SimError } from './fault.ts'
import { startWorld, type World } from './world.ts'

/** Exit codes: an argument was wrong; the world could not be set up. */
const WRONG_ARGUMENT = 2
const FAILED = 1

/** Runs until it is told to stop. @returns the exit code */
async function main(argv: readonly string[]): Promise<number> {
  const wanted = readArguments(argv)
  if (wanted.type === 'help') {
    process.stdout.write(USAGE)
    return 0
  }
  const print = (event: SimEvent): void => {
    process.stdout.write(`${wanted.json ? JSON.stringify(event) : describe(event)}\n`)
  }
  const stopping = stopped()
  const world = await startWorld(wanted.options, print)
  void world.stopped.then(stopping.stop)
  print(world.ready)
  const lines = new CommandLines()
  process.stdin.setEncoding('utf8')
  process.stdin.on('error', stopping.stop)
  process.stdin.on('data', (text: string) => {
    for (const line of lines.push(text)) answer(line, world, print, stopping.stop)
  })
  await stopping.promise
  process.stdin.destroy()
  await world.close()
  return 0
}

/** One command, or what was wrong with its line. */
function answer(line: string | SimError, world: World, print: (event: SimEvent) => void, stop: () => void): void {
  try {
    if (line instanceof SimError) throw line
    const command = readCommand(line)
    print(world.command(command))
    if (command.do === 'stop') stop()
  } catch (error) {
    if (!(error instanceof SimError)) throw error
    print({ event: 'error', code: error.code, what: error.message, cure: error.cure })
  }
}

/** Resolves on a signal, on `stop`, when a piped standard input ends, or when nobody reads the events any more. */
function stopped(): { readonly promise: Promise<void>; readonly stop: () => void } {
  let stop = (): void => {}
  const promise = new Promise<void>((resolve) => {
    stop = resolve
  })
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  process.stdout.on('error', stop)
  // A pipe ends with the program that started this one; a terminal's or a null device's end means nothing.
  const input = fstatSync(0)
  if (input.isFIFO() || input.isSocket()) process.stdin.once('close', stop)
  return { promise, stop }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SimError)) throw error
  process.stderr.write(`${error.code}: ${error.message} ${error.cure}\n`)
  process.exitCode = error.code === 'ARGUMENT_INVALID' ? WRONG_ARGUMENT : FAILED
}
