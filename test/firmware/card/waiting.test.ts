import test from 'ava'
import { pause, within, withinAfter } from '../../../firmware/card/waiting.ts'
import { FakeClock, settle } from '../../fake-clock.ts'

/** What a promise has come to so far. */
function watch<T>(promise: Promise<T>): { state: string; value?: T } {
  const seen: { state: string; value?: T } = { state: 'open' }
  promise.then(
    (value) => Object.assign(seen, { state: 'done', value }),
    () => Object.assign(seen, { state: 'failed' }),
  )
  return seen
}

test('within: what comes in time, and no timer left', async (t) => {
  const clock = new FakeClock()
  const it = Promise.withResolvers<string>()
  const seen = watch(within(clock, 100, it.promise))
  await clock.advance(99)
  t.is(seen.state, 'open')
  it.resolve('value')
  await settle()
  t.is(seen.value, 'value')
  t.is(clock.waiting, 0)
})

test('within: what comes late is not waited for, and its failure is nobody’s', async (t) => {
  const clock = new FakeClock()
  const it = Promise.withResolvers<string>()
  const seen = watch(within(clock, 100, it.promise))
  await clock.advance(100)
  t.deepEqual(seen, { state: 'done', value: undefined })
  it.reject(new Error('too late'))
  await new Promise((resolve) => setImmediate(resolve)) // an unhandled rejection would fail this file
  t.is(clock.waiting, 0)
})

test('within: a failure in time is passed on', async (t) => {
  const clock = new FakeClock()
  await t.throwsAsync(within(clock, 100, Promise.reject(new Error('broken'))), { message: 'broken' })
  t.is(clock.waiting, 0)
})

test('withinAfter: for ever, until it is aborted, then for the given time', async (t) => {
  const clock = new FakeClock()
  const controller = new AbortController()
  const seen = watch(withinAfter(clock, 100, controller.signal, new Promise(() => {})))
  await clock.advance(1_000_000)
  t.is(seen.state, 'open')
  t.is(clock.waiting, 0)
  controller.abort()
  await clock.advance(99)
  t.is(seen.state, 'open')
  await clock.advance(1)
  t.deepEqual(seen, { state: 'done', value: undefined })
  t.is(clock.waiting, 0)
})

test('withinAfter: what comes after the abort, but in time, counts', async (t) => {
  const clock = new FakeClock()
  const controller = new AbortController()
  const it = Promise.withResolvers<string>()
  const seen = watch(withinAfter(clock, 100, controller.signal, it.promise))
  controller.abort()
  await clock.advance(50)
  it.resolve('value')
  await settle()
  t.is(seen.value, 'value')
  t.is(clock.waiting, 0)
})

test('withinAfter: already aborted, and a promise that fails after it was given up', async (t) => {
  const clock = new FakeClock()
  const it = Promise.withResolvers<string>()
  const seen = watch(withinAfter(clock, 0, AbortSignal.abort(), it.promise))
  await clock.advance(0)
  t.is(seen.state, 'done')
  it.reject(new Error('too late'))
  await new Promise((resolve) => setImmediate(resolve))
  const failed = withinAfter(clock, 100, new AbortController().signal, Promise.reject(new Error('broken')))
  await t.throwsAsync(failed, { message: 'broken' })
})

test('pause: its time, or less when it is aborted', async (t) => {
  const clock = new FakeClock()
  const controller = new AbortController()
  const [long, short] = [
    watch(pause(clock, 100, new AbortController().signal)),
    watch(pause(clock, 100, controller.signal)),
  ]
  await clock.advance(50)
  controller.abort()
  await settle()
  t.is(short.state, 'done')
  t.is(long.state, 'open')
  await clock.advance(50)
  t.is(long.state, 'done')
  t.is(clock.waiting, 0)
  t.is(await pause(clock, 100, AbortSignal.abort()), undefined)
})
