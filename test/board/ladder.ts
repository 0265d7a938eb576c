import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CACHE } from '../../deploy/cache.ts'
import { foreignRuns, installed } from '../../deploy/image/needs.ts'
import { passed, unchanged } from './changed.ts'
import type { Rung } from './rung.ts'
import { RUNGS } from './rungs.ts'

const USAGE = `The card as a board, from its program on an emulated processor to a booted image on an emulated USB cable.

  npm run test:board [-- --rung NAME …] [--keep] [--verbose] [--json]

  --rung NAME  only this one; repeatable
  --changed    leave out what passed before with the same sources
  --list       names them and what each proves
  --keep       leave the machine of the last rung running, and say how to reach its console
  --verbose    what the machines say
  --json       one JSON object a line

What is missing of Debian's packages is installed where this is root. The first time takes some minutes; what was downloaded and
built is kept in .cache (KEYLINE_CACHE says otherwise).
`
type Verdict = 'ok' | 'FAILED' | 'NOT RUN'

interface Row {
  readonly rung: string
  readonly verdict: Verdict
  readonly seconds: number
  readonly text: string
}

async function main(argv: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const
  const options = {
    rung: { type: 'string', multiple: true },
    list: flag,
    changed: flag,
    keep: flag,
    verbose: flag,
    json: flag,
    help: flag,
  } as const
  const { values } = parseArgs({ args: [...argv], options })
  const wanted = values.rung ?? RUNGS.map(({ name }) => name)
  const unknown = wanted.find((name) => !RUNGS.some((rung) => rung.name === name))
  if (values.help || unknown !== undefined) {
    process.stdout.write(unknown === undefined ? USAGE : `There is no rung ${unknown}; --list names them.\n`)
    return unknown === undefined ? 0 : 2
  }
  if (values.list) {
    for (const { name, proves } of RUNGS) process.stdout.write(`${name.padEnd(14)} ${proves}\n`)
    return 0
  }
  const rows: Row[] = []
  const chosen = RUNGS.filter(({ name }) => wanted.includes(name))
  for (const rung of chosen) {
    const row: Row =
      values.changed && unchanged(rung.name)
        ? { rung: rung.name, verdict: 'NOT RUN', seconds: 0, text: 'unchanged since it passed' }
        : await runOne(rung, values.keep && rung === chosen.at(-1), values.verbose)
    rows.push(row)
    if (row.verdict === 'ok') passed(rung.name)
    print(row, values.json)
  }
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length
  const sums = { passed: count('ok'), failed: count('FAILED'), notRun: count('NOT RUN') }
  const text = `${sums.passed} passed, ${sums.failed} failed, ${sums.notRun} not run`
  process.stdout.write(`${values.json ? JSON.stringify(sums) : text}\n`)
  return count('FAILED') === 0 ? 0 : 1
}

async function runOne(rung: Rung, keep: boolean, verbose: boolean): Promise<Row> {
  const from = performance.now()
  const row = (verdict: Verdict, text: string): Row => {
    return { rung: rung.name, verdict, seconds: Math.round((performance.now() - from) / 100) / 10, text }
  }
  const missing = prepare(rung)
  if (missing !== undefined) return row('NOT RUN', missing)
  mkdirSync(CACHE, { recursive: true })
  const folder = mkdtempSync(join(CACHE, `rung-${rung.name}-`))
  const log = verbose ? (text: string) => void process.stderr.write(`  ${text}\n`) : () => {}
  try {
    return row('ok', (await rung.run({ log, folder, keep })).join(', '))
  } catch (error) {
    return row('FAILED', error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true })
  }
}

/** Installs what is missing. @returns why it cannot be run */
function prepare({ needs, foreign }: Rung): string | undefined {
  const absent = Object.entries(needs).filter(([program]) => !installed(program))
  const names = absent.map(([, name]) => name)
  if (foreign && process.arch !== 'arm64' && !foreignRuns()) names.push('qemu-user-static', 'binfmt-support')
  if (names.length === 0) return undefined
  const command = ['install', '--yes', '--quiet', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...names]
  if (process.getuid?.() !== 0) return `missing: sudo apt-get ${command.join(' ')}`
  try {
    // Before the package registers its formats there.
    if (foreign && !foreignRuns()) mount()
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'ignore' })
    execFileSync('apt-get', command, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  } catch {
    return `apt-get ${command.join(' ')} failed`
  }
  if (foreign && process.arch !== 'arm64' && !foreignRuns())
    return 'this kernel starts no programs for arm64 (binfmt_misc)'
  return undefined
}

function mount(): void {
  try {
    execFileSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', '/proc/sys/fs/binfmt_misc'], { stdio: 'ignore' })
  } catch {
    // There already, or this kernel has none: looked at afterwards.
  }
}

function print(row: Row, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(row)}\n`)
  else
    process.stdout.write(
      `${row.verdict.padEnd(8)} ${row.rung.padEnd(14)} ${row.seconds.toFixed(1).padStart(7)} s  ${row.text}\n`,
    )
}

process.exitCode = await main(process.argv.slice(2))
