import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { ServerEvent } from '../../server/events.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { stdio: 'pipe' })
}

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
  /** Standard output as JSON. */
  json(): Record<string, unknown>
}

/** One command of the program, to its end. */
export async function run(args: readonly string[], input = ''): Promise<Ended> {
  const child = start(args)
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error('expected pipes')
  stdin.on('error', () => {}) // it may end without reading
  stdin.end(input)
  const [out, err, [code]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')])
  return { code, out, err, json: () => JSON.parse(out) }
}

export interface RunningProgram {
  /** `host:port` */
  readonly internet: string
  readonly events: readonly ServerEvent[]
  /** @returns exit code or signal */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

/** The server as a process; ends with the test. */
export async function runServer(t: ExecutionContext, args: readonly string[]): Promise<RunningProgram> {
  const child = start(['run', '--json', '--listen', '127.0.0.1:0', ...args])
  t.teardown(() => child.kill('SIGKILL'))
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error('expected pipes')
  const complaint = text(stderr)
  const events: ServerEvent[] = []
  const closed = once(child, 'close')
  const ready = await new Promise<ServerEvent | undefined>((resolve) => {
    createInterface({ input: stdout }).on('line', (line) => {
      const event: ServerEvent = JSON.parse(line) // our own program's output
      events.push(event)
      if (event.event === 'ready') resolve(event)
    })
    closed.then(() => resolve(undefined))
  })
  if (ready === undefined) throw new Error(`the server did not start: ${await complaint}`)
  return {
    internet: String(ready.internet),
    events,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      const [code, by] = await closed
      return code ?? by
    },
  }
}
