import { readFileSync } from 'node:fs'
import test from 'ava'
import { CALL_HOLD_MS, DATA_HOLD_MS, STUCK_MS } from '../../firmware/board/consent-button.ts'
import { LONG_PRESS_MS } from '../../firmware/board/long-press.ts'
import { namedProfile, profileNames } from '../../firmware/board/profile.ts'
import { CONSENT_WAIT_MS } from '../../firmware/card/consent.ts'

const DOC = readFileSync(new URL('../../docs/panel.md', import.meta.url), 'utf8')

test('the wiring table of docs/panel.md is what the profiles say', (t) => {
  const rows = [...DOC.matchAll(/^\| `([a-z0-9-]+)` \|(.*)\|$/gm)].map(([, name = '', cells = '']) => {
    return [name, ...cells.split('|').map((cell) => cell.trim())]
  })
  const wanted = profileNames().flatMap((name) => {
    const { gpio } = namedProfile(name)
    if (gpio === null || name === 'sim') return []
    const { power, line, exchange, refused, consent } = gpio.lights
    const pins = [power, line, exchange, refused, consent, gpio.button, gpio.powerKey?.line, gpio.flightMode?.line]
    return [[name, ...pins.map((pin) => (pin === undefined || pin === null ? '–' : String(pin)))]]
  })
  t.true(wanted.length > 4)
  t.deepEqual(rows, wanted)
})

test('the times of docs/panel.md are those of the button', (t) => {
  const seconds = [CALL_HOLD_MS, DATA_HOLD_MS, LONG_PRESS_MS, STUCK_MS, CONSENT_WAIT_MS].map((ms) => ms / 1000)
  t.deepEqual(seconds, [1, 3, 2, 15, 30])
  for (const text of [
    '| 1 second |',
    '| 3 seconds:',
    '| 2 seconds end',
    'for more than 15 seconds',
    'for 30 seconds',
  ]) {
    t.true(DOC.includes(text), text)
  }
})
