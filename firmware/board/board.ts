// Its main classes are getters that Node does not see as named exports.
import five from 'johnny-five'
import type { Clock } from '../../line/clock.ts'
import type { ConsentAsker } from '../card/consent.ts'
import { CardIO } from './card-io.ts'
import { ConsentButton } from './consent-button.ts'
import type { Gpio } from './gpio.ts'
import { type Light, Lights } from './lights.ts'
import type { BoardGpio } from './profile.ts'

declare module 'johnny-five' {
  interface BoardOption {
    /** Missing in its types: whether the board ends the process on SIGINT. */
    sigint?: boolean
  }
}

/** GPIO numbers; free on the usual modem HATs. Those of the simulator's panel, too. */
export const BOARD_PINS = { power: 5, line: 17, exchange: 13, fault: 27, consent: 19, button: 22 } as const

/** `null`: the board has no such light. */
export interface BoardPins {
  readonly power: number | null
  readonly line: number
  readonly exchange: number | null
  readonly fault: number
  readonly consent: number | null
  readonly button: number
}

/** The pins of a profile that this panel uses. */
export function pinsOf({ lights, button }: BoardGpio): BoardPins {
  const { refused: fault, ...others } = lights
  return { ...others, fault, button }
}

export interface BoardOptions {
  readonly gpio: Gpio
  readonly pins?: BoardPins
  readonly clock: Clock
  /** The button was held while nothing was asked: the user wants the call to end. */
  readonly onLongPress: () => void
  /** The button has been down for longer than anybody holds it. */
  readonly onStuck?: () => void
}

export interface CardBoard {
  readonly lights: Lights
  readonly button: ConsentAsker
  /** Lights off, pins given back, no timer left. */
  close(): void
}

/** Lights and button of the card. @throws CardError GPIO_* for a pin that cannot be had (as a rejection) */
export async function openBoard(options: BoardOptions): Promise<CardBoard> {
  const { gpio, pins = BOARD_PINS, clock, onLongPress, onStuck = () => {} } = options
  const io = new CardIO(gpio)
  let fault: { readonly error: unknown } | undefined
  io.once('fault', (error: unknown) => {
    fault = { error }
  })
  const board = new five.Board({ io, repl: false, debug: false, sigint: false })
  await new Promise<void>((resolve) => {
    board.on('ready', resolve)
  })
  const leds: InstanceType<typeof five.Led>[] = []
  const led = (pin: number): Light => {
    // Taken now, dark: a light that cannot be had must not be found out in the middle of a call.
    gpio.write(pin, 0)
    const it = new five.Led({ pin, board })
    leds.push(it)
    return light(it)
  }
  const lights = new Lights({
    line: led(pins.line),
    refused: led(pins.fault),
    ...(pins.power !== null && { power: led(pins.power) }),
    ...(pins.exchange !== null && { exchange: led(pins.exchange) }),
    ...(pins.consent !== null && { consent: led(pins.consent) }),
  })
  const consent = new ConsentButton({
    clock,
    onLongPress,
    onPhase: (phase) => lights.consent(phase),
    onStuck: () => {
      lights.failed()
      onStuck()
    },
  })
  const button = new five.Button({ pin: pins.button, isPullup: true, board })
  button.on('press', () => consent.press())
  button.on('release', () => consent.release())
  // The button's pin is watched one turn later.
  await new Promise((resolve) => setImmediate(resolve))
  if (fault !== undefined) {
    io.close()
    throw fault.error
  }
  lights.power(true)
  return {
    lights,
    button: consent,
    close: () => {
      consent.close()
      for (const it of leds) it.stop()
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
