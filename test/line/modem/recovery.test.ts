import { readFileSync } from 'node:fs'
import test from 'ava'
import { LADDERS, nextAttempt, type Rung, type Symptom } from '../../../line/modem/recovery.ts'

const DOCUMENT = readFileSync(new URL('../../../docs/states/modem.md', import.meta.url), 'utf8')
const ROWS = DOCUMENT.split('\n').flatMap((line) => {
  const [, name, rungs] = /^\| (gone|silent|refusing|card|sim) \| (.*) \|$/.exec(line) ?? []
  return name === undefined || rungs === undefined ? [] : [[name, rungs.split(' ')] as const]
})

test('the ladders are those of docs/states/modem.md', (t) => {
  t.deepEqual(
    Object.fromEntries(ROWS),
    Object.fromEntries(Object.entries(LADDERS).map(([name, rungs]) => [name, [...rungs]])),
  )
})

test('every rung of the ladders is explained there', (t) => {
  for (const rung of new Set(Object.values(LADDERS).flat())) t.true(DOCUMENT.includes(`| ${rung} | `), rung)
})

const climbed = (symptom: Symptom, hasKey: boolean, fails: number): readonly Rung[] =>
  Array.from({ length: fails }, (_, n) => nextAttempt(symptom, n, hasKey).rung)

test('each failure climbs one rung, and after the last one it begins below', (t) => {
  t.deepEqual(climbed('silent', true, 5), ['reopen', 'resync', 'modem-reset', 'power-key', 'reopen'])
  t.deepEqual(climbed('refusing', true, 4), ['soft-reset', 'radio', 'modem-reset', 'power-key'])
})

test('without a power key there is none on any ladder', (t) => {
  for (const symptom of ['gone', 'silent', 'refusing', 'card', 'sim'] as const) {
    t.false(climbed(symptom, false, 20).includes('power-key'))
  }
})

test('pauses: none while there is something left to try, growing and bounded between the rounds', (t) => {
  const pauses = Array.from({ length: 30 }, (_, n) => nextAttempt('silent', n, true).pauseMs)
  t.deepEqual(pauses.slice(0, 5), [0, 0, 0, 0, 15_000])
  t.is(Math.max(...pauses), 60_000)
  t.deepEqual(pauses.slice(28, 30), [60_000, 0])
  t.true(Array.from({ length: 4 }, (_, n) => nextAttempt('gone', n, true).pauseMs).every((ms) => ms >= 500))
  t.is(nextAttempt('sim', 0, true).pauseMs, 15_000)
})
