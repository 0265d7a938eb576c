import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** A program that was told to stop may take this long, milliseconds, before it is killed. */
const STOP_MS = 10_000
const COMPLAINT_MAX = 4096
const EVENTS_MAX = 10_000

/** One JSON line of a program's output. */
export type ChildEvent = Readonly<Record<string, unknown>>

/** A program of the system as a process of its own, with its `--json` output. */
export interface Child {
  readonly pid: number
  readonly events: readonly ChildEvent[]
  /** The first event that fits, also among those that came before; rejects when the program ends first. */
  until(fits: (event: ChildEvent) => boolean): Promise<ChildEvent>
  /** @returns the exit code; null when it had to be killed */
  stop(): Promise<number | null>
  /** As a loss of power: nothing is said to it. */
  kill(): Promise<void>
}

function spawnProgram(program: string, args: readonly string[]) {
  const script = program.endsWith('.mjs') ? program : `${ROOT}${program}/main.ts`
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], { stdio: 'pipe' })
}

/** @param program folder whose `main.ts` is started, or the path of a bundle @param onEvent told each event as it comes */
export function startProgram(program: string, args: readonly string[], onEvent: (event: ChildEvent) => void): Child {
  const child = spawnProgram(program, args)
  child.stdin.end()
  return watch(program, child, onEvent)
}

/** Runs a program to its end. @returns its standard output @throws Error with what it complained about */
export async function runProgram(program: string, args: readonly string[], input = ''): Promise<string> {
  const child = spawnProgram(program, args)
  child.stdin.end(input)
  let output = ''
  let complaint = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_MAX)
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ${args[0] ?? ''} ended with ${code}: ${complaint.trim()}`)
  return output
}

interface Waiter {
  readonly fits: (event: ChildEvent) => boolean
  readonly resolve: (event: ChildEvent) => void
  readonly reject: (error: Error) => void
}

function watch(name: string, child: ChildProcessWithoutNullStreams, onEvent: (event: ChildEvent) => void): Child {
  const { stdout, stderr, pid } = child
  if (pid === undefined) throw new Error(`${name} could not be started`)
  const events: ChildEvent[] = []
  const closed = once(child, 'close')
  let waiters: Waiter[] = []
  let complaint = ''
  let ended = false
  const end = (): Error => new Error(`${name} ended: ${complaint.trim() || 'without a word'}`)
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_MAX)
  })
  createInterface({ input: stdout }).on('line', (line) => {
    const event = JSON.parse(line) as ChildEvent // our own program's output
    if (events.length < EVENTS_MAX) events.push(event)
    onEvent(event)
    const told = waiters.filter(({ fits }) => fits(event))
    waiters = waiters.filter((waiter) => !told.includes(waiter))
    for (const { resolve } of told) resolve(event)
  })
  child.once('close', () => {
    ended = true
    for (const { reject } of waiters.splice(0)) reject(end())
  })
  return {
    pid,
    events,
    until: (fits) => {
      const found = events.find(fits)
      if (found !== undefined) return Promise.resolve(found)
      if (ended) return Promise.reject(end())
      return new Promise((resolve, reject) => waiters.push({ fits, resolve, reject }))
    },
    stop: async () => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      child.kill('SIGTERM')
      const [code] = await closed
      clearTimeout(timer)
      return code as number | null // the 'close' event's first argument
    },
    kill: async () => {
      child.kill('SIGKILL')
      await closed
    },
  }
}
