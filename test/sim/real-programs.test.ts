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
    ['AT+CGDCONT=?', 'O'],
    ['AT+CIMI', 'O'],
    ['AT+CREG=2', 'O'],
    ['AT+CEREG=2;+CGREG=2', 'O'],
    ['AT+CLCK=?', 'O'],
    ['AT+CNUM', 'O'],
    ['AT+IFC=?', 'O'],
    ['AT+CMER=?', 'O'],
    ['AT+CRSM=176,28589,0,0,4', 'O'],
  ],
  'ModemManager 1.20, all that it says to a modem before it is used': [
    ['ATE0', 'O'],
    ['ATV1', 'O'],
    ['AT+CMEE=1', 'O'],
    ['ATX4', 'O'],
    ['AT&C1', 'O'],
    ['AT+GCAP', 'O'],
    ['AT+WS46=?', 'O'],
    ['AT+CSCS=?', 'O'],
    ['AT+CSCS="UCS2"', 'O'],
    ['AT+CSCS?', 'O'],
    ['AT+CGMI', 'O'],
    ['AT+CGMM', 'O'],
    ['AT+CGMR', 'O'],
    ['AT+CGSN', 'O'],
    ['ATI', 'O'],
    ['AT*CNTI=2', 'E'],
    ['AT+CGDCONT=?', 'O'],
    ['AT+CFUN?', 'O'],
    ['AT+CPIN?', 'O'],
    ['AT+CSIM=10,"0020000100"', 'O'],
    ['AT+CSIM=10,"002C000100"', 'O'],
    ['AT+CSIM=10,"0020008100"', 'O'],
    ['AT+CSIM=10,"002C008100"', 'O'],
    ['AT+CRSM=176,12258,0,0,10', 'O'],
    ['AT+CIMI', 'O'],
    ['AT+CRSM=176,28589,0,0,4', 'O'],
    ['AT+CRSM=176,28486,0,0,17', 'O'],
    ['AT+CRSM=176,28599,0,0,15', 'O'],
    ['AT+CPLS=0', 'O'],
    ['AT+CPOL=,2', 'E'],
    ['AT+CPOL?', 'E'],
    ['AT+CRSM=176,28478,0,0,0', 'O'],
    ['AT+CRSM=176,28479,0,0,0', 'O'],
    ['AT+CNUM', 'O'],
    ['AT+CLCK=?', 'O'],
    ['AT+CLCK="SC",2', 'O'],
    ['AT+CLCK="FD",2', 'O'],
    ['AT+CLCK="PN",2', 'O'],
    ['AT+CEMODE?', 'E'],
    ['AT+CUSD=?', 'O'],
    ['AT+CNMI=?', 'O'],
    ['AT+CPMS=?', 'O'],
    ['AT+CPMS?', 'O'],
    ['AT+CTZU=1', 'O'],
    ['AT+CCLK?', 'O'],
    ['AT+CESQ=?', 'O'],
    ['ATH', 'O'],
    ['AT+CLCC=?', 'O'],
    ['AT+IFC=?', 'O'],
    ['AT+IFC=2,2', 'O'],
    ['AT+CIND=?', 'O'],
    ['AT+CMER=?', 'O'],
    ['AT+CGEREP=?', 'O'],
    ['AT+CMER=3,0,0,1', 'O'],
    ['AT+CGEREP=2', 'O'],
    ['AT+CREG=2', 'O'],
    ['AT+CGREG=2', 'O'],
    ['AT+CUSD=1', 'O'],
    ['AT+CREG?', 'O'],
    ['AT+CMGF=?', 'O'],
    ['AT+CGREG?', 'O'],
    ['AT+CMGF=0', 'O'],
    ['AT+CPMS="SM","ME","ME"', 'O'],
    ['AT+CPMS="SM"', 'O'],
    ['AT+CMGL=4', 'O'],
    ['AT+CPMS="ME"', 'O'],
    ['AT+CNMI=2,1,2,1,0', 'O'],
    ['AT+CLIP=1', 'O'],
    ['AT+CRC=1', 'O'],
    ['AT+CCWA=1', 'O'],
    ['AT+COPS=3,2', 'O'],
    ['AT+COPS?', 'O'],
    ['AT+COPS=3,0', 'O'],
    ['AT+CIND?', 'O'],
    ['AT+CMGR=1', 'O'],
    ['AT+CUSD=1,"002A0031003000300023",15', 'O'],
    ['AT+COPS=?', 'O'],
    ['AT+CESQ', 'O'],
    ['AT+CLIP=0', 'O'],
    ['AT+CRC=0', 'O'],
    ['AT+CCWA=0', 'O'],
    ['AT+CUSD=0', 'O'],
    ['AT+CREG=0', 'O'],
    ['AT+CGREG=0', 'O'],
    ['AT+CMER=0', 'O'],
    ['AT+CGEREP=0', 'O'],
  ],
  oFono: [
    ['ATE0 Q0 V1', 'O'],
    ['AT+CFUN?', 'O'],
    ['AT+CPIN?', 'O'],
    ['AT+CPIN=?', 'O'],
    ['AT+CSCS=?', 'O'],
    ['AT+CLCC=?', 'O'],
    ['AT+CRC=1', 'O'],
    ['AT+CIND=?', 'O'],
    ['AT+COPS=?', 'O'],
  ],
  gammu: [
    ['ATZ', 'O'],
    ['ATE1', 'O'],
    ['AT+CMEE=2', 'O'],
    ['AT+CHUP=?', 'O'],
    ['AT+CSCS?', 'O'],
    ['AT+CPBS=?', 'O'],
    ['AT+CSQ', 'O'],
    ['AT+CBC', 'O'],
  ],
  smstools: [
    ['AT+CMEE=1;+CREG=2', 'O'],
    ['AT+CPIN?', 'O'],
    ['AT+CNMI=?', 'O'],
    ['AT+CMGF=0', 'O'],
  ],
}

const FINAL = /(?:^|\n)(OK|ERROR|\+CM[ES] ERROR: [^\r]+)\r\n/g

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
