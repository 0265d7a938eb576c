import test from 'ava'
import { chanceOf, flipBits } from '../../sim/chance.ts'

test('the same seed and name give the same row, others give others', (t) => {
  const row = (seed: number, name: string): number[] => {
    const chance = chanceOf(seed, name)
    return Array.from({ length: 5 }, chance)
  }
  t.deepEqual(row(1, 'call-1-up'), row(1, 'call-1-up'))
  t.notDeepEqual(row(1, 'call-1-up'), row(1, 'call-1-down'))
  t.notDeepEqual(row(1, 'call-1-up'), row(2, 'call-1-up'))
})

test('fractions are spread evenly over [0, 1)', (t) => {
  const chance = chanceOf(0, '')
  const tenths = new Array<number>(10).fill(0)
  for (let n = 0; n < 20_000; n++) {
    const tenth = Math.floor(chance() * 10)
    tenths[tenth] = (tenths[tenth] ?? 0) + 1
  }
  t.is(tenths.length, 10)
  t.true(
    tenths.every((count) => count > 1850 && count < 2150),
    tenths.join(' '),
  )
})

test('flipping leaves the original alone; at 0 it is the same, at 1 every byte has one wrong bit', (t) => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index & 0xff)
  const before = Uint8Array.from(bytes)
  t.is(flipBits(bytes, 0, chanceOf(1, 'a')), bytes)
  const flipped = flipBits(bytes, 1, chanceOf(1, 'a'))
  t.deepEqual(bytes, before)
  const bits = new Set<number>()
  for (const [index, byte] of flipped.entries()) {
    const wrong = byte ^ (bytes[index] ?? 0)
    t.true(wrong !== 0 && (wrong & (wrong - 1)) === 0)
    bits.add(wrong)
  }
  t.is(bits.size, 8)
})
