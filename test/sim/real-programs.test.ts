import test from 'ava'
import { twoModems } from './two-modems.ts'

/**
 * What programs for modems send first, as their sources and logs show it. Each line wants one final result; which one is in
 * the table: O for OK, E for a refusal. None may be met with silence, for then the program waits for its timeout.
 */
const PROGRAMS: Readonly<Record<string, readonly (readonly [line: string, result: 'O' | 'E'])[]>> = {
  wvdial: [
    ['ATZ', 'O'],
    ['ATQ0 V1 E1 S0=0 &C1 &D2 +FCLASS=0', 'O'],
  ],
  mgetty: [
    ['ATS0=0Q0&D2&C1', 'O'],
    ['AT+FCLASS=?', 'O'],
    ['AT+CLIP=1', 'O'],
  ],
  chat: [
    ['AT', 'O'],
    ['ATH0', 'O'],
    ['AT&F&D2&C1X4V1Q0S7=70', 'O'],
  ],
  ModemManager: [
    ['AT', 'O'],
    ['AT+GCAP', 'O'],
    ['ATI', 'O'],
    ['AT+CGMI', 'O'],
    ['ATZ E0 V1 X4 &C1', 'O'],
    ['ATE0 +CMEE=1', 'O'],
    ['AT+CFUN=?', 'O'],
    ['AT+WS46=?', 'O'],
    ['AT+CGDCONT=?', 'E'],
    ['AT+CIMI', 'O'],
    ['AT+CREG=2', 'O'],
    ['AT+CEREG=2;+CGREG=2', 'O'],
    ['AT+CLCK=?', 'E'],
    ['AT+CNUM', 'O'],
    ['AT+IFC=?', 'O'],
    ['AT+CMER=?', 'E'],
    ['AT+CRSM=176,28589,0,0,4', 'E'],
  ],
  oFono: [
    ['ATE0 Q0 V1', 'O'],
    ['AT+CFUN?', 'O'],
    ['AT+CPIN?', 'O'],
    ['AT+CPIN=?', 'O'],
    ['AT+CSCS=?', 'O'],
    ['AT+CLCC=?', 'O'],
    ['AT+CRC=1', 'O'],
    ['AT+CIND=?', 'E'],
    ['AT+COPS=?', 'O'],
  ],
  gammu: [
    ['ATZ', 'O'],
    ['ATE1', 'O'],
    ['AT+CMEE=2', 'O'],
    ['AT+CHUP=?', 'O'],
    ['AT+CSCS?', 'O'],
    ['AT+CPBS=?', 'E'],
    ['AT+CSQ', 'O'],
    ['AT+CBC', 'E'],
  ],
  smstools: [
    ['AT+CMEE=1;+CREG=2', 'O'],
    ['AT+CPIN?', 'O'],
    ['AT+CNMI=?', 'E'],
    ['AT+CMGF=0', 'E'],
  ],
}

const FINAL = /(?:^|\n)(OK|ERROR|\+CME ERROR: [^\r]+)\r\n/g

for (const [program, lines] of Object.entries(PROGRAMS)) {
  test(`${program} gets one final result for each of its first lines`, (t) => {
    const { a } = twoModems()
    for (const [line, expected] of lines) {
      for (const end of ['\r', '\r\n']) {
        a.type(line + end)
        const text = a.read()
        const finals = [...text.matchAll(FINAL)].map(([, result]) => result)
        t.is(finals.length, 1, `${line}: ${JSON.stringify(text)}`)
        t.is(finals[0] === 'OK' ? 'O' : 'E', expected, line)
        t.true(text.endsWith(`${finals[0]}\r\n`), line)
      }
    }
  })
}

test('test forms change nothing and end no call', async (t) => {
  const { clock, a, b, connect } = twoModems()
  await connect()
  await clock.advance(1000)
  a.type('+++')
  await clock.advance(1000)
  a.read()
  a.type('AT+CHUP=?;+CFUN=?;+CMEE=?\r')
  t.regex(a.read(), /OK\r\n$/)
  await clock.advance(1000)
  t.is(b.read(), '')
  a.type('ATO\r')
  t.is(a.read(), '\r\nCONNECT 9600\r\n')
})
