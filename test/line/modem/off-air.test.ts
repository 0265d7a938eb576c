import test from 'ava'
import { type OffAir, ON_AIR, offAir } from '../../../line/modem/off-air.ts'
import type { RegistrationState } from '../../../line/modem/registration.ts'

/** Looks every 15 seconds, the same each time. @returns when the radio was restarted, seconds */
function restarts(registration: RegistrationState | undefined, seconds: number): number[] {
  const at: number[] = []
  let off: OffAir = ON_AIR
  for (let second = 0; second <= seconds; second += 15) {
    const next = offAir(off, registration, second * 1000)
    off = next.off
    if (next.restart) at.push(second)
  }
  return at
}

test('without a network the radio is restarted after two minutes, and then with twice the patience each time', (t) => {
  for (const state of ['searching', 'denied', 'not-registered', 'unknown', 'emergency-only'] as const) {
    t.deepEqual(restarts(state, 3600), [120, 360, 840, 1800, 3600], state)
  }
})

test('the patience ends at half an hour', (t) => {
  const at = restarts('searching', 24 * 3600)
  const pauses = at.slice(1).map((second, n) => second - (at[n] ?? 0))
  t.is(Math.max(...pauses), 1800)
  t.is(pauses.at(-1), 1800)
})

test('a modem that is registered, however, or says nothing of it, is left alone', (t) => {
  for (const state of ['home', 'roaming', 'home-sms-only', 'roaming-no-calls', undefined] as const) {
    t.deepEqual(restarts(state, 24 * 3600), [], state)
  }
})

test('found once, and the patience is the first one again', (t) => {
  const tired = offAir(offAir(ON_AIR, 'searching', 0).off, 'searching', 120_000)
  t.true(tired.restart && tired.off.waitMs > ON_AIR.waitMs)
  t.deepEqual(offAir(tired.off, 'home', 130_000).off, ON_AIR)
  // What was not heard proves nothing.
  t.is(offAir(tired.off, undefined, 130_000).off, tired.off)
})
