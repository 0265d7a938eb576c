import test from 'ava'
import { after, afterUnheld, pause } from '../../host-driver/timers.ts'
import { FakeClock } from '../fake-clock.ts'

test('after runs once, and not when it was cancelled', async (t) => {
  let runs = 0
  const cancel = after(0, () => runs++)
  cancel()
  await new Promise<void>((resolve) => after(1, resolve))
  t.is(runs, 0)
  cancel()
})

test('a month is longer than one timer of Node, and does not run at once', async (t) => {
  let runs = 0
  const cancel = afterUnheld(30 * 86_400_000, () => runs++)
  await new Promise<void>((resolve) => after(5, resolve))
  t.is(runs, 0)
  cancel()
})

test('afterUnheld runs', async (t) => {
  const ran = new Promise<string>((resolve) => afterUnheld(1, () => resolve('ran')))
  const held = after(5000, () => {})
  t.is(await ran, 'ran')
  held()
})

test('a pause ends by its time or by the signal, and leaves nothing behind', async (t) => {
  const clock = new FakeClock()
  const wait = (ms: number, run: () => void) => clock.after(ms, run)
  let ended = false
  const whole = pause(100, wait).then(() => {
    ended = true
  })
  await clock.advance(99)
  t.false(ended)
  await clock.advance(1)
  await whole
  const stop = new AbortController()
  const cut = pause(100, wait, stop.signal)
  stop.abort()
  await cut
  t.is(clock.waiting, 0)
  await pause(100, wait, stop.signal)
  t.is(clock.waiting, 0)
})
