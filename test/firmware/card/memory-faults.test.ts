import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { boardSecret } from '../../../firmware/board/secret.ts'
import { Pairings } from '../../../firmware/card/pairings.ts'
import { PinTries, TRIES } from '../../../firmware/card/pin-tries.ts'
import { Provision } from '../../../firmware/card/provision.ts'
import { Secret } from '../../../keys/secret.ts'
import { TestCard } from './card.ts'
import { FakeLine } from './fake-line.ts'
import { enrolled, record } from './fixture.ts'
import { MemoryDisk, PowerCut } from './memory-disk.ts'
import { ServerDouble } from './server-double.ts'

const board = (n = 1): Secret => new Secret(new Uint8Array(32).fill(n))
const start = (disk: MemoryDisk, secret = board()): TestCard =>
  new TestCard(new FakeLine(new ServerDouble()), disk, undefined, secret)
const code = (outcome: Awaited<ReturnType<TestCard['pin']['unlock']>>): string =>
  outcome.ok ? 'ok' : outcome.problem.code

/** A card that is enrolled and has a PIN, as it lies on its disk. */
async function pinned(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const card = start(disk)
  card.vault.save(record(enrolled('old')))
  await card.pin.change('', 'right one')
  return disk
}

for (const secret of [board(), undefined]) {
  test(`power cut while the first PC is paired, ${secret ? 'sealed' : 'plain'}: the card starts, with that PC or without`, (t) => {
    const found = new Set<number>()
    for (let step = 1; step < 8; step++) {
      const disk = new MemoryDisk()
      disk.cutAfter = step
      const error = t.throws(() => {
        new Pairings(disk, secret).add('laptop')
        throw new PowerCut()
      })
      t.true(error instanceof PowerCut || error?.cause instanceof PowerCut)
      for (const survivor of disk.survivors()) {
        const pairings = new Pairings(survivor, secret)
        found.add(pairings.list.length)
        pairings.add('another')
        t.is(new Pairings(survivor, secret).list.length, pairings.list.length)
      }
    }
    t.deepEqual([...found].sort(), [0, 1])
  })
}

test('the last try counts even if the power goes before its end: no PIN is looked at after it', async (t) => {
  const disk = await pinned()
  new PinTries(disk, board()).wrong = TRIES
  const card = start(disk)
  await card.clock.advance(300_000)
  t.is(code(await card.pin.unlock('right one')), 'CARD_PIN_ERASED')
  t.is(start(disk).pin.state, 'none')
})

test('a PIN that is set after an erasing that was cut has all of its tries', async (t) => {
  const disk = await pinned()
  const before = start(disk)
  before.vault.erase()
  new PinTries(disk, board()).wrong = TRIES
  const card = start(disk)
  t.like(await card.pin.change('', 'second'), { ok: true, result: { pin: 'open', triesLeft: TRIES } })
  const again = start(disk)
  t.is(code(await again.pin.unlock('wrong')), 'CARD_PIN_WRONG')
  await again.clock.advance(1000)
  t.is(code(await again.pin.unlock('second')), 'ok')
})

test("with another board's secret a card with a PIN says so at its start, and erases nothing", async (t) => {
  const disk = await pinned()
  t.throws(() => start(disk, board(2)), { code: 'VAULT_SEALED' })
  const card = start(disk)
  t.is(code(await card.pin.unlock('right one')), 'ok')
  t.is(card.vault.record.enrolled?.cardId, record(enrolled('old')).enrolled?.cardId)
})

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-provision-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function provision(
  card: TestCard,
  files: { readonly ticket?: string; readonly pin?: string },
): Provision & { told: string[] } {
  const told: string[] = []
  const it = new Provision({
    ticket: files.ticket,
    pin: files.pin,
    jobs: card.jobs,
    cardPin: card.pin,
    clock: card.clock,
    onPin: () => told.push('pin'),
    onPinRefused: ({ code: why }) => told.push(why),
    onEnrolled: (cardId) => told.push(cardId),
    onRefused: ({ code: why }) => told.push(why),
  })
  return Object.assign(it, { told })
}

test('files are removed and made without changing who may use their folder', async (t) => {
  const path = folder(t)
  chmodSync(path, 0o1777)
  writeFileSync(join(path, 'pin'), '2468\n')
  const card = start(new MemoryDisk())
  const it = provision(card, { pin: join(path, 'pin') })
  await it.start()
  t.deepEqual(it.told, ['pin'])
  t.false(existsSync(join(path, 'pin')))
  boardSecret(join(path, 'secret'), join(path, 'no serial')).wipe()
  t.is(statSync(join(path, 'secret')).mode & 0o777, 0o600)
  t.is(statSync(path).mode & 0o7777, 0o1777)
})

test('a PIN file that a cut of power left behind is removed at the next start', async (t) => {
  const file = join(folder(t), 'pin')
  const disk = await pinned()
  writeFileSync(file, 'right one')
  const card = start(disk)
  const it = provision(card, { pin: file })
  await it.start()
  t.false(existsSync(file))
  t.is(card.pin.state, 'locked')
})

test('a PIN that is none is told, and not left lying about', async (t) => {
  const file = join(folder(t), 'pin')
  writeFileSync(file, '123')
  const card = start(new MemoryDisk())
  const it = provision(card, { pin: file })
  await it.start()
  t.deepEqual(it.told, ['PARAMS_INVALID'])
  t.is(card.pin.state, 'none')
  t.false(existsSync(file))
})
