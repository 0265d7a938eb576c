import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { World } from '../demo/world.ts'
import { cardTree } from '../deploy/card-tree.ts'
import { Terminal } from '../host-driver/index.ts'

const CONTENT = fileURLToPath(new URL('../demo/content', import.meta.url))
const USER = 'alice@example.org'
const PASSWORD = 'correct-horse'

/** One start of the bundled card on this computer: milliseconds, and MiB resident. */
interface Start {
  readonly nodeMs: number
  readonly readyMs: number
  readonly readyMib: number
  readonly usedMib: number
  readonly peakMib: number
}

async function measure(bundle: string, logins: number): Promise<Start> {
  const before = performance.now()
  spawnSync(process.execPath, ['-e', '0'])
  const nodeMs = performance.now() - before
  const sim = ['--ring-after', '10']
  const world = await World.start({ rate: 64_000, latencyMs: 5, content: CONTENT, cardBundle: bundle, sim })
  try {
    await world.addUser(USER, PASSWORD)
    await world.startServer()
    const from = performance.now()
    const { pid } = await world.startCard()
    const readyMs = performance.now() - from
    const readyMib = mib(pid, 'VmRSS')
    const terminal = await Terminal.open({ card: world.cardPort })
    try {
      await terminal.enrol(await world.ticket())
      for (let n = 0; n < logins; n++) {
        const login = await terminal.login({ userId: USER, password: PASSWORD })
        if (login.verdict === 'refused') throw new Error(`refused: ${login.reason}`)
        await login.session.close()
      }
    } finally {
      await terminal.close()
    }
    return { nodeMs, readyMs, readyMib, usedMib: mib(pid, 'VmRSS'), peakMib: mib(pid, 'VmHWM') }
  } finally {
    await world.close()
  }
}

/** @param name of /proc/PID/status */
function mib(pid: number, name: string): number {
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / 1024
}

async function main(argv: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const options = {
    rounds: { ...text, default: '3' },
    logins: { ...text, default: '5' },
    json: flag,
    help: flag,
  }
  const { values } = parseArgs({ args: [...argv], options })
  if (values.help) {
    process.stdout.write(
      'node bench/card.ts [--rounds N] [--logins N] [--json]: start and memory of the bundled card\n',
    )
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'keyline-bench-'))
  try {
    await cardTree(folder, process.arch === 'arm64' ? 'arm64' : 'x64')
    for (let round = 0; round < Number(values.rounds); round++) {
      const it = await measure(join(folder, 'dist/card.mjs'), Number(values.logins))
      const line = `node ${it.nodeMs.toFixed(0)} ms, ready ${it.readyMs.toFixed(0)} ms, ${it.readyMib.toFixed(1)} MiB resident when ready, ${it.usedMib.toFixed(1)} after ${values.logins} logins (peak ${it.peakMib.toFixed(1)})`
      process.stdout.write(values.json ? `${JSON.stringify(it)}\n` : `${line}\n`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv.slice(2))
