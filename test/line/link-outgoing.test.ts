import test from 'ava'
import { Cut } from '../../line/link-cut.ts'
import { Outgoing } from '../../line/link-outgoing.ts'
import { RoundTrip } from '../../line/link-rtt.ts'
import type { LinePath } from '../../line/path.ts'
import { STREAM_PACKET_MAX, STREAM_TIMING } from '../../line/stream-path.ts'
import { BLOCK_BYTES, decodeLink, encodeLink, type LinkData, type LinkPacket } from '../../wire/line/link.ts'
import { FakeClock } from '../fake-clock.ts'
import { SMS_TIMING } from './bad-lines.ts'

const PATHS = {
  stream: { packetMax: STREAM_PACKET_MAX, timing: STREAM_TIMING },
  messages: { packetMax: 133, timing: SMS_TIMING },
} as const

function outgoing(kind: keyof typeof PATHS, bytes: number) {
  const clock = new FakeClock()
  const sent: LinkData[] = []
  const path: LinePath = { ...PATHS[kind], peer: undefined, send: () => 0, open: () => {}, hangUp: async () => {} }
  const write = (packet: LinkPacket): number => {
    const decoded = decodeLink(encodeLink(packet))
    if (decoded.type === 'data') sent.push(decoded)
    return encodeLink(packet).length
  }
  const roundTrip = new RoundTrip(path.timing)
  const cut = new Cut(path)
  const it = new Outgoing('request', 1, Buffer.alloc(bytes, 1), { path, clock, cut, roundTrip, write })
  it.send()
  /** What was sent since the last time, as first block and number of blocks. */
  const taken = () =>
    sent.splice(0).map(({ index, last, body }) => [index, last === 0 ? 'all' : Math.ceil(body.length / BLOCK_BYTES)])
  const ack = (newest: number, ...blocks: number[]): boolean => it.acked({ newest, received: new Set(blocks) })
  return { clock, it, cut, roundTrip, taken, ack }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

test('a window of 64 blocks on a call and of 32 in short messages goes out, and no more until something arrived', (t) => {
  const call = outgoing('stream', 16_384)
  t.is(call.taken().length, 16)
  t.true(call.ack(0, ...range(0, 3)))
  t.deepEqual(call.taken(), [[64, 4]])
  t.false(call.ack(0, ...range(0, 3)))
  t.deepEqual(call.taken(), [])
  const messages = outgoing('messages', 16_384)
  t.is(messages.taken().length, 16)
})

test('on a call what a newer packet overtook is lost, and is cut shorter; in short messages only after three newer ones', (t) => {
  const call = outgoing('stream', 20 * BLOCK_BYTES)
  call.taken()
  call.ack(2, ...range(8, 11))
  t.deepEqual(call.taken(), [
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 1],
    [4, 1],
    [5, 1],
    [6, 1],
    [7, 1],
  ])
  const messages = outgoing('messages', 12 * BLOCK_BYTES)
  messages.taken()
  messages.ack(3, 6, 7)
  t.deepEqual(messages.taken(), [])
  messages.ack(4, 6, 7, 8, 9)
  t.deepEqual(messages.taken(), [[0, 2]])
})

test('an older sending that arrives late condemns nothing: the serial says which one it was', (t) => {
  const call = outgoing('stream', 32 * BLOCK_BYTES)
  call.taken()
  call.it.retry(0)
  t.deepEqual(call.taken(), [
    [0, 1],
    [1, 1],
    [2, 1],
    [3, 1],
  ])
  // The first packet was only slow: its serial is 0, and all that went between is still on its way.
  t.true(call.ack(0, ...range(0, 3)))
  t.deepEqual(call.taken(), [])
  // The repetition arrived: what went before it is lost, all at once.
  t.false(call.ack(8, ...range(0, 3)))
  t.deepEqual(
    call.taken().map(([first]) => first),
    range(4, 31),
  )
})

test('a repetition is not made so soon that it cannot be about the last one', async (t) => {
  const { clock, it, taken } = outgoing('messages', 100)
  t.deepEqual(taken(), [[0, 'all']])
  it.retry(5000)
  t.deepEqual(taken(), [])
  await clock.advance(5000)
  for (let n = 0; n < 100; n++) it.retry(5000)
  t.deepEqual(taken(), [[0, 'all']])
})

test('a short message is one packet, on a bad call repeated in blocks, three at least', (t) => {
  const { it, taken, ack } = outgoing('stream', 140)
  t.deepEqual(taken(), [[0, 'all']])
  it.retry(0)
  t.deepEqual(taken(), [
    [0, 1],
    [1, 1],
    [2, 1],
  ])
  ack(3, 0, 2)
  t.deepEqual(taken(), [[1, 1]])
  it.retry(0)
  t.deepEqual(taken(), [
    [1, 1],
    [1, 1],
    [1, 1],
  ])
  t.false(it.done)
  ack(0, 0, 1, 2)
  t.true(it.done)
  it.retry(0)
  t.deepEqual(taken(), [])
})

test('Karn: what was sent twice says nothing about the round trip, what was sent once does', async (t) => {
  const twice = outgoing('messages', 100)
  twice.it.retry(0)
  await twice.clock.advance(9000)
  twice.ack(0, 0, 1)
  t.is(twice.roundTrip.rto, SMS_TIMING.firstRtoMs)
  const once = outgoing('messages', 100)
  await once.clock.advance(9000)
  once.ack(0, 0, 1)
  t.is(once.roundTrip.rto, 27_000)
  t.is(once.roundTrip.least, 9000)
})

test('packets grow again after a long time without a loss', (t) => {
  const { cut } = outgoing('stream', 100)
  cut.lost()
  t.is(cut.blocks, 2)
  cut.lost()
  cut.lost()
  t.is(cut.blocks, 1)
  for (let n = 0; n < 3 * 32; n++) cut.arrived()
  t.true(cut.long)
  const messages = outgoing('messages', 100)
  messages.cut.lost()
  messages.cut.silence()
  t.true(messages.cut.long)
})

test('a silent line keeps nothing but what it must: packets that went again are forgotten', (t) => {
  const { it, taken } = outgoing('stream', 16_384)
  for (let n = 0; n < 10_000; n++) it.retry(0)
  t.is(taken().length, 16 + 40_000)
  // Four blocks of the last repetition, and the rest of the window was waited for long ago.
  t.true(it.bytesInFlight <= 4 * (BLOCK_BYTES + 5))
})
