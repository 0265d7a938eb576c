import type { AtRecorder } from './at-recording.ts'
import type { Clock } from './clock.ts'
import type { ModemPath } from './events.ts'
import type { Exchange } from './exchange.ts'
import { Modem } from './modem.ts'
import type { Answer } from './modem-calls.ts'
import type { ModemOptions } from './modem-options.ts'
import { Pty } from './pty.ts'
import type { PtyPoller } from './pty-poller.ts'
import type { LineSpeed } from './wire.ts'

/** A modem and the serial port that it has while it is plugged in. */
export class PluggedModem {
  readonly modem: Modem
  readonly #poller: PtyPoller
  readonly #clock: Clock
  readonly #recorder: AtRecorder | undefined
  #pty: Pty | undefined
  /** The port that it had, until its path may be another one's. */
  #unplugged: Pty | undefined

  /** Unplugged at first. */
  constructor(
    wanted: {
      readonly number: string
      readonly speed: LineSpeed
      readonly answer: Answer
      readonly options: ModemOptions
      readonly recorder?: AtRecorder
    },
    exchange: Exchange,
    poller: PtyPoller,
    clock: Clock,
  ) {
    this.#poller = poller
    this.#clock = clock
    this.#recorder = wanted.recorder
    const port = {
      write: (bytes: Uint8Array) => {
        this.#recorder?.write('modem', bytes)
        this.#pty?.write(bytes)
      },
      room: () => this.#pty?.room() ?? 0,
    }
    this.modem = new Modem(wanted.number, wanted.speed, port, exchange, clock, wanted.options)
    this.modem.setAnswer(wanted.answer)
    exchange.register(this.modem.calls)
  }

  /** Where it is plugged in. */
  get path(): string | undefined {
    return this.#pty?.path
  }

  /** @returns its port, a new one each time @throws SimError NO_PTY */
  plug(): ModemPath {
    this.close()
    this.#pty = new Pty(this.#poller, this.#clock, {
      room: () => this.modem.inputRoom(),
      data: (bytes) => {
        this.#recorder?.write('terminal', bytes)
        this.modem.input(bytes)
      },
      dtrDropped: () => this.modem.dtrDropped(),
    })
    this.modem.plug()
    return { number: this.modem.name, path: this.#pty.path }
  }

  unplug(): void {
    this.modem.unplug()
    this.#pty?.unplug()
    this.#unplugged ??= this.#pty
    this.#pty = undefined
  }

  /** Unplugged for good, or until it is plugged in anew. */
  close(): void {
    this.unplug()
    this.#unplugged?.close()
    this.#unplugged = undefined
  }
}
