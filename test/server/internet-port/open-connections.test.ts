import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import test from 'ava'
import { OpenConnections } from '../../../server/internet-port/open-connections.ts'
import { FakeClock } from '../../fake-clock.ts'

class FakeSocket extends EventEmitter {
  destroyed = false
  readonly remoteAddress: string | undefined

  constructor(remoteAddress: string | undefined) {
    super()
    this.remoteAddress = remoteAddress
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }

  get asSocket(): Socket {
    return this as unknown as Socket // all that OpenConnections uses of one
  }
}

function setUp(limits = { totalMax: 3, perAddressMax: 2 }) {
  const clock = new FakeClock()
  const opens = new OpenConnections({ clock, ...limits })
  const open = (address: string | null = 'a') => {
    const socket = new FakeSocket(address ?? undefined)
    const added = opens.add(socket.asSocket)
    return { socket, added, begin: () => opens.begin(socket.asSocket), end: () => opens.end(socket.asSocket) }
  }
  return { clock, opens, open }
}

test('the one that is idle longest makes room, first of the same address', (t) => {
  const { opens, open } = setUp()
  const [a, b] = [open('a'), open('a')]
  a.begin()
  a.end() // now b is idle longest
  const c = open('a')
  t.deepEqual([a.socket.destroyed, b.socket.destroyed, c.added], [false, true, true])
  const d = open('b')
  t.true(d.added)
  const e = open('c')
  t.deepEqual([a.socket.destroyed, e.added, opens.size], [true, true, 3])
})

test('who is being answered never makes room: then the new one is refused', (t) => {
  const { opens, open } = setUp()
  const busy = [open('a'), open('a')]
  for (const one of busy) one.begin()
  const late = open('a')
  t.deepEqual([late.added, late.socket.destroyed, opens.size], [false, true, 2])
  t.false(busy.some(({ socket }) => socket.destroyed))
  busy[1]?.end()
  t.true(open('a').added)
  t.true(busy[1]?.socket.destroyed)
})

test('deadlines: for the first request, and for the next one after the last answer', async (t) => {
  const { opens, open, clock } = setUp()
  const silent = open('a')
  const busy = open('b')
  busy.begin()
  busy.begin()
  await clock.advance(15_000)
  t.deepEqual([silent.socket.destroyed, busy.socket.destroyed], [true, false])
  await clock.advance(500_000)
  busy.end()
  await clock.advance(500_000)
  t.false(busy.socket.destroyed)
  busy.end()
  await clock.advance(74_999)
  t.false(busy.socket.destroyed)
  await clock.advance(1)
  t.true(busy.socket.destroyed)
  t.deepEqual([opens.size, clock.waiting], [0, 0])
})

test('gone sockets and unknown ones do no harm, and all can be ended', (t) => {
  const { opens, open, clock } = setUp()
  t.false(open(null).added || opens.size > 0)
  const gone = new FakeSocket('a')
  gone.destroy()
  t.false(opens.add(gone.asSocket))
  opens.begin(gone.asSocket)
  opens.end(gone.asSocket)
  t.false(opens.has(gone.asSocket))
  const one = open('a')
  t.true(opens.has(one.socket.asSocket))
  open('b')
  opens.destroyAll()
  t.deepEqual([opens.size, clock.waiting, one.socket.destroyed], [0, 0, true])
  one.end()
})
