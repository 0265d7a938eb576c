import test from 'ava'
import { isQuiet, quietMoment, readQuietHours } from '../../../host-driver/cli/quiet-hours.ts'
import { waitForQuiet } from '../../../host-driver/cli/quiet-wait.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { seeded } from '../../random.ts'

const SEED = 20_524
const at = (text: string): Date => new Date(`2026-03-10T${text}`)
const NIGHT = readQuietHours('02:00-05:00')
const OVER = readQuietHours('22:30-01:00')

test('hours are read as HH:MM-HH:MM, and nothing else is', (t) => {
  t.deepEqual(NIGHT, { from: 120, to: 300 })
  t.deepEqual(OVER, { from: 1350, to: 60 })
  for (const wrong of [
    '',
    '2-5',
    '02:00',
    '24:00-01:00',
    '02:60-03:00',
    '02:00-02:00',
    '02:00-05:00 ',
    '02:00–05:00',
  ]) {
    t.throws(() => readQuietHours(wrong), { code: 'USAGE' }, wrong)
  }
})

test('the moment is in the next quiet hours, or in what is left of these', (t) => {
  t.deepEqual(quietMoment(NIGHT, at('01:00:00'), 0), at('02:00:00'))
  t.deepEqual(quietMoment(NIGHT, at('01:00:00'), 0.5), at('03:30:00'))
  t.deepEqual(quietMoment(NIGHT, at('04:00:00'), 0.5), at('04:30:00'))
  t.deepEqual(quietMoment(NIGHT, at('05:00:00'), 0), new Date('2026-03-11T02:00:00'))
  t.deepEqual(quietMoment(OVER, at('12:00:00'), 0), at('22:30:00'))
  t.deepEqual(quietMoment(OVER, at('00:30:00'), 0.5), at('00:45:00'))
})

test(`a fleet does not call at once: 3,000 moments are quiet and spread over all of the hours (seed ${SEED})`, (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  for (const hours of [NIGHT, OVER]) {
    const tenths = new Array<number>(10).fill(0)
    for (let n = 0; n < 3000; n++) {
      const moment = quietMoment(hours, at('12:00:00'), random(1_000_000) / 1_000_000)
      t.true(isQuiet(hours, moment) && moment > at('12:00:00'))
      const length = (hours.to - hours.from + 1440) % 1440
      const minutes = (moment.getHours() * 60 + moment.getMinutes() - hours.from + 1440) % 1440
      const tenth = Math.floor((minutes / length) * 10)
      tenths[tenth] = (tenths[tenth] ?? 0) + 1
    }
    t.true(
      tenths.every((count) => count > 200),
      tenths.join(),
    )
  }
})

function waiting(start: Date) {
  const clock = new FakeClock()
  const stop = new AbortController()
  const planned: Date[] = []
  let asleep = 0
  const wait = {
    now: () => new Date(start.getTime() + clock.now() + asleep),
    after: (ms: number, run: () => void) => clock.after(ms, run),
    chance: () => 0.5,
    signal: stop.signal,
    planned: (moment: Date) => planned.push(moment),
  }
  return {
    clock,
    stop,
    planned,
    wait,
    sleep: (ms: number) => {
      asleep += ms
    },
  }
}

test('the wait ends at the planned moment', async (t) => {
  const it = waiting(at('01:00:00'))
  let over = false
  const done = waitForQuiet(NIGHT, it.wait).then(() => {
    over = true
  })
  await it.clock.advance(2.5 * 3_600_000 - 1)
  t.false(over)
  await it.clock.advance(1)
  await done
  t.deepEqual(it.planned, [at('03:30:00')])
  t.is(it.clock.waiting, 0)
})

test('quiet hours that were slept through are not made up for by day', async (t) => {
  const it = waiting(at('01:00:00'))
  const done = waitForQuiet(NIGHT, it.wait)
  await settle()
  it.sleep(8 * 3_600_000)
  await it.clock.advance(60_000)
  t.deepEqual(it.planned, [at('03:30:00'), new Date('2026-03-11T03:30:00')])
  await it.clock.advance(24 * 3_600_000)
  await done
})

test('Ctrl-C ends the wait at once', async (t) => {
  const it = waiting(at('12:00:00'))
  const done = t.throwsAsync(waitForQuiet(NIGHT, it.wait), { code: 'CANCELLED' })
  await settle()
  it.stop.abort()
  await done
  t.is(it.clock.waiting, 0)
})
