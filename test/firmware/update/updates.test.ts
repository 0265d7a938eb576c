import test, { type ExecutionContext } from 'ava'
import type { Disk } from '../../../firmware/card/disk.ts'
import { CardError } from '../../../firmware/card/errors.ts'
import type { LineJobs } from '../../../firmware/card/jobs.ts'
import type { ProgramEvent } from '../../../firmware/events.ts'
import type { Version } from '../../../firmware/update/format.ts'
import { HEALTHY_MS } from '../../../firmware/update/health.ts'
import { judged } from '../../../firmware/update/judged.ts'
import { updateApi } from '../../../firmware/usb/update-api.ts'
import { UPDATE_MAX } from '../../../wire/usb/update.ts'
import { FakeClock } from '../../fake-clock.ts'
import { MemoryDisk } from '../card/memory-disk.ts'
import { FACTORY, STRANGER, send, slotsOn, updateOf, updatesOn } from './fixture.ts'

const NEW: Version = [0, 2, 0]

function contentOf(disk: Disk): string {
  return JSON.stringify(disk.list().map((name) => [name, Buffer.from(disk.read(name) ?? []).toString('hex')]))
}

/** Refused with this code and a cure, and nothing on the disk is another than before. */
function refused(t: ExecutionContext, disk: Disk, code: string, run: () => void): void {
  const before = contentOf(disk)
  const error = t.throws(run, { instanceOf: CardError, code })
  t.true((error?.problem.cure.length ?? 0) > 0)
  t.is(contentOf(disk), before)
}

const flipped = (bytes: Uint8Array, at: number): Uint8Array => {
  const other = Uint8Array.from(bytes)
  other[at] = (other[at] ?? 0) ^ 1
  return other
}

test('what is refused, each with its own code and cure; and nothing has changed', (t) => {
  const disk = new MemoryDisk()
  const card = updatesOn(disk)
  const good = updateOf(NEW)
  refused(t, disk, 'UPDATE_FOREIGN', () => send(card, updateOf(NEW, STRANGER.privateKey)))
  refused(t, disk, 'UPDATE_FOREIGN', () => send(card, flipped(good, 40)))
  refused(t, disk, 'UPDATE_DAMAGED', () => send(card, flipped(good, good.length - 1)))
  refused(t, disk, 'UPDATE_DAMAGED', () => send(card, good.subarray(0, good.length - 1)))
  refused(t, disk, 'UPDATE_DAMAGED', () => send(card, good.subarray(0, 50)))
  refused(t, disk, 'UPDATE_DAMAGED', () => send(card, Buffer.concat([good, Buffer.from('x')])))
  refused(t, disk, 'UPDATE_DAMAGED', () => send(card, Buffer.from('#!/bin/sh\n')))
  refused(t, disk, 'UPDATE_OTHER_BOARD', () => send(card, updateOf(NEW, undefined, { architecture: 'x64' })))
  refused(t, disk, 'UPDATE_OTHER_BOARD', () => send(card, updateOf(NEW, undefined, { node: 18 })))
  refused(t, disk, 'UPDATE_TOO_LARGE', () => card.begin(good.subarray(0, 24_000), UPDATE_MAX + 1))
  refused(t, disk, 'UPDATE_INSTALLED', () => send(card, updateOf(FACTORY)))
  refused(t, disk, 'UPDATE_OLD', () => send(card, updateOf([0, 0, 9])))
  send(card, good)
  t.deepEqual(slotsOn(disk).state.trial, { slot: 'a', version: '0.2.0', starts: 0 })
})

test('a second begin, parts that do not follow, an end before the end, an end without a beginning', (t) => {
  const disk = new MemoryDisk()
  const card = updatesOn(disk)
  const good = updateOf(NEW)
  const begin = (): void => void card.begin(good.subarray(0, 24_000), good.length)
  begin()
  refused(t, disk, 'UPDATE_RUNNING', begin)
  card.write(0, good.subarray(0, 100))
  refused(t, disk, 'UPDATE_DAMAGED', () => card.write(101, good.subarray(101, 200)))
  // That one is given up: another may begin.
  begin()
  refused(t, disk, 'UPDATE_DAMAGED', () => card.finish())
  refused(t, disk, 'UPDATE_DAMAGED', () => card.finish())
  refused(t, disk, 'UPDATE_DAMAGED', () => card.write(0, good))
  begin()
  t.true(card.cancel())
  t.false(card.cancel())
  send(card, good)
  // It waits for its start: another one would write over it.
  refused(t, disk, 'UPDATE_RUNNING', begin)
  t.is(card.status().installed, '0.2.0')
})

test('no downgrade below what was healthy, also from what came with the board', (t) => {
  const disk = new MemoryDisk()
  send(updatesOn(disk), updateOf([0, 5, 0]))
  t.is(slotsOn(disk).choose().slot, 'a')
  t.is(updatesOn(disk, 'a', [0, 5, 0]).healthy(), '0.5.0')
  refused(t, disk, 'UPDATE_OLD', () => send(updatesOn(disk, 'a', [0, 5, 0]), updateOf([0, 4, 0])))
  refused(t, disk, 'UPDATE_OLD', () => send(updatesOn(disk, null, FACTORY), updateOf([0, 5, 0])))
  send(updatesOn(disk, null, FACTORY), updateOf([0, 5, 1]))
})

test('a trial: three starts and no more, told once; what came with the board runs where it is newer', (t) => {
  const disk = new MemoryDisk()
  send(updatesOn(disk), updateOf(NEW))
  for (let n = 0; n < 3; n++) t.like(slotsOn(disk).choose(), { slot: 'a', trial: true })
  t.is(slotsOn(disk).choose().slot, null)
  const card = updatesOn(disk)
  t.like(card.news(), { version: '0.2.0', why: 'it did not become healthy in 3 starts' })
  t.is(card.news(), undefined)
  t.like(card.status(), { version: '0.1.0', trial: false, rolledBack: { version: '0.2.0' } })
  // It was never healthy: a repaired one of the same version may come.
  send(card, updateOf(NEW))
  slotsOn(disk).choose()
  updatesOn(disk, 'a', NEW).healthy()
  t.is(slotsOn(disk).choose().slot, 'a')
  t.is(slotsOn(disk, [0, 2, 0]).choose().slot, null)
  t.is(slotsOn(disk, [0, 3, 0]).choose().slot, null)
})

test('a trial that cannot be counted is not started: what was before runs', (t) => {
  const disk = new MemoryDisk()
  send(updatesOn(disk), updateOf([0, 2, 0]))
  slotsOn(disk).choose()
  updatesOn(disk, 'a', [0, 2, 0]).healthy()
  send(updatesOn(disk, 'a', [0, 2, 0]), updateOf([0, 3, 0]))
  const full = Object.assign(Object.create(disk) as Disk, {
    write: () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    },
    read: (name: string) => disk.read(name),
    list: () => disk.list(),
    hold: (name: string) => disk.hold(name),
  })
  const chosen = slotsOn(full).choose()
  t.like(chosen, { slot: 'a', trial: false })
  t.regex(chosen.notes.join(), /0\.3\.0 is not tried/)
  t.is(slotsOn(disk).choose().slot, 'b')
})

test('no job of the line is cut off by an update, and none begins without a launcher', async (t) => {
  const disk = new MemoryDisk()
  const good = updateOf(NEW)
  const jobs = { state: 'connected' } as unknown as LineJobs // only its state is asked
  const restarts: string[] = []
  const api = updateApi(updatesOn(disk), jobs, () => restarts.push('now'))
  const head = Buffer.from(good.subarray(0, 24_000)).toString('base64url')
  t.like(await api['card.update.begin']({ head, size: good.length }), { ok: false, problem: { code: 'CARD_BUSY' } })
  t.like(await api['card.update.finish']({}), { ok: false, problem: { code: 'CARD_BUSY' } })
  const none = updateApi(undefined, { state: 'idle' } as unknown as LineJobs, () => restarts.push('never'))
  t.like(await none['card.update.begin']({ head, size: good.length }), {
    ok: false,
    problem: { code: 'UPDATE_UNSUPPORTED' },
  })
  t.like(await none['card.update.status']({}), { ok: false, problem: { code: 'UPDATE_UNSUPPORTED' } })
  t.deepEqual(restarts, [])
})

/** A card on trial, judged. */
function onTrial(modemKnown: () => boolean) {
  const disk = new MemoryDisk()
  send(updatesOn(disk), updateOf(NEW))
  slotsOn(disk).choose()
  const clock = new FakeClock()
  const events: ProgramEvent[] = []
  const judge = judged(updatesOn(disk, 'a', NEW), { clock, modemKnown, print: (it) => events.push(it) })
  return { disk, clock, events, judge }
}

test('healthy after 30 seconds, and not before the modem is known', async (t) => {
  let known = false
  const { disk, clock, events, judge } = onTrial(() => known)
  judge.started(() => true)
  await clock.advance(HEALTHY_MS + 20_000)
  t.deepEqual(events, [])
  known = true
  await clock.advance(1000)
  t.deepEqual(events, [{ event: 'update.healthy', version: '0.2.0' }])
  t.like(slotsOn(disk).state, { active: 'a', trial: null, highest: [0, 2, 0] })
  t.is(clock.waiting, 0)
})

test('healthy at the first hello, also at one that came before the program stood', async (t) => {
  for (const early of [true, false]) {
    const { events, judge, clock } = onTrial(() => false)
    if (early) judge.hello()
    t.deepEqual(events, [])
    judge.started(() => true)
    if (!early) judge.hello()
    judge.hello()
    t.deepEqual(events, [{ event: 'update.healthy', version: '0.2.0' }])
    t.is(clock.waiting, 0)
  }
})

test('of one that was rolled back the log is told once, and the PC as soon as it may be told', async (t) => {
  const disk = new MemoryDisk()
  send(updatesOn(disk), updateOf(NEW))
  slotsOn(disk).choose()
  slotsOn(disk).fail('it was not healthy within 120 s')
  const clock = new FakeClock()
  const events: ProgramEvent[] = []
  const judge = judged(updatesOn(disk), { clock, modemKnown: () => true, print: (it) => events.push(it) })
  const told: string[] = []
  let paired = false
  judge.started((text) => paired && told.push(text) > 0)
  t.deepEqual(events, [{ event: 'update.rolled-back', version: '0.2.0', why: 'it was not healthy within 120 s' }])
  judge.hello()
  await clock.advance(2000)
  t.deepEqual(told, [])
  paired = true
  judge.hello()
  await clock.advance(2000)
  judge.hello()
  await clock.advance(2000)
  t.deepEqual(told, ['the update to 0.2.0 was rolled back: it was not healthy within 120 s'])
  judge.close()
  t.is(clock.waiting, 0)
})
