// Its main classes are getters that Node does not see as named exports.
import five from 'johnny-five'
import type { Clock } from '../../line/clock.ts'
import { CardIO } from './card-io.ts'
import type { Gpio } from './gpio.ts'
import { type Light, Lights } from './lights.ts'
import { LongPress } from './long-press.ts'
import type { BoardGpio } from './profile.ts'

declare module 'johnny-five' {
  interface BoardOption {
    /** Missing in its types: whether the board ends the process on SIGINT. */
    sigint?: boolean
  }
}

/** GPIO numbers; free on the usual modem HATs. */
export const BOARD_PINS = { line: 17, fault: 27, button: 22 } as const satisfies BoardPins

export interface BoardPins {
  readonly line: number
  readonly fault: number
  readonly button: number
}

/** The pins of a profile that this panel uses. */
export function pinsOf({ lights, button }: BoardGpio): BoardPins {
  return { line: lights.line, fault: lights.refused, button }
}

export interface BoardOptions {
  readonly gpio: Gpio
  readonly pins?: BoardPins
  readonly clock: Clock
  /** The button was held: the user wants the call to end. */
  readonly onLongPress: () => void
}

export interface CardBoard {
  readonly lights: Lights
  /** Lights off, pins given back, no timer left. */
  close(): void
}

/** Lights and button of the card. @throws CardError GPIO_* for a pin that cannot be had (as a rejection) */
export async function openBoard({ gpio, pins = BOARD_PINS, clock, onLongPress }: BoardOptions): Promise<CardBoard> {
  const io = new CardIO(gpio)
  let fault: { readonly error: unknown } | undefined
  io.once('fault', (error: unknown) => {
    fault = { error }
  })
  const board = new five.Board({ io, repl: false, debug: false, sigint: false })
  await new Promise<void>((resolve) => {
    board.on('ready', resolve)
  })
  // Taken now, dark: a light that cannot be had must not be found out in the middle of a call.
  for (const pin of [pins.line, pins.fault]) gpio.write(pin, 0)
  const line = new five.Led({ pin: pins.line, board })
  const refused = new five.Led({ pin: pins.fault, board })
  const button = new five.Button({ pin: pins.button, isPullup: true, board })
  const longPress = new LongPress(clock, onLongPress)
  button.on('press', () => longPress.press())
  button.on('release', () => longPress.release())
  const lights = new Lights(light(line), light(refused))
  // The button's pin is watched one turn later.
  await new Promise((resolve) => setImmediate(resolve))
  if (fault !== undefined) {
    io.close()
    throw fault.error
  }
  return {
    lights,
    close: () => {
      longPress.release()
      for (const led of [line, refused]) led.stop()
      io.close()
    },
  }
}

/** Blinking goes on until it is stopped, whatever is switched. No fading: it throws on a pin without PWM, out of a timer. */
function light(led: InstanceType<typeof five.Led>): Light {
  return {
    on: () => {
      led.stop().on()
    },
    off: () => {
      led.stop().off()
    },
    blink: (ms) => {
      led.on()
      led.blink(ms)
    },
  }
}
