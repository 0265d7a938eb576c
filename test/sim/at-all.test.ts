import test from 'ava'
import { PROFILES } from '../../sim/profile.ts'
import { seeded } from '../random.ts'
import { mobile } from './mobile.ts'

/** What MODEM.md and TS 27.007 name, of which `=?` must say something true, never silence. */
const TESTED = [
  ...['CMGF', 'CNMI', 'CPMS', 'CSCS', 'CSMS', 'CPBS', 'CPBR', 'CREG', 'CGREG', 'CEREG', 'CGDCONT', 'CLCK', 'COPS'],
  ...['CUSD', 'CLCC', 'IFC', 'CIND', 'CMER', 'CGEREP', 'CESQ', 'WS46', 'CGATT', 'CFUN', 'CSQ', 'CMEE', 'CPIN', 'CPINR'],
  ...['CMGL', 'CMGR', 'CMGS', 'CMGW', 'CMGD', 'CMSS', 'CNMA', 'CSMP', 'CSCA', 'CHUP', 'CGPADDR', 'CGACT', 'CGAUTH'],
]

/** Commands after which there is silence, as there should be. */
const ENDS = ['+CPOF', '+QPOWD', '+CRESET', '+CFUN']
const FORMS = [
  '',
  '?',
  '=?',
  '=',
  '=0',
  '=1',
  '=1,1',
  '=""',
  '="x"',
  '="SM"',
  '=,,,,',
  '=99999999999',
  '=-1',
  '="IRA","x",5',
  '=1,"IP","a"',
]
const FINAL = /(?:^|\r\n)(OK|ERROR|\+CM[ES] ERROR: \d+|CONNECT[^\r]*|NO CARRIER|CONNECT FAIL)\r\n/g

for (const profile of PROFILES) {
  test(`${profile}: everything that is listed has one final result in every form, and only then the next`, async (t) => {
    const { a, clock } = mobile({ a: { profile } })
    a.ask('AT+CMEE=1')
    const names = a
      .ask('AT+CLAC')
      .split('\r\n')
      .filter((name) => /^[+*^$]/.test(name))
    t.true(names.length > 60, `${names.length}`)
    for (const name of names.filter((each) => !ENDS.includes(each))) {
      for (const form of FORMS) {
        a.type(`AT${name}${form}\r`)
        await clock.advance(1000)
        let said = a.read()
        if (said.endsWith('\r\n> ')) {
          a.type('\x1b')
          said = a.read()
        }
        t.is([...said.matchAll(FINAL)].length, 1, `AT${name}${form}: ${JSON.stringify(said)}`)
        // What comes by itself a moment later is no answer to the next one.
        await clock.advance(1000)
        a.read()
        a.type('ATE0+CMEE=1;+CSCS="GSM";+CMGF=0\r')
        t.true(a.read().endsWith('\r\nOK\r\n'), name)
      }
    }
  })

  test(`${profile}: test forms answer, change nothing and promise nothing that is not taken`, (t) => {
    const { a } = mobile({ a: { profile } })
    const before = a.ask('AT+CMGF?;+CNMI?;+CPMS?;+CREG?;+CFUN?;+CGDCONT?;+CLIP?')
    for (const name of TESTED) t.regex(a.ask(`AT+${name}=?`), /\r\nOK\r\n$/, name)
    t.is(a.ask('AT+CMGF?;+CNMI?;+CPMS?;+CREG?;+CFUN?;+CGDCONT?;+CLIP?'), before)
  })
}

/** Ranges as `=?` shows them: for each argument the values of its brackets. */
function offered(line: string): string[][] {
  return [...line.matchAll(/\(([^()]*)\)/g)].map(([, inside = '']) =>
    inside.split(',').flatMap((part) => {
      const range = /^(\d+)-(\d+)$/.exec(part)
      if (range === null) return [part]
      const [from, to] = [Number(range[1]), Number(range[2])]
      return Array.from({ length: Math.min(to - from, 40) + 1 }, (_, n) => String(from + n))
    }),
  )
}

test('every combination that +CNMI=? offers is taken, and every single value of the others', (t) => {
  const { a } = mobile()
  const ranges = (name: string): string[][] => offered(a.ask(`AT${name}=?`))
  const [mode = [], mt = [], bm = [], ds = [], bfr = []] = ranges('+CNMI')
  for (const m of mode) {
    for (const t1 of mt) {
      for (const b of bm) {
        for (const d of ds) {
          for (const f of bfr)
            t.is(a.ask(`AT+CNMI=${m},${t1},${b},${d},${f}`), '\r\nOK\r\n', `${m},${t1},${b},${d},${f}`)
        }
      }
    }
  }
  for (const name of [
    '+CMGF',
    '+CSMS',
    '+CPMS',
    '+CMEE',
    '+CREG',
    '+CGREG',
    '+CEREG',
    '+CLIP',
    '+CLIR',
    '+CRC',
    '+CSCS',
    '+CBST',
    '+CGEREP',
  ]) {
    for (const value of ranges(name)[0] ?? []) t.regex(a.ask(`AT${name}=${value}`), /\r\nOK\r\n$/, `${name}=${value}`)
    a.ask('AT+CSCS="GSM";+CMGF=0')
  }
})

for (const seed of [11, 12, 13]) {
  test(`any mixture of messages, calls, resets and rubbish leaves a modem that answers (seed ${seed})`, async (t) => {
    const random = seeded(seed)
    const { a, b, clock, centre } = mobile({ faults: { loss: 0.2, duplicate: 0.2, reorder: 0.2, jitterMs: 900 } })
    const lines = [
      ...[
        'AT+CMGS=9\r',
        '000100048113000000\x1a',
        '\x1b',
        'AT+CMGF=1\r',
        'AT+CMGF=0\r',
        'AT+CMGS="+81902222"\rhello\x1a',
      ],
      ...[
        'AT+CMGL=4\r',
        'AT+CMGD=1,4\r',
        'AT+CNMI=2,2,0,1\r',
        'AT+CNMI=0,1\r',
        'AT+CSMS=1\r',
        'AT+CNMA\r',
        'AT+CFUN=4\r',
      ],
      ...[
        'AT+CFUN=1\r',
        'ATD+81902222\r',
        'ATD+81902222;\r',
        'ATA\r',
        'ATH\r',
        '+++',
        'ATO\r',
        'AT+CUSD=1,"*1#"\r',
        'ATZ\r',
        '\xff\0\x08',
      ],
    ]
    const acts = [
      () => a.modem.power.reset(500),
      () => b.modem.dtrDropped(),
      () => a.modem.dtrDropped(),
      () => b.modem.setAnswer('silent'),
      () => b.modem.setAnswer('normal'),
      () => a.modem.insert(a.modem.card),
      () => a.modem.slow(random(3) * 400),
      () => b.modem.say('+X: 1'),
    ]
    for (let n = 0; n < 400; n++) {
      const [from] = random(2) === 0 ? [a] : [b]
      if (random(4) === 0) acts[random(acts.length)]?.()
      else from.type(lines[random(lines.length)] ?? '')
      await clock.advance([0, 1, 100, 700, 1300, 4000][random(6)] ?? 0)
    }
    for (const terminal of [a, b]) {
      terminal.modem.slow(0)
      terminal.modem.setAnswer('normal')
      terminal.modem.unplug()
      terminal.modem.plug()
      terminal.read()
      terminal.type('ATE0Q0V1\r')
      t.regex(terminal.read(), /OK\r\n$/)
    }
    centre.close()
    await clock.advance(60_000)
    t.is(clock.waiting, 0)
  })
}
