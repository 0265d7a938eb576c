import assert from 'node:assert/strict'
import type { Gpio, Level } from '../../../firmware/board/gpio.ts'

/** A backend of `Gpio` with the world around it. */
export interface GpioRig {
  readonly gpio: Gpio
  readonly output: number
  readonly input: number
  /** What the output pin is at, seen from outside. */
  seen(): Level | undefined | Promise<Level>
  /** Brings the input to a level, and returns when the backend had time to tell it. */
  drive(level: Level): Promise<void>
}

/** What every backend keeps to; it needs no test runner, so that it also runs on a bare board. */
export async function checkGpio({ gpio, output, input, seen, drive }: GpioRig): Promise<void> {
  for (const level of [1, 0, 1] as const) {
    gpio.write(output, level)
    assert.equal(await seen(), level)
  }
  const told: Level[] = []
  await drive(0)
  gpio.watch(input, 'none', (level) => told.push(level))
  assert.deepEqual(told, [0], 'the level now is told at once')
  await drive(1)
  await drive(1)
  await drive(0)
  assert.deepEqual(told, [0, 1, 0], 'each change is told once')
  gpio.write(output, 0)
  assert.equal(await seen(), 0, 'outputs and inputs do not disturb each other')
  gpio.close()
  gpio.close()
  await drive(1)
  assert.deepEqual(told, [0, 1, 0], 'nothing is told after the end')
}
