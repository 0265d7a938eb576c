import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, existsSync, openSync } from 'node:fs'
import type { ExecutionContext } from 'ava'

/** Where the system keeps a program; undefined, and said aloud, where it is missing. */
export function installed(t: ExecutionContext, ...paths: readonly string[]): string | undefined {
  const path = paths.find((each) => existsSync(each))
  if (path !== undefined) return path
  const why = `SKIPPED: ${paths[0]} is not installed (apt-get install --no-install-recommends gammu mgetty ppp minicom smstools gnokii-cli)`
  t.log(why)
  process.stderr.write(`${why}\n`)
  t.pass()
  return undefined
}

export interface Ran {
  readonly code: number | null
  readonly out: string
}

/** Of a program that is not to see more of this machine. */
export const environment = (home: string) => ({ PATH: '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' })

/**
 * Runs a program to its end, killed with the test.
 * @param tty its standard input and output, for programs that dial on them; it is closed when the program has ended
 */
export async function run(
  t: ExecutionContext,
  path: string,
  args: readonly string[],
  home: string,
  tty?: string,
): Promise<Ran> {
  const port = tty === undefined ? undefined : openSync(tty, constants.O_RDWR | constants.O_NOCTTY)
  const child = spawn(path, args, { stdio: [port ?? 'ignore', port ?? 'pipe', 'pipe'], env: environment(home) })
  if (port !== undefined) closeSync(port)
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
  }
  const [code] = await once(child, 'close')
  return { code, out }
}
