import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { ExecutionContext } from 'ava'

/** Where the system keeps a program; undefined, and said aloud, where it is missing. */
export function installed(t: ExecutionContext, ...paths: readonly string[]): string | undefined {
  const path = paths.find((each) => existsSync(each))
  if (path !== undefined) return path
  const why = `SKIPPED: ${paths[0]} is not installed (apt-get install --no-install-recommends gammu mgetty)`
  t.log(why)
  process.stderr.write(`${why}\n`)
  t.pass()
  return undefined
}

export interface Ran {
  readonly code: number | null
  readonly out: string
}

/** Runs a program to its end, killed with the test. */
export async function run(t: ExecutionContext, path: string, args: readonly string[], home: string): Promise<Ran> {
  const env = { PATH: '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' }
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
  }
  const [code] = await once(child, 'close')
  return { code, out }
}
