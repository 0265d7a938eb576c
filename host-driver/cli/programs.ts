import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fault } from '../errors.ts'
import { programPath } from '../program-path.ts'

/** The other programs of Keyline. The command line starts them and imports nothing of them. */
export const PROGRAMS: Readonly<Record<string, { readonly main: string; readonly summary: string }>> = {
  server: { main: 'server/main', summary: 'run the server, or manage it' },
  card: { main: 'firmware/main', summary: 'run the card' },
  sim: { main: 'sim/main', summary: 'run the simulated telephone network' },
  acquirer: { main: 'sim/acquirer/main', summary: 'run the simulated card company' },
}

/** A shell's code for a program that a signal ended. */
const SIGNAL_BASE = 128

/**
 * Runs a program with these arguments until it ends; it has our standard input and output, and gets the signals that end us.
 * @returns its exit code @throws KeylineError PROGRAM_MISSING
 */
export function runProgram(name: string, argv: readonly string[]): Promise<number> {
  const path = programPath(PROGRAMS[name]?.main ?? '')
  if (!existsSync(path)) throw fault('PROGRAM_MISSING', { what: `keyline ${name} is not installed` })
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...argv], { stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals): void => {
    // At a terminal Ctrl-C reached the child already: it stands in the same foreground group.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, pass)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? SIGNAL_BASE + (signal ? constants.signals[signal] : 0)))
  })
}
