import type { Exchange } from '../../sim/exchange.ts'
import { NO_FAULTS, type SmsCentre } from '../../sim/sms-centre.ts'
import type { FakeClock } from '../fake-clock.ts'
import type { SoakModem } from './soak-modem.ts'

export interface FaultyWorld {
  readonly clock: FakeClock
  readonly exchange: Exchange
  readonly centre: SmsCentre
  readonly modems: readonly SoakModem[]
}

type Below = (below: number) => number

/** One kind of trouble: what it does now. @returns how it ends */
type Fault = (world: FaultyWorld, modem: SoakModem, below: Below) => () => void

const NOTHING = (): void => {}

/** Everything that the simulator can do to a job by itself. */
const FAULTS: Readonly<Record<string, Fault>> = {
  'cut after n bytes': ({ exchange }, _modem, below) => {
    exchange.armCut(below(400), (['up', 'down', 'both'] as const)[below(3)] ?? 'both')
    return NOTHING
  },
  'bit errors': ({ exchange }, _modem, below) => {
    exchange.impair({ bitErrors: [1e-5, 1e-4, 1e-3][below(3)] ?? 0 })
    return () => exchange.impair({ bitErrors: 0 })
  },
  'lost bytes': ({ exchange }, _modem, below) => {
    exchange.impair({ drop: [1e-3, 1e-2][below(2)] ?? 0 })
    return () => exchange.impair({ drop: 0 })
  },
  'cut now': ({ exchange }) => {
    exchange.cutNow()
    return NOTHING
  },
  silent: (_world, { modem }) => {
    modem.setAnswer('silent')
    return () => modem.setAnswer('normal')
  },
  'reset mid-command': (_world, { modem }) => {
    modem.resetMidCommand()
    return NOTHING
  },
  reset: (_world, { modem }, below) => {
    modem.power.reset(500 + below(8000))
    return NOTHING
  },
  slow: (_world, { modem }, below) => {
    modem.slow(200 + below(3000))
    return () => modem.slow(0)
  },
  storm: ({ clock }, { modem }, below) => {
    const lines = ['+CREG: 1', 'RING', '+CMTI: "SM",3', '+CLIP: "+810000",145', 'NO CARRIER', '+XYZ: ...', '+CUSD: 0']
    let left = 20 + below(60)
    let cancel = NOTHING
    const say = (): void => {
      modem.say(lines[below(lines.length)] ?? '')
      if (--left > 0) cancel = clock.after(below(100), say)
    }
    say()
    return () => cancel()
  },
  unregistered: (_world, { modem }, below) => {
    modem.parts.radio.set({ registration: below(2) === 0 ? 'searching' : 'denied' })
    modem.refresh()
    return () => {
      modem.parts.radio.set({ registration: 'home' })
      modem.refresh()
    }
  },
  busy: (_world, { modem }) => {
    modem.setAnswer('busy')
    return () => modem.setAnswer('normal')
  },
  'no answer': (_world, { modem }, below) => {
    modem.setAnswer(below(2) === 0 ? 'no-answer' : 'ring-no-answer')
    return () => modem.setAnswer('normal')
  },
  unplugged: (_world, modem) => {
    modem.unplug()
    return () => modem.plug()
  },
  'messages lost': ({ centre }, _modem, below) => {
    centre.set({ loss: below(4) / 10, duplicate: 0.2, reorder: 0.2, jitterMs: 5000 })
    return () => centre.set(NO_FAULTS)
  },
}

const KINDS = Object.keys(FAULTS)
/** Of 10 jobs so many run in peace. */
const PEACE = 5
/** Trouble begins within this time, about that of a job in peace, and lasts so long, milliseconds. */
const BEGIN_MS = 3000
const LAST_MS = 30_000

/** Trouble around one job, drawn from `below`: none, one kind, or two at once. It lasts over the next jobs, or until `end`. */
export class Trouble {
  readonly kinds: readonly string[]
  readonly #ends: (() => void)[] = []

  constructor(world: FaultyWorld, below: Below) {
    const count = below(10) < PEACE ? 0 : 1 + Math.floor(below(4) / 3)
    this.kinds = Array.from({ length: count }, () => KINDS[below(KINDS.length)] ?? '')
    for (const kind of this.kinds) this.#plan(world, kind, below)
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end()
  }

  #plan(world: FaultyWorld, kind: string, below: Below): void {
    const { clock, modems } = world
    const modem = modems[below(modems.length)]
    const fault = FAULTS[kind]
    if (modem === undefined || fault === undefined) throw new RangeError(`expected a fault, got ${kind}`)
    const begin = below(4) === 0 ? 0 : below(BEGIN_MS)
    const last = 1000 + below(LAST_MS)
    const cancelBegin = clock.after(begin, () => {
      const end = fault(world, modem, below)
      const cancelEnd = clock.after(last, end)
      this.#ends.push(() => {
        cancelEnd()
        end()
      })
    })
    this.#ends.push(cancelBegin)
  }
}
