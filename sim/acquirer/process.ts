import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SimError } from '../fault.ts'
import type { AcquirerCommand } from './control.ts'
import type { AcquirerEvent, DoneEvent, ReadyEvent } from './events.ts'
import type { Payment } from './ledger.ts'

/** How long a program that was told to stop may take, milliseconds, before it is killed. */
const STOP_MS = 5000
/** Events that are remembered. */
const EVENTS_MAX = 10_000
const KEY_BYTES = 32

export interface AcquirerProcess {
  readonly ready: ReadyEvent
  readonly url: string
  readonly pid: number
  /** Events so far, the last 10,000. */
  readonly events: readonly AcquirerEvent[]
  /** @throws SimError with the program's code, or SIM_ENDED */
  command(command: AcquirerCommand): Promise<DoneEvent>
  /** The whole ledger, the oldest first. */
  payments(): Promise<readonly Payment[]>
  /** The first event that fits, also among those that came before. @throws SimError SIM_ENDED */
  until(fits: (event: AcquirerEvent) => boolean): Promise<AcquirerEvent>
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
  /** @returns the exit code; null if it had to be killed */
  stop(): Promise<number | null>
}

/** Writes a new key for --key-file and --acquirer-key, for its owner alone. */
export function makeKeyFile(path: string): void {
  writeFileSync(path, `shop-1:${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
}

/**
 * Starts the simulated card company as a process of its own, which ends with this one.
 *
 * @param args its arguments; `--json` is added @throws SimError SIM_ENDED with what it said
 */
export async function startAcquirer(args: readonly string[]): Promise<AcquirerProcess> {
  const script = fileURLToPath(new URL('./main.ts', import.meta.url))
  const node = ['--disable-warning=ExperimentalWarning', script, '--json', ...args]
  const child = new Child(spawn(process.execPath, node, { stdio: ['pipe', 'pipe', 'pipe'] }))
  const ready = await child.until((event) => event.event === 'ready')
  if (ready.event !== 'ready') throw child.ended()
  return Object.assign(child, { ready, url: ready.url })
}

interface Waiter {
  readonly fits: (event: AcquirerEvent) => boolean
  resolve(event: AcquirerEvent): void
  reject(error: SimError): void
}

class Child {
  readonly pid: number
  readonly events: AcquirerEvent[] = []
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #waiters: Waiter[] = []
  #complaint = ''
  #over = false

  constructor(child: ChildProcess) {
    const { stdout, stderr, stdin, pid } = child
    this.#child = child
    if (stdout === null || stderr === null || stdin === null || pid === undefined) throw this.ended()
    this.pid = pid
    this.#closed = once(child, 'close')
    stdin.on('error', () => {})
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-4096)
    })
    // It is our own program's output: nothing to validate.
    createInterface({ input: stdout }).on('line', (line) => this.#take(JSON.parse(line) as AcquirerEvent))
    child.once('close', () => {
      this.#over = true
      for (const { reject } of this.#waiters.splice(0)) reject(this.ended())
    })
  }

  async command(command: AcquirerCommand): Promise<DoneEvent> {
    // Answers come in order, and each waiter takes one.
    const answer = this.#next((event) => event.event === 'done' || event.event === 'error')
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`)
    const event = await answer
    if (event.event === 'error') throw new SimError(event.code, event.what, event.cure)
    if (event.event !== 'done') throw this.ended()
    return event
  }

  async payments(): Promise<readonly Payment[]> {
    return (await this.command({ do: 'ledger' })).payments ?? []
  }

  until(fits: (event: AcquirerEvent) => boolean): Promise<AcquirerEvent> {
    const before = this.events.find(fits)
    return before === undefined ? this.#next(fits) : Promise.resolve(before)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }

  async stop(): Promise<number | null> {
    // The end of its input stops it; a signal could not be told from a crash.
    this.#child.stdin?.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS)
    await this.#closed
    clearTimeout(timer)
    return this.#child.exitCode
  }

  ended(): SimError {
    const said = this.#complaint.trim() || 'it said nothing'
    return new SimError('SIM_ENDED', `The acquirer has ended: ${said}.`, 'Start it again.')
  }

  #next(fits: (event: AcquirerEvent) => boolean): Promise<AcquirerEvent> {
    if (this.#over) return Promise.reject(this.ended())
    return new Promise((resolve, reject) => this.#waiters.push({ fits, resolve, reject }))
  }

  #take(event: AcquirerEvent): void {
    this.events.push(event)
    if (this.events.length > EVENTS_MAX) this.events.shift()
    const isAnswer = event.event === 'done' || event.event === 'error'
    const fitting = this.#waiters.filter(({ fits }) => fits(event)).slice(0, isAnswer ? 1 : undefined)
    this.#waiters = this.#waiters.filter((waiter) => !fitting.includes(waiter))
    for (const { resolve } of fitting) resolve(event)
  }
}
