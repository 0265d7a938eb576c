import { inspect } from 'node:util'
import test from 'ava'
import { type CallKeys, KeyPool } from '../../../host-driver/stored/key-pool.ts'
import { Secret } from '../../../keys/secret.ts'
import { SPARE_KEYS_MAX } from '../../../wire/limits.ts'
import { FakeClock } from '../../fake-clock.ts'

let made = 0
const keysOf = (count: number) =>
  Array.from({ length: count }, () => ({ id: `id-${++made}`, psk: new Secret(new Uint8Array(32).fill(0x5a)) }))

const from = (more: Partial<CallKeys> = {}): CallKeys => {
  const one = { userId: 'alice', server: 'a:1', cardId: 'card-1', lifetimeSeconds: 100, secretRoutes: [] }
  return { ...one, ...more }
}

function setUp() {
  const clock = new FakeClock()
  const pool = new KeyPool({ after: (ms, run) => clock.after(ms, run), now: () => clock.now() })
  let emptied = 0
  pool.onEmpty(() => emptied++)
  return { clock, pool, emptied: () => emptied }
}

test('keys are given out one by one, each once, and wiped when they are spent', (t) => {
  const { pool, emptied } = setUp()
  const keys = keysOf(3)
  pool.add(from(), keys, 1)
  t.is(pool.left('alice', 'a:1'), 2)
  const [one, two] = [pool.take('alice'), pool.take('alice')]
  t.like(one, { number: 2, of: 3, key: { id: keys[1]?.id } })
  t.like(two, { number: 3, of: 3, key: { id: keys[2]?.id } })
  t.is(pool.take('alice'), undefined)
  if (one === undefined || two === undefined) return t.fail()
  pool.spent(one)
  t.true(one.key.psk.wiped)
  t.false(two.key.psk.wiped)
  t.is(emptied(), 0)
  pool.spent(two)
  t.is(emptied(), 1)
})

test('one that was not used waits on, in its place', (t) => {
  const { pool } = setUp()
  pool.add(from(), keysOf(2))
  const one = pool.take('alice')
  if (one === undefined) return t.fail()
  pool.giveBack(one)
  t.is(pool.take('alice')?.key.id, one.key.id)
  t.is(pool.size, 1)
})

test('a key that lapsed, or whose call was dropped, while it was out is wiped when it comes back', async (t) => {
  const { pool, clock } = setUp()
  pool.add(from(), keysOf(1))
  const late = pool.take('alice')
  await clock.advance(100_000)
  const dropped = from()
  pool.add(dropped, keysOf(2))
  const other = pool.take('alice')
  pool.drop(dropped)
  for (const stored of [late, other]) {
    if (stored === undefined) return t.fail()
    pool.giveBack(stored)
    t.true(stored.key.psk.wiped)
  }
  t.is(pool.size, 0)
})

test('keys lapse: as a session would, or as the server said; whoever holds the pool is told', async (t) => {
  const { pool, clock, emptied } = setUp()
  const [short, long] = [keysOf(1), keysOf(1)]
  const known = from()
  pool.add(from(), short)
  pool.add(known, long)
  pool.setLifetime(known, 86_400)
  t.deepEqual(
    pool.view().map(({ left, expiresAt }) => [left, expiresAt.getTime()]),
    [
      [1, 100_000],
      [1, 86_400_000],
    ],
  )
  await clock.advance(99_999)
  t.is(pool.size, 2)
  await clock.advance(1)
  t.true(short[0]?.psk.wiped)
  t.is(pool.size, 1)
  await clock.advance(86_300_000)
  t.true(long[0]?.psk.wiped)
  t.is(emptied(), 1)
  t.is(clock.waiting, 0)
})

test('a computer that slept over the end gives out no lapsed key', (t) => {
  let now = 0
  const pool = new KeyPool({ after: () => () => {}, now: () => now }) // its timers do not run
  const keys = keysOf(1)
  pool.add(from(), keys)
  now = 100_000
  t.is(pool.take('alice'), undefined)
  t.true(keys[0]?.psk.wiped)
})

test('the call that lapses first is used first', (t) => {
  const { pool } = setUp()
  const long = from()
  pool.add(long, keysOf(1))
  pool.setLifetime(long, 86_400)
  pool.add(from({ lifetimeSeconds: 50 }), keysOf(1))
  t.is(pool.take('alice')?.from.lifetimeSeconds, 50)
})

test('a key is for its user and its server; without a server only where there is no doubt', (t) => {
  const { pool } = setUp()
  pool.add(from({ userId: 'ren\u00e9' }), keysOf(1))
  t.is(pool.take('bob'), undefined)
  t.is(pool.take('rene\u0301', 'b:1'), undefined)
  t.truthy(pool.take('rene\u0301')) // as the server compares them
  pool.add(from({ server: 'a:1' }), keysOf(1))
  pool.add(from({ server: 'b:1' }), keysOf(1))
  t.is(pool.take('alice'), undefined)
  t.is(pool.take('alice', 'b:1')?.from.server, 'b:1')
  t.is(pool.left('alice', 'a:1'), 1)
})

test(`at most ${SPARE_KEYS_MAX} wait for one user by one card: the oldest are dropped, as at the server`, (t) => {
  const { pool } = setUp()
  const calls = Array.from({ length: 4 }, () => keysOf(16))
  for (const keys of calls) pool.add(from(), keys)
  pool.add(from({ cardId: 'card-2' }), keysOf(16))
  t.is(pool.size, 80)
  t.false(calls.flat().some(({ psk }) => psk.wiped))
  // The first key of this call opened a session; when the server made it, it counted too.
  pool.add(from(), keysOf(4), 1)
  t.deepEqual(
    calls.map((keys) => keys.filter(({ psk }) => psk.wiped).length),
    [4, 0, 0, 0],
  )
  t.true(calls[0]?.slice(0, 4).every(({ psk }) => psk.wiped))
})

test('erasing: one key of each card is left to tell the server with, all others are wiped', (t) => {
  const { pool } = setUp()
  const [one, two, other] = [keysOf(2), keysOf(2), keysOf(1)]
  pool.add(from(), one)
  pool.add(from(), two)
  pool.add(from({ cardId: 'card-2' }), other)
  const left = pool.takeOneOfEachCard().map(({ key }) => key)
  t.deepEqual(left.map(({ id }) => id).sort(), [two[1]?.id, other[0]?.id].sort())
  t.false(left.some(({ psk }) => psk.wiped))
  t.is([...one, ...two, ...other].filter(({ psk }) => psk.wiped).length, 3)
  t.is(pool.size, 0)
})

test('nothing that is printed shows a key', (t) => {
  const { pool } = setUp()
  pool.add(from(), keysOf(1))
  const shown = inspect(pool, { depth: 10, showHidden: true }) + JSON.stringify([pool, pool.view(), pool.take('alice')])
  t.notRegex(shown, /5a ?5a ?5a|WlpaW|90, 90, 90|90,90,90/)
})
