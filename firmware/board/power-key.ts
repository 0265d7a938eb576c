import type { Clock } from '../../line/clock.ts'
import type { Gpio, Level } from './gpio.ts'
import { type BoardGpio, PRESS_MAX_MS } from './profile.ts'

/**
 * The modem's power key. It toggles: a press switches a modem that runs OFF. Whoever presses has first asked it by AT and got
 * no answer; this class cannot know that.
 */
export interface PowerKey {
  /**
   * A press that is asked for while another lasts is that one: two in a row would undo each other.
   * @param ms held down, milliseconds, 1 … 10,000: the profile's onMs or offMs
   * @throws RangeError (as a rejection) for another time
   */
  press(ms: number): Promise<void>
  /** Lets the key go, whatever was going on. */
  close(): void
}

/** Takes the pin, at rest. @throws CardError of the pins */
export function openPowerKey(gpio: Gpio, clock: Clock, key: NonNullable<BoardGpio['powerKey']>): PowerKey {
  const down: Level = key.active === 'high' ? 1 : 0
  const up: Level = down === 1 ? 0 : 1
  let release: (() => void) | undefined
  let running: Promise<void> | undefined
  gpio.write(key.line, up)
  const hold = (ms: number): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = clock.after(ms, () => release?.())
    release = () => {
      release = undefined
      running = undefined
      cancel()
      gpio.write(key.line, up)
      resolve()
    }
    gpio.write(key.line, down)
    return promise
  }
  return {
    press: async (ms) => {
      if (!Number.isInteger(ms) || ms < 1 || ms > PRESS_MAX_MS) {
        throw new RangeError(`expected 1…${PRESS_MAX_MS} ms, got ${ms}`)
      }
      running ??= hold(ms)
      await running
    },
    close: () => release?.(),
  }
}

/** The flight-mode pin of a HAT: its radio off or on. Takes the pin with the radio on. @throws CardError of the pins */
export function openFlightMode(
  gpio: Gpio,
  { line, active }: NonNullable<BoardGpio['flightMode']>,
): (on: boolean) => void {
  const set = (on: boolean): void => gpio.write(line, on === (active === 'high') ? 1 : 0)
  set(false)
  return set
}
