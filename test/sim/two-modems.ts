import type { Clock } from '../../sim/clock.ts'
import { Exchange } from '../../sim/exchange.ts'
import { Modem } from '../../sim/modem.ts'
import type { ModemOptions } from '../../sim/modem-options.ts'
import { FakeClock } from '../fake-clock.ts'

/** A modem with the test as its terminal. */
export class Terminal {
  readonly modem: Modem
  /** What the terminal's port still takes, bytes. */
  roomLeft = 8192
  #text = ''
  #wake = (): void => {}

  constructor(number: string, exchange: Exchange, clock: Clock, latencyMs: number, options: ModemOptions = {}) {
    const port = {
      write: (bytes: Uint8Array) => {
        this.#text += Buffer.from(bytes).toString('latin1')
        this.#wake()
      },
      room: () => this.roomLeft,
    }
    this.modem = new Modem(number, { rate: 9600, latencyMs }, port, exchange, clock, options)
    exchange.register(this.modem.calls)
  }

  type(text: string): void {
    this.modem.input(Buffer.from(text, 'latin1'))
  }

  /** Takes what came up to and with this text; waits for it as long as the test may run. */
  async until(text: string): Promise<string> {
    while (!this.#text.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const end = this.#text.indexOf(text) + text.length
    const taken = this.#text.slice(0, end)
    this.#text = this.#text.slice(end)
    return taken
  }

  /** A line, and what comes back at once. */
  ask(line: string): string {
    this.type(`${line}\r`)
    return this.read()
  }

  /** All that came since it was asked last. */
  read(): string {
    const text = this.#text
    this.#text = ''
    return text
  }
}

/** Modems A (+8131) and B (+8132) without echo, at one exchange, in the time of the test. */
export function twoModems(options: { readonly latencyMs?: number; readonly ringForMs?: number } = {}) {
  const clock = new FakeClock()
  const events: string[] = []
  const taps: string[] = []
  const exchange = new Exchange(
    clock,
    { seed: 1, ringAfterMs: 300, ringForMs: options.ringForMs ?? 20_000 },
    {
      event: ({ id, state, reason, bytesUp, bytesDown }) => {
        events.push([id, state, reason, bytesUp, bytesDown].filter((part) => part !== undefined).join(' '))
      },
      tap: (call, direction, bytes) => taps.push(`${call} ${direction} ${Buffer.from(bytes).toString('latin1')}`),
    },
  )
  const a = new Terminal('+8131', exchange, clock, options.latencyMs ?? 100)
  const b = new Terminal('+8132', exchange, clock, options.latencyMs ?? 100)
  for (const terminal of [a, b]) {
    terminal.type('ATE0\r')
    terminal.read()
  }
  const connect = async (): Promise<void> => {
    a.type('ATD+8132\r')
    await clock.advance(300)
    b.type('ATA\r')
    a.read()
    b.read()
  }
  return { clock, exchange, a, b, events, taps, connect }
}
