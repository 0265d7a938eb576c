import test from 'ava'
import { FileArea } from '../../../firmware/card/file-area.ts'
import { Pairings } from '../../../firmware/card/pairings.ts'
import { PinTries, TRIES } from '../../../firmware/card/pin-tries.ts'
import { type CardRecord, encodeRecord } from '../../../firmware/card/record.ts'
import { pinKey, SEAL_BYTES, seal, unseal } from '../../../firmware/card/seal.ts'
import { Vault } from '../../../firmware/card/vault.ts'
import { sha256 } from '../../../keys/kdf.ts'
import { Secret } from '../../../keys/secret.ts'
import { seeded } from '../../random.ts'
import { TestCard } from './card.ts'
import { FakeLine } from './fake-line.ts'
import { enrolled, record } from './fixture.ts'
import { MemoryDisk, PowerCut } from './memory-disk.ts'
import { ServerDouble } from './server-double.ts'

const SEED = 20_000_530
const CUTS = 1000
const board = (n = 1): Secret => new Secret(new Uint8Array(32).fill(n))
const OLD = record(enrolled('old'))
const NEW = record(enrolled('new'))
const key = (it: CardRecord): string =>
  Buffer.from(encodeRecord({ enrolled: it.enrolled, enrolling: it.enrolling })).toString('hex')
const text = (it: string): Uint8Array => Buffer.from(it)
const fileOf = (name: string, content: Uint8Array) => ({ name, size: content.length, hash: sha256(content) })

/** Everything that is on a disk, as one text of bytes. */
function allOf(disk: MemoryDisk): string {
  return disk
    .list()
    .map((name) => Buffer.from(disk.read(name) ?? []).toString('latin1'))
    .join('\n')
}

function put(area: FileArea, name: string, content: Uint8Array): void {
  area.begin(fileOf(name, content))
  for (let at = 0; at < content.length; at += 32_768) area.write(at, content.subarray(at, at + 32_768))
}

test('what is sealed opens with the same keys and purpose only, whole and unchanged', (t) => {
  const keys = { board: board() }
  const more = text('more')
  const sealed = seal(keys, 'a', text('content'), more)
  t.is(sealed.length, 7 + SEAL_BYTES)
  t.deepEqual(Buffer.from(unseal(keys, 'a', sealed, more) ?? []), Buffer.from('content'))
  t.notDeepEqual(seal(keys, 'a', text('content'), more), sealed)
  t.is(unseal(keys, 'b', sealed, more), undefined)
  t.is(unseal(keys, 'a', sealed, text('less')), undefined)
  t.is(unseal({ board: board(2) }, 'a', sealed, more), undefined)
  t.is(unseal({ board: board(), pin: board(3) }, 'a', sealed, more), undefined)
  for (let at = 0; at < sealed.length; at++) {
    const bad = Uint8Array.from(sealed)
    bad[at] = (bad[at] ?? 0) ^ 1
    t.is(unseal(keys, 'a', bad, more), undefined, `byte ${at}`)
    t.is(unseal(keys, 'a', sealed.subarray(0, at), more), undefined, `cut at ${at}`)
  }
})

test('a sealed vault shows nothing of its record, and opens on its own board only', (t) => {
  const disk = new MemoryDisk()
  Vault.open(disk, board()).save(OLD)
  t.false(allOf(disk).includes('old'))
  t.is(key(Vault.open(disk, board()).record), key(OLD))
  t.throws(() => Vault.open(disk, board(2)), { code: 'VAULT_SEALED' })
  t.throws(() => Vault.open(disk), { code: 'VAULT_SEALED' })
})

test('a plain vault is sealed as soon as there is a secret, and what was plain is overwritten', (t) => {
  const disk = new MemoryDisk()
  Vault.open(disk).save(OLD)
  t.true(allOf(disk).includes('old'))
  t.is(key(Vault.open(disk, board()).record), key(OLD))
  t.false(allOf(disk).includes('old'))
})

test('a PIN: after a start nothing without it; pauses that grow, a counter that no plug resets, and an end', async (t) => {
  t.timeout(120_000)
  const disk = new MemoryDisk()
  const start = (): TestCard => new TestCard(new FakeLine(new ServerDouble()), disk, undefined, board())
  const first = start()
  first.vault.save(OLD)
  put(first.files, 'a', text('content'))
  t.like(await first.pin.change('', 'right one'), { ok: true, result: { pin: 'open' } })

  const card = start()
  t.is(card.pin.state, 'locked')
  t.throws(() => card.vault.record, { code: 'CARD_PIN_NEEDED' })
  t.like(await card.login('a'), { ok: false, problem: { code: 'CARD_PIN_NEEDED' } })
  t.like(await card.pin.unlock('wrong'), { ok: false, problem: { code: 'CARD_PIN_WRONG' } })
  t.like(await card.pin.unlock('right one'), { ok: false, problem: { code: 'CARD_PIN_WAIT' } })
  await card.clock.advance(1000)
  t.like(await card.pin.unlock('right one'), { ok: true, result: { pin: 'open', triesLeft: TRIES } })
  t.is(key(card.vault.record), key(OLD))
  t.like(await card.pin.change('wrong', 'another'), { ok: false, problem: { code: 'CARD_PIN_WRONG' } })

  // Nine wrong ones, each after a start: the pause begins again, and the count stands.
  for (let wrong = 1; wrong < TRIES - 1; wrong++) {
    const again = start()
    const early = await again.pin.unlock('wrong')
    t.is(early.ok ? '' : early.problem.code, 'CARD_PIN_WAIT')
    await again.clock.advance(300_000)
    const late = await again.pin.unlock('wrong')
    t.is(late.ok ? '' : late.problem.code, 'CARD_PIN_WRONG')
    t.true(late.ok || late.problem.what.includes(`${TRIES - 1 - wrong} more`), late.ok ? '' : late.problem.what)
  }
  const last = start()
  await last.clock.advance(300_000)
  t.like(await last.pin.unlock('wrong'), { ok: false, problem: { code: 'CARD_PIN_ERASED' } })
  t.is(last.vault.record.enrolled, undefined)
  t.is(last.pin.state, 'none')
  t.is(start().vault.record.enrolled, undefined)
})

test('a cut of power between counting and looking gives no further try', async (t) => {
  const disk = new MemoryDisk()
  const card = new TestCard(new FakeLine(new ServerDouble()), disk, undefined, board())
  card.vault.save(OLD)
  await card.pin.change('', 'right one')
  for (let step = 1; step < 30; step++) {
    const before = MemoryDisk.of(new Map(disk.list().map((name) => [name, disk.read(name) ?? new Uint8Array()])))
    const tried = new TestCard(new FakeLine(new ServerDouble()), before, undefined, board())
    before.steps = 0
    before.cutAfter = step
    const outcome = await tried.pin.unlock('wrong').catch((error: unknown) => error)
    for (const survivor of before.survivors()) {
      const { wrong } = new PinTries(survivor, board())
      // Told that it was wrong, it is counted, whatever survived.
      if (outcome && typeof outcome === 'object' && 'ok' in outcome && step > 6) t.true(wrong >= 1, `step ${step}`)
      t.true(wrong <= 1, `step ${step}: ${wrong}`)
    }
  }
})

test(`${CUTS} cuts of power at random bytes of what the card writes: enrolment, PIN and files are there, old or new (seed ${SEED})`, async (t) => {
  t.timeout(300_000)
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const pin = { key: await pinKey('1234', new Uint8Array(16)), salt: new Uint8Array(16) }
  const jobs: Readonly<Record<string, (vault: Vault, area: FileArea) => void>> = {
    save: (vault) => vault.save({ ...NEW, ...(vault.record.filesKey && { filesKey: vault.record.filesKey }) }),
    'set a PIN': (vault) => vault.setPin({ key: new Secret(Uint8Array.from(pin.key.reveal())), salt: pin.salt }),
    'write a file': (_vault, area) => put(area, 'file', text('new content'.repeat(9))),
    'remove a file': (_vault, area) => area.remove('file'),
  }
  const cut: Record<string, number> = {}
  for (let n = 0; n < CUTS; n++) {
    const [disk, fileDisk] = [new MemoryDisk(), new MemoryDisk()]
    // Half of the cards were plain until now: taking one over is a write, too.
    const vault = Vault.open(disk, n % 2 === 0 ? undefined : board())
    vault.save(OLD)
    put(new FileArea(fileDisk, vault), 'file', text('old content'))
    const names = Object.keys(jobs)
    const name = names[random(names.length)] ?? 'save'
    for (const one of [disk, fileDisk]) {
      one.steps = 0
      one.cutAfter = 1 + random(name.includes('file') ? 6 : 12)
    }
    try {
      const opened = Vault.open(disk, board())
      jobs[name]?.(opened, new FileArea(fileDisk, opened))
    } catch (error) {
      if (!(error instanceof PowerCut) && !(error instanceof Error && error.cause instanceof PowerCut)) throw error
      cut[name] = (cut[name] ?? 0) + 1
    }
    const left = pick([...disk.survivors()], random)
    const again = Vault.open(left, board())
    if (again.locked !== undefined) t.true(again.unlock(new Secret(Uint8Array.from(pin.key.reveal()))))
    t.true([key(OLD), key(NEW)].includes(key(again.record)), `${name}: the enrolment is lost`)
    const area = new FileArea(pick([...fileDisk.survivors()], random), again)
    const found = area.list().files.map((file) => `${file.name} ${Buffer.from(area.read(file.name, 0).part)}`)
    t.true(['file old content', `file ${'new content'.repeat(9)}`, ''].includes(found.join()), `${name}: ${found}`)
    if (name !== 'remove a file') t.not(found.length, 0, `${name}: the file is lost`)
    put(area, 'another', text('x'))
  }
  t.log(cut)
  t.true(Object.values(cut).reduce((all, count) => all + count, 0) > CUTS / 2, 'the cuts miss')
})

function pick<T>(all: readonly T[], random: (below: number) => number): T {
  const one = all[random(all.length)]
  if (one === undefined) throw new Error('nothing survived')
  return one
}

test('files: names, quota, parts, and what is not what was announced', (t) => {
  const vault = Vault.open(new MemoryDisk(), board())
  const disk = new MemoryDisk()
  const area = new FileArea(disk, vault, 100)
  for (const name of ['', '.', '..', '.hidden', 'a/b', 'a\\b', 'a\0b', 'a\nb', 'x'.repeat(101), 'e\u0301']) {
    t.throws(() => area.begin(fileOf(name, text('x'))), { code: 'FILE_NAME_INVALID' }, JSON.stringify(name))
  }
  put(area, 'ein Brief.txt', text('secret of the owner'))
  t.false(allOf(disk).includes('secret'))
  t.false(allOf(disk).includes('Brief'))
  t.like(area.list(), { used: 19, quota: 100 })
  t.is(Buffer.from(area.read('ein Brief.txt', 7).part).toString(), 'of the owner')
  t.is(area.read('ein Brief.txt', 19).part.length, 0)
  t.throws(() => area.begin(fileOf('b', new Uint8Array(82))), { code: 'FILES_FULL' })
  put(area, 'ein Brief.txt', new Uint8Array(100))
  area.begin(fileOf('c', new Uint8Array(0)))
  t.is(area.list().files.length, 2)
  area.remove('ein Brief.txt')
  area.begin({ ...fileOf('c', text('abc')), hash: sha256(text('abd')) })
  t.throws(() => area.write(0, text('abc')), { code: 'FILE_REFUSED' })
  area.begin(fileOf('c', text('abc')))
  t.throws(() => area.write(0, text('abcd')), { code: 'FILE_REFUSED' })
  t.throws(() => area.write(0, text('abc')), { code: 'FILE_REFUSED' })
  t.throws(() => area.read('d', 0), { code: 'FILE_UNKNOWN' })
  t.throws(() => area.remove('d'), { code: 'FILE_UNKNOWN' })
  t.deepEqual(
    area.list().files.map(({ name }) => name),
    ['c'],
  )
})

test('pairings: eight, sealed, and never quietly forgotten', (t) => {
  const disk = new MemoryDisk()
  const pairings = new Pairings(disk, board())
  const { pc, key: given } = pairings.add('laptop')
  t.false(allOf(disk).includes(given))
  t.deepEqual(new Pairings(disk, board()).list, [{ pc, name: 'laptop' }])
  t.is(new Pairings(disk, board()).card, pairings.card)
  t.throws(() => new Pairings(disk, board(2)), { code: 'VAULT_SEALED' })
  t.throws(() => new Pairings(disk, undefined), { code: 'VAULT_SEALED' })
  for (let n = 0; n < 7; n++) pairings.add(`pc ${n}`)
  t.throws(() => pairings.add('one too many'), { code: 'PAIRINGS_FULL' })
  t.is(pairings.remove(pc), 1)
  t.is(pairings.remove(pc), 0)
  t.is(pairings.remove(undefined), 7)
})

test('files that are damaged are counted, take their room, and can be removed alone', (t) => {
  const disk = new MemoryDisk()
  const area = new FileArea(disk, Vault.open(disk, board()), 10_000)
  for (const name of ['one', 'two', 'three']) put(area, name, new Uint8Array(2000).fill(name.length))
  t.is(area.list().damaged, undefined)
  const names = disk.list().filter((name) => name.startsWith('f-'))
  for (const name of names.slice(0, 2)) {
    const bytes = Uint8Array.from(disk.read(name) ?? [])
    bytes[100] = (bytes[100] ?? 0) ^ 1
    disk.write(name, bytes)
  }
  const { files, used, damaged } = area.list()
  t.is(files.length, 1)
  t.is(damaged?.files, 2)
  t.is(used, 2000 + (damaged?.bytes ?? 0))
  t.throws(() => area.begin(fileOf('more', new Uint8Array(6000))), { code: 'FILES_FULL' })
  t.is(area.prune(), 2)
  t.is(area.prune(), 0)
  t.deepEqual(area.list(), { files, used: 2000, quota: 10_000 })
  put(area, 'more', new Uint8Array(6000))
  t.is(area.list().files.length, 2)
})
