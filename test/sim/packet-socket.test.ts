import { Duplex } from 'node:stream'
import test from 'ava'
import { chanceOf } from '../../sim/chance.ts'
import { PacketSocket } from '../../sim/packet-socket.ts'
import type { LineSpeed } from '../../sim/wire.ts'
import { FakeClock, settle } from '../fake-clock.ts'

/** A server in the hand of the test, and the terminal at the other end. */
function pair(speed: LineSpeed, options: { readonly room?: () => number; readonly stalled?: () => boolean } = {}) {
  const clock = new FakeClock()
  let up = ''
  let down = ''
  const ends: string[] = []
  const notes: string[] = []
  const server = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, taken) => {
      up += chunk.toString('latin1')
      taken()
    },
  })
  const user = {
    room: options.room ?? (() => 4096),
    deliver: (bytes: Uint8Array) => {
      down += Buffer.from(bytes).toString('latin1')
    },
    closed: (reason: string) => notes.push(reason),
  }
  const socket = new PacketSocket(server, user, {
    clock,
    speed: () => speed,
    chance: (name) => chanceOf(1, name),
    stalled: options.stalled ?? (() => false),
    tap: () => {},
    ended: (reason, bytesUp, bytesDown) => ends.push(`${reason} ${bytesUp} ${bytesDown}`),
  })
  /** Streams need real turns of the event loop. */
  const turn = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    await settle()
  }
  return { clock, server, socket, ends, notes, turn, up: () => up, down: () => down }
}

test('bytes take the time of rate and latency, both ways', async (t) => {
  const { clock, server, socket, turn, up, down } = pair({ rate: 10_000, latencyMs: 50 })
  socket.write(Buffer.from('1234567890'))
  server.push('abc')
  await turn()
  await clock.advance(50)
  t.is(up() + down(), '')
  await clock.advance(5)
  t.is(up(), '12345')
  t.is(down(), 'abc')
  await clock.advance(5)
  t.is(up(), '1234567890')
})

test('jitter delays and never reorders', async (t) => {
  const { clock, socket, up } = pair({ rate: 1_000_000, latencyMs: 10, jitterMs: 200 })
  for (let n = 0; n < 50; n++) {
    socket.write(Buffer.from(String(n % 10)))
    await clock.advance(5)
  }
  t.true(up().length < 48)
  await clock.advance(1000)
  t.is(up(), '0123456789'.repeat(5))
})

test('a fade stops everything and loses nothing', async (t) => {
  let stalled = true
  const { clock, server, socket, turn, up, down } = pair({ rate: 64_000, latencyMs: 0 }, { stalled: () => stalled })
  socket.write(Buffer.from('up'))
  server.push('down')
  await turn()
  await clock.advance(10_000)
  t.is(up() + down(), '')
  stalled = false
  await clock.advance(100)
  t.is(up() + down(), 'updown')
})

test('a terminal that does not read stops the server in the end, and gets all of it later', async (t) => {
  let room = 0
  const { clock, server, turn, down } = pair({ rate: 10_000_000, latencyMs: 1 }, { room: () => room })
  let pushed = 0
  while (!server.isPaused() && pushed < 1000) {
    server.push('x'.repeat(1024))
    pushed++
    await turn()
    await clock.advance(5)
  }
  t.true(pushed > 60 && pushed < 90, `${pushed} kB`)
  room = 4096
  await clock.advance(1)
  for (let n = 0; n < 200; n++) {
    await turn()
    await clock.advance(20)
  }
  t.is(down().length, pushed * 1024)
})

test('the far end closes: closed after the last byte', async (t) => {
  const { clock, server, ends, notes, turn, down } = pair({ rate: 10_000, latencyMs: 100 })
  server.push('last')
  server.push(null)
  await turn()
  await turn()
  await clock.advance(103)
  t.deepEqual(notes, [])
  await clock.advance(2)
  t.is(down(), 'last')
  t.deepEqual([notes, ends], [['closed-there'], ['closed-there 0 4']])
  t.is(clock.waiting, 0)
})

test('closed here: what was written still arrives, for at most 20 s', async (t) => {
  const { clock, server, socket, ends, notes, up } = pair({ rate: 10_000, latencyMs: 100 })
  socket.write(Buffer.from('goodbye'))
  socket.hangUp()
  socket.write(Buffer.from('too late'))
  await clock.advance(1000)
  t.is(up(), 'goodbye')
  t.deepEqual([notes, ends], [[], ['closed-here 7 0']])
  t.true(server.writableEnded)
  const stuck = pair({ rate: 10_000, latencyMs: 0 }, { stalled: () => true })
  stuck.socket.write(Buffer.from('x'))
  stuck.socket.hangUp()
  await stuck.clock.advance(20_000)
  t.deepEqual(stuck.ends, ['closed-here 0 0'])
  t.is(stuck.clock.waiting, 0)
})

test('gone at once: told once, and nothing arrives any more', async (t) => {
  const { clock, server, socket, ends, notes, up } = pair({ rate: 10_000, latencyMs: 100 })
  socket.write(Buffer.from('x'))
  socket.vanish('dropped')
  socket.vanish('dropped')
  socket.hangUp()
  await clock.advance(1000)
  t.is(up(), '')
  t.deepEqual([notes, ends], [['dropped'], ['dropped 0 0']])
  t.true(server.destroyed)
  t.is(clock.waiting, 0)
})
