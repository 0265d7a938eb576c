import test from 'ava'
import { AtEngine } from '../../../line/modem/engine.ts'
import { pinMark } from '../../../line/modem/pin.ts'
import { profileNamed } from '../../../line/modem/profiles/detect.ts'
import { prepareSim } from '../../../line/modem/sim-card.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakePort } from '../fake-port.ts'

const ICCID = '8981100022149010155'
const PIN = '4711'

/** A SIM card that counts, behind a modem that says so. */
class CountingSim {
  readonly port = new FakePort()
  readonly clock = new FakeClock()
  state: 'ready' | 'pin' | 'puk' = 'pin'
  left = 3
  right = PIN
  readonly tried: string[] = []
  /** Said to +CPINR; undefined for a modem that does not know it. */
  saysRetries = true
  iccid: string | undefined = ICCID
  /** The answer to the attempt is lost. */
  deaf = false
  /** Says OK to each PIN, and what it was only with the next question. */
  hasty = false

  constructor() {
    this.port.onWrite = (text) => {
      const command = text.replace(/\r$/, '')
      const answer = this.#answer(command)
      if (answer !== undefined) this.port.say(answer)
    }
  }

  async prepare(marks: Set<string>, pin = PIN) {
    const engine = new AtEngine(this.port, this.clock, {
      urc: () => {},
      data: () => {},
      left: () => {},
      fault: () => {},
    })
    const profile = profileNamed('generic')
    if (profile === undefined) throw new Error('no profile')
    let done = false
    const store = {
      all: () => marks,
      add: (mark: string) => void marks.add(mark),
      remove: (mark: string) => void marks.delete(mark),
    }
    const result = prepareSim(engine, this.clock, profile, { pin: () => pin || undefined, marks: store }).finally(
      () => {
        done = true
      },
    )
    for (let n = 0; !done && n < 1000; n++) await this.clock.advance(500)
    return result
  }

  #answer(command: string): string | undefined {
    if (command === 'AT+CPIN?') {
      const words = { ready: 'READY', pin: 'SIM PIN', puk: 'SIM PUK' } as const
      return `\r\n+CPIN: ${words[this.state]}\r\n\r\nOK\r\n`
    }
    if (command === 'AT+CPINR')
      return this.saysRetries ? `\r\n+CPINR: SIM PIN,${this.left},3\r\n\r\nOK\r\n` : '\r\nERROR\r\n'
    if (command === 'AT+CCID')
      return this.iccid === undefined ? '\r\nERROR\r\n' : `\r\n+CCID: ${this.iccid}\r\n\r\nOK\r\n`
    const entered = /^AT\+CPIN="(\d+)"$/.exec(command)?.[1]
    if (entered === undefined) return command.startsWith('AT+') ? '\r\nERROR\r\n' : '\r\nOK\r\n'
    this.tried.push(entered)
    if (entered === this.right) {
      this.state = 'ready'
      this.left = 3
    } else if (--this.left === 0) this.state = 'puk'
    if (this.deaf) return undefined
    if (this.hasty) return '\r\nOK\r\n'
    return this.state === 'ready' ? '\r\nOK\r\n' : '\r\n+CME ERROR: 16\r\n'
  }
}

test('the right PIN: entered once, and no mark is left', async (t) => {
  const sim = new CountingSim()
  const marks = new Set<string>()
  t.like(await sim.prepare(marks), { ok: true, state: 'ready' })
  t.deepEqual(sim.tried, [PIN])
  t.is(marks.size, 0)
})

test('a wrong PIN burns one attempt and never a second one, however often the card starts anew', async (t) => {
  const sim = new CountingSim()
  const marks = new Set<string>()
  for (let start = 0; start < 5; start++) {
    const result = await sim.prepare(marks, '0000')
    t.false(result.ok)
    if (!result.ok) t.true(result.cure.length > 5)
  }
  t.deepEqual(sim.tried, ['0000'])
  t.is(sim.left, 2)
  t.deepEqual([...marks], [pinMark(ICCID, '0000')])
  // Two are left: those are a human's, also for the right one.
  t.false((await sim.prepare(marks, PIN)).ok)
  t.deepEqual(sim.tried, ['0000'])
})

for (const [name, change] of [
  ['two attempts left', { left: 2 }],
  ['a modem that does not say how many are left', { saysRetries: false }],
  ['a card that asks for its PUK', { state: 'puk' }],
  ['a card whose number cannot be read', { iccid: undefined }],
] as const) {
  test(`${name}: nothing is entered`, async (t) => {
    const sim = new CountingSim()
    Object.assign(sim, change)
    t.false((await sim.prepare(new Set())).ok)
    t.deepEqual(sim.tried, [])
  })
}

test('no PIN given: nothing is entered', async (t) => {
  const sim = new CountingSim()
  t.false((await sim.prepare(new Set(), '')).ok)
  t.deepEqual(sim.tried, [])
})

test('an answer that is lost counts as refused until somebody knows better: the attempt is not repeated', async (t) => {
  const sim = new CountingSim()
  sim.deaf = true
  const marks = new Set<string>()
  t.false((await sim.prepare(marks, '0000')).ok)
  sim.deaf = false
  t.false((await sim.prepare(marks, '0000')).ok)
  t.deepEqual(sim.tried, ['0000'])
})

test('a modem that says OK to a wrong PIN: one attempt, and it counts as refused', async (t) => {
  const sim = new CountingSim()
  sim.hasty = true
  const marks = new Set<string>()
  t.false((await sim.prepare(marks, '0000')).ok)
  // A human gave all attempts back.
  sim.left = 3
  t.false((await sim.prepare(marks, '0000')).ok)
  t.deepEqual(sim.tried, ['0000'])
  t.deepEqual([...marks], [pinMark(ICCID, '0000')])
})

test('a card that is busy at first is waited for; a modem that never says how it is, is not', async (t) => {
  const busy = new CountingSim()
  busy.state = 'ready'
  const answer = busy.port.onWrite
  let asked = 0
  busy.port.onWrite = (text) => {
    if (text === 'AT+CPIN?\r' && ++asked < 5) busy.port.say('\r\n+CME ERROR: 14\r\n')
    else answer(text)
  }
  t.deepEqual(await busy.prepare(new Set()), { ok: true, state: 'ready', iccid: ICCID })

  const mute = new CountingSim()
  const others = mute.port.onWrite
  mute.port.onWrite = (text) => {
    if (text !== 'AT+CPIN?\r') others(text)
  }
  const from = mute.clock.now()
  t.like(await mute.prepare(new Set()), { ok: false, state: 'unknown' })
  t.true(mute.clock.now() - from < 60_000)
})
