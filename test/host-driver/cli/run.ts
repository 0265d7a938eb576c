import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { KeeperClient } from '../../../host-driver/keeper/keeper-client.ts'

const MAIN = fileURLToPath(new URL('../../../host-driver/cli/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Lines of `--json`. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** The last of them. */
  readonly last: Readonly<Record<string, unknown>>
}

export interface Home {
  readonly folder: string
  readonly state: string
  readonly env: Readonly<Record<string, string>>
  /** Starts `keyline …`. */
  start(argv: readonly string[], input?: string | { readonly open: true }): ChildProcess
  /** Runs `keyline …` to its end. */
  run(argv: readonly string[], input?: string): Promise<Ended>
  /** Process id of the keeper that runs, if one does. */
  keeperPid(): Promise<number | undefined>
}

/** A user with a home of his own; a keeper that still runs at the end of the test is ended. */
/** @param more of its environment */
export async function home(t: ExecutionContext, more: Readonly<Record<string, string>> = {}): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), 'keyline-h-'))
  const state = join(folder, 'state')
  const env = { PATH: process.env.PATH ?? '', HOME: folder, KEYLINE_STATE: state, LANG: 'C.UTF-8', ...more }
  const start: Home['start'] = (argv, input = '') => {
    const child = spawn(process.execPath, [MAIN, ...argv], { env, cwd: folder, stdio: 'pipe' })
    if (typeof input === 'string') child.stdin.end(input)
    return child
  }
  const keeperPid = async (): Promise<number | undefined> => {
    const keeper = await KeeperClient.find(state)
    return (await keeper?.status())?.pid
  }
  t.teardown(async () => {
    const pid = await keeperPid().catch(() => undefined)
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })
  const run = (argv: readonly string[], input?: string): Promise<Ended> => ended(start(argv, input))
  return { folder, state, env, start, run, keeperPid }
}

export async function ended(child: ChildProcess): Promise<Ended> {
  if (child.stdout === null || child.stderr === null) throw new Error('expected pipes')
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  const lines = out.split('\n').flatMap((line) => {
    return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [] // JSON lines are objects
  })
  return { code, out, err, lines, last: lines.at(-1) ?? {} }
}
