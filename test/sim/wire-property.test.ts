import test from 'ava'
import fc from 'fast-check'
import { chanceOf } from '../../sim/chance.ts'
import { HEALTHY, Wire } from '../../sim/wire.ts'
import { FakeClock } from '../fake-clock.ts'

/** Times of one byte, milliseconds, by rate. */
const RATES = [2400, 9600, 14_400, 64_000] as const

const writes = fc.array(
  fc.record({ length: fc.integer({ min: 1, max: 60 }), pauseMs: fc.integer({ min: 0, max: 90 }) }),
  {
    minLength: 1,
    maxLength: 12,
  },
)

test('whatever is written when: all arrives, in order, no byte early and none late', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      writes,
      fc.constantFrom(...RATES),
      fc.integer({ min: 0, max: 400 }),
      async (plan, rate, latencyMs) => {
        const clock = new FakeClock()
        const got: { readonly byte: number; readonly at: number }[] = []
        const wire = new Wire(
          clock,
          { rate, latencyMs },
          {
            room: () => 4096,
            deliver: (bytes) => got.push(...Array.from(bytes, (byte) => ({ byte, at: clock.now() }))),
            cut: () => t.fail('nothing was to be cut'),
          },
          () => HEALTHY,
          chanceOf(1, 'property'),
        )
        const due: number[] = []
        let sent = 0
        let freeAt = 0
        for (const { length, pauseMs } of plan) {
          wire.write(Uint8Array.from({ length }, () => sent++ & 0xff))
          freeAt = Math.max(freeAt, clock.now())
          for (let n = 0; n < length; n++) {
            freeAt += 10_000 / rate
            due.push(freeAt + latencyMs)
          }
          await clock.advance(pauseMs)
        }
        await clock.advance(20_000)
        t.is(got.length, sent)
        for (const [index, { byte, at }] of got.entries()) {
          const wanted = due[index] ?? 0
          t.is(byte, index & 0xff)
          // A step is 4 ms, or one byte where that takes longer.
          t.true(
            at > wanted - 0.01 && at < wanted + Math.max(4, 10_000 / rate) + 0.01,
            `byte ${index}: ${at} for ${wanted}`,
          )
        }
        t.is(clock.waiting, 0)
      },
    ),
    { numRuns: 60 },
  )
})

test('whoever writes only what there is room for never has more than a modem’s buffer waiting', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...RATES), fc.array(fc.integer({ min: 0, max: 50 })), async (rate, pauses) => {
      const clock = new FakeClock()
      let got = 0
      const deliver = (bytes: Uint8Array): void => {
        got += bytes.length
      }
      const end = { room: () => 4096, deliver, cut: () => {} }
      const wire = new Wire(clock, { rate, latencyMs: 100 }, end, () => HEALTHY, chanceOf(1, 'property'))
      let sent = 0
      for (const pauseMs of pauses) {
        const room = wire.room()
        wire.write(new Uint8Array(room))
        sent += room
        // 1 kB in the buffer, 100 ms on its way, and the 4 ms of a step that arrive together.
        const most = 1024 + ((100 + 4) * rate) / 10_000 + 2
        t.true(sent - got <= most, `${sent - got} under way`)
        await clock.advance(pauseMs)
      }
      await clock.advance(10_000)
      t.is(got, sent)
    }),
    { numRuns: 60 },
  )
})

test('a cut at any byte lets exactly as many pass', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.nat(300), fc.nat(300), fc.constantFrom(...RATES), async (length, after, rate) => {
      const clock = new FakeClock()
      let got = 0
      let cuts = 0
      const cut = (): void => {
        cuts++
        wire.close()
      }
      const deliver = (bytes: Uint8Array): void => {
        got += bytes.length
      }
      const end = { room: () => 37, deliver, cut }
      const wire = new Wire(clock, { rate, latencyMs: 3 }, end, () => HEALTHY, chanceOf(1, 'property'))
      wire.cutAfter(after)
      wire.write(new Uint8Array(length))
      await clock.advance(5000)
      t.is(got, Math.min(length, after))
      t.is(cuts, length >= after ? 1 : 0)
    }),
    { numRuns: 200 },
  )
})
