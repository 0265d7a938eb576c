import { type PortMessage, type SmsEvent, SmsUnit } from '../../../line/bearers/sms-unit.ts'
import { Modem } from '../../../line/modem/modem.ts'
import type { ModemPort } from '../../../line/modem/port.ts'
import { Exchange } from '../../../sim/exchange.ts'
import { Modem as SimModem } from '../../../sim/modem.ts'
import type { ModemOptions } from '../../../sim/modem-options.ts'
import { NetworkTime } from '../../../sim/network-time.ts'
import { SmsCentre, type SmsFaults } from '../../../sim/sms-centre.ts'
import { FakeClock } from '../../fake-clock.ts'

export const CARD = '+819012345678'
export const SERVER = '+81312345678'

export const text = ({ data }: PortMessage): string => Buffer.from(data).toString()
export const message = (data: string, destination = 16_000) => ({
  to: SERVER,
  source: 16_500,
  destination,
  data: Buffer.from(data),
})

/** The simulator's modem as a serial port, in the time of the test. */
export class SimPort implements ModemPort {
  readonly path: string
  readonly written: string[] = []
  modem: SimModem | undefined
  #onData: (bytes: Uint8Array) => void = () => {}
  #onClose: () => void = () => {}

  constructor(path: string) {
    this.path = path
  }

  open(onData: (bytes: Uint8Array) => void, onClose: () => void): void {
    this.#onData = onData
    this.#onClose = onClose
  }

  write(bytes: Uint8Array): void {
    this.written.push(Buffer.from(bytes).toString('latin1'))
    // Never before the write has returned, as a serial port does it.
    queueMicrotask(() => this.modem?.input(bytes))
  }

  say(bytes: Uint8Array): void {
    this.#onData(bytes)
  }

  async close(): Promise<void> {
    this.#onClose()
  }
}

/** A network with a service centre and two modems: the card's and the server's. */
export function smsWorld(
  options: { readonly seed?: number; readonly faults?: Partial<SmsFaults>; readonly server?: ModemOptions } = {},
) {
  const clock = new FakeClock()
  const time = new NetworkTime(clock, Date.UTC(2026, 0, 2, 3, 4, 5), 36)
  const seed = options.seed ?? 1
  const centre = new SmsCentre(clock, time, seed, { event: () => {}, tap: () => {} })
  centre.set(options.faults ?? {})
  const hooks = { event: () => {}, tap: () => {} }
  const exchange = new Exchange(clock, { seed, ringAfterMs: 300, ringForMs: 20_000 }, hooks)
  const add = (number: string, more: ModemOptions = {}) => {
    const port = new SimPort(`/dev/sim${number}`)
    const ends = { write: (bytes: Uint8Array) => port.say(bytes), room: () => 65_536 }
    port.modem = new SimModem(number, { rate: 9600, latencyMs: 100 }, ends, exchange, clock, {
      sms: centre,
      time,
      ...more,
    })
    exchange.register(port.modem.calls)
    return port
  }
  const ports = { card: add(CARD), server: add(SERVER, options.server) }
  /** Our engine on one of them; a second one is a program that was started anew. */
  const unit = async (which: 'card' | 'server') => {
    const events: SmsEvent[] = []
    const modem = new Modem(ports[which], clock, {}, () => {})
    const up = await during(clock, modem.ready())
    if (!up.ok) throw new Error(up.detail)
    const it = new SmsUnit(modem, clock, (event) => events.push(event))
    const ready = await during(clock, it.ready())
    if (!ready.ok) throw new Error(ready.detail)
    return { unit: it, modem, events }
  }
  return { clock, centre, exchange, ports, unit }
}

/** Runs the clock until it is settled. */
export async function during<T>(clock: FakeClock, promise: Promise<T>, stepMs = 100): Promise<T> {
  let over = false
  const watched = promise.finally(() => {
    over = true
  })
  watched.catch(() => {})
  for (let n = 0; !over && n < 100_000; n++) await clock.advance(stepMs)
  return watched
}
