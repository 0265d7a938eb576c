import test from 'ava'
import { CardError } from '../../../firmware/card/errors.ts'
import { compareVersions, type Version } from '../../../firmware/update/format.ts'
import { STARTS } from '../../../firmware/update/machine.ts'
import type { Chosen } from '../../../firmware/update/slots.ts'
import { seeded } from '../../random.ts'
import { PowerCut } from '../card/memory-disk.ts'
import { FACTORY, filesOf, send, slotsOn, updateOf, updatesOn } from './fixture.ts'
import { TornDisk } from './torn-disk.ts'

const SEED = 20_261_126
const CUTS = 1000
const OLD: Version = [0, 2, 0]
const NEW: Version = [0, 3, 0]
const NEWER: Version = [0, 4, 0]
const UPDATES = new Map([OLD, NEW, NEWER].map((version) => [version, updateOf(version)]))

function bytesOf(version: Version): Uint8Array {
  const bytes = UPDATES.get(version)
  if (bytes === undefined) throw new Error('an update that nobody made')
  return bytes
}

const versionOf = (chosen: Chosen): Version => (chosen.slot === null ? FACTORY : chosen.update.manifest.version)

/** All that one update does, from its begin until it is healthy, or until it is rolled back. */
function life(disk: TornDisk, version: Version, healthy: boolean): void {
  const { slot, ...before } = slotsOn(disk).choose()
  send(updatesOn(disk, slot, versionOf({ slot, ...before } as Chosen)), bytesOf(version)) // taken apart and put together
  for (let start = 1; start <= STARTS + 1; start++) {
    const chosen = slotsOn(disk).choose()
    const updates = updatesOn(disk, chosen.slot, versionOf(chosen))
    updates.news()
    if (healthy) updates.healthy()
  }
}

/** A disk with OLD healthy on it, and how much a life writes from there. */
function old(random: (below: number) => number): TornDisk {
  const disk = new TornDisk(random)
  life(disk, OLD, true)
  return disk.restart()
}

function span(healthy: boolean): number {
  const disk = old(() => 0)
  life(disk, NEW, healthy)
  return disk.written
}

test(`${CUTS} cuts of power at random offsets of an update and of its way back: what starts is whole, signed and never older (seed ${SEED})`, (t) => {
  t.timeout(300_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const spans = { true: span(true), false: span(false) }
  const during = new Map<string, number>()
  const started = new Map<string, number>()
  for (let n = 0; n < CUTS; n++) {
    const healthy = n % 3 !== 0
    const disk = old(random)
    disk.cutAt = disk.written + 1 + random(spans[`${healthy}`])
    try {
      life(disk, NEW, healthy)
    } catch (error) {
      if (!isCut(error)) throw error
    }
    t.true(disk.off, 'a cut beyond the end')
    during.set(disk.during, (during.get(disk.during) ?? 0) + 1)
    const highest = slotsOn(disk).state.highest
    const left = disk.restart()
    const chosen = slotsOn(left).choose()
    const version = versionOf(chosen)
    // Whole, and what its maker signed: compared with the files themselves, not with what the card says of them.
    if (chosen.slot !== null) t.deepEqual(chosen.update.files.map(plain), filesOf(version).map(plain))
    t.true(compareVersions(version, OLD) >= 0, `fell back to ${version} (cut ${n}, ${disk.during})`)
    t.true(compareVersions(slotsOn(left).state.highest, OLD) >= 0, 'the mark against older ones is lost')
    // Healthy before the cut, unless that very mark was cut: then either may start.
    if (compareVersions(highest, NEW) >= 0 && !/state|folder/.test(disk.during)) t.deepEqual(version, NEW)
    started.set(version.join('.'), (started.get(version.join('.')) ?? 0) + 1)
    // A trial is begun a bounded number of times, and then there is an end to it.
    for (let start = 0; start <= STARTS; start++) slotsOn(left).choose()
    t.is(slotsOn(left).state.trial, null)
    t.true(compareVersions(versionOf(slotsOn(left).choose()), OLD) >= 0)
    // It can be updated again, and takes nothing older.
    t.throws(() => updatesOn(left).begin(bytesOf(OLD), bytesOf(OLD).length), { instanceOf: CardError })
    life(left, NEWER, true)
    t.deepEqual(versionOf(slotsOn(left).choose()), NEWER)
  }
  t.log(Object.fromEntries([...during].sort()))
  t.log(Object.fromEntries(started))
  for (const what of ['write b.new', 'write state.new', 'sync state.new', 'rename b.new']) {
    t.true((during.get(what) ?? 0) > 10, `no cuts in ${what}: the offsets miss`)
  }
  t.true((started.get('0.2.0') ?? 0) > 50 && (started.get('0.3.0') ?? 0) > 20, 'only one of both ever started')
})

function isCut(error: unknown): boolean {
  return error instanceof PowerCut || (error instanceof Error && error.cause instanceof PowerCut)
}

function plain({ path, content }: { readonly path: string; readonly content: Uint8Array }): string {
  return `${path} ${Buffer.from(content).toString('base64')}`
}

test('each bit that rots in the active slot gives the one before it, and then what came with the board', (t) => {
  const random = seeded(SEED)
  for (let n = 0; n < 200; n++) {
    const disk = old(random)
    life(disk, NEW, true)
    t.deepEqual(versionOf(slotsOn(disk).choose()), NEW)
    disk.rot('b', random(bytesOf(NEW).length))
    t.deepEqual(versionOf(slotsOn(disk).choose()), OLD)
    disk.rot('a', random(bytesOf(OLD).length))
    t.deepEqual(versionOf(slotsOn(disk).choose()), FACTORY)
  }
})
