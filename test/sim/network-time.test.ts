import test from 'ava'
import { NetworkTime, stampText } from '../../sim/network-time.ts'
import { FakeClock } from '../fake-clock.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

/** UTC, zone in quarters, stamp with swapped digits, and how it is shown. */
const TIMES: readonly (readonly [utc: string, zone: number, stamp: string, text: string])[] = [
  ['2026-01-02T03:04:05Z', 36, '62102021405063', '26/01/02,12:04:05+36'],
  ['2026-01-02T03:04:05Z', 0, '62102030405000', '26/01/02,03:04:05+00'],
  ['2026-01-02T03:04:05Z', -14, '62101032435049', '26/01/01,23:34:05-14'],
  ['2025-12-31T23:59:59Z', 4, '62101000959540', '26/01/01,00:59:59+04'],
  ['1999-06-07T08:09:10Z', -40, '9960602290010C', '99/06/06,22:09:10-40'],
]
for (const [utc, zone, stamp, text] of TIMES) {
  test(`${utc} in zone ${zone} is ${text}`, (t) => {
    const time = new NetworkTime(new FakeClock(), Date.parse(utc), zone)
    t.is(hex(time.stamp()), stamp)
    t.is(stampText(time.stamp()), text)
    t.is(time.text(), text)
  })
}

test('it goes on with the clock', async (t) => {
  const clock = new FakeClock()
  await clock.advance(5000)
  const time = new NetworkTime(clock, 1_000_000, 0)
  await clock.advance(90_000)
  t.is(time.unixMs(), 1_090_000)
})
