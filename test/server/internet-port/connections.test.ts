import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import test from 'ava'
import { Connections } from '../../../server/internet-port/connections.ts'
import type { StoredSession } from '../../../server/store/store.ts'
import { FakeClock } from '../../fake-clock.ts'

class FakeSocket extends EventEmitter {
  destroyed = false
  /** As `destroySoon`: what was written goes out first. */
  soon = false

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }

  destroySoon(): void {
    this.soon = true
    this.destroy()
  }

  get asSocket(): Socket {
    return this as unknown as Socket // all that Connections uses of one
  }
}

function session(id: string, groupId = 'group', expiresAt = 3_600_000): StoredSession {
  return { id, groupId, index: 0, userId: 'alice', cardId: 'card-1', node: 'main', opened: true, expiresAt }
}

function setUp(limits = { totalMax: 10, perSessionMax: 5 }) {
  const clock = new FakeClock()
  /** Ids of keys that are left. */
  const live = new Set<string>()
  const groups = new Set<string>()
  const sessions = {
    find: async (id: string) => (live.has(id) ? session(id) : undefined),
    groupLives: async (groupId: string) => groups.has(groupId),
  }
  const connections = new Connections({ sessions, clock, ...limits })
  const open = (id = 'k', groupId = 'group', expiresAt?: number) => {
    live.add(id)
    groups.add(groupId)
    const socket = new FakeSocket()
    const added = connections.add(socket.asSocket, session(id, groupId, expiresAt))
    const begin = (aboutSession = false): void => connections.begin(socket.asSocket, aboutSession)
    return { socket, added, begin, end: () => connections.end(socket.asSocket) }
  }
  return { clock, live, groups, connections, open }
}

test('a connection is under the key it was made with, until it closes', (t) => {
  const { connections, open, clock } = setUp()
  const { socket } = open('k')
  t.like(connections.of(socket.asSocket), { sessionId: 'k', groupId: 'group' })
  t.is(connections.of(new FakeSocket().asSocket), undefined)
  socket.destroy()
  t.is(connections.of(socket.asSocket), undefined)
  t.is(connections.size, 0)
  t.is(clock.waiting, 0)
})

test('an idle connection and one that delivers end with their session', async (t) => {
  const { connections, open, live, groups } = setUp()
  const idle = open()
  const busy = open()
  busy.begin()
  await connections.recheck()
  t.false(idle.socket.destroyed || busy.socket.destroyed)
  live.clear()
  groups.clear()
  await connections.recheck()
  t.true(idle.socket.destroyed && busy.socket.destroyed)
})

test('an answer about the session itself goes out before its connection ends', async (t) => {
  const { connections, open, live, groups } = setUp()
  const one = open()
  one.begin(true)
  live.clear()
  groups.clear()
  await connections.recheck()
  t.false(one.socket.destroyed)
  one.end()
  t.true(one.socket.soon)
})

test('a delivery behind such a request ends all the same', async (t) => {
  const { connections, open, live, groups } = setUp()
  const one = open()
  one.begin(true)
  one.begin(false)
  live.clear()
  groups.clear()
  await connections.recheck()
  t.true(one.socket.destroyed)
})

test('after a rekey a delivery under the old key is finished, an idle connection is not', async (t) => {
  const { connections, open, live } = setUp()
  const busy = open('old')
  const idle = open('old')
  const next = open('new')
  busy.begin()
  live.delete('old')
  await connections.recheck()
  t.false(busy.socket.destroyed)
  t.true(idle.socket.destroyed)
  busy.end()
  t.true(busy.socket.soon)
  t.false(next.socket.destroyed)
})

test('even then it ends with the lifetime of the session', async (t) => {
  const { connections, open, live, clock } = setUp()
  const busy = open('old', 'group', 5000)
  busy.begin()
  live.delete('old')
  await connections.recheck()
  await clock.advance(4999)
  t.false(busy.socket.destroyed)
  await clock.advance(1)
  t.true(busy.socket.destroyed)
})

test('a key that opened its session late ends with the session, not when it would have lapsed', async (t) => {
  const clock = new FakeClock()
  let now = session('k', 'own', 5000)
  const sessions = { find: async () => now, groupLives: async () => true }
  const connections = new Connections({ sessions, clock, totalMax: 9, perSessionMax: 9 })
  const socket = new FakeSocket()
  connections.add(socket.asSocket, now)
  connections.begin(socket.asSocket, false)
  now = session('k', 'taken over', 9000)
  await connections.recheck('own')
  t.like(connections.of(socket.asSocket), { groupId: 'taken over' })
  await clock.advance(8999)
  t.false(socket.destroyed)
  await clock.advance(1)
  t.true(socket.destroyed)
  t.is(clock.waiting, 0)
})

test('looking again at one session leaves the others alone', async (t) => {
  const { connections, open, live, groups } = setUp()
  const [one, other] = [open('a', 'one'), open('b', 'other')]
  live.clear()
  groups.clear()
  await connections.recheck('one')
  t.true(one.socket.destroyed)
  t.false(other.socket.destroyed)
  await connections.recheck()
  t.true(other.socket.destroyed)
})

test('looking again at very many lets other work have its turn', async (t) => {
  const { connections, open, live, groups } = setUp({ totalMax: 1000, perSessionMax: 1000 })
  const all = Array.from({ length: 350 }, (_, n) => open(`k${n}`, `g${n}`))
  live.clear()
  groups.clear()
  let turns = 0
  const work = async (): Promise<void> => {
    for (; !all.every(({ socket }) => socket.destroyed); turns++) await new Promise((done) => setImmediate(done))
  }
  await Promise.all([connections.recheck(), work()])
  t.true(turns >= 3)
  t.is(connections.size, 0)
})

test('several requests at once: the time to ask again begins with the last answer', async (t) => {
  const { open, clock } = setUp()
  const one = open()
  one.begin()
  one.begin()
  one.end()
  await clock.advance(200_000)
  t.false(one.socket.destroyed)
  one.end()
  await clock.advance(74_999)
  t.false(one.socket.destroyed)
  await clock.advance(1)
  t.true(one.socket.destroyed)
})

test('beyond the bounds a connection is not taken', (t) => {
  const { open, connections } = setUp({ totalMax: 3, perSessionMax: 2 })
  t.deepEqual(
    [open('a', 'one'), open('b', 'one'), open('c', 'one')].map(({ added }) => added),
    [true, true, false],
  )
  t.deepEqual(
    [open('d', 'two'), open('e', 'two')].map(({ added }) => added),
    [true, false],
  )
  t.is(connections.size, 3)
  connections.destroyAll()
  t.is(connections.size, 0)
})

test('a socket that is gone already, and one that is not known, do no harm', (t) => {
  const { connections } = setUp()
  const gone = new FakeSocket()
  gone.destroy()
  t.false(connections.add(gone.asSocket, session('k')))
  connections.begin(gone.asSocket, true)
  connections.end(gone.asSocket)
  t.is(connections.size, 0)
})
