import test from 'ava'
import { BOARD_PINS, pinsOf } from '../../../firmware/board/board.ts'
import { PanelGpio } from '../../../firmware/board/panel-gpio.ts'
import { namedProfile } from '../../../firmware/board/profile.ts'
import { PANEL_BUTTON, PANEL_LIGHTS } from '../../../wire/panel.ts'
import { FakePort } from '../../line/fake-port.ts'
import { checkGpio } from './gpio-contract.ts'

function build() {
  const port = new FakePort()
  const gpio = new PanelGpio(port)
  const lines = (): { pin?: number; level?: 0 | 1 }[] => port.written.map((line) => JSON.parse(line))
  return { port, gpio, lines, say: (it: unknown) => port.say(`${JSON.stringify(it)}\n`) }
}

test('contract: a panel that is played over a serial port', async (t) => {
  const { gpio, lines, say } = build()
  const seen = () => lines().findLast(({ pin }) => pin === 17)?.level
  const drive = async (level: 0 | 1): Promise<void> => say({ pin: 22, level })
  await t.notThrowsAsync(checkGpio({ gpio, output: 17, input: 22, seen, drive }))
})

test('it says that it is there, and learns what is down already', async (t) => {
  const { port, gpio, say } = build()
  t.deepEqual(port.written, ['{"panel":1}\n'])
  say({ levels: [{ pin: 22, level: 0 }] })
  await gpio.there
  const told: number[] = []
  gpio.watch(22, 'pull-up', (level) => told.push(level))
  t.deepEqual(told, [0])
})

test('what is no line of a panel changes nothing', (t) => {
  const { gpio, port, say } = build()
  const told: number[] = []
  gpio.watch(22, 'pull-up', (level) => told.push(level))
  for (const it of [
    { pin: 22 },
    { pin: 22, level: 2 },
    { pin: 28, level: 0 },
    { pin: 22, level: 0, x: 1 },
    [],
    null,
    7,
  ])
    say(it)
  port.say('{"pin":22,\n\n')
  port.say(`${'x'.repeat(100_000)}\n`)
  t.deepEqual(told, [1])
  say({ pin: 22, level: 0 })
  t.deepEqual(told, [1, 0])
})

test('a panel that goes away has let its button go', (t) => {
  const { gpio, port, say } = build()
  const told: number[] = []
  gpio.watch(22, 'pull-up', (level) => told.push(level))
  say({ pin: 22, level: 0 })
  port.vanish()
  t.deepEqual(told, [1, 0, 1])
  t.notThrows(() => gpio.write(17, 1))
})

test('the profile of the simulator has the pins of its panel', (t) => {
  const { gpio } = namedProfile('sim')
  if (gpio === null) return t.fail()
  t.deepEqual([gpio.lights, gpio.button], [PANEL_LIGHTS, PANEL_BUTTON])
  return t.deepEqual(pinsOf(gpio), BOARD_PINS)
})
