import test from 'ava'
import { interpret } from '../../sim/at-interpreter.ts'
import { FACTORY, register, type Settings } from '../../sim/at-settings.ts'
import type { ModemView } from '../../sim/at-step.ts'
import { modemView } from './view.ts'

const IDLE = modemView('+818012345678')
const HELD: ModemView = { ...IDLE, held: true, call: { incoming: false, stat: 0, number: '+8131', voice: false } }
const RINGING: ModemView = { ...IDLE, ringing: true, call: { incoming: true, stat: 4, number: '+8131', voice: false } }

function run(body: string, view = IDLE, settings: Settings = FACTORY) {
  return interpret(body, settings, view)
}

test('an empty line is OK', (t) => {
  t.deepEqual(run(''), { settings: FACTORY, info: [], hangUp: false, end: { type: 'ok' } })
})

test('basic settings and registers change, and reading shows three digits', (t) => {
  const { settings, info, end } = run('E0V1Q0X3&C1&D1S12=20S0=2S12?')
  t.deepEqual(end, { type: 'ok' })
  t.deepEqual(info, ['020'])
  t.like(settings, { echo: 0, level: 3, dtr: 1 })
  t.is(register(settings, 0), 2)
})

test('the first failing command ends the line; those before it hold', (t) => {
  const { settings, info, end } = run('E0V7Q1I')
  t.deepEqual(end, { type: 'error' })
  t.is(settings.echo, 0)
  t.is(settings.quiet, 0)
  t.deepEqual(info, [])
})

for (const body of ['B', 'E2', 'X5', '&D4', 'S99?', 'S0=256', 'S3=128', 'S1=1', 'Z5', '&F1', 'D>SM', 'DL', '?']) {
  test(`AT${body} is an ERROR, never silence`, (t) => {
    t.deepEqual(run(body).end, { type: 'error' })
  })
}

for (const body of ['L3', 'M0', '&D3', '&V', '&K3', '&S0', '&W', 'T', 'P', 'H', 'I0', '&F', 'S7=?']) {
  test(`AT${body} is OK`, (t) => {
    t.deepEqual(run(body).end, { type: 'ok' })
  })
}

test('&F and Z bring back the factory settings; Z also ends the call', (t) => {
  const changed = run('E0S0=5+CLIP=1;+CMEE=2').settings
  t.not(changed, FACTORY)
  t.deepEqual(run('&F', HELD, changed), { settings: FACTORY, info: [], hangUp: false, end: { type: 'ok' } })
  t.deepEqual(run('Z', HELD, changed), { settings: FACTORY, info: [], hangUp: true, end: { type: 'ok' } })
})

test('D gives the number without what shapes the dialling', (t) => {
  t.deepEqual(run('D+81-90(12)34').end, { type: 'dial', number: '+81901234' })
  t.deepEqual(run('DT 9W,123@').end, { type: 'dial', number: '9123' })
})

test('a semicolon makes it a voice call; no second call, no call without radio', (t) => {
  t.deepEqual(run('D123;').end, { type: 'dial', number: '123', voice: true })
  t.deepEqual(run('D123IG').end, { type: 'dial', number: '123' })
  t.deepEqual(run('D123', HELD).end, { type: 'cme', cme: 3 })
  t.deepEqual(run('D123', RINGING).end, { type: 'cme', cme: 3 })
  t.deepEqual(run('D123', IDLE, { ...FACTORY, fun: 4 }).end, { type: 'cme', cme: 30 })
})

test('hanging up first, the same line may dial', (t) => {
  t.like(run('H0D123', HELD), { hangUp: true, end: { type: 'dial', number: '123' } })
})

test('A answers a ringing call and O goes back to a held one; else there is no carrier', (t) => {
  t.deepEqual(run('A', RINGING).end, { type: 'answer' })
  t.deepEqual(run('O', HELD).end, { type: 'online' })
  t.deepEqual(run('A').end, { type: 'no-carrier' })
  t.deepEqual(run('O', RINGING).end, { type: 'no-carrier' })
})

const ANSWERS: readonly (readonly [body: string, info: readonly string[], view?: ModemView])[] = [
  ['+CSQ', ['+CSQ: 20,99']],
  ['+CPIN?', ['+CPIN: READY']],
  ['+CREG?', ['+CREG: 0,1']],
  ['+CREG=2;+CREG?', ['+CREG: 2,1,"00C3","01A2B300",0']],
  ['+CEREG?', ['+CEREG: 0,1']],
  ['+CFUN?', ['+CFUN: 1']],
  ['+CMEE=1;+CMEE?', ['+CMEE: 1']],
  ['+CLIP=1;+CLIP?', ['+CLIP: 1,1']],
  ['+CRC=1;+CRC?', ['+CRC: 1']],
  ['+CBST?', ['+CBST: 7,0,1']],
  ['+CBST=71,0,1;+CBST?', ['+CBST: 71,0,1']],
  ['+CSCS="IRA";+CSCS?', ['+CSCS: "IRA"']],
  ['+CGMI', ['Keyline']],
  ['+CGMM', ['SIM-1']],
  ['+CGMR', ['1.0']],
  ['+CEER', ['+CEER: none']],
  ['+CPAS', ['+CPAS: 0']],
  ['+CPAS', ['+CPAS: 3'], RINGING],
  ['+CPAS', ['+CPAS: 4'], HELD],
  ['+CLCC', []],
  ['+CLCC', ['+CLCC: 1,0,0,1,0,"+8131",145'], HELD],
  ['+CLCC', ['+CLCC: 1,1,4,1,0,"+8131",145'], RINGING],
  ['+CNUM', ['+CNUM: "","+818012345678",145']],
  ['+CFUN=?;+CREG=?', ['+CFUN: (0,1,4),(0,1)', '+CREG: (0-2)']],
  ['+CLCC=?', []],
]
for (const [body, info, view] of ANSWERS) {
  test(`AT${body} shows ${info.join(' ') || 'nothing'}${view ? ' during a call' : ''}`, (t) => {
    const outcome = run(body, view)
    t.deepEqual(outcome.info, info)
    t.deepEqual(outcome.end, { type: 'ok' })
  })
}

const REFUSED: readonly (readonly [body: string, cme: number])[] = [
  ['+FOO', 100],
  ['+FOO=?', 100],
  ['^SYSCFG?', 100],
  ['+CMEE=3', 50],
  ['+CMEE=1,1', 50],
  ['+CLIP=x', 50],
  ['+CFUN=9', 50],
  ['+CBST=1,1,1', 4],
  ['+CSQ=1', 4],
  ['+CLCC?', 4],
  ['+CSCS="PCCP437"', 4],
  ['+CPIN="1234"', 3],
]
for (const [body, cme] of REFUSED) {
  test(`AT${body} is refused with ${cme}`, (t) => {
    t.deepEqual(run(body).end, { type: 'cme', cme })
  })
}

test('every command that is listed answers its test form', (t) => {
  const names = run('+CLAC').info
  t.true(names.length > 25)
  for (const name of names) t.deepEqual(run(`${name}=?`).end, { type: 'ok' }, name)
})

test('the radio off: no registration, no signal, and the call ends', (t) => {
  const { settings, hangUp } = run('+CFUN=4', HELD)
  t.true(hangUp)
  t.deepEqual(run('+CREG?;+CSQ;+COPS?', IDLE, settings).info, ['+CREG: 0,0', '+CSQ: 99,99', '+COPS: 0'])
})

test('identities are well formed, stable, and differ by number', (t) => {
  const [imei = '', imsi = '', iccid = ''] = run('+CGSN;+CIMI;+CCID').info
  t.regex(imei, /^\d{15}$/)
  t.is(imsi, '001018012345678')
  t.regex(iccid, /^\+CCID: \d{19}$/)
  t.true(luhn(imei))
  t.true(luhn(iccid.slice(7)))
  t.deepEqual(run('+CGSN').info, [imei])
  t.notDeepEqual(run('+CGSN', modemView('+818012345679')).info, [imei])
})

function luhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (1 + (index % 2))
    return total + Math.floor(value / 10) + (value % 10)
  }, 0)
  return sum % 10 === 0
}
