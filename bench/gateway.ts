import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { figures, inWords, ratios } from './figures.ts'
import { cpuSeconds, Processes } from './processes.ts'
import { hasMlKem, stunnelPair, stunnelVersion } from './stunnel.ts'

const HELP = 'usage: npm run bench -- [--rounds N] [--only WORD] [--json]\n'
const ports = z.record(z.string(), z.number().int().min(1).max(65_535))
const measured = z.object({ asked: z.number(), bytes: z.number(), seconds: z.number(), wrong: z.number() })
const settings = z.object({
  rounds: z.coerce.number().int().min(1).max(100).default(7),
  only: z.string().default(''),
  json: z.boolean().default(false),
})

type Load = readonly [what: string, connections: number, requests: number]
type Way = 'direct' | 'stunnel' | 'gateway' | 'forward'
const HTTP: readonly Way[] = ['direct', 'stunnel', 'gateway']
const ALL: readonly Way[] = [...HTTP, 'forward']
/** `load` is what, connections, requests of each. */
const MEASURES = [
  { name: '1 KiB GET, keep-alive, 32 in parallel', unit: 'requests/s', load: ['small', 32, 2000], ways: HTTP },
  { name: 'download, 1 stream', unit: 'MB/s', load: ['large', 1, 8], ways: ALL },
  { name: 'download, 8 streams', unit: 'MB/s', load: ['large', 8, 1], ways: ALL },
  { name: 'upload, 1 stream', unit: 'MB/s', load: ['upload', 1, 8], ways: ALL },
  { name: 'upload, 8 streams', unit: 'MB/s', load: ['upload', 8, 1], ways: ALL },
] as const

function optionsOf(): z.infer<typeof settings> | undefined {
  const options = { rounds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } } as const
  try {
    return settings.safeParse(parseArgs({ options }).values).data
  } catch {
    return undefined
  }
}

interface Opened {
  readonly port: number
  /** All that the bytes go through, the server behind too. */
  readonly pids: readonly number[]
}

async function openWays(processes: Processes, folder: string, stunnel: boolean): Promise<Map<Way, Opened>> {
  const part = async (role: string, port = 0): Promise<Readonly<Record<string, number>>> =>
    ports.parse(await processes.script('./parts.ts', [role, port]))
  const { plain = 0, keyed } = await part('server')
  const before = processes.pids
  const ways = new Map<Way, Opened>([['direct', { port: plain, pids: before }]])
  const add = async (way: Way, open: () => Promise<number | undefined>): Promise<void> => {
    const others = processes.pids
    const port = (await open()) ?? 0
    ways.set(way, { port, pids: [...before, ...processes.pids.filter((pid) => !others.includes(pid))] })
  }
  if (stunnel) await add('stunnel', () => stunnelPair(processes, folder, plain))
  await add('gateway', async () => (await part('gateway', keyed)).port)
  await add('forward', async () => (await part('forward-client', (await part('forward-server', plain)).port)).port)
  return ways
}

interface Round {
  /** Requests or megabytes a second. */
  readonly speed: number
  /** CPU seconds of a gigabyte, or of 100,000 requests; without the client's. */
  readonly cpu: number | undefined
}

/** @throws Error when an answer was wrong */
async function load(processes: Processes, way: Way, { port, pids }: Opened, args: Load): Promise<Round> {
  const before = cpuSeconds(pids)
  const result = measured.parse(await processes.script('./load.ts', [port, ...args]))
  const after = cpuSeconds(pids)
  if (result.wrong > 0)
    throw new Error(`${way}, ${args.join(' ')}: ${result.wrong} answers were not what was asked for`)
  const small = args[0] === 'small'
  const done = small ? result.asked / 100_000 : result.bytes / 1e9
  const cpu = before === undefined || after === undefined ? undefined : (after - before) / done
  return { speed: small ? result.asked / result.seconds : result.bytes / 1e6 / result.seconds, cpu }
}

async function main({ rounds, only, json }: z.infer<typeof settings>): Promise<void> {
  const say = (value: object, text: string): void =>
    void process.stdout.write(json ? `${JSON.stringify(value)}\n` : text)
  const stunnel = stunnelVersion()
  const processes = new Processes()
  const folder = mkdtempSync(join(tmpdir(), 'keyline-bench-'))
  try {
    const ways = await openWays(processes, folder, stunnel !== undefined)
    say(...about(stunnel, rounds))
    // Whoever moves wrong bytes quickly is not quick: each way first moves all of them both ways, several streams at once.
    for (const [way, opened] of ways) await load(processes, way, opened, ['verify', 4, 1])
    const sent = [...ways.keys()].join(', ')
    say({ verified: sent }, `SHA-256 of 64 MiB down and up, 4 streams: as sent by ${sent}.\n`)
    for (const { name, unit, load: args, ways: wanted } of MEASURES) {
      if (!name.includes(only)) continue
      const seen = new Map<Way, Round[]>(wanted.flatMap((way) => (ways.has(way) ? [[way, []]] : [])))
      for (let round = 0; round < rounds; round++) {
        for (const [way, all] of turned([...seen], round)) {
          const opened = ways.get(way)
          if (opened !== undefined) all.push(await load(processes, way, opened, args))
        }
      }
      say(...reported(name, unit, seen))
    }
  } finally {
    processes.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function about(stunnel: string | undefined, rounds: number): [object, string] {
  const machine = { node: process.version, openssl: process.versions.openssl, cores: availableParallelism(), rounds }
  const mlKem = stunnel !== undefined && hasMlKem(stunnel)
  const other =
    stunnel === undefined
      ? 'There is no stunnel on this machine: nothing to compare with.'
      : `stunnel ${stunnel} at both ends, TLS 1.3 PSK, AES-128-GCM${mlKem ? '' : '; it has no ML-KEM, Keyline’s handshakes do'}.`
  const text = `Node ${machine.node}, OpenSSL ${machine.openssl}, ${machine.cores} cores, ${rounds} rounds in turn.\n${other}\n`
  return [{ ...machine, stunnel: stunnel ?? null, stunnelMlKem: mlKem }, text]
}

/** Another way begins in each round. */
function turned<T>(all: readonly T[], by: number): T[] {
  const at = by % Math.max(1, all.length)
  return [...all.slice(at), ...all.slice(0, at)]
}

function reported(name: string, unit: string, seen: ReadonlyMap<Way, readonly Round[]>): [object, string] {
  const speeds = (way: Way): number[] => (seen.get(way) ?? []).map(({ speed }) => speed)
  const rows = [...seen].map(([way, rounds]) => {
    const to = (other: Way) =>
      way === other || way === 'direct' || !seen.has(other) ? undefined : ratios(speeds(way), speeds(other))
    const cpu = rounds.flatMap((round) => round.cpu ?? [])
    const own = { ...figures(speeds(way)), cpu: cpu.length > 0 ? figures(cpu).median : undefined }
    return { way, ...own, toStunnel: to('stunnel'), toDirect: to('direct') }
  })
  const lines = rows.map(({ way, cpu, toStunnel, toDirect, ...own }) => {
    const notes = [
      ...(cpu === undefined ? [] : [`CPU ${cpu.toFixed(2)} s`]),
      ...(toStunnel === undefined ? [] : [`to stunnel ${inWords(toStunnel, 2)}`]),
      ...(toDirect === undefined ? [] : [`to direct ${inWords(toDirect, 2)}`]),
    ]
    return `  ${[way.padEnd(8), inWords(own, 0).padEnd(26), ...notes].join('  ')}`.trimEnd()
  })
  const cost = unit === 'MB/s' ? 'GB' : '100,000 requests'
  const cpuOf = `CPU of all parts without the client, for each ${cost}`
  return [{ name, unit, cpuOf, rows }, `\n${name}, ${unit}: median (range); ${cpuOf}\n${lines.join('\n')}\n`]
}

const chosen = optionsOf()
if (chosen === undefined) {
  process.stderr.write(HELP)
  process.exitCode = 2
} else await main(chosen)
