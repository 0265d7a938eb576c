import type { Clock } from './clock.ts'
import type { ModemPath } from './events.ts'
import type { Exchange } from './exchange.ts'
import { type Answer, Modem } from './modem.ts'
import { Pty } from './pty.ts'
import type { PtyPoller } from './pty-poller.ts'
import type { LineSpeed } from './wire.ts'

/** A modem and the serial port that it has while it is plugged in. */
export class PluggedModem {
  readonly modem: Modem
  readonly #poller: PtyPoller
  readonly #clock: Clock
  #pty: Pty | undefined

  /** Unplugged at first. */
  constructor(number: string, speed: LineSpeed, answer: Answer, exchange: Exchange, poller: PtyPoller, clock: Clock) {
    this.#poller = poller
    this.#clock = clock
    const port = { write: (bytes: Uint8Array) => this.#pty?.write(bytes), room: () => this.#pty?.room() ?? 0 }
    this.modem = new Modem(number, speed, port, exchange, clock)
    this.modem.setAnswer(answer)
    exchange.register(this.modem)
  }

  /** @returns its port, a new one each time @throws SimError NO_PTY */
  plug(): ModemPath {
    this.unplug()
    this.#pty = new Pty(this.#poller, this.#clock, {
      room: () => this.modem.inputRoom(),
      data: (bytes) => this.modem.input(bytes),
      dtrDropped: () => this.modem.dtrDropped(),
    })
    this.modem.plug()
    return { number: this.modem.number, path: this.#pty.path }
  }

  unplug(): void {
    this.modem.unplug()
    this.#pty?.close()
    this.#pty = undefined
  }
}
