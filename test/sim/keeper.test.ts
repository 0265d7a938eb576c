import test, { type ExecutionContext } from 'ava'
import { type Clock, systemClock } from '../../line/clock.ts'
import type { PowerKey } from '../../line/modem/climber.ts'
import { ModemKeeper } from '../../line/modem/keeper.ts'
import type { Modem } from '../../line/modem/modem.ts'
import { openSerialPort } from '../../line/modem/serial-port.ts'
import { A, simulator } from './fixture.ts'

const PIN = '4711'
/** The keeper's time against the world's: what it waits for is only how long a real modem may be silent. */
const FASTER = 5

const fastClock: Clock = {
  now: () => systemClock.now() * FASTER,
  after: (ms, run) => systemClock.after(ms / FASTER, run),
}

/** A keeper of the simulator's modem, over its serial port. */
async function kept(t: ExecutionContext, pin?: string) {
  const sim = await simulator(t, '--modem', A)
  const path = sim.ready.modems[0]?.path ?? ''
  const log: string[] = []
  const marks = new Set<string>()
  let presses = 0
  const powerKey: PowerKey = {
    press: async () => {
      presses++
      await sim.command({ do: 'power', number: A, on: true })
    },
  }
  let changed = (): void => {}
  const keeper = (): ModemKeeper => {
    const it = new ModemKeeper({
      path,
      clock: fastClock,
      openPort: openSerialPort,
      powerKey,
      modem: {
        sim: {
          pin: () => pin,
          marks: {
            all: () => new Set(marks),
            add: (mark) => void marks.add(mark),
            remove: (mark) => void marks.delete(mark),
          },
        },
      },
      log: (event) => {
        log.push(event.event === 'modem.recovering' ? event.rung : event.event)
        changed()
      },
    })
    t.teardown(() => it.close())
    return it
  }
  /** Until the log has so many of these. */
  const logged = async (line: string, count: number): Promise<void> => {
    while (log.filter((it) => it === line).length < count) {
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
  }
  /** Up, however often it has to be tried on a machine that is busy. */
  const up = async (it: ModemKeeper): Promise<Modem> => {
    for (;;) {
      const acquired = await it.acquire()
      if (acquired.ok) return acquired.modem
      if (acquired.reason !== 'modem-absent') throw new Error(acquired.detail)
    }
  }
  const attempts = (): string[] => sim.events.flatMap((it) => (it.event === 'sim' ? [it.result] : []))
  return { sim, keeper, up, log, logged, attempts, marks, presses: () => presses }
}

test('a modem that hangs is noticed, and works again by its power key within a minute of its time', async (t) => {
  const { sim, keeper, up, log, logged, presses } = await kept(t)
  const it = keeper()
  await up(it)
  t.like(it.status, { profile: 'generic', sim: 'ready', registration: 'home' })
  await sim.command({ do: 'modem', number: A, answer: 'silent' })
  const from = fastClock.now()
  await logged('modem.usable', 2)
  t.log(`${Math.round((fastClock.now() - from) / 1000)} s of the keeper's time`)
  t.is(presses(), 1)
  t.is(log.at(-2), 'power-key')
  t.is(it.problem, undefined)
})

test('a wrong PIN burns one attempt of the card, whatever is started anew; the right one none', async (t) => {
  const wrong = await kept(t, '0000')
  await wrong.sim.command({ do: 'sim', number: A, state: 'locked', pin: PIN })
  for (let start = 0; start < 3; start++) {
    const it = wrong.keeper()
    await t.throwsAsync(wrong.up(it), { message: /SIM card/ })
    t.false((await it.acquire()).ok)
    await it.close()
  }
  t.deepEqual(wrong.attempts(), ['wrong'])
  t.is(wrong.marks.size, 1)

  const right = await kept(t, PIN)
  await right.sim.command({ do: 'sim', number: A, state: 'locked', pin: PIN })
  await right.up(right.keeper())
  t.deepEqual(right.attempts(), ['right'])
  t.is(right.marks.size, 0)
})

test('two attempts left: the PIN is not entered, not even the right one', async (t) => {
  const { sim, keeper, up, attempts } = await kept(t, PIN)
  await sim.command({ do: 'sim', number: A, state: 'locked', pin: PIN, tries: 2 })
  await t.throwsAsync(up(keeper()), { message: /too few attempts/ })
  t.deepEqual(attempts(), [])
})

test('a reset in the middle of the bring-up, a slow modem and a storm of results: up all the same', async (t) => {
  const { sim, keeper, up } = await kept(t)
  await sim.command({ do: 'reset', number: A, midCommand: true, downMs: 100 })
  await sim.command({ do: 'slow', number: A, ms: 20 })
  await sim.command({ do: 'storm', number: A, count: 500, everyMs: 5, line: '+CREG: 1' })
  const it = keeper()
  await up(it)
  t.is(it.status?.registration, 'home')
})

test('the card pulled out, and another one put in: told as such, and used', async (t) => {
  const { sim, keeper, up, log, logged } = await kept(t)
  const it = keeper()
  await up(it)
  const [usable = 0, lost = 0] = ['modem.usable', 'modem.lost'].map((name) => log.filter((it) => it === name).length)
  await sim.command({ do: 'sim', number: A, state: 'absent' })
  await logged('modem.lost', lost + 1)
  t.regex(it.problem ?? '', /SIM card/)
  await sim.command({ do: 'sim', number: A, state: 'swapped', as: '+8139' })
  await logged('modem.usable', usable + 1)
  t.is(it.status?.sim, 'ready')
})

test('a network that is lost and found: the modem stays, and says how it is', async (t) => {
  const { sim, keeper, up, log } = await kept(t)
  const it = keeper()
  const modem = await up(it)
  await sim.command({ do: 'radio', number: A, registration: 'searching' })
  await modem.look()
  t.is(it.status?.registration, 'searching')
  const never = new AbortController().signal
  t.deepEqual(await modem.registered('call', 2000, never), { ok: false, state: 'searching' })
  await sim.command({ do: 'radio', number: A, registration: 'home' })
  t.deepEqual(await modem.registered('call', 2000, never), { ok: true })
  t.is(log.at(-1), 'modem.usable')
})
