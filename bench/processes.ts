import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Of the clock in /proc (USER_HZ), which is the same on every Linux. */
const TICKS_PER_SECOND = 100

/** Every part of a measurement is a process of its own; none outlives it. */
export class Processes {
  readonly #children: ChildProcess[] = []

  /** Processes that run, by which a way's cost is told. */
  get pids(): number[] {
    return this.#children.flatMap(({ pid, exitCode }) => (pid === undefined || exitCode !== null ? [] : [pid]))
  }

  /** A script beside this one. @returns the first line that it prints @throws Error when it ends before */
  async script(name: string, args: readonly (string | number)[]): Promise<unknown> {
    const path = fileURLToPath(new URL(name, import.meta.url))
    const node = [...process.execArgv, path, ...args.map(String)]
    const child = spawn(process.execPath, node, { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#children.push(child)
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line)
    throw new Error(`${name} ${args.join(' ')} ended without a word`)
  }

  program(name: string, args: readonly string[]): void {
    const child = spawn(name, args, { stdio: 'ignore' })
    child.on('error', () => {}) // seen by its silence
    this.#children.push(child)
  }

  close(): void {
    for (const child of this.#children) child.kill()
  }
}

/** CPU time of these processes with all their threads, seconds. @returns undefined where there is no /proc */
export function cpuSeconds(pids: readonly number[]): number | undefined {
  try {
    return pids
      .map((pid) => ticksOf(readFileSync(`/proc/${pid}/stat`, 'latin1')) / TICKS_PER_SECOND)
      .reduce((a, b) => a + b, 0)
  } catch {
    return undefined
  }
}

/** utime and stime (proc_pid_stat(5), fields 14 and 15); the name before them may hold anything but ends with the last parenthesis. */
export function ticksOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
