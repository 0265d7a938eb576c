import test from 'ava'
import fc from 'fast-check'
import { seeded } from '../random.ts'
import { twoModems } from './two-modems.ts'

/** Pieces that command lines are made of, right and wrong ones. */
const PIECES = ['E', 'V', 'Q', 'X', 'Z', '&F', '&C', '&D', 'S', 'I', 'L', '+CSQ', '+CMEE', '+FOO', '^X', '+', '%', '"']
const MARKS = ['0', '1', '2', '99', '?', '=?', '=', '=1', '=,', ';', ' ', '"x;', 'é', '\0', '$']

test('no command line is met with silence or with two results', (t) => {
  const body = fc.array(fc.constantFrom(...PIECES, ...MARKS), { maxLength: 8 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(body, (text) => {
      const { a } = twoModems()
      a.type('AT+CMEE=1\r')
      a.read()
      a.type(`AT${text}\r`)
      // Q and V change the form: put them back to see that it lives, which without a result would hang the program.
      const answer = a.read()
      a.type('ATE0Q0V1\r')
      if (!/[QVEZF]/i.test(text)) t.is([...answer.matchAll(/OK\r\n|ERROR[^\r]*\r\n/g)].length, 1, text)
      t.regex(a.read(), /OK\r\n$/, text)
    }),
    { numRuns: 500 },
  )
})

test('no bytes upset the modem, and what it says stays in proportion', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { a } = twoModems()
      a.modem.input(bytes)
      t.true(a.read().length < 200 * (bytes.length + 1))
      a.modem.dtrDropped()
      a.type('ATE0Q0V1\r')
      t.regex(a.read(), /OK\r\n$/)
    }),
    { numRuns: 300 },
  )
})

/** What can happen to two modems, one thing after another. */
const HAPPENINGS: readonly ((world: ReturnType<typeof twoModems>) => void)[] = [
  ({ a }) => a.type('ATD+8132\r'),
  ({ b }) => b.type('ATD+8131\r'),
  ({ a }) => a.type('ATA\r'),
  ({ b }) => b.type('ATA\r'),
  ({ b }) => b.type('ATS0=1\r'),
  ({ a }) => a.type('ATH\r'),
  ({ b }) => b.type('ATH\r'),
  ({ a }) => a.type('+++'),
  ({ b }) => b.type('+++'),
  ({ a }) => a.type('ATO\r'),
  ({ a }) => a.type('data from A'),
  ({ b }) => b.type('data from B'),
  ({ a }) => a.modem.dtrDropped(),
  ({ b }) => b.modem.dtrDropped(),
  ({ exchange }) => exchange.cutNow(),
  ({ exchange }) => exchange.armCut(5, 'both'),
  ({ a }) => {
    a.modem.unplug()
    a.modem.plug()
  },
  ({ b }) => {
    b.modem.setAnswer('silent')
    b.modem.setAnswer('normal')
  },
]

for (const seed of [1, 2, 3, 4]) {
  test(`whatever happens, each call ends once and both modems can call again (seed ${seed})`, async (t) => {
    const random = seeded(seed)
    const world = twoModems({ ringForMs: 6000 })
    const { clock, a, b, events } = world
    for (let n = 0; n < 300; n++) {
      HAPPENINGS[random(HAPPENINGS.length)]?.(world)
      await clock.advance([0, 1, 30, 130, 400, 1100, 2500][random(7)] ?? 0)
    }
    for (const { modem } of [a, b]) {
      modem.unplug()
      modem.plug()
    }
    t.is(clock.waiting, 0)
    const ids = events.map((event) => Number(event.split(' ')[0]))
    for (let id = 1; id <= Math.max(...ids); id++) {
      const states = events.filter((event) => event.startsWith(`${id} `)).map((event) => event.split(' ')[1])
      t.regex(states.join(' '), /^(ringing )?(connected )?ended$/, `call ${id}`)
    }
    t.true(events.some((event) => event.includes('connected')))
    a.type('ATE0\r')
    b.type('ATE0\r')
    a.read()
    b.read()
    a.type('ATD+8132\r')
    await clock.advance(300)
    b.type('ATA\r')
    t.is(a.read(), '\r\nCONNECT 9600\r\n')
  })
}
