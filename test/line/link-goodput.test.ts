import test from 'ava'
import { badCall } from './bad-lines.ts'

const SEEDS = Array.from({ length: 25 }, (_, n) => 31 * (n + 1))
const BIT_ERRORS = [0, 1e-5, 1e-4, 1e-3]
const SIZES = [
  [4096, 100],
  [100, 4096],
  [16_384, 100],
  [100, 16_384],
  [8192, 8192],
] as const

/** @returns bytes of messages in a second of 9,600 bit/s and 400 ms one way, mean of all seeds */
async function goodput(bitErrors: number, up: number, down: number): Promise<number> {
  let ms = 0
  for (const seed of SEEDS) {
    const line = badCall({ seed, bitErrors }, async () => Buffer.alloc(down, 1))
    const response = await line.request(Buffer.alloc(up, 2))
    if (response?.length !== down) throw new Error(`seed ${seed}: no answer`)
    ms += line.client.report.exchangeMs
  }
  return ((up + down) * 1000 * SEEDS.length) / ms
}

test(`goodput at 10⁻⁴ wrong bits is at least 70 % of that without (seeds ${SEEDS[0]} … ${SEEDS.at(-1)})`, async (t) => {
  t.log(`bytes/s at 9,600 bit/s: ${BIT_ERRORS.join(', ')} wrong bits`)
  for (const [up, down] of SIZES) {
    const rates: number[] = []
    for (const bitErrors of BIT_ERRORS) rates.push(await goodput(bitErrors, up, down))
    const [clean = 0, , bad = 0] = rates
    t.log(`${up} B up, ${down} B down: ${rates.map((rate) => Math.round(rate)).join(', ')}`)
    t.true(bad >= 0.7 * clean, `${up} up, ${down} down: ${Math.round((100 * bad) / clean)} %`)
    // A clean line is not kept waiting by the window: less than 960 bytes/s by framing and one round trip only.
    t.true(clean > (up + down) / ((up + down) / 880 + 1.2), `${clean}`)
  }
})

test('a clean line of 2,400 or 64,000 bit/s is used without one repetition', async (t) => {
  for (const bitsPerSecond of [2400, 64_000]) {
    const line = badCall({ seed: 1, bitsPerSecond }, async (message) => message)
    t.is((await line.request(Buffer.alloc(16_384, 1)))?.length, 16_384)
    t.is(line.client.report.messagesUp, 64)
    t.is(line.client.report.messagesDown, 64)
  }
})
