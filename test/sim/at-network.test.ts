import test from 'ava'
import { A, B, mobile } from './mobile.ts'

const said = (text: string): string => text.replaceAll('\r\n', '|')

test('registration by itself: n=1 the state, n=2 with the cell', (t) => {
  const { a } = mobile()
  a.ask('AT+CREG=1;+CGREG=2;+CEREG=1')
  const set = (registration: 'denied' | 'roaming' | 'searching'): string => {
    a.modem.parts.radio.set({ registration })
    a.modem.refresh()
    return said(a.read())
  }
  t.is(set('denied'), '|+CREG: 3||+CGREG: 3||+CEREG: 3|')
  t.is(set('denied'), '')
  t.is(set('roaming'), '|+CREG: 5||+CGREG: 5,"00C3","01A2B300",0||+CEREG: 5|')
  t.is(set('searching'), '|+CREG: 2||+CGREG: 2||+CEREG: 2|')
  t.is(said(a.ask('AT+CREG?;+CGREG?')), '|+CREG: 1,2||+CGREG: 2,2||OK|')
  t.is(said(a.ask('AT+COPS?')), '|+COPS: 0||OK|')
})

test('a cell that closes: searching without a signal, then another cell', (t) => {
  const { a } = mobile()
  a.ask('AT+CREG=2')
  a.modem.parts.radio.closeCell(true)
  a.modem.refresh()
  t.is(said(a.read()), '|+CREG: 2|')
  t.is(said(a.ask('AT+CSQ')), '|+CSQ: 99,99||OK|')
  a.modem.parts.radio.closeCell(false)
  a.modem.refresh()
  t.is(said(a.read()), '|+CREG: 1,"00C4","01A2B301",0|')
})

test('losing the network ends a call for both', async (t) => {
  const { a, b, clock } = mobile()
  a.type(`ATD${B}\r`)
  await clock.advance(300)
  b.type('ATA\r')
  a.read()
  b.read()
  b.modem.parts.radio.set({ registration: 'searching' })
  b.modem.refresh()
  t.is(said(a.read()), '|NO CARRIER|')
  t.is(said(b.read()), '|NO CARRIER|')
  t.is(said(a.ask('AT+CEER')), '|+CEER: radio-lost||OK|')
})

test('the operator: listed, asked for in three forms, chosen', (t) => {
  const { a } = mobile()
  const ask = (line: string): string => said(a.ask(line))
  t.is(ask('AT+COPS=?'), '|+COPS: (2,"Keyline","KEYL","00101",0),,(0,1,3,4),(0-2)||OK|')
  t.is(ask('AT+COPS?'), '|+COPS: 0,0,"Keyline",0||OK|')
  t.is(ask('AT+COPS=3,2;+COPS?'), '|+COPS: 0,2,"00101",0||OK|')
  t.is(ask('AT+COPS=3,1;+COPS?'), '|+COPS: 0,1,"KEYL",0||OK|')
  t.is(ask('AT+COPS=1,2,"00101";+COPS?'), '|+COPS: 1,1,"KEYL",0||OK|')
  t.is(ask('AT+COPS=0'), '|OK|')
  t.is(ask('AT+CMEE=1;+COPS=1,2,"99999"'), '|+CME ERROR: 30|')
  t.is(ask('AT+COPS=2'), '|+CME ERROR: 3|')
  t.is(ask('AT+COPS=9'), '|+CME ERROR: 50|')
  t.is(ask('AT+CSCS="UCS2";+COPS=3,0;+COPS?'), '|+COPS: 0,0,"004B00650079006C0069006E0065",0||OK|')
})

test('signal in both measures; none in a fade', (t) => {
  const { a } = mobile()
  t.is(said(a.ask('AT+CESQ')), '|+CESQ: 40,0,255,255,255,255||OK|')
  a.modem.parts.radio.set({ signal: 7 })
  t.is(said(a.ask('AT+CSQ')), '|+CSQ: 7,99||OK|')
  a.modem.parts.radio.fade(true)
  t.is(said(a.ask('AT+CSQ;+CESQ')), '|+CSQ: 99,99||+CESQ: 99,99,255,255,255,255||OK|')
  const lte = mobile({ a: { profile: 'quectel' } })
  t.is(said(lte.a.ask('AT+CESQ;+WS46?')), '|+CESQ: 99,99,255,255,20,60||+WS46: 28||OK|')
  t.regex(lte.a.ask('AT+CEREG=2;+CEREG?'), /\+CEREG: 2,1,"00C3","01A2B300",7/)
})

test('indicators: what there is, now, and by themselves', async (t) => {
  const { a, b, clock } = mobile()
  t.is(
    said(a.ask('AT+CIND=?')),
    '|+CIND: ("battchg",(0-5)),("signal",(0-5)),("service",(0,1)),("call",(0,1)),("callsetup",(0-3)),("roam",(0,1)),("smsfull",(0,1))||OK|',
  )
  t.is(said(a.ask('AT+CIND?')), '|+CIND: 5,4,1,0,0,0,0||OK|')
  t.is(said(a.ask('AT+CMER?;+CMER=3,0,0,1;+CMER?')), '|+CMER: 0,0,0,0,0||+CMER: 3,0,0,1,0||OK|')
  b.type(`ATD${A};\r`)
  await clock.advance(300)
  t.is(said(a.read()), '|RING||+CIEV: 5,1|')
  a.type('ATA\r')
  t.is(said(a.read()), '|OK||+CIEV: 4,1||+CIEV: 5,0|')
  t.is(said(a.ask('AT+CHUP')), '|OK||+CIEV: 4,0|')
  a.modem.parts.radio.set({ signal: 1 })
  a.modem.refresh()
  t.is(said(a.read()), '|+CIEV: 2,1|')
  t.is(said(a.ask('AT+CMER=0;+CMER=1,1')), '|ERROR|')
})

test('a service code is answered by itself', async (t) => {
  const { a, clock } = mobile()
  t.is(said(a.ask('AT+CUSD=1,"*100#",15')), '|OK|')
  await clock.advance(500)
  t.is(said(a.read()), '|+CUSD: 0,"Keyline: nothing to pay",15|')
  t.is(said(a.ask('AT+CUSD?;+CUSD=2;+CUSD=?')), '|+CUSD: 1||+CUSD: (0-2)||OK|')
  t.is(said(a.ask('AT+CUSD=3')), '|ERROR|')
})

test('the clock is the network’s', async (t) => {
  const { a, clock } = mobile()
  t.is(said(a.ask('AT+CCLK?')), '|+CCLK: "26/01/02,12:04:05+36"||OK|')
  await clock.advance(55_000)
  t.is(said(a.ask('AT+CCLK?')), '|+CCLK: "26/01/02,12:05:00+36"||OK|')
})

test('the phone book: written, read, found, deleted', (t) => {
  const { a } = mobile()
  const ask = (line: string): string => said(a.ask(line))
  t.is(
    ask('AT+CPBS=?;+CPBS?;+CPBR=?;+CPBF=?'),
    '|+CPBS: ("SM")||+CPBS: "SM",0,50||+CPBR: (1-50),20,16||+CPBF: 20,16||OK|',
  )
  t.is(ask('AT+CPBW=,"+8132",145,"Bob";+CPBW=7,"119",129,"Fire"'), '|OK|')
  t.is(ask('AT+CPBR=1,50'), '|+CPBR: 1,"+8132",145,"Bob"||+CPBR: 7,"119",129,"Fire"||OK|')
  t.is(ask('AT+CPBR=7;+CPBF="fi"'), '|+CPBR: 7,"119",129,"Fire"||+CPBF: 7,"119",129,"Fire"||OK|')
  t.is(ask('AT+CSCS="UCS2";+CPBR=1'), '|+CPBR: 1,"+8132",145,"0042006F0062"||OK|')
  t.is(ask('AT+CSCS="GSM";+CPBW=1;+CPBR=1;+CPBS?'), '|+CPBS: "SM",1,50||OK|')
  for (const [wrong, code] of [
    ['+CPBR=0', 21],
    ['+CPBR=51', 21],
    ['+CPBW=51,"1"', 21],
    [`+CPBW=1,"${'1'.repeat(21)}"`, 26],
    ['+CPBW=1,"1",129,"seventeen letters"', 24],
    ['+CPBW=1,"abc"', 50],
    ['+CPBS="ME"', 50],
  ] as const) {
    t.is(ask(`AT+CMEE=1;${wrong}`), `|+CME ERROR: ${code}|`, wrong)
  }
  for (let n = 0; n < 49; n++) ask('AT+CPBW=,"1"')
  t.is(ask('AT+CPBW=,"1"'), '|+CME ERROR: 20|')
})

test('commands of calls: ranges, settings and refusals', (t) => {
  const { a } = mobile()
  const ask = (line: string): string => said(a.ask(line))
  t.is(
    ask('AT+CRLP=?;+CRLP?;+CRLP=20,20,60;+CRLP?'),
    '|+CRLP: (0-61),(0-61),(39-255),(1-255)||+CRLP: 61,61,48,6||+CRLP: 20,20,60,6||OK|',
  )
  t.is(ask('AT+COLP=1;+COLP?;+CLIR?;+CLIR=2;+CLIR?'), '|+COLP: 1,0||+CLIR: 0,4||+CLIR: 2,4||OK|')
  t.is(ask('AT+CHLD=?;+CSSN=1,1;+CCWA=1;+CSTA=145;+CMOD=0;+CTZU=1;+CLVL=3;+CMUT=0;+VTD=5'), '|+CHLD: (0,1,11)||OK|')
  for (const wrong of ['+CRLP=62', '+CRLP=1,1,38', '+CRLP=a', '+CSSN=2', '+CLIR=3', '+CHLD=9', '+VTS="x"']) {
    t.is(ask(`AT+CMEE=1;${wrong}`), '|+CME ERROR: 50|', wrong)
  }
  t.is(ask('AT+CHLD=1'), '|+CME ERROR: 3|')
  t.is(ask('AT+VTS=1'), '|+CME ERROR: 3|')
})
