import type { Clock } from '../../line/clock.ts'
import type { ModemPort } from '../../line/modem/port.ts'
import { openSerialPort } from '../../line/modem/serial-port.ts'
import { PANEL_FROM_WORLD, type PanelFromCard, readPanelLine } from '../../wire/panel.ts'
import { BoundedLines } from '../../wire/usb/lines.ts'
import { CardError } from '../card/errors.ts'
import { within } from '../card/waiting.ts'
import type { Bias, Gpio, Level } from './gpio.ts'

/** How long a panel may take to say that it is one, milliseconds. */
const HELLO_MS = 5000

interface Watched {
  readonly rest: Level
  readonly onChange: (level: Level) => void
  level: Level
}

/**
 * Pins of a panel that the simulator plays, over a serial port (wire/panel.ts). When the port goes away every input is at rest: a
 * button is released, and so allows nothing.
 */
export class PanelGpio implements Gpio {
  readonly #port: ModemPort
  readonly #inputs = new Map<number, Level>()
  readonly #watched = new Map<number, Watched>()
  readonly #there = Promise.withResolvers<void>()
  #closed = false

  /** @param port taken over */
  constructor(port: ModemPort) {
    this.#port = port
    const lines = new BoundedLines(
      (line) => this.#line(line),
      () => {},
    )
    port.open(
      (bytes) => lines.push(bytes),
      () => this.#gone(),
    )
    this.#send({ panel: 1 })
  }

  /** Resolves when the other end said that it is a panel. */
  get there(): Promise<void> {
    return this.#there.promise
  }

  write(pin: number, level: Level): void {
    this.#send({ pin, level })
  }

  watch(pin: number, bias: Bias, onChange: (level: Level) => void): void {
    const rest = bias === 'pull-up' ? 1 : 0
    const level = this.#inputs.get(pin) ?? rest
    this.#watched.set(pin, { rest, onChange, level })
    onChange(level)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#watched.clear()
    void this.#port.close()
  }

  #send(it: PanelFromCard): void {
    if (!this.#closed) this.#port.write(Buffer.from(`${JSON.stringify(it)}\n`))
  }

  #line(text: string): void {
    const it = readPanelLine(PANEL_FROM_WORLD, text)
    if (it === undefined || this.#closed) return
    if ('levels' in it) {
      for (const { pin, level } of it.levels) this.#set(pin, level)
      this.#there.resolve()
    } else this.#set(it.pin, it.level)
  }

  #set(pin: number, level: Level): void {
    this.#inputs.set(pin, level)
    const watched = this.#watched.get(pin)
    if (watched === undefined || watched.level === level) return
    watched.level = level
    watched.onChange(level)
  }

  #gone(): void {
    for (const [pin, { rest }] of this.#watched) this.#set(pin, rest)
    this.#closed = true
  }
}

/** @throws CardError GPIO_ABSENT (as a rejection) for a port that cannot be opened, or has no panel at its other end */
export async function openPanelGpio(path: string, clock: Clock): Promise<Gpio> {
  const port = await openSerialPort(path).catch((cause: unknown) => {
    throw new CardError('GPIO_ABSENT', `${path} cannot be opened`, { cause })
  })
  const gpio = new PanelGpio(port)
  const there = await within(
    clock,
    HELLO_MS,
    gpio.there.then(() => true),
  )
  if (there === true) return gpio
  gpio.close()
  throw new CardError('GPIO_ABSENT', `${path} is no panel of the simulator`)
}
