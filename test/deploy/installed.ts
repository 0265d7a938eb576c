import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ExecutionContext } from 'ava'
import { enrolled, PASSWORD, USER } from '../system/fixture.ts'

export const run = promisify(execFile)
/** Where programs are found that are not this repository's. */
export const PATH = (process.env.PATH ?? '')
  .split(':')
  .filter((it) => !it.includes('node_modules'))
  .join(':')
const COMMAND_MS = 120_000
const PING_MS = 20_000

export type Command = (args: readonly string[], input?: string) => Promise<{ readonly stdout: string }>

export function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-deploy-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Said aloud, and in the test's own lines. */
export function notRun(t: ExecutionContext, why: string): void {
  process.stderr.write(`NOT RUN: ${t.title}: ${why}\n`)
  t.log(`NOT RUN: ${why}`)
  t.pass()
}

/** Whether a failure of npm is one of this package. */
export function reachesRegistry(): Promise<boolean> {
  return run('npm', ['ping', '--silent'], { timeout: PING_MS }).then(
    () => true,
    () => false,
  )
}

/** An installed command line in an environment with nothing of the shell that runs the tests. @param start program and first arguments */
export function command(home: string, [program = '', ...first]: readonly string[]): Command {
  const env = { HOME: home, KEYLINE_STATE: join(home, 'state'), PATH, LANG: 'C.UTF-8' }
  return (args, input = '') => {
    const child = run(program, [...first, ...args], { cwd: home, env, timeout: COMMAND_MS })
    child.child.stdin?.end(input)
    return child
  }
}

/** What a user sees first, and a login by telephone with a download. */
export async function works(t: ExecutionContext, keyline: Command): Promise<void> {
  t.regex((await keyline(['--version'])).stdout, /^keyline \d+\.\d+\.\d+$/m)
  t.regex((await keyline(['--help'])).stdout, /^usage: keyline COMMAND/)
  t.regex((await keyline(['card', '--help'])).stdout, /^Runs the card/)
  const missing = await t.throwsAsync(keyline(['server', '--json']))
  t.regex(String((missing as { stdout?: string }).stdout), /PROGRAM_MISSING/)
  const world = await enrolled(t)
  await keyline(['login', '--user', USER, '--card', world.cardPort, '--json'], `${PASSWORD}\n`)
  t.teardown(() => keyline(['logout', '--json']).catch(() => {}))
  t.regex((await keyline(['ls', '--json'])).stdout, /two-tones\.mp3/)
  await keyline(['get', 'two-tones.mp3', '--json'])
  await keyline(['logout', '--json'])
}
