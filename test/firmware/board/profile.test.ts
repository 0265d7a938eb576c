import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type Level, MemoryGpio } from '../../../firmware/board/gpio.ts'
import { openFlightMode, openPowerKey } from '../../../firmware/board/power-key.ts'
import { fileProfile, namedProfile, profileNames } from '../../../firmware/board/profile.ts'
import { FakeClock } from '../../fake-clock.ts'

test('every profile that comes along is valid and bears its own name', (t) => {
  t.true(profileNames().length >= 7)
  for (const name of profileNames()) t.is(namedProfile(name).name, name)
  t.is(namedProfile('none').gpio, null)
  t.deepEqual(namedProfile('waveshare-sim7600x').gpio?.powerKey, { line: 6, active: 'high', onMs: 1000, offMs: 3000 })
})

test('profiles that are none', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keyline-profile-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const good = namedProfile('waveshare-sim7600x')
  const file = join(folder, 'own.json')
  const wrong: readonly unknown[] = [
    {},
    { ...good, gpio: { ...good.gpio, button: 6 } },
    { ...good, gpio: { ...good.gpio, button: 28 } },
    { ...good, gpio: { ...good.gpio, powerKey: { line: 6, active: 'high', onMs: 60_000, offMs: 3000 } } },
    { ...good, extra: 1 },
  ]
  for (const it of wrong) {
    writeFileSync(file, JSON.stringify(it))
    t.throws(() => fileProfile(file), { code: 'BOARD_PROFILE' }, JSON.stringify(it))
  }
  writeFileSync(file, JSON.stringify(good))
  t.deepEqual(fileProfile(file), good)
  writeFileSync(file, '{')
  t.throws(() => fileProfile(file), { code: 'BOARD_PROFILE' })
  for (const name of ['../none', 'other', '']) t.throws(() => namedProfile(name), { code: 'BOARD_PROFILE' })
})

for (const active of ['high', 'low'] as const) {
  test(`the power key, active ${active}: down for its time, once, and up at the end`, async (t) => {
    const writes: Level[] = []
    const clock = new FakeClock()
    const gpio = new MemoryGpio((_, level) => writes.push(level))
    const key = openPowerKey(gpio, clock, { line: 6, active, onMs: 1000, offMs: 3000 })
    const [down, up]: [Level, Level] = active === 'high' ? [1, 0] : [0, 1]
    const first = key.press(1000)
    const second = key.press(1000)
    await clock.advance(999)
    t.deepEqual(writes, [up, down])
    await clock.advance(1)
    await Promise.all([first, second])
    t.deepEqual(writes, [up, down, up])
    const third = key.press(3000)
    key.close()
    await third
    t.deepEqual(writes, [up, down, up, down, up])
    t.is(clock.waiting, 0)
    for (const ms of [0, 10_001, 1.5, Number.NaN]) await t.throwsAsync(key.press(ms), { instanceOf: RangeError })
  })
}

test('flight mode', (t) => {
  const gpio = new MemoryGpio()
  const set = openFlightMode(gpio, { line: 4, active: 'high' })
  t.is(gpio.level(4), 0)
  set(true)
  t.is(gpio.level(4), 1)
})
