import test from 'ava'
import { LinkClient } from '../../line/link-client.ts'
import { type LinkHandler, LinkServer } from '../../line/link-server.ts'
import type { LineStream, StreamEnd } from '../../line/stream.ts'
import { STREAM_TIMING, streamPath } from '../../line/stream-path.ts'
import { LINE_MESSAGE_MAX } from '../../wire/limits.ts'
import { encodeFrame } from '../../wire/line/frame.ts'
import { FakeClock } from '../fake-clock.ts'
import { seeded } from '../random.ts'

const SEED = 20_000_523

/** Both ends of a stream; `fault` may change or drop (undefined) what passes. */
class Wire {
  readonly ends: { onData: (bytes: Uint8Array) => void; onEnd: (reason: StreamEnd) => void }[] = []
  readonly frames: [up: number, down: number] = [0, 0]
  fault: (bytes: Uint8Array, from: number) => Uint8Array | undefined = (bytes) => bytes
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  stream(side: 0 | 1): LineStream {
    return {
      peer: undefined,
      write: (bytes) => {
        this.frames[side]++
        const passed = this.fault(Uint8Array.from(bytes), side)
        this.#clock.after(100, () => passed && this.ends[1 - side]?.onData(passed))
      },
      open: (onData, onEnd) => {
        this.ends[side] = { onData, onEnd }
      },
      hangUp: async () => {},
    }
  }
}

function setUp(handle: LinkHandler) {
  const clock = new FakeClock()
  const wire = new Wire(clock)
  const ends: StreamEnd[] = []
  const server = new LinkServer(streamPath(wire.stream(1)), clock, handle, (end) => ends.push(end))
  const client = new LinkClient(streamPath(wire.stream(0)), clock)
  return { clock, wire, server, client, ends }
}

const echo: LinkHandler = async (message) => Buffer.concat([Buffer.from('re:'), message])
const text = (bytes: Uint8Array | undefined): string => (bytes === undefined ? 'none' : Buffer.from(bytes).toString())

test('a short request and its response are one packet each way, and nothing else', async (t) => {
  const { clock, wire, client } = setUp(echo)
  const answer = client.request(Buffer.from('login'))
  await clock.advance(1000)
  t.is(text(await answer), 're:login')
  t.deepEqual(wire.frames, [1, 1])
  const { bytesUp, bytesDown, messagesUp, messagesDown, exchangeMs } = client.report
  t.deepEqual([messagesUp, messagesDown, exchangeMs], [1, 1, 200])
  t.is(bytesUp, encodeFrame(Buffer.from([1, 0, ...Buffer.from('login')])).length)
  t.is(bytesDown, bytesUp + 3)
})

test('a lost request and a lost response are both repaired, the handler asked once', async (t) => {
  for (const lost of [0, 1]) {
    let asked = 0
    const { clock, wire, client } = setUp(async (message) => {
      asked++
      return message
    })
    let dropped = false
    wire.fault = (bytes, side) => {
      if (side !== lost || dropped) return bytes
      dropped = true
      return undefined
    }
    const answer = client.request(Buffer.from('once'))
    await clock.advance(20_000)
    t.is(text(await answer), 'once')
    t.is(asked, 1)
  }
})

test('no answer at all: a few repetitions, then undefined in less than a minute; nothing is left running', async (t) => {
  const { clock, wire, client, server } = setUp(async () => undefined)
  const answer = client.request(Buffer.alloc(135, 1))
  let gaveUpAt = 0
  answer.then(() => {
    gaveUpAt = clock.now()
  })
  await clock.advance(200_000)
  t.is(await answer, undefined)
  t.true(gaveUpAt > 40_000 && gaveUpAt < 60_000, `${gaveUpAt} ms`)
  t.deepEqual(wire.frames, [1 + 7 * 3, 0])
  server.close()
  t.is(clock.waiting, 0)
})

test('the biggest message passes in fragments, both ways', async (t) => {
  const { clock, client } = setUp(async (message) => message)
  const message = Buffer.alloc(LINE_MESSAGE_MAX, 7)
  const answer = client.request(message)
  await clock.advance(5000)
  t.deepEqual(Buffer.from((await answer) ?? []), message)
  t.throws(() => client.request(Buffer.alloc(LINE_MESSAGE_MAX + 1)), { instanceOf: RangeError })
})

test('of a long message only what was lost is sent again', async (t) => {
  const { clock, wire, client } = setUp(async () => Buffer.alloc(10 * 256, 1))
  let down = 0
  wire.fault = (bytes, side) => (side === 1 && ++down === 4 ? undefined : bytes)
  const answer = client.request(Buffer.alloc(200, 2))
  await clock.advance(60_000)
  t.is((await answer)?.length, 10 * 256)
  t.is(client.report.messagesUp, 1)
  // Ten packets of four blocks; the lost one again, in two of two blocks.
  t.is(wire.frames[1], 12)
  t.is(client.report.messagesDown, 11)
})

test(`bit errors, losses and doubled packets: every request is answered or given up (seed ${SEED})`, async (t) => {
  const random = seeded(SEED)
  const { clock, wire, client } = setUp(async (message) => message)
  wire.fault = (bytes, side) => {
    if (random(10) === 0) return undefined
    if (random(10) === 0) bytes[random(bytes.length)]! ^= 1 << random(8)
    if (random(10) === 0) clock.after(500, () => wire.ends[1 - side]?.onData(bytes))
    return bytes
  }
  let answered = 0
  for (let n = 0; n < 300; n++) {
    const message = Buffer.alloc(1 + random(3000), n)
    let over = false
    const answer = client.request(message).finally(() => {
      over = true
    })
    while (!over) await clock.advance(100)
    const response = await answer
    if (response === undefined) continue
    t.deepEqual(Buffer.from(response), message)
    answered++
  }
  t.true(answered > 295, `${answered} of 300 answered`)
})

test('a slow answer is announced and waited for, not asked for again', async (t) => {
  let done = (_: Uint8Array): void => {}
  let asked = 0
  const { clock, wire, client } = setUp(() => {
    asked++
    return new Promise((resolve) => {
      done = resolve
    })
  })
  const answer = client.request(Buffer.from('slow'))
  await clock.advance(STREAM_TIMING.idleMs / 3)
  t.deepEqual(wire.frames, [1, 1])
  done(Buffer.from('at last'))
  await clock.advance(1000)
  t.is(text(await answer), 'at last')
  t.is(asked, 1)
})

test('cancelling and the end of the call both end the wait', async (t) => {
  const { clock, wire, client } = setUp(async () => undefined)
  const cancel = new AbortController()
  const first = client.request(Buffer.from('a'), cancel.signal)
  cancel.abort()
  t.is(await first, undefined)
  const second = client.request(Buffer.from('b'))
  wire.ends[0]?.onEnd('remote')
  t.is(await second, undefined)
  t.is(await client.request(Buffer.from('c')), undefined)
  await clock.advance(1)
})

test('the server gives a silent call up, and answers no flood of repetitions', async (t) => {
  const quiet = setUp(echo)
  await quiet.clock.advance(STREAM_TIMING.idleMs)
  t.deepEqual(quiet.ends, ['local'])
  const flooded = setUp(echo)
  const repetition = encodeFrame(Buffer.from([1, 9, 65]))
  for (let n = 0; n < 1000; n++) flooded.wire.ends[1]?.onData(repetition)
  await flooded.clock.advance(1000)
  for (let n = 0; n < 1000; n++) flooded.wire.ends[1]?.onData(repetition)
  // That it is being worked on, and the answer.
  t.is(flooded.wire.frames[1], 2)
  for (let n = 0; n < 1000; n++) {
    await flooded.clock.advance(5000)
    flooded.wire.ends[1]?.onData(repetition)
  }
  t.deepEqual(flooded.ends, ['local'])
  t.true(flooded.wire.frames[1] < 200)
})

test('an answer that takes longer than a call may be idle comes all the same, and the handler is asked once', async (t) => {
  for (const seconds of [29, 31, 65, 100]) {
    let asked = 0
    const { clock, client, ends } = setUp((message) => {
      asked++
      return new Promise((resolve) => clock.after(seconds * 1000, () => resolve(message)))
    })
    const answer = client.request(Buffer.alloc(1000, 1))
    await clock.advance(seconds * 1000 + 1000)
    t.is((await answer)?.length, 1000, `${seconds} s`)
    t.is(asked, 1)
    t.deepEqual(ends, [])
    await clock.advance(STREAM_TIMING.idleMs)
    t.deepEqual(ends, ['local'])
  }
})

test('a handler that throws ends the call', async (t) => {
  const { clock, client, ends } = setUp(async () => {
    throw new Error('store gone')
  })
  client.request(Buffer.from('x'))
  await clock.advance(1000)
  t.deepEqual(ends, ['local'])
})

test('only one request at a time', (t) => {
  const { client } = setUp(echo)
  client.request(Buffer.from('a'))
  t.throws(() => client.request(Buffer.from('b')), { instanceOf: RangeError })
})
