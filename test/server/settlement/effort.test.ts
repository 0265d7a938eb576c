import test from 'ava'
import { Budget, unlessAborted } from '../../../server/settlement/effort.ts'
import { FakeClock, settle } from '../../fake-clock.ts'

test('waits double up to four seconds, and end with the budget', async (t) => {
  const clock = new FakeClock()
  const budget = new Budget(clock, 10_000, new AbortController().signal)
  const at: number[] = []
  const tries = (async () => {
    while (await budget.again()) at.push(clock.now())
  })()
  await clock.advance(60_000)
  await tries
  t.deepEqual(at, [250, 750, 1750, 3750, 7750])
  t.true(budget.signal.aborted)
  t.false(await budget.again())
  t.is(clock.waiting, 0)
})

test('it may be stopped from outside, also before it began; ended, it leaves no timer', async (t) => {
  const clock = new FakeClock()
  const stop = new AbortController()
  const budget = new Budget(clock, 10_000, stop.signal)
  const again = budget.again()
  stop.abort()
  t.false(await again)
  budget.end()
  t.is(clock.waiting, 0)
  const late = new Budget(clock, 10_000, stop.signal)
  t.false(await late.again())
  late.end()
  t.is(clock.waiting, 0)
})

test('unlessAborted gives the value, or nothing for a failure, an abort, or an abort before', async (t) => {
  const stop = new AbortController()
  t.is(await unlessAborted(stop.signal, Promise.resolve(7)), 7)
  t.is(await unlessAborted(stop.signal, Promise.reject(new Error('no'))), undefined)
  const never = unlessAborted(stop.signal, new Promise<number>(() => {}))
  const late = Promise.withResolvers<number>()
  const rejectedLater = unlessAborted(stop.signal, late.promise)
  stop.abort()
  t.is(await never, undefined)
  t.is(await rejectedLater, undefined)
  late.reject(new Error('too late, and nobody is told')) // an unhandled rejection would fail this test
  await settle()
  t.is(await unlessAborted(stop.signal, Promise.resolve(7)), undefined)
})
