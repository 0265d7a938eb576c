import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { SimEvent } from '../../sim/events.ts'
import { SimError } from '../../sim/fault.ts'
import { readScenario, type ScenarioStep } from '../../sim/scenario.ts'
import { startWorld } from '../../sim/world.ts'
import { A, folder, simulator } from './fixture.ts'

function written(t: ExecutionContext, text: string): string {
  const path = join(folder(t), 'scenario.json')
  writeFileSync(path, text)
  return path
}

test('steps with their times and commands', (t) => {
  const path = written(t, '[{"atMs":0,"command":{"do":"cut-now"}},{"atMs":5000,"command":{"do":"sms","loss":0.3}}]')
  t.deepEqual(readScenario(path), [
    { atMs: 0, command: { do: 'cut-now' } },
    { atMs: 5000, command: { do: 'sms', loss: 0.3 } },
  ])
})

for (const [text, what] of [
  ['', /refused: Unexpected end/],
  ['{}', /expected array/],
  ['[{"command":{"do":"cut-now"}}]', /0\.atMs/],
  ['[{"atMs":-1,"command":{"do":"cut-now"}}]', /0\.atMs: expected 0 to/],
  ['[{"atMs":1,"command":{"do":"dance"}}]', /0\.command/],
  ['[{"atMs":1,"command":{"do":"cut-now"},"more":1}]', /more/],
] as const) {
  test(`refused: ${text || 'an empty file'}`, (t) => {
    const error = t.throws(() => readScenario(written(t, text)), { instanceOf: SimError })
    t.is(error.code, 'SCENARIO_INVALID')
    t.regex(error.message, what)
  })
}

test('a file that is not there is told', (t) => {
  t.throws(() => readScenario('/nowhere/scenario.json'), { code: 'SCENARIO_INVALID', message: /ENOENT/ })
})

async function played(t: ExecutionContext, scenario: readonly ScenarioStep[]) {
  const events: SimEvent[] = []
  const options = { seed: 1, ringAfterMs: 10, ringForMs: 1000, cables: [], relays: [], scenario }
  const modems = [{ number: A, speed: { rate: 9600, latencyMs: 0 }, answer: 'normal' as const }]
  const world = await startWorld({ ...options, modems }, (event) => events.push(event))
  t.teardown(() => world.close())
  return { world, events }
}

test('steps run at their times in their order; one that is refused is told and stops nothing', async (t) => {
  const { world, events } = await played(t, [
    { atMs: 60, command: { do: 'stop' } },
    { atMs: 0, command: { do: 'reset', number: A } },
    { atMs: 30, command: { do: 'unplug', modem: '+999' } },
  ])
  await world.stopped
  t.deepEqual(
    events.flatMap((event) => (event.event === 'ran' ? [[event.by, event.do, event.code]] : [])),
    [
      ['scenario', 'reset', undefined],
      ['scenario', 'unplug', 'UNKNOWN_NAME'],
      ['scenario', 'stop', undefined],
    ],
  )
})

test('steps that are still to come end with the world', async (t) => {
  const { world, events } = await played(t, [{ atMs: 50, command: { do: 'cut-now' } }])
  await world.close()
  await new Promise((resolve) => setTimeout(resolve, 80))
  t.false(events.some(({ event }) => event === 'ran'))
})

test('as a process: commands of standard input are answered in order beside it', async (t) => {
  const path = written(t, '[{"atMs":1,"command":{"do":"cut-now"}},{"atMs":2,"command":{"do":"line","rate":2400}}]')
  const sim = await simulator(t, '--modem', A, '--scenario', path)
  const done = await Promise.all([sim.command({ do: 'slow', number: A, ms: 0 }), sim.command({ do: 'fade', ms: 1 })])
  t.deepEqual(
    done.map(({ do: name }) => name),
    ['slow', 'fade'],
  )
  await sim.until((event) => event.event === 'ran' && event.do === 'line')
  t.pass()
})
