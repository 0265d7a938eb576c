import test from 'ava'
import fc from 'fast-check'
import { SimCard } from '../../sim/sim-card.ts'
import { A, mobile } from './mobile.ts'

const said = (text: string): string => text.replaceAll('\r\n', '|')

function locked(tries = 3) {
  const world = mobile({ a: { sim: { pin: '1234', puk: '87654321', tries } } })
  const ask = (line: string): string => said(world.a.ask(line))
  ask('AT+CMEE=1')
  return { ...world, ask }
}

test('locked: what needs the SIM waits for the PIN, what does not works', (t) => {
  const { ask } = locked()
  t.is(ask('AT+CPIN?'), '|+CPIN: SIM PIN||OK|')
  t.is(ask('AT+CREG?;+CSQ;+CFUN?;+CGSN'), `|+CREG: 0,0||+CSQ: 20,99||+CFUN: 1||${/\d{15}/.exec(ask('AT+CGSN'))}||OK|`)
  t.regex(ask('AT+CCID'), /CCID: \d{19}/)
  for (const line of ['+CIMI', '+COPS?', '+CNUM', '+CPBS?', '+CGATT?', 'D+8132;'])
    t.is(ask(`AT${line}`), '|+CME ERROR: 11|', line)
  for (const line of ['+CMGL=4', '+CPMS?', '+CSCA?', '+CNMI=2,1']) t.is(ask(`AT${line}`), '|+CMS ERROR: 311|', line)
  for (const line of ['+CMGF=0', '+CSCS="GSM"', '+CPMS=?', '+CMGL=?']) t.regex(ask(`AT${line}`), /OK\|$/, line)
})

test('the right PIN opens it, registers, and is told', (t) => {
  const { ask, attempts } = locked()
  ask('AT+CREG=1')
  t.is(ask('AT+CPIN="1234"'), '|OK||+CPIN: READY||+CREG: 1|')
  t.is(ask('AT+CPIN?;+CREG?'), '|+CPIN: READY||+CREG: 1,1||OK|')
  t.is(ask('AT+CPIN="1234"'), '|+CME ERROR: 3|')
  t.deepEqual(attempts, [{ attempt: 'pin', result: 'right' }])
})

test('every wrong attempt counts, and only attempts do', (t) => {
  const { ask, attempts } = locked()
  for (const line of ['+CPIN?', '+CPINR', '+CPINR="SIM PIN"', '+CLCK="SC",2', '+CSIM=10,"0020000100"', '+CPIN=?'])
    ask(`AT${line}`)
  for (const wrong of ['', '"12"', '"123456789"', '"12a4"', '"1234","5678","9"']) {
    t.is(ask(`AT+CPIN=${wrong}`), '|+CME ERROR: 50|', wrong)
  }
  t.deepEqual(attempts, [])
  t.regex(ask('AT+CPINR'), /\+CPINR: SIM PIN,3,3\|\|\+CPINR: SIM PUK,10,10\|/)
  t.is(ask('AT+CPIN="0000"'), '|+CME ERROR: 16|')
  t.is(ask('AT+CPINR="SIM PIN"'), '|+CPINR: SIM PIN,2,3||OK|')
  t.is(ask('AT+CSIM=10,"0020000100"'), '|+CSIM: 4,"63C2"||OK|')
  t.is(
    ask('AT+CSIM=10,"0020008100";+CSIM=10,"002C000100";+CSIM=10,"002c0081"'),
    '|+CSIM: 4,"63C3"||+CSIM: 4,"63CA"||+CSIM: 4,"63CA"||OK|',
  )
  t.is(ask('AT+CSIM=14,"00A4000C023F00"'), '|+CSIM: 4,"6D00"||OK|')
  t.is(ask('AT+CPIN="0001"'), '|+CME ERROR: 16|')
  t.is(ask('AT+CPIN="0002"'), '|+CME ERROR: 12|')
  t.is(ask('AT+CPIN?'), '|+CPIN: SIM PUK||OK|')
  t.is(ask('AT+CPIN="1234"'), '|+CME ERROR: 12|')
  t.is(ask('AT+CIMI'), '|+CME ERROR: 12|')
  t.is(ask('AT+CMGL=4'), '|+CMS ERROR: 316|')
  t.is(ask('AT+CSIM=10,"0020000100"'), '|+CSIM: 4,"6983"||OK|')
  t.is(attempts.length, 3)
})

test('a right PIN brings the attempts back', (t) => {
  const { ask, a } = locked()
  ask('AT+CPIN="0000"')
  ask('AT+CPIN="1234"')
  t.regex(ask('AT+CPINR'), /SIM PIN,3,3/)
  a.modem.unplug()
  a.modem.plug()
  t.regex(said(a.ask('AT+CPIN?')), /SIM PIN\|/)
})

test('the PUK sets a new PIN; ten wrong ones and the card is dead', (t) => {
  const { ask, attempts } = locked(0)
  t.is(ask('AT+CPIN="87654321","9999"'), '|OK||+CPIN: READY|')
  t.is(attempts.at(-1)?.result, 'right')
  const dead = locked(0)
  for (let n = 0; n < 10; n++) t.is(dead.ask('AT+CPIN="00000000","9999"'), '|+CME ERROR: 16|')
  t.is(dead.ask('AT+CPIN="87654321","9999"'), '|+CME ERROR: 13|')
  t.is(dead.ask('AT+CPIN?'), '|+CME ERROR: 13|')
  t.is(dead.ask('AT+CMGL=4'), '|+CMS ERROR: 313|')
  t.is(dead.attempts.length, 10)
})

test('the lock is switched with the PIN, and the PIN changed', (t) => {
  const { a, attempts } = mobile({ a: { sim: { pin: '1234' } } })
  const ask = (line: string): string => said(a.ask(line))
  ask('AT+CMEE=1;+CPIN="1234"')
  t.is(ask('AT+CLCK="SC",2'), '|+CLCK: 1||OK|')
  t.is(ask('AT+CPWD="SC","1234","4321"'), '|OK|')
  t.is(ask('AT+CLCK="SC",0,"1234"'), '|+CME ERROR: 16|')
  t.is(ask('AT+CLCK="SC",0,"4321"'), '|OK|')
  t.is(ask('AT+CLCK="SC",2'), '|+CLCK: 0||OK|')
  t.is(ask('AT+CPWD="SC","4321","1111"'), '|+CME ERROR: 3|')
  t.is(ask('AT+CLCK="AO",2'), '|+CLCK: 0||OK|')
  t.is(ask('AT+CLCK="AO",1,"0000"'), '|+CME ERROR: 4|')
  for (const wrong of [
    '+CLCK="XX",2',
    '+CLCK="SC",3',
    '+CLCK="SC",1,"x"',
    '+CPWD="AB","1234","4321"',
    '+CPWD="SC","1"',
  ]) {
    t.is(ask(`AT${wrong}`), '|+CME ERROR: 50|', wrong)
  }
  t.is(attempts.length, 5)
})

test('no card: CME 10 and CMS 310; put in again it registers', (t) => {
  const { a } = mobile({ a: { noSim: true } })
  const ask = (line: string): string => said(a.ask(line))
  ask('AT+CMEE=1;+CREG=1')
  for (const line of ['+CPIN?', '+CIMI', '+CCID', '+CPINR', '+COPS?', 'D+8132', '+CLCK="SC",2', '+CRSM=176,12258']) {
    t.is(ask(`AT${line}`), '|+CME ERROR: 10|', line)
  }
  t.is(ask('AT+CMGL=4'), '|+CMS ERROR: 310|')
  a.modem.insert(new SimCard('+8177'))
  t.is(said(a.read()), '|+CPIN: READY||+CREG: 1|')
  t.is(ask('AT+CNUM'), '|+CNUM: "","+8177",145||OK|')
  t.is(a.modem.number, '+8177')
})

test('pulled out: it is told, and registration, calls and messages go with it', (t) => {
  const { a } = mobile()
  a.ask('AT+CREG=1')
  a.modem.insert(undefined)
  t.is(said(a.read()), '|+CPIN: NOT READY||+CREG: 0|')
  t.is(a.modem.number, '')
})

test('swapped: other identities, and the old number reaches nobody', async (t) => {
  const { a, b, clock } = mobile()
  const before = a.ask('AT+CIMI;+CCID;+CGSN')
  a.modem.insert(new SimCard('+81903333'))
  a.read()
  const after = a.ask('AT+CIMI;+CCID;+CGSN')
  t.not(before.split('\r\n')[1], after.split('\r\n')[1])
  t.is(before.split('\r\n')[5], after.split('\r\n')[5])
  b.type(`ATD${A}\r`)
  await clock.advance(300)
  t.is(b.read(), '\r\nNO CARRIER\r\n')
  b.type('ATD+81903333\r')
  await clock.advance(300)
  t.is(a.read(), '\r\nRING\r\n')
})

test('files of the card: ICCID, IMSI, provider, network code; others are not found', (t) => {
  const { a } = mobile()
  const read = (file: number): string | undefined => /"(.*)"/.exec(a.ask(`AT+CRSM=176,${file},0,0,0`))?.[1]
  const iccid = /CCID: (\d+)/.exec(a.ask('AT+CCID'))?.[1] ?? ''
  t.is(read(12258)?.replaceAll(/(.)(.)/g, '$2$1'), `${iccid}F`)
  t.is(read(28423), `08${'9001010081901111'.replaceAll(/(.)(.)/g, '$2$1')}`)
  t.is(read(28589), '00000002')
  t.is(read(28486), `014B65796C696E65${'F'.repeat(18)}`)
  t.is(said(a.ask('AT+CRSM=176,1')), '|+CRSM: 106,130||OK|')
  t.is(said(a.ask('AT+CRSM=214,28589')), '|+CRSM: 109,0||OK|')
  t.is(said(a.ask('AT+CRSM=x')), '|ERROR|')
})

test('a card counts however it is asked: after three wrong PINs in any mix it is blocked', (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('verify', 'enable', 'change'), { minLength: 3, maxLength: 6 }), (ways) => {
      const card = new SimCard('+8131', { pin: '1234' })
      const results = ways.map((way) => {
        if (way === 'verify') return card.verify('0000')
        return way === 'enable' ? card.enable(false, '0000') : card.change('0000', '1111')
      })
      t.deepEqual(
        results,
        ways.map((_, at) => (at < 3 ? 'wrong' : 'blocked')),
      )
      t.is(card.state, 'SIM PUK')
    }),
  )
})
