import { readdirSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import { seeded } from '../random.ts'
import { Trouble } from './soak-faults.ts'
import { soakWorld } from './soak-world.ts'

const SEED = 271_828
const JOBS = Number(process.env.SOAK_JOBS ?? 10_000)
const SECTIONS = 10
/** The next look at each of three modems, and at the server's stored messages. */
const IDLE_TIMERS = 4
/** Jobs whose trouble may still be there. */
const TROUBLES_MOST = 5
/** A job has 240 s, then up to 20 s for hanging up and 15 s for a dialling that does not come back. */
const JOB_MOST_MS = 300_000
/** Long enough for what a call or a conversation leaves behind, e.g. the next look at a modem; milliseconds. */
const REST_MS = 65 * 60_000
/** Growth of the heap that is no leak, MB: caches, compiled code. */
const HEAP_SLACK_MB = 2
/** A card may be told these while the network or its modem is in trouble; all else is a fault of ours. */
const EXPECTED = new Set([
  'permitted',
  'LINE_BUSY',
  'LINE_NO_ANSWER',
  'LINE_NO_CARRIER',
  'LINE_NO_DIALTONE',
  'LINE_LOST',
  'LINE_NO_RESPONSE',
  'LINE_TIMEOUT',
  'LINE_NOT_REGISTERED',
  'MODEM_ABSENT',
  'MODEM_FAULT',
  'SIM_UNUSABLE',
])

setFlagsFromString('--expose-gc')
// The function that the flag gives to new contexts.
const gc = runInNewContext('gc') as () => void

async function heapMb(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    await turn()
    gc()
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length
}

test(`seed ${SEED}: ${JOBS} logins with random faults: each ends, nothing sticks, nothing leaks`, async (t) => {
  t.timeout(300_000)
  const it = await soakWorld(t, SEED)
  const below = seeded(SEED)
  const rows: { heap: number; timers: number; fds: number }[] = []
  const all = new Map<string, number>()
  const troubles: Trouble[] = []
  const kinds = new Map<string, number>()
  let longestMs = 0

  /** After the faults: a job succeeds at once, and both ends come to rest. */
  const checkpoint = async (): Promise<void> => {
    for (const trouble of troubles.splice(0)) trouble.end()
    await it.clock.advance(120_000)
    const began = it.clock.now()
    const last = await it.during(it.login())
    t.like(last, { ok: true, result: { verdict: 'permitted' } })
    t.true(it.clock.now() - began < 30_000, 'at once')
    await it.clock.advance(REST_MS)
    // A look at a modem may have begun in this very moment: it needs no time, but its turns.
    for (let n = 0; n < 50; n++) await it.clock.advance(0)
    t.is(it.jobs.state, 'idle')
    t.deepEqual(it.exchange.calls, [])
    t.is(it.centre.waiting, 0)
    t.is(it.conversations.open, 0)
    for (const modem of it.modems) t.is(modem.open.size, 1, modem.path)
    await it.node.sessions.sweep()
  }

  await checkpoint()
  const fds = descriptors()
  for (let section = 0; section < SECTIONS; section++) {
    const began = it.clock.now()
    const ends = new Map<string, number>()
    it.counts.clear()
    for (let n = 0; n < JOBS / SECTIONS; n++) {
      const trouble = new Trouble(it, below)
      troubles.push(trouble)
      for (const kind of trouble.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      if (troubles.length > TROUBLES_MOST) troubles.shift()?.end()
      const started = it.clock.now()
      const outcome = await it.during(it.login(), JOB_MOST_MS)
      const took = it.clock.now() - started
      longestMs = Math.max(longestMs, took)
      const end = outcome.ok ? outcome.result.verdict : outcome.problem.code
      for (const map of [ends, all]) map.set(end, (map.get(end) ?? 0) + 1)
      if (!EXPECTED.has(end)) t.fail(`${end} after ${trouble.kinds.join(', ')}: ${JSON.stringify(outcome)}`)
      if (it.jobs.state !== 'idle') t.fail(`${it.jobs.state} after a job`)
      it.node.events.length = 0
      await it.clock.advance(below(3000))
      await turn()
    }
    const minutes = Math.round((it.clock.now() - began) / 60_000)
    await checkpoint()
    const row = { heap: await heapMb(), timers: it.clock.waiting, fds: descriptors() }
    rows.push(row)
    t.log(
      `${(section + 1) * (JOBS / SECTIONS)} jobs, ${minutes} min, heap ${row.heap.toFixed(1)} MB, ${row.timers} timers, ` +
        `${row.fds} descriptors, ${shown(ends)} · ${shown(it.counts)}`,
    )
    t.is(row.timers, IDLE_TIMERS)
    t.is(row.fds, fds)
  }
  t.log(`all: ${shown(all)}, longest ${Math.round(longestMs / 1000)} s`)
  t.log(`troubles: ${shown(kinds)}`)
  t.log(`ports opened: ${it.modems.map(({ path, opened }) => `${path} ${opened}`).join(', ')}`)
  t.true((all.get('permitted') ?? 0) > 0.7 * JOBS)

  const third = Math.floor(SECTIONS / 3)
  const mean = (part: typeof rows): number => part.reduce((sum, { heap }) => sum + heap, 0) / part.length
  const growth = mean(rows.slice(-third)) - mean(rows.slice(third, -third))
  t.true(growth < HEAP_SLACK_MB, `the heap grew by ${growth.toFixed(1)} MB`)

  await it.close()
  t.is(it.clock.waiting, 0)
  for (const modem of it.modems) t.is(modem.open.size, 0, modem.path)
})

function shown(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
