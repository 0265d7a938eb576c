import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { BOARD_PINS, type CardBoard, openBoard } from '../../../firmware/board/board.ts'
import { CardIO } from '../../../firmware/board/card-io.ts'
import { type Level, MemoryGpio } from '../../../firmware/board/gpio.ts'
import { LINE_LIGHTS, type Light, Lights } from '../../../firmware/board/lights.ts'
import { LONG_PRESS_MS, LongPress } from '../../../firmware/board/long-press.ts'
import { CardError } from '../../../firmware/card/errors.ts'
import { LINE_STATES } from '../../../wire/usb/methods.ts'
import { FakeClock } from '../../fake-clock.ts'

interface Built {
  readonly board: CardBoard
  readonly gpio: MemoryGpio
  readonly clock: FakeClock
  readonly writes: [number, Level][]
  presses(): number
}

async function build(): Promise<Built> {
  const writes: [number, Level][] = []
  const gpio = new MemoryGpio((pin, level) => writes.push([pin, level]))
  const clock = new FakeClock()
  let presses = 0
  const board = await openBoard({ gpio, clock, onLongPress: () => presses++ })
  await setImmediate()
  return { board, gpio, clock, writes, presses: () => presses }
}

/** Lets real timers of johnny-five run until it is so; the test runner's own limit ends it if it never is. */
async function until(so: () => boolean): Promise<void> {
  while (!so()) await new Promise((resolve) => setTimeout(resolve, 1))
}

/** What keeps the process alive, and that a board could leave behind. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate').length
}

test.serial('lights follow the states of the card', async (t) => {
  const { board, gpio, writes } = await build()
  const line = (): Level | undefined => gpio.level(BOARD_PINS.line)
  board.lights.state('preparing')
  board.lights.state('dialling')
  t.is(line(), 1)
  await until(() => writes.filter(([pin]) => pin === BOARD_PINS.line).length >= 3)
  board.lights.state('connected')
  t.is(line(), 1)
  board.lights.state('exchanging')
  board.lights.state('hanging-up')
  t.is(line(), 1)
  board.lights.state('idle')
  t.is(line(), 0)
  board.lights.failed()
  t.is(gpio.level(BOARD_PINS.fault), 1)
  board.lights.state('preparing')
  t.is(gpio.level(BOARD_PINS.fault), 0)
  board.close()
  t.is(line(), 0)
  t.true(gpio.closed)
})

test.serial('the button held long cancels, touched it does not', async (t) => {
  const { board, gpio, clock, presses } = await build()
  const press = async (): Promise<void> => {
    gpio.drive(BOARD_PINS.button, 0)
    await until(() => clock.waiting === 2)
  }
  const release = async (): Promise<void> => {
    gpio.drive(BOARD_PINS.button, 1)
    await until(() => clock.waiting === 0)
  }
  await press()
  await clock.advance(LONG_PRESS_MS - 1)
  await release()
  await clock.advance(LONG_PRESS_MS)
  t.is(presses(), 0)
  await press()
  await clock.advance(LONG_PRESS_MS)
  t.is(presses(), 1)
  await clock.advance(10 * LONG_PRESS_MS)
  t.is(presses(), 1)
  gpio.drive(BOARD_PINS.button, 1)
  board.close()
})

test.serial('nothing is left behind: no timer, no listener for signals, nothing printed', async (t) => {
  const before = timers()
  const signals = process.listenerCount('SIGINT')
  const printed: string[] = []
  const write = process.stdout.write
  process.stdout.write = ((text: unknown) => printed.push(String(text)) > 0) as typeof write // put back below
  try {
    const { board, gpio, clock } = await build()
    t.is(process.listenerCount('SIGINT'), signals)
    board.lights.state('dialling')
    gpio.drive(BOARD_PINS.button, 0)
    await until(() => clock.waiting === 2)
    board.close()
    board.close()
    t.is(clock.waiting, 0)
    await until(() => timers() <= before)
    // What the button still says when its time is up does no harm.
    t.is(clock.waiting, 0)
  } finally {
    process.stdout.write = write
  }
  t.deepEqual(printed, [])
})

test('a light for each state, and no step is switched twice', (t) => {
  t.deepEqual(Object.keys(LINE_LIGHTS), [...LINE_STATES])
  const done: string[] = []
  const light = (name: string): Light => ({
    on: () => done.push(`${name} on`),
    off: () => done.push(`${name} off`),
    blink: () => done.push(`${name} blink`),
  })
  const lights = new Lights({ line: light('line'), refused: light('fault') })
  for (const state of LINE_STATES) if (state !== 'consenting') lights.state(state)
  lights.state('idle')
  t.deepEqual(done, ['fault off', 'line blink', 'line on', 'line off'])
})

test('a long press: once for each time it is held, and never after a release', async (t) => {
  const clock = new FakeClock()
  let count = 0
  const button = new LongPress(clock, () => count++)
  button.release()
  button.press()
  button.press()
  t.is(clock.waiting, 1)
  await clock.advance(LONG_PRESS_MS)
  t.is(count, 1)
  button.release()
  button.press()
  button.release()
  await clock.advance(LONG_PRESS_MS)
  t.is(count, 1)
})

test('the IO plugin refuses what the board cannot do', (t) => {
  const gpio = new MemoryGpio()
  const io = new CardIO(gpio)
  t.teardown(() => io.close())
  for (const name of ['analogRead', 'analogWrite', 'pwmWrite', 'servoWrite'] as const) t.throws(() => io[name]())
  t.throws(() => io.pinMode(17, io.MODES.PWM), { instanceOf: RangeError })
  for (const pin of [-1, 28, 1.5, 'GPIO28', 'A0', '', 'GPIO']) {
    t.throws(() => io.normalize(pin), { instanceOf: RangeError }, String(pin))
  }
  t.is(io.normalize('GPIO17'), 17)
  t.is(io.normalize('4'), 4)
  t.is(io.normalize(0), 0)
  t.false([20, 25, 70].includes(io.pins.length))
})

test('the IO plugin: connect before ready, bias by writing to an input, changes as they come', async (t) => {
  const watched: string[] = []
  const gpio = new MemoryGpio()
  const watch = gpio.watch.bind(gpio)
  gpio.watch = (pin, bias, onChange) => {
    watched.push(`${pin} ${bias}`)
    watch(pin, bias, onChange)
  }
  const io = new CardIO(gpio)
  const events: string[] = []
  io.on('connect', () => events.push('connect'))
  io.on('ready', () => events.push(`ready ${io.isReady}`))
  t.deepEqual(events, [])
  await setImmediate()
  t.deepEqual(events, ['connect', 'ready true'])
  const levels: Level[] = []
  io.pinMode(5, io.MODES.INPUT)
  io.digitalRead(5, (level) => levels.push(level))
  io.digitalWrite(5, io.HIGH)
  await setImmediate()
  gpio.drive(5, 0)
  gpio.drive(5, 0)
  gpio.drive(5, 1)
  t.deepEqual(watched, ['5 pull-up'])
  t.deepEqual(levels, [1, 0, 1])
  io.pinMode(6, io.MODES.OUTPUT)
  io.digitalWrite(6, 1)
  t.is(gpio.level(6), 1)
  io.close()
  t.is(gpio.level(6), 0)
  io.digitalWrite(6, 1)
  t.is(gpio.level(6), 0)
})

test('a pin that somebody else has ends the opening, and nothing is thrown out of a timer', async (t) => {
  for (const taken of ['write', 'watch'] as const) {
    const gpio = new MemoryGpio()
    gpio[taken] = () => {
      throw new CardError('GPIO_BUSY')
    }
    await t.throwsAsync(
      openBoard({ gpio, clock: new FakeClock(), onLongPress: () => {} }),
      { code: 'GPIO_BUSY' },
      taken,
    )
  }
})
