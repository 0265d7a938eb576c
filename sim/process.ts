import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { CommandInput } from './control.ts'
import type { DoneEvent, ReadyEvent, SimEvent } from './events.ts'
import { SimError } from './fault.ts'

/** How long a program that was told to stop may take, milliseconds, before it is killed. */
const STOP_MS = 5000
/** Events that are remembered for `until`. */
const EVENTS_MAX = 10_000
/** Characters of its error output that are kept. */
const COMPLAINT_MAX = 4096

export interface SimProcess {
  readonly ready: ReadyEvent
  readonly pid: number
  /** Events so far, the last 10,000. */
  readonly events: readonly SimEvent[]
  /** One at a time or many: answers come in order. @throws SimError with the simulator's code, or SIM_ENDED */
  command(command: CommandInput): Promise<DoneEvent>
  /** @returns how to stop listening */
  onEvent(listener: (event: SimEvent) => void): () => void
  /** The first event that fits, also among those that came before. @throws SimError SIM_ENDED when none can come any more */
  until<T extends SimEvent>(fits: (event: SimEvent) => event is T): Promise<T>
  until(fits: (event: SimEvent) => boolean): Promise<SimEvent>
  /** @returns the exit code; null if it had to be killed */
  stop(): Promise<number | null>
}

/**
 * Starts the simulator as a process of its own, which ends with this one.
 *
 * @param args its arguments; `--json` is added
 * @throws SimError SIM_ENDED with what it said, if it ends before it is ready
 */
export async function startSim(args: readonly string[]): Promise<SimProcess> {
  const script = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, '--json', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const sim = new Child(child)
  const ready = await sim.until((event) => event.event === 'ready')
  return Object.assign(sim, { ready })
}

type Waiter = {
  readonly fits: (event: SimEvent) => boolean
  resolve(event: SimEvent): void
  reject(error: SimError): void
}
type Pending = { resolve(event: DoneEvent): void; reject(error: SimError): void }

class Child {
  readonly pid: number
  readonly events: SimEvent[] = []
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #listeners = new Set<(event: SimEvent) => void>()
  #waiters: Waiter[] = []
  #pending: Pending[] = []
  #complaint = ''
  #ended = false

  constructor(child: ChildProcess) {
    const { stdout, stderr, stdin, pid } = child
    if (stdout === null || stderr === null || stdin === null || pid === undefined)
      throw ended('it could not be started')
    this.pid = pid
    this.#child = child
    this.#closed = once(child, 'close')
    stdin.on('error', () => {})
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_MAX)
    })
    // It is our own program's output: nothing to validate.
    createInterface({ input: stdout }).on('line', (line) => this.#take(JSON.parse(line) as SimEvent))
    child.once('close', () => this.#end())
  }

  command(command: CommandInput): Promise<DoneEvent> {
    if (this.#ended) return Promise.reject(ended(this.#complaint))
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject })
      this.#child.stdin?.write(`${JSON.stringify(command)}\n`)
    })
  }

  onEvent(listener: (event: SimEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  until<T extends SimEvent>(fits: (event: SimEvent) => event is T): Promise<T>
  until(fits: (event: SimEvent) => boolean): Promise<SimEvent>
  until(fits: (event: SimEvent) => boolean): Promise<SimEvent> {
    const before = this.events.find(fits)
    if (before !== undefined) return Promise.resolve(before)
    if (this.#ended) return Promise.reject(ended(this.#complaint))
    return new Promise((resolve, reject) => this.#waiters.push({ fits, resolve, reject }))
  }

  async stop(): Promise<number | null> {
    // The end of its input stops it; a signal could not be told from a crash.
    this.#child.stdin?.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    await this.#closed
    clearTimeout(timer)
    return this.#child.exitCode
  }

  #take(event: SimEvent): void {
    this.events.push(event)
    if (this.events.length > EVENTS_MAX) this.events.shift()
    if (event.event === 'done') this.#pending.shift()?.resolve(event)
    if (event.event === 'error') this.#pending.shift()?.reject(new SimError(event.code, event.what, event.cure))
    for (const listener of [...this.#listeners]) listener(event)
    const fitting = this.#waiters.filter(({ fits }) => fits(event))
    this.#waiters = this.#waiters.filter((waiter) => !fitting.includes(waiter))
    for (const { resolve } of fitting) resolve(event)
  }

  #end(): void {
    this.#ended = true
    for (const { reject } of [...this.#pending, ...this.#waiters]) reject(ended(this.#complaint))
    this.#pending = []
    this.#waiters = []
  }
}

function ended(complaint: string): SimError {
  return new SimError(
    'SIM_ENDED',
    `The simulator has ended: ${complaint.trim() || 'it said nothing'}.`,
    'Start it again.',
  )
}
