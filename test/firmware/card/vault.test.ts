import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type Disk, folderDisk } from '../../../firmware/card/disk.ts'
import { type CardRecord, decodeRecord, EMPTY_RECORD, encodeRecord } from '../../../firmware/card/record.ts'
import { Vault } from '../../../firmware/card/vault.ts'
import { seeded } from '../../random.ts'
import { enrolled, enrolling, pendingCall, record } from './fixture.ts'
import { MemoryDisk, PowerCut } from './memory-disk.ts'

const OLD = record(enrolled('old'))
const NEW = record(enrolled('new', pendingCall()), enrolling())

function key(it: CardRecord): string {
  return Buffer.from(encodeRecord(it)).toString('hex')
}

/** The disk after `records` were saved one after the other. */
function diskWith(...records: readonly CardRecord[]): MemoryDisk {
  const disk = new MemoryDisk()
  const vault = Vault.open(disk)
  for (const it of records) vault.save(it)
  disk.steps = 0
  return disk
}

/** @returns whether the power was cut before `run` came to its end */
function cut(run: () => void): boolean {
  try {
    run()
    return false
  } catch (error) {
    if (error instanceof PowerCut || (error instanceof Error && error.cause instanceof PowerCut)) return true
    throw error
  }
}

/** What is found after each possible cut while `next` is saved over `before`. */
function* cuts(
  before: readonly CardRecord[],
  next: CardRecord,
  through: (disk: MemoryDisk) => Disk = (disk) => disk,
): Generator<{ readonly step: number; readonly saved: boolean; readonly disk: MemoryDisk }> {
  for (let step = 1; ; step++) {
    const disk = diskWith(...before)
    const vault = Vault.open(through(disk))
    disk.cutAfter = step
    let saved = false
    cut(() => {
      vault.save(next)
      saved = true
    })
    for (const survivor of disk.survivors()) yield { step, saved, disk: survivor }
    if (disk.steps < step) return
  }
}

for (const [name, before] of [
  ['the first record', []],
  ['a later record', [OLD]],
  ['a record after many', [NEW, OLD, NEW, OLD]],
] as const) {
  test(`a power cut at any step and byte leaves the old or the new state: ${name}`, (t) => {
    const old = key(before.at(-1) ?? EMPTY_RECORD)
    const found = new Set<string>()
    let count = 0
    for (const { step, saved, disk } of cuts(before, NEW)) {
      const vault = Vault.open(disk)
      const now = key(vault.record)
      if (now !== old && now !== key(NEW)) t.fail(`neither after step ${step}`)
      if (saved && now !== key(NEW)) t.fail(`acknowledged and lost after step ${step}`)
      found.add(now)
      // It goes on from there, and what was found is not lost by the next start.
      if (key(Vault.open(disk).record) !== now) t.fail(`not stable after step ${step}`)
      vault.save(OLD)
      if (key(Vault.open(disk).record) !== key(OLD)) t.fail(`no further record after step ${step}`)
      count++
    }
    t.true(count > 500, `${count} cuts`)
    t.is(found.size, 2)
  })
}

test('a power cut while a cut write is cleared up loses nothing either', (t) => {
  let count = 0
  let nth = 0
  for (const { step, disk } of cuts([OLD], NEW)) {
    // Not each byte again: where the first write was cut decides little about the second cut.
    if (nth++ % 41 !== 0) continue
    const found = key(Vault.open(MemoryDisk.of(new Map(files(disk)))).record)
    for (let at = 1; at < 6; at++) {
      const again = MemoryDisk.of(new Map(files(disk)))
      again.cutAfter = at
      if (!cut(() => Vault.open(again))) break
      for (const survivor of again.survivors()) {
        count++
        if (key(Vault.open(survivor).record) !== found) t.fail(`step ${step}, then ${at}`)
      }
    }
  }
  t.true(count > 100, `${count} cuts`)
})

function* files(disk: MemoryDisk): Generator<[string, Uint8Array]> {
  for (const name of ['vault', 'vault.new']) {
    const bytes = disk.read(name)
    if (bytes !== undefined) yield [name, bytes]
  }
}

/** The same disk, but one kind of sync does nothing. */
function without(omitted: 'sync' | 'syncFolder'): (disk: MemoryDisk) => Disk {
  return (disk) => ({
    list: () => disk.list(),
    read: (name) => disk.read(name),
    write: (name, it) => disk.write(name, it),
    sync: (name) => (omitted === 'sync' ? undefined : disk.sync(name)),
    rename: (from, to) => disk.rename(from, to),
    remove: (name) => disk.remove(name),
    syncFolder: () => (omitted === 'syncFolder' ? undefined : disk.syncFolder()),
    hold: (name) => disk.hold(name),
  })
}

for (const omitted of ['sync', 'syncFolder'] as const) {
  test(`the test would see a missing ${omitted}`, (t) => {
    let losses = 0
    for (const { saved, disk } of cuts([OLD], NEW, without(omitted))) {
      try {
        const now = key(Vault.open(disk).record)
        if (now !== key(OLD) && now !== key(NEW)) losses++
        if (saved && now !== key(NEW)) losses++
      } catch {
        losses++
      }
    }
    t.true(losses > 0)
  })
}

test('the order of a save: durable before it takes the place, and the old bytes are overwritten last', (t) => {
  const disk = diskWith(OLD)
  disk.log.length = 0
  Vault.open(disk).save(NEW)
  t.deepEqual(disk.log, [
    'write vault.new',
    'sync vault.new',
    'rename vault.new vault',
    'sync folder',
    'overwrite',
    'sync overwritten',
  ])
})

test('a damaged vault is refused, not taken for a new card', (t) => {
  const whole = diskWith(OLD).read('vault') ?? new Uint8Array(0)
  for (let at = 0; at < whole.length; at++) {
    const bytes = Uint8Array.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 0x10
    t.throws(() => Vault.open(MemoryDisk.of(new Map([['vault', bytes]]))), { code: 'VAULT_DAMAGED' }, `byte ${at}`)
    t.throws(() => Vault.open(MemoryDisk.of(new Map([['vault', whole.subarray(0, at)]]))), { code: 'VAULT_DAMAGED' })
  }
  const zeros = new Map([['vault', new Uint8Array(whole.length)]])
  const error = t.throws(() => Vault.open(MemoryDisk.of(zeros)), { code: 'VAULT_DAMAGED' })
  t.regex(error.message, /enrol the card again/)
})

test('the newest whole generation counts, wherever it lies', (t) => {
  const older = diskWith(OLD).read('vault') ?? new Uint8Array(0)
  const newer = diskWith(OLD, NEW).read('vault') ?? new Uint8Array(0)
  const open = (...entries: readonly (readonly [string, Uint8Array])[]): string =>
    key(Vault.open(MemoryDisk.of(new Map(entries))).record)
  t.is(open(['vault', older], ['vault.new', newer]), key(NEW))
  t.is(open(['vault', newer], ['vault.new', older]), key(NEW))
  t.is(open(['vault', newer.subarray(1)], ['vault.new', older]), key(OLD))
  t.is(open(['vault', newer], ['vault.new', older.subarray(0, 40)]), key(NEW))
  t.is(open(['vault.new', older.subarray(0, 40)]), key(EMPTY_RECORD))
})

test('a failed write leaves the old record standing, and the next one works', (t) => {
  const disk = diskWith(OLD)
  let full = true
  const vault = Vault.open({
    ...without('sync')(disk), // only for its shape
    sync: (name) => disk.sync(name),
    write: (name, bytes) => {
      if (full) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
      disk.write(name, bytes)
    },
  })
  t.throws(() => vault.save(NEW), { code: 'VAULT_UNWRITABLE', message: /ENOSPC/ })
  t.is(key(vault.record), key(OLD))
  full = false
  vault.save(NEW)
  t.is(key(Vault.open(disk).record), key(NEW))
})

test('records survive the way to bytes and back; anything else is refused', (t) => {
  for (const it of [EMPTY_RECORD, OLD, NEW, record(undefined, enrolling())]) {
    t.is(key(decodeRecord(encodeRecord(it))), key(it))
  }
  const whole = encodeRecord(NEW)
  for (let length = 0; length < whole.length; length++) {
    t.throws(() => decodeRecord(whole.subarray(0, length)), { code: 'LINE_FORMAT' })
  }
  const random = seeded(20_260)
  for (let n = 0; n < 3000; n++) {
    const bytes = Uint8Array.from(whole)
    bytes[random(bytes.length)] = random(256)
    try {
      decodeRecord(bytes)
    } catch (error) {
      t.is((error as { code?: unknown }).code, 'LINE_FORMAT', `seed 20260, ${n}`)
    }
  }
})

function folder(t: { teardown(run: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-vault-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  return path
}

test('on a real folder: private, one file, the old bytes gone', (t) => {
  const store = join(folder(t), 'deep', 'store')
  Vault.open(folderDisk(store)).save(OLD)
  chmodSync(store, 0o755)
  Vault.open(folderDisk(store)).save(NEW)
  t.is(statSync(store).mode & 0o777, 0o700)
  t.is(statSync(join(store, 'vault')).mode & 0o777, 0o600)
  t.deepEqual(readdirSync(store), ['vault'])
  t.is(key(Vault.open(folderDisk(store)).record), key(NEW))
  t.false(readFileSync(join(store, 'vault')).includes(Buffer.from(OLD.enrolled?.ratchet.reveal() ?? '')))
})

test('on a real folder: what a cut write left is cleared away, and a link is not followed', (t) => {
  const store = folder(t)
  writeFileSync(join(store, 'vault.new'), 'half a record')
  t.is(key(Vault.open(folderDisk(store)).record), key(EMPTY_RECORD))
  t.deepEqual(readdirSync(store), [])
  const elsewhere = join(folder(t), 'victim')
  writeFileSync(elsewhere, 'precious')
  symlinkSync(elsewhere, join(store, 'vault.new'))
  t.throws(() => Vault.open(folderDisk(store)), { code: 'VAULT_UNWRITABLE' })
  t.is(readFileSync(elsewhere, 'utf8'), 'precious')
})
