import { Exchange } from '../../sim/exchange.ts'
import { Modem } from '../../sim/modem.ts'
import { FakeClock } from '../fake-clock.ts'

/** A modem with the test as its terminal. */
export class Terminal {
  readonly modem: Modem
  /** What the terminal's port still takes, bytes. */
  roomLeft = 8192
  #text = ''

  constructor(number: string, exchange: Exchange, clock: FakeClock, latencyMs: number) {
    const port = {
      write: (bytes: Uint8Array) => {
        this.#text += Buffer.from(bytes).toString('latin1')
      },
      room: () => this.roomLeft,
    }
    this.modem = new Modem(number, { rate: 9600, latencyMs }, port, exchange, clock)
    exchange.register(this.modem)
  }

  type(text: string): void {
    this.modem.input(Buffer.from(text, 'latin1'))
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
