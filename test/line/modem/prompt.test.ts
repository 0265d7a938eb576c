import test from 'ava'
import { AtEngine } from '../../../line/modem/engine.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { seeded } from '../../random.ts'
import { FakePort } from '../fake-port.ts'

const PDU = '0041000A8110325476980004050011223344'
const COMMAND = 'AT+CMGS=17'

function setUp() {
  const port = new FakePort()
  const clock = new FakeClock()
  const urcs: string[] = []
  const engine = new AtEngine(port, clock, {
    urc: (text) => urcs.push(text),
    data: () => {},
    left: () => {},
    fault: (kind) => urcs.push(`fault ${kind}`),
  })
  return { port, clock, urcs, engine, send: () => engine.send(COMMAND, PDU, 60_000, ['+CMGS']) }
}

/** What modems say before the body, and what behind it; the prompt ends the first. */
const SAID = {
  'without echo': ['\r\n> ', '\r\n+CMGS: 7\r\n\r\nOK\r\n'],
  'with echo of both': [`${COMMAND}\r\r\n> `, `${PDU}\x1a\r\n+CMGS: 7\r\n\r\nOK\r\n`],
  'echo of the body in a line of its own': [`${COMMAND}\r\r\n> `, `${PDU}\r\n\r\n+CMGS: 7\r\n\r\nOK\r\n`],
  'no blank': ['\r\n>', '\r\n+CMGS: 7\r\n\r\nOK\r\n'],
  'no line end': ['> ', '\r\n+CMGS: 7\r\n\r\nOK\r\n'],
  'no blank and no line end': [`${COMMAND}\r>`, `${PDU}\x1a\r+CMGS: 7\rOK\r`],
  'URCs before, between and behind': [
    '\r\n+CREG: 1\r\n\r\n+CMTI: "SM",1\r\n\r\n> ',
    `${PDU}\x1a\r\n+CMTI: "SM",2\r\n\r\n+CMGS: 7\r\n\r\n+CMT: ,3\r\n0004AA\r\n\r\nOK\r\n`,
  ],
  'a report in two lines in front of the prompt': ['\r\n+CDS: 3\r\n0006BB\r\n\r\n> ', '\r\n+CMGS: 7\r\n\r\nOK\r\n'],
} as const

/** Says it in pieces; the body must come just when the prompt is there. */
async function converse(before: string, behind: string, sizes: () => number) {
  const { port, urcs, send } = setUp()
  const sent = send()
  const inPieces = (text: string) => {
    for (let at = 0; at < text.length; ) {
      const size = sizes()
      port.say(text.slice(at, at + size))
      at += size
    }
  }
  inPieces(before)
  const written = [...port.written]
  inPieces(behind)
  const { final, lines } = await sent
  return { written, all: port.written.length, final, lines, urcs }
}

for (const [name, [before, behind]] of Object.entries(SAID)) {
  test(`the prompt ${name}: whole, byte by byte and in random pieces`, async (t) => {
    const whole = await converse(before, behind, () => 10_000)
    t.deepEqual(whole.written, [`${COMMAND}\r`, `${PDU}\x1a`])
    t.is(whole.all, 2)
    t.deepEqual([whole.final, whole.lines], [{ type: 'ok' }, ['+CMGS: 7']])
    t.deepEqual(await converse(before, behind, () => 1), whole)
    const seed = 20_261_126
    const random = seeded(seed)
    for (let n = 0; n < 50; n++) t.deepEqual(await converse(before, behind, () => 1 + random(9)), whole, `seed ${seed}`)
  })
}

test('an error in the place of the prompt: the body stays here, and a > afterwards is text', async (t) => {
  for (const refusal of ['+CMS ERROR: 322', '+CME ERROR: 14', 'ERROR']) {
    const { port, urcs, send } = setUp()
    const sent = send()
    port.say(`\r\n${refusal}\r\n`)
    t.is((await sent).final.type, 'error', refusal)
    port.say('\r\n> not a prompt\r\n')
    t.deepEqual(port.written, [`${COMMAND}\r`])
    t.deepEqual(urcs, ['> not a prompt'])
  }
})

test('a prompt later than its time-out is left with ESC: the probes are not taken for the body', async (t) => {
  for (const late of [100, 700, 1700]) {
    const { port, clock, engine, send } = setUp()
    const sent = send()
    await clock.advance(60_000)
    t.is((await sent).final.type, 'timeout')
    await clock.advance(late)
    const before = port.written.length
    port.say('\r\n> ')
    t.deepEqual(port.written.slice(before), ['\x1b'], `${late} ms`)
    port.say('\r\nOK\r\n')
    await clock.advance(500)
    t.is(port.written.at(-1), 'AT\r')
    port.say('\r\nOK\r\n')
    await settle()
    t.false(port.written.some((text) => text.includes(PDU)))
    const next = engine.command('AT+CSQ', 1000, ['+CSQ'])
    port.say('\r\n+CSQ: 9,0\r\n\r\nOK\r\n')
    t.deepEqual((await next).lines, ['+CSQ: 9,0'])
  }
})

test('the answer to the body comes too late: told as a time-out, sent once, and not taken for the next answer', async (t) => {
  const { port, clock, send } = setUp()
  const sent = send()
  port.say('\r\n> ')
  await clock.advance(60_000)
  t.is((await sent).final.type, 'timeout')
  const next = send()
  port.say('\r\n+CMGS: 7\r\n\r\nOK\r\n')
  await clock.advance(500)
  port.say('\r\nOK\r\n')
  await settle()
  t.is(port.written.filter((text) => text.startsWith(PDU)).length, 1)
  port.say('\r\n> ')
  port.say('\r\n+CMGS: 8\r\n\r\nOK\r\n')
  t.deepEqual((await next).lines, ['+CMGS: 8'])
})

test('a reset or a vanished port before or behind the prompt ends it, and no body goes to a modem that started anew', async (t) => {
  for (const prompted of [false, true]) {
    for (const end of ['reset', 'vanish'] as const) {
      const { port, clock, send } = setUp()
      const sent = send()
      if (prompted) port.say('\r\n> ')
      if (end === 'reset') port.say('\r\nRDY\r\n')
      else port.vanish()
      t.is((await sent).final.type, 'reset')
      port.say('\r\n> ')
      t.is(port.written.length, prompted ? 2 : 1)
      t.is(clock.waiting, 0)
    }
  }
})
