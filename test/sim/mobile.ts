import type { MessageEvent, SimCardEvent } from '../../sim/events.ts'
import { Exchange } from '../../sim/exchange.ts'
import type { ModemOptions } from '../../sim/modem-options.ts'
import { NetworkTime } from '../../sim/network-time.ts'
import { SmsCentre, type SmsFaults } from '../../sim/sms-centre.ts'
import { hex } from '../../sim/sms-text.ts'
import { FakeClock } from '../fake-clock.ts'
import { Terminal } from './two-modems.ts'

export const A = '+81901111'
export const B = '+81902222'
/** 2026-01-02 03:04:05 UTC, which is 12:04:05 in Japan. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5)

export interface MobileOptions {
  readonly seed?: number
  readonly faults?: Partial<SmsFaults>
  readonly a?: Partial<ModemOptions>
  readonly b?: Partial<ModemOptions>
}

/** Modems A and B without echo in a network with a service centre, in the time of the test. */
export function mobile(options: MobileOptions = {}) {
  const clock = new FakeClock()
  const time = new NetworkTime(clock, START, 36)
  const events: Omit<MessageEvent, 'event' | 'atMs'>[] = []
  const taps: string[] = []
  const attempts: Pick<SimCardEvent, 'attempt' | 'result'>[] = []
  const seed = options.seed ?? 1
  const centre = new SmsCentre(clock, time, seed, {
    event: (event) => events.push(event),
    tap: (id, tpdu) => taps.push(`${id} ${hex(tpdu)}`),
  })
  centre.set(options.faults ?? {})
  const exchange = new Exchange(
    clock,
    { seed, ringAfterMs: 300, ringForMs: 20_000 },
    { event: () => {}, tap: () => {} },
  )
  const common: ModemOptions = { sms: centre, time, attempted: (attempt, result) => attempts.push({ attempt, result }) }
  const a = new Terminal(A, exchange, clock, 100, { ...common, ...options.a })
  const b = new Terminal(B, exchange, clock, 100, { ...common, ...options.b })
  for (const terminal of [a, b]) terminal.ask('ATE0')
  /** Hands a PDU in at A; the result comes after 300 ms. */
  const send = async (tpdu: string, from: Terminal = a): Promise<string> => {
    from.type(`AT+CMGS=${tpdu.length / 2}\r`)
    from.type(`00${tpdu}\x1a`)
    await clock.advance(300)
    return from.read()
  }
  /** States of messages, in their order. */
  const states = (): string[] => {
    return events.map(({ id, report, state, reason }) => {
      return [report ? `report ${id}` : id, state, reason].filter((part) => part !== undefined).join(' ')
    })
  }
  return { clock, time, centre, exchange, a, b, events, states, taps, attempts, send }
}

/** A SUBMIT to B: 8 bit data with 16 bit ports, as Keyline sends them. @param first octet: 0x41 with header, 0x61 wants a report */
export function submitTo(number: string, data: string, first = '41'): string {
  const digits = number.replace('+', '')
  const swapped = (digits.length % 2 === 0 ? digits : `${digits}F`).replaceAll(/(.)(.)/g, '$2$1')
  const length = digits.length.toString(16).padStart(2, '0')
  const content = `0605043E803E80${data}`
  const octets = (content.length / 2).toString(16).padStart(2, '0')
  return `${first}00${length}91${swapped}0004${octets}${content}`.toUpperCase()
}
