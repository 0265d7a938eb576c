import type { ModemPort } from '../../line/modem/port.ts'
import type { Exchange } from '../../sim/exchange.ts'
import { Modem } from '../../sim/modem.ts'
import type { ModemOptions } from '../../sim/modem-options.ts'
import type { FakeClock } from '../fake-clock.ts'

/** A modem of the simulator behind a port that can be unplugged, and that counts who has it open. */
export class SoakModem {
  readonly modem: Modem
  readonly path: string
  plugged = true
  /** Ports ever opened, and those not closed yet. */
  opened = 0
  readonly open = new Set<SoakPort>()

  constructor(number: string, exchange: Exchange, clock: FakeClock, options: ModemOptions) {
    this.path = `/dev/soak${number}`
    const ends = {
      write: (bytes: Uint8Array): void => {
        for (const port of this.open) port.say(bytes)
      },
      room: () => 65_536,
    }
    this.modem = new Modem(number, { rate: 9600, latencyMs: 100 }, ends, exchange, clock, options)
    exchange.register(this.modem.calls)
  }

  async openPort(): Promise<ModemPort> {
    if (!this.plugged) throw new Error(`${this.path}: no such file`)
    const port = new SoakPort(this)
    this.open.add(port)
    this.opened++
    return port
  }

  unplug(): void {
    this.plugged = false
    this.modem.unplug()
    for (const port of [...this.open]) port.vanish()
  }

  plug(): void {
    if (this.plugged) return
    this.plugged = true
    this.modem.plug()
  }

  /** A finger on its key: off, and on again. */
  async pressKey(): Promise<void> {
    if (this.plugged) this.modem.power.turn(true)
  }
}

class SoakPort implements ModemPort {
  readonly path: string
  readonly #modem: SoakModem
  #onData: (bytes: Uint8Array) => void = () => {}
  #onClose: () => void = () => {}

  constructor(modem: SoakModem) {
    this.path = modem.path
    this.#modem = modem
  }

  open(onData: (bytes: Uint8Array) => void, onClose: () => void): void {
    this.#onData = onData
    this.#onClose = onClose
  }

  write(bytes: Uint8Array): void {
    // Never before the write has returned, as a serial port does it.
    queueMicrotask(() => {
      if (this.#modem.open.has(this)) this.#modem.modem.input(bytes)
    })
  }

  say(bytes: Uint8Array): void {
    this.#onData(bytes)
  }

  vanish(): void {
    if (this.#modem.open.delete(this)) this.#onClose()
  }

  async close(): Promise<void> {
    if (!this.#modem.open.delete(this)) return
    // The last close drops DTR.
    if (this.#modem.open.size === 0) this.#modem.modem.dtrDropped()
    this.#onClose()
  }
}
