import { EventEmitter } from 'node:events'
import type { Bias, Gpio, Level } from './gpio.ts'

/** GPIO 0 … 27 of the 40-pin header. johnny-five takes 20, 25 and 70 pins for Arduinos. */
const PINS = 28
const INPUT = 0
const OUTPUT = 1

interface Pin {
  readonly supportedModes: readonly number[]
  mode: number
  value: number
  readonly report: number
  readonly analogChannel: number
}

/**
 * A board for johnny-five on our own pins: an IO plugin as its specification says (github.com/rwaldron/io-plugins). Digital
 * pins only; all else throws, as the specification demands of what a board cannot do.
 */
export class CardIO extends EventEmitter {
  readonly name = 'card-io'
  readonly MODES = Object.freeze({ INPUT, OUTPUT, ANALOG: 2, PWM: 3, SERVO: 4 })
  readonly HIGH = 1
  readonly LOW = 0
  readonly SERIAL_PORT_IDs = Object.freeze({ DEFAULT: 0 })
  readonly analogPins: readonly number[] = []
  readonly pins: readonly Pin[] = Array.from({ length: PINS }, () => ({
    supportedModes: [INPUT, OUTPUT],
    mode: INPUT,
    value: 0,
    report: 1,
    analogChannel: 127,
  }))
  isReady = false
  readonly #gpio: Gpio
  readonly #bias = new Map<number, Bias>()
  #closed = false

  constructor(gpio: Gpio) {
    super()
    this.#gpio = gpio
    // Both after the board has listened, in this order.
    queueMicrotask(() => {
      this.emit('connect')
      this.isReady = true
      this.emit('ready')
    })
  }

  /** @param pin 17, '17' or 'GPIO17' @throws RangeError for a pin that is not on the header */
  normalize(pin: number | string): number {
    const number = typeof pin === 'number' ? pin : Number(/^(?:GPIO)?(\d{1,2})$/.exec(pin)?.[1])
    if (!Number.isInteger(number) || number < 0 || number >= PINS) {
      throw new RangeError(`expected GPIO 0…${PINS - 1}, got ${pin}`)
    }
    return number
  }

  pinMode(pin: number, mode: number): void {
    if (mode !== INPUT && mode !== OUTPUT) throw new RangeError(`expected an input or output, got mode ${mode}`)
    this.#pin(pin).mode = mode
  }

  digitalWrite(pin: number, value: number): void {
    const it = this.#pin(pin)
    const level: Level = value ? 1 : 0
    it.value = level
    if (this.#closed) return
    // Written to an input it means a pull-up or pull-down, as on an Arduino.
    if (it.mode === OUTPUT) this.#gpio.write(pin, level)
    else this.#bias.set(pin, level ? 'pull-up' : 'pull-down')
  }

  digitalRead(pin: number, handler: (level: Level) => void): void {
    const it = this.#pin(pin)
    this.on(`digital-read-${pin}`, handler)
    // After the write that says which bias it has.
    setImmediate(() => {
      if (this.#closed) return
      try {
        this.#gpio.watch(pin, this.#bias.get(pin) ?? 'none', (level) => {
          it.value = level
          this.emit(`digital-read-${pin}`, level)
        })
      } catch (error) {
        // A pin that somebody else has: for whoever opened the board, and never uncaught.
        this.emit('fault', error)
      }
    })
  }

  analogRead(): never {
    return unsupported('analogRead')
  }

  analogWrite(): never {
    return unsupported('analogWrite')
  }

  pwmWrite(): never {
    return unsupported('pwmWrite')
  }

  servoWrite(): never {
    return unsupported('servoWrite')
  }

  /** Outputs low, every input at rest: a button that is held down would keep johnny-five's timer running. */
  close(): void {
    if (this.#closed) return
    for (const [pin, it] of this.pins.entries()) {
      if (it.mode === OUTPUT) this.#gpio.write(pin, 0)
      else if (this.listenerCount(`digital-read-${pin}`) > 0) {
        this.emit(`digital-read-${pin}`, this.#bias.get(pin) === 'pull-up' ? 1 : 0)
      }
    }
    this.#closed = true
    this.removeAllListeners()
    this.#gpio.close()
  }

  #pin(pin: number): Pin {
    const it = this.pins[pin]
    if (it === undefined) throw new RangeError(`expected GPIO 0…${PINS - 1}, got ${pin}`)
    return it
  }
}

function unsupported(what: string): never {
  throw new Error(`${what} is not possible on this board`)
}
