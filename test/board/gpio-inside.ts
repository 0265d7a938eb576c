/** Runs on the board: the contract of the pins on its real chip. What drives and sees them is outside, and is asked over a second serial port. */
import { createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openBoard } from '../../firmware/board/board.ts'
import { ChardevGpio, POLL_MS } from '../../firmware/board/chardev-gpio.ts'
import type { Level } from '../../firmware/board/gpio.ts'
import { linuxKernel } from '../../firmware/board/gpio-kernel.ts'
import { systemClock } from '../../line/clock.ts'
import { checkGpio } from '../firmware/board/gpio-contract.ts'

const WORLD = '/dev/ttyS0'
/** Lines of the chip that nothing else has; 3 is the machine's power button. */
const OUTPUT = 5
const INPUT = 6
const PINS = { power: null, exchange: null, consent: null, line: 0, fault: 1, button: 2 } as const
/** Longer than debounce and polling, milliseconds. */
const TOLD_MS = 20 * POLL_MS
const LONG_MS = 2600

const to = openSync(WORLD, 'w')
const answers = createInterface({ input: createReadStream(WORLD) })[Symbol.asyncIterator]()

async function ask(question: string): Promise<string> {
  writeSync(to, `${question}\n`)
  return String((await answers.next()).value).trim()
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function drive(pin: number, level: Level): Promise<void> {
  await ask(`drive ${pin} ${level}`)
  await wait(TOLD_MS)
}

async function check(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run()
    console.log(`CHECK ok ${name}`)
  } catch (error) {
    console.log(`CHECK failed ${name}: ${error instanceof Error ? error.message : error}`)
  }
}

const kernel = await linuxKernel()
const open = (): ChardevGpio => new ChardevGpio(kernel, systemClock, ['*.pl061', '9030000.pl061', '*'])

await check('the contract of Gpio, on the real chip', async () => {
  const seen = async (): Promise<Level> => ((await ask(`see ${OUTPUT}`)) === '1' ? 1 : 0)
  await checkGpio({ gpio: open(), output: OUTPUT, input: INPUT, seen, drive: (level) => drive(INPUT, level) })
})

await check('the panel: a light that blinks, and a button that is held', async () => {
  await drive(PINS.button, 1)
  let held = 0
  const board = await openBoard({ gpio: open(), pins: PINS, clock: systemClock, onLongPress: () => held++ })
  board.lights.state('dialling')
  await ask(`count ${PINS.line}`)
  await wait(LONG_MS)
  const edges = Number(await ask(`counted ${PINS.line}`))
  if (edges < 4) throw new Error(`the light changed ${edges} times`)
  await drive(PINS.button, 0)
  await wait(LONG_MS)
  await drive(PINS.button, 1)
  if (held !== 1) throw new Error(`the button was seen held ${held} times`)
  board.close()
  if ((await ask(`see ${PINS.line}`)) !== '0') throw new Error('the light is on after the end')
})

console.log('CHECKS-END')
// A read that waits for the port would hold up an orderly end.
process.kill(process.pid, 'SIGKILL')
