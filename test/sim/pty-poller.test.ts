import { closeSync } from 'node:fs'
import test from 'ava'
import { openMaster, resetSlave } from '../../sim/pty-native.ts'
import { type Polled, PtyPoller } from '../../sim/pty-poller.ts'
import { FakeClock } from '../fake-clock.ts'

const POLL_HUP = 16

/** A port that notes when it was looked after. */
function port(clock: FakeClock) {
  const { master, path } = openMaster()
  resetSlave(path)
  const looks: number[] = []
  const events: number[] = []
  const state = { isOpen: false, activeAt: Number.NEGATIVE_INFINITY }
  const polled: Polled = {
    fd: master,
    get isOpen() {
      return state.isOpen
    },
    get activeAt() {
      return state.activeAt
    },
    wanted: () => 1,
    service: (now) => {
      looks.push(clock.now())
      events.push(now)
    },
  }
  return { polled, state, looks, events, master }
}

test('ports that nobody uses are looked at seldom, those where bytes pass often', async (t) => {
  const clock = new FakeClock()
  const poller = new PtyPoller(clock)
  const one = port(clock)
  t.teardown(() => closeSync(one.master))
  poller.add(one.polled)
  const looksIn = async (ms: number): Promise<number> => {
    const before = one.looks.length
    await clock.advance(ms)
    return one.looks.length - before
  }
  const idle = await looksIn(1000)
  one.state.isOpen = true
  const open = await looksIn(1000)
  one.state.activeAt = clock.now()
  const busy = await looksIn(1000)
  const after = await looksIn(1000)
  t.true(idle <= 52, `${idle}`)
  t.true(open > 80 && open <= 102, `${open}`)
  t.true(busy > 450, `${busy}`)
  t.true(after <= 102, `${after}`)
  t.true(one.events.every((events) => (events & POLL_HUP) !== 0))
  poller.remove(one.polled)
  t.is(clock.waiting, 0)
})

test('one port may remove another while both are looked at', async (t) => {
  const clock = new FakeClock()
  const poller = new PtyPoller(clock)
  const [one, two] = [port(clock), port(clock)]
  t.teardown(() => {
    closeSync(one.master)
    closeSync(two.master)
  })
  const first: Polled = {
    ...one.polled,
    service: () => {
      poller.remove(two.polled)
      poller.remove(first)
    },
  }
  poller.add(first)
  poller.add(two.polled)
  await clock.advance(100)
  t.is(two.looks.length, 0)
  t.is(clock.waiting, 0)
  poller.add(two.polled)
  await clock.advance(100)
  t.true(two.looks.length > 0)
  poller.remove(two.polled)
})
