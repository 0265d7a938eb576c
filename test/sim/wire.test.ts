import test from 'ava'
import { chanceOf } from '../../sim/chance.ts'
import { HEALTHY, type Impairment, type LineSpeed, Wire } from '../../sim/wire.ts'
import { FakeClock } from '../fake-clock.ts'
import { seeded } from '../random.ts'

function line(speed: LineSpeed, options: { readonly impairment?: Impairment; readonly room?: () => number } = {}) {
  const clock = new FakeClock()
  const got: number[] = []
  const times: number[] = []
  let cuts = 0
  const end = {
    room: options.room ?? (() => 4096),
    deliver: (bytes: Uint8Array) => {
      for (const byte of bytes) {
        got.push(byte)
        times.push(clock.now())
      }
    },
    cut: () => {
      cuts++
      wire.close()
    },
  }
  const wire = new Wire(clock, speed, end, () => options.impairment ?? HEALTHY, chanceOf(7, 'test'))
  return { clock, wire, got, times, cuts: () => cuts }
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff)
}

for (const [rate, latencyMs] of [
  [2400, 0],
  [9600, 100],
  [14_400, 300],
  [64_000, 5],
] as const) {
  test(`at ${rate} bit/s the last of 500 bytes arrives after 500 * 10 / rate and ${latencyMs} ms`, async (t) => {
    const { clock, wire, got, times } = line({ rate, latencyMs })
    wire.write(pattern(500))
    await clock.advance(10_000)
    t.deepEqual(Uint8Array.from(got), pattern(500))
    const expected = (500 * 10_000) / rate + latencyMs
    t.true(Math.abs((times.at(-1) ?? 0) - expected) < 0.01, `${times.at(-1)} for ${expected}`)
    // Nothing early, and nothing later than a step.
    for (const [index, at] of times.entries()) {
      const due = ((index + 1) * 10_000) / rate + latencyMs
      t.true(at >= due - 0.01 && at <= due + 4.5, `byte ${index} at ${at}, due ${due}`)
    }
  })
}

test('late timers do not add up: 2,000 writes with gaps of any length', async (t) => {
  const { clock, wire, times } = line({ rate: 9600, latencyMs: 50 })
  const seed = 20_000_523
  t.log(`seed ${seed}`)
  const random = seeded(seed)
  let freeAt = 0
  for (let n = 0; n < 2000; n++) {
    freeAt = Math.max(freeAt, clock.now()) + 1.0416666
    wire.write(Uint8Array.of(n & 0xff))
    await clock.advance(random(4) * 0.5)
  }
  await clock.advance(5000)
  t.is(times.length, 2000)
  t.true(Math.abs((times.at(-1) ?? 0) - freeAt - 50) < 1)
})

test('bytes written after a silence start anew, and idle time is not saved up', async (t) => {
  const { clock, wire, times } = line({ rate: 9600, latencyMs: 0 })
  await clock.advance(60_000)
  wire.write(pattern(96))
  await clock.advance(1000)
  t.true(Math.abs((times.at(-1) ?? 0) - 60_100) < 0.01)
})

test('room: a modem buffers 1 kB, and what has been sent makes place', async (t) => {
  const { clock, wire } = line({ rate: 9600, latencyMs: 1000 })
  t.is(wire.room(), 1024)
  wire.write(pattern(1024))
  t.is(wire.room(), 0)
  await clock.advance(500)
  t.is(wire.room(), 480)
})

test('a receiver that takes nothing stops the sender and loses nothing', async (t) => {
  let room = 0
  const { clock, wire, got } = line({ rate: 64_000, latencyMs: 10 }, { room: () => room })
  let written = 0
  for (let n = 0; n < 100; n++) {
    const bytes = pattern(5000).subarray(written, written + wire.room())
    wire.write(bytes)
    written += bytes.length
    await clock.advance(100)
  }
  t.is(got.length, 0)
  t.true(written < 3000, `${written}`)
  room = 7
  await clock.advance(5000)
  t.deepEqual(Uint8Array.from(got), pattern(5000).subarray(0, written))
})

test('a cut comes after exactly so many bytes', async (t) => {
  for (const after of [0, 1, 57, 100]) {
    const { clock, wire, got, cuts } = line({ rate: 9600, latencyMs: 20 })
    wire.cutAfter(after)
    wire.write(pattern(100))
    await clock.advance(1000)
    t.is(got.length, after)
    t.is(cuts(), 1)
  }
})

test('a cut beyond what comes does not happen; one behind comes at once', async (t) => {
  const { clock, wire, got, cuts } = line({ rate: 9600, latencyMs: 0 })
  wire.cutAfter(101)
  wire.write(pattern(100))
  await clock.advance(1000)
  t.is(cuts(), 0)
  wire.cutAfter(10)
  t.is(cuts(), 1)
  t.is(got.length, 100)
})

test('finish calls back with the last byte', async (t) => {
  const { clock, wire, got } = line({ rate: 9600, latencyMs: 100 })
  wire.write(pattern(96))
  let doneAt = -1
  wire.finish(() => {
    doneAt = clock.now()
  })
  await clock.advance(1000)
  t.is(got.length, 96)
  t.true(Math.abs(doneAt - 200) < 0.01)
  t.is(clock.waiting, 0)
})

test('finish of an empty wire calls back at once; closing loses what is under way', async (t) => {
  const idle = line({ rate: 9600, latencyMs: 100 })
  let done = 0
  idle.wire.finish(() => done++)
  t.is(done, 1)
  const { clock, wire, got } = line({ rate: 9600, latencyMs: 100 })
  wire.write(pattern(96))
  wire.finish(() => done++)
  await clock.advance(150)
  wire.close()
  t.is(done, 2)
  const before = got.length
  await clock.advance(1000)
  t.true(before > 0 && got.length === before)
  t.is(clock.waiting, 0)
})

test('a new speed counts for bytes from then on, and never reorders', async (t) => {
  const { clock, wire, got, times } = line({ rate: 2400, latencyMs: 500 })
  wire.write(pattern(24))
  wire.setSpeed({ rate: 9600, latencyMs: 0 })
  wire.write(Uint8Array.of(255))
  await clock.advance(2000)
  t.is(got.at(-1), 255)
  t.true((times.at(-1) ?? 0) >= 600)
})

test('corruption turns one bit of some bytes over, the same ones for the same seed', async (t) => {
  const once = async () => {
    const { clock, wire, got } = line({ rate: 64_000, latencyMs: 0 }, { impairment: { corrupt: 0.1, drop: 0 } })
    wire.write(new Uint8Array(2000))
    await clock.advance(2000)
    return got
  }
  const got = await once()
  const wrong = got.filter((byte) => byte !== 0)
  t.is(got.length, 2000)
  t.true(wrong.length > 120 && wrong.length < 290, `${wrong.length}`)
  t.true(wrong.every((byte) => (byte & (byte - 1)) === 0))
  t.deepEqual(await once(), got)
})

test('lost bytes have passed along the line all the same', async (t) => {
  const { clock, wire, got } = line({ rate: 64_000, latencyMs: 0 }, { impairment: { corrupt: 0, drop: 0.5 } })
  wire.write(new Uint8Array(1000))
  await clock.advance(2000)
  t.true(got.length > 400 && got.length < 600, `${got.length}`)
  t.is(wire.passed, 1000)
})

test('jitter delays each piece by its own chance, and never reorders', async (t) => {
  const { clock, wire, got, times } = line({ rate: 64_000, latencyMs: 10, jitterMs: 300 })
  for (let n = 0; n < 100; n++) {
    wire.write(Uint8Array.of(n))
    await clock.advance(10)
  }
  await clock.advance(1000)
  t.deepEqual(got, [...Array(100).keys()])
  const late = times.map((at, n) => at - n * 10 - 10)
  t.true(Math.max(...late) > 200 && Math.max(...late) < 310, `${Math.max(...late)}`)
  t.true(late.filter((ms) => ms > 20).length > 50)
})

test('bit errors turn each bit over by its own chance', async (t) => {
  const { clock, wire, got } = line(
    { rate: 64_000, latencyMs: 0 },
    { impairment: { corrupt: 0, drop: 0, bitErrors: 0.01 } },
  )
  wire.write(new Uint8Array(1024))
  await clock.advance(2000)
  const wrong = got.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
  t.true(wrong > 50 && wrong < 120, `${wrong} of 8192 bits`)
})
