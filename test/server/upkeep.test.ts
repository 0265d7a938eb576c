import test from 'ava'
import { coalesced, every } from '../../server/time.ts'
import { SWEEP_MS, startUpkeep, UPKEEP_MS } from '../../server/upkeep.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { enrolled, firstKey, issueTicket } from './test-card.ts'
import { KEYS_LIFETIME_S, world } from './world.ts'

const DAY_MS = 86_400_000
/** A shop that has nothing to do. */
const shop = { sweep: async (): Promise<void> => {} }

test('work is done at each interval, never twice at once, and not after stopping', async (t) => {
  const clock = new FakeClock()
  let runs = 0
  let finish = (): void => {}
  const stop = every(clock, 100, () => {
    runs++
    return new Promise((resolve) => {
      finish = resolve
    })
  })
  await clock.advance(99)
  t.is(runs, 0)
  await clock.advance(500)
  t.is(runs, 1) // it is not over yet
  finish()
  await clock.advance(100)
  t.is(runs, 2)
  let stopped = false
  const stopping = stop().then(() => {
    stopped = true
  })
  await clock.advance(1000)
  t.false(stopped)
  finish()
  await stopping
  await clock.advance(1000)
  t.is(runs, 2)
  t.is(clock.waiting, 0)
})

test('coalesced: calls during a run make one more run after it, which all of them wait for', async (t) => {
  const runs: (() => void)[] = []
  const work = coalesced(() => new Promise((resolve) => runs.push(resolve)))
  const first = work()
  const ended: number[] = []
  const later = [1, 2, 3].map((n) => work().then(() => ended.push(n)))
  t.is(runs.length, 1)
  runs[0]?.()
  await first
  await settle()
  t.is(runs.length, 2)
  t.deepEqual(ended, [])
  runs[1]?.()
  await Promise.all(later)
  t.deepEqual(ended, [1, 2, 3])
  const fresh = work()
  t.is(runs.length, 3)
  runs[2]?.()
  await fresh
})

test('coalesced: a run that fails fails for its own callers only', async (t) => {
  let runs = 0
  const work = coalesced(() => (++runs === 1 ? Promise.reject(new Error('disk gone')) : Promise.resolve()))
  const [first, second] = [work(), work()]
  await t.throwsAsync(first, { message: 'disk gone' })
  await t.notThrowsAsync(second)
  await t.notThrowsAsync(work())
  t.is(runs, 3)
})

test('expired sessions are erased within two seconds, and whoever has connections is told', async (t) => {
  const it = await world(t)
  const key = firstKey(await (await enrolled(it)).login(it))
  let told = 0
  it.sessions.onChanged(() => told++)
  const stop = startUpkeep(it.store, it.sessions, shop, it.clock, () => {})
  t.teardown(stop)
  await it.clock.advance(KEYS_LIFETIME_S * 1000 - 1)
  t.truthy(await it.store.session(key.id, 0))
  await it.clock.advance(1 + SWEEP_MS)
  t.is(await it.store.session(key.id, 0), undefined)
  t.true(told > 0)
})

test('secrets of tickets are kept for a week after expiry, counters for two days', async (t) => {
  const it = await world(t)
  const stop = startUpkeep(it.store, it.sessions, shop, it.clock, () => {})
  t.teardown(stop)
  await issueTicket(it, 'card-9', it.clock.now())
  await it.accounts.check('nobody', 'wrong')
  await it.clock.advance(UPKEEP_MS)
  t.truthy((await it.store.ticket('card-9'))?.secret)
  // FakeClock runs every due timer: days of sweeps would take long, so only the upkeep's hour is reached again.
  await stop()
  await it.clock.advance(8 * DAY_MS)
  const again = startUpkeep(it.store, it.sessions, shop, it.clock, () => {})
  await it.clock.advance(UPKEEP_MS)
  await again()
  t.is((await it.store.ticket('card-9'))?.secret, undefined)
  t.is(await it.store.pruneAttempts(0, 0, 0), 0)
})

test('a fault of the store is told and does not end the upkeep', async (t) => {
  let broken = true
  const it = await world(t, {
    wrap: (store) => ({
      ...store,
      eraseExpired: (now) => (broken ? Promise.reject(new Error('disk gone')) : store.eraseExpired(now)),
    }),
  })
  const faults: unknown[] = []
  const stop = startUpkeep(it.store, it.sessions, shop, it.clock, (event) => faults.push(event))
  t.teardown(stop)
  await it.clock.advance(SWEEP_MS)
  t.like(faults, [{ event: 'upkeep.fault', code: 'UNEXPECTED' }])
  broken = false
  await it.clock.advance(3 * SWEEP_MS)
  t.is(faults.length, 1)
})

test('the shop is swept every two seconds too, and a fault of it hinders nothing else', async (t) => {
  const it = await world(t)
  const key = firstKey(await (await enrolled(it)).login(it))
  const faults: unknown[] = []
  let sweeps = 0
  const broken = {
    sweep: async (): Promise<void> => {
      if (++sweeps === 2) throw new Error('disk gone')
    },
  }
  const stop = startUpkeep(it.store, it.sessions, broken, it.clock, (event) => faults.push(event))
  t.teardown(stop)
  await it.clock.advance(SWEEP_MS - 1)
  t.is(sweeps, 0)
  await it.clock.advance(1 + 3 * SWEEP_MS)
  t.is(sweeps, 4)
  t.like(faults, [{ event: 'upkeep.fault', code: 'UNEXPECTED' }])
  t.is(faults.length, 1)
  await it.clock.advance(KEYS_LIFETIME_S * 1000)
  t.is(await it.store.session(key.id, 0), undefined)
  await stop()
  const before = sweeps
  await it.clock.advance(2 * SWEEP_MS)
  t.is(sweeps, before)
})
