import test from 'ava'
import type { Modem } from '../../../line/modem/modem.ts'
import { GENERIC } from '../../../line/modem/profiles/generic.ts'
import { type Answers, lines, passing, SpokenModem } from './spoken.ts'

const CARD = '8981100022149010155'
const NEVER = new AbortController().signal

/** What modems say of themselves while they are brought up, and what is understood of it. */
const SPOKEN: readonly (readonly [id: string, answers: Answers, status: Partial<ReturnType<Modem['status']>>])[] = [
  [
    'sim7600',
    {
      'AT+CGMI': lines('SIMCOM INCORPORATED'),
      'AT+CGMM': lines('SIMCOM_SIM7600E-H'),
      'AT+CICCID': lines(`+ICCID: ${CARD}`),
      'AT+CREG?': lines('+CREG: 0,1'),
      'AT+COPS?': lines('+COPS: 0,0,"NTT DOCOMO",7'),
      'AT+CSQ': lines('+CSQ: 20,99'),
    },
    { sim: 'ready', registration: 'home', operator: 'NTT DOCOMO', signalDbm: -73, signalBars: 5 },
  ],
  [
    'a7670',
    { 'AT+CGMM': lines('A7670E-FASE'), 'AT+CEREG?': lines('+CEREG: 0,5'), 'AT+CREG?': lines('+CREG: 0,0') },
    // LTE alone: packets and messages go, calls do not.
    { sim: 'ready', registration: 'roaming' },
  ],
  [
    'sim7070',
    { 'AT+CGMM': lines('SIM7070G'), 'AT+CCID': lines(CARD), 'AT+CEREG?': lines('+CEREG: 0,2') },
    { sim: 'ready', registration: 'searching' },
  ],
  [
    'sim800',
    { 'AT+CGMM': lines('SIMCOM_SIM800L'), 'AT+CREG?': lines('+CREG: 0,3'), 'AT+CEREG?': '\r\nERROR\r\n' },
    { registration: 'denied', operator: undefined },
  ],
  [
    'ec25',
    {
      'AT+CGMI': lines('Quectel'),
      'AT+CGMM': lines('EC25'),
      'AT+QCCID': lines(`+QCCID: ${CARD}F`),
      'AT+CREG?': lines('+CREG: 2,1,"1A2B","0C3D4E5F",7'),
      'AT+CSQ': lines('+CSQ: 99,99'),
    },
    { registration: 'home', signalDbm: undefined },
  ],
  ['bg96', { 'AT+CGMM': lines('BG96'), 'AT+CEREG?': lines('+CEREG: 0,1') }, { registration: 'home' }],
  [
    'iridium',
    { 'AT+CGMI': lines('Iridium'), 'AT+CGMM': lines('9522B'), 'AT+CSQ': lines('+CSQ:4') },
    { signalDbm: undefined, signalBars: 4 },
  ],
  [
    'pstn',
    { ATI: lines('56000'), 'AT+CGMI': '\r\nERROR\r\n', 'AT+CGMM': '\r\nERROR\r\n', 'AT+CMEE=1': '\r\nERROR\r\n' },
    { sim: 'unknown', registration: undefined, operator: undefined },
  ],
  ['generic', { ATI: lines('NOBODY KNOWS ME') }, { sim: 'ready' }],
]

for (const [id, answers, status] of SPOKEN) {
  test(`${id}: recognised, brought up, and what it hears is understood`, async (t) => {
    const it = new SpokenModem({ 'AT+CPIN?': id === 'pstn' ? '\r\nERROR\r\n' : lines('+CPIN: READY'), ...answers })
    const modem = it.open()
    t.true((await passing(it.clock, modem.ready())).ok)
    t.is(await passing(it.clock, modem.look()), undefined)
    t.like(modem.status(), { path: '/dev/fake', profile: id, ...status })
    const cellular = it.commands.filter((text) => /CPIN|CREG|COPS|CSQ|CFUN/.test(text))
    t.is(cellular.length === 0, id === 'pstn')
    t.deepEqual(
      it.commands.filter((text) => /^ATD|CPIN=|&W/.test(text)),
      [],
    )
    await modem.close()
    t.is(it.clock.waiting, 0)
  })
}

const PLAIN: Answers = { 'AT+CPIN?': lines('+CPIN: READY'), 'AT+CCID': lines(`+CCID: ${CARD}`) }

test('a modem that was left with its radio off is switched on, one that is on is not', async (t) => {
  for (const [level, count] of [
    ['4', 1],
    ['0', 1],
    ['1', 0],
  ] as const) {
    const it = new SpokenModem({ ...PLAIN, 'AT+CFUN?': lines(`+CFUN: ${level}`) })
    t.true((await passing(it.clock, it.open().ready())).ok)
    t.is(it.count('AT+CFUN=1'), count, level)
  }
})

test('a reset in the middle of the bring-up begins it anew', async (t) => {
  for (const at of ['ATE0', 'AT+CGMM', 'AT+CPIN?', 'AT+CCID']) {
    const it = new SpokenModem({ ...PLAIN })
    let resets = 0
    it.before = (command) => {
      if (command !== at || resets > 0) return false
      resets++
      it.port.say('\r\nRDY\r\n')
      return true
    }
    const up = await passing(it.clock, it.open().ready())
    t.like(up, { ok: true, sim: 'ready' }, at)
    t.is(it.count('ATV1Q0X4'), at === 'ATE0' ? 1 : 2, at)
    t.is(it.count(at), 2)
  }
})

test('one that resets again and again is given up', async (t) => {
  const it = new SpokenModem({ ...PLAIN })
  it.before = (command) => {
    if (command === 'AT+CPIN?') it.port.say('\r\nRDY\r\n')
    return command === 'AT+CPIN?'
  }
  const up = await passing(it.clock, it.open().ready())
  t.like(up, { ok: false, reason: 'modem-fault' })
  t.true(it.count('AT+CPIN?') < 10)
})

test('who asks at the same time gets the same answer, also when it is no', async (t) => {
  const it = new SpokenModem({ ...PLAIN, ATE0: '\r\nERROR\r\n' })
  const modem = it.open()
  const [first, second] = await passing(it.clock, Promise.all([modem.ready(), modem.ready()]))
  t.is(first, second)
  t.is(it.count('ATE0'), 1)
})

test('a storm of results in between, and a slow modem, change nothing', async (t) => {
  const it = new SpokenModem({ ...PLAIN, 'AT+CREG?': lines('+CREG: 0,1') })
  it.slowMs = 900
  it.before = () => {
    for (let n = 0; n < 50; n++) it.port.say(`\r\n${['RING', '+CIEV: 1,2', '+CMTI: "SM",1'][n % 3]}\r\n`)
    return false
  }
  const modem = it.open()
  let heard = 0
  modem.onUrc(() => heard++)
  t.like(await passing(it.clock, modem.ready()), { ok: true, sim: 'ready', iccid: CARD })
  await passing(it.clock, modem.look())
  t.is(modem.status().registration, 'home')
  t.true(heard > 1000)
})

test('what a modem refuses is explained, with a cure', async (t) => {
  const it = new SpokenModem({ ...PLAIN, 'AT+CGMM': lines('SIM-X'), 'AT+WHAT': '\r\n+CME ERROR: 4\r\n' })
  const needy = { ...GENERIC, init: [{ text: 'AT+WHAT', timeoutMs: 1000 }] }
  const up = await passing(it.clock, it.open({ profile: needy }).ready())
  if (up.ok) return t.fail('it is up')
  t.is(up.reason, 'modem-fault')
  t.regex(up.detail, /AT\+WHAT.*not supported/)
  t.true((up.cure ?? '').length > 5)
})

test('a look finds a card that was pulled out, and one that was changed', async (t) => {
  const it = new SpokenModem({ ...PLAIN })
  const modem = it.open()
  await passing(it.clock, modem.ready())
  t.is(await passing(it.clock, modem.look()), undefined)
  it.answers['AT+CCID'] = lines('+CCID: 8981100022149019999')
  t.regex((await passing(it.clock, modem.look())) ?? '', /another SIM card/)
  it.answers['AT+CPIN?'] = '\r\n+CME ERROR: 10\r\n'
  t.regex((await passing(it.clock, modem.look())) ?? '', /not ready any more \(absent\)/)
  // What cannot be read proves nothing.
  it.answers['AT+CPIN?'] = undefined
  it.answers['AT+CCID'] = '\r\nERROR\r\n'
  t.is(await passing(it.clock, modem.look()), undefined)
})

test('whoever waits for a network gets it when it is there, or hears why not', async (t) => {
  const it = new SpokenModem({ ...PLAIN, 'AT+CREG?': lines('+CREG: 0,2'), 'AT+CEREG?': lines('+CEREG: 0,1') })
  const modem = it.open()
  await passing(it.clock, modem.ready())
  t.deepEqual(await passing(it.clock, modem.registered('packet', 5000, NEVER)), { ok: true })
  t.deepEqual(await passing(it.clock, modem.registered('call', 5000, NEVER)), { ok: false, state: 'searching' })
  it.clock.after(3000, () => {
    it.answers['AT+CREG?'] = lines('+CREG: 0,5')
  })
  t.deepEqual(await passing(it.clock, modem.registered('call', 5000, NEVER)), { ok: true })
})
