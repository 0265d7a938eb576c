import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { KEY } from './parts.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const { values } = parseArgs({ options: { rounds: { type: 'string' }, json: { type: 'boolean' } } })
const ROUNDS = Number(values.rounds ?? 7)
const children: ChildProcess[] = []

interface Measured {
  readonly requests: number
  readonly megabytes: number
  readonly wrong: number
}

async function start(script: string, args: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const node = ['--disable-warning=ExperimentalWarning', here(script), ...args]
  const child = spawn(process.execPath, node, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Record<string, number> // ours
  throw new Error(`${script} ended`)
}

async function load(port: number, what: 'small' | 'large', connections: number): Promise<Measured> {
  const said = await start('./load.ts', [String(port), what, String(connections), '2000'])
  return said as unknown as Measured // its only line
}

/** @returns the port of a pair of stunnels, or undefined where there is none */
async function stunnels(folder: string, target: number): Promise<number | undefined> {
  if (spawnSync('stunnel', ['-version']).error !== undefined) return undefined
  writeFileSync(join(folder, 'psk'), `${KEY.id}:${KEY.psk}\n`, { mode: 0o600 })
  const [middle, front] = [await freePort(), await freePort()]
  const common = `foreground=yes\ndebug=3\nsslVersion=TLSv1.3\nciphersuites=TLS_AES_128_GCM_SHA256\nPSKsecrets=${join(folder, 'psk')}\n`
  const services = [
    ['server', `[s]\naccept=127.0.0.1:${middle}\nconnect=127.0.0.1:${target}\n`],
    ['client', `[c]\nclient=yes\naccept=127.0.0.1:${front}\nconnect=127.0.0.1:${middle}\n`],
  ] as const
  for (const [name, service] of services) {
    writeFileSync(join(folder, name), common + service)
    children.push(spawn('stunnel', [join(folder, name)], { stdio: 'ignore' }))
  }
  for (let tries = 0; tries < 50; tries++) {
    if (await answers(front)) return front
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return undefined
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

const folder = mkdtempSync(join(tmpdir(), 'keyline-bench-'))
try {
  const server = await start('./parts.ts', ['server'])
  const gateway = await start('./parts.ts', ['gateway', String(server.keyed)])
  const stunnel = await stunnels(folder, server.plain ?? 0)
  const ways = { direct: server.plain, gateway: gateway.port, ...(stunnel !== undefined && { stunnel }) }
  if (stunnel === undefined && !values.json)
    process.stdout.write('There is no stunnel here: nothing to compare with.\n')
  const measures = [
    { name: '1 KiB GET, 32 in parallel, requests/s', what: 'small', connections: 32, of: 'requests' },
    { name: 'download, 1 stream, MB/s', what: 'large', connections: 1, of: 'megabytes' },
    { name: 'download, 8 streams, MB/s', what: 'large', connections: 8, of: 'megabytes' },
  ] as const
  for (const { name, what, connections, of } of measures) {
    const seen = new Map<string, number[]>(Object.keys(ways).map((way) => [way, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const [way, port] of Object.entries(ways)) {
        const result = await load(port ?? 0, what, connections)
        if (result.wrong > 0) throw new Error(`${way}: ${result.wrong} answers were not what was asked for`)
        seen.get(way)?.push(result[of])
      }
    }
    const rows = [...seen].map(([way, all]) => ({
      way,
      median: median(all),
      min: Math.min(...all),
      max: Math.max(...all),
    }))
    const ratio =
      stunnel === undefined ? undefined : median(seen.get('gateway') ?? []) / median(seen.get('stunnel') ?? [])
    if (values.json) process.stdout.write(`${JSON.stringify({ name, rows, gatewayToStunnel: ratio })}\n`)
    else {
      process.stdout.write(`\n${name}\n`)
      for (const row of rows) {
        const range = `${Math.round(row.min)} … ${Math.round(row.max)}`
        process.stdout.write(`  ${row.way.padEnd(8)} ${String(Math.round(row.median)).padStart(7)}   (${range})\n`)
      }
      if (ratio !== undefined) process.stdout.write(`  gateway to stunnel: ${ratio.toFixed(2)}\n`)
    }
  }
} finally {
  for (const child of children) child.kill()
  rmSync(folder, { recursive: true, force: true })
}
