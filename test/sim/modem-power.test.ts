import test from 'ava'
import { A, B, mobile, submitTo } from './mobile.ts'

const said = (text: string): string => text.replaceAll('\r\n', '|')

test('a reset: silence, nothing kept but the SIM, then what it says when it starts', async (t) => {
  const told: string[] = []
  const { a, b, clock } = mobile({ a: { told: (state) => told.push(state) } })
  a.ask('AT+CMEE=1;+CREG=1')
  a.type(`ATD${B}\r`)
  await clock.advance(300)
  b.type('ATA\r')
  a.read()
  b.read()
  a.modem.power.reset(2000)
  t.is(a.read(), '')
  t.is(said(b.read()), '|NO CARRIER|')
  t.is(a.ask('AT'), '')
  b.type(`ATD${A}\r`)
  await clock.advance(300)
  t.is(said(b.read()), '|NO CARRIER|')
  await clock.advance(1700)
  t.is(said(a.read()), '|RDY||+CPIN: READY|')
  t.is(said(a.ask('AT+CMEE?')), 'AT+CMEE?\r|+CMEE: 0||OK|')
  t.deepEqual(told, ['reset'])
})

for (const [profile, line, boot] of [
  ['simcom', 'AT+CRESET', '|RDY||+CFUN: 1||+CPIN: SIM PIN||SMS DONE||PB DONE|'],
  ['quectel', 'AT+CFUN=1,1', '|RDY||+CFUN: 1||+CPIN: SIM PIN||+QUSIM: 1||+QIND: SMS DONE||+QIND: PB DONE|'],
] as const) {
  test(`${profile}: ${line} is OK, and then its own words; the PIN is asked for again`, async (t) => {
    const { a, clock } = mobile({ a: { profile, sim: { pin: '1234' } } })
    a.ask('AT+CPIN="1234"')
    t.is(said(a.ask(line)), '|OK|')
    await clock.advance(1499)
    t.is(a.read(), '')
    await clock.advance(1)
    t.is(said(a.read()), boot)
  })
}

test('in the middle of a command: no answer, and a new start', async (t) => {
  const { a, clock } = mobile()
  a.modem.resetMidCommand(1000)
  t.is(said(a.ask('AT+CREG?')), '')
  await clock.advance(1000)
  t.is(said(a.read()), '|RDY||+CPIN: READY|')
  t.is(said(a.ask('ATE0')), 'ATE0\r|OK|')
  t.is(said(a.ask('AT')), '|OK|')
})

test('a reset forgets a message at the prompt and one on its way to the network', async (t) => {
  const { a, clock, states } = mobile()
  const tpdu = submitTo(B, '01')
  a.type(`AT+CMGS=${tpdu.length / 2}\r00${tpdu}\x1a`)
  a.modem.power.reset(1000)
  await clock.advance(2000)
  t.is(said(a.read()), '|> |RDY||+CPIN: READY|')
  t.deepEqual(states(), [])
})

test('the power key: off it says so and is gone, on it starts, also when it hung', async (t) => {
  const { a, b, clock } = mobile()
  t.is(said(a.ask('AT+CPOF')), '|OK||NORMAL POWER DOWN|')
  t.is(a.ask('AT'), '')
  b.type(`ATD${A}\r`)
  await clock.advance(300)
  t.is(said(b.read()), '|NO CARRIER|')
  await clock.advance(60_000)
  t.is(a.ask('AT'), '')
  a.modem.power.turn(true)
  await clock.advance(1500)
  t.is(said(a.read()), '|RDY||+CPIN: READY|')
  a.modem.setAnswer('silent')
  t.is(a.ask('AT'), '')
  a.modem.power.turn(true)
  await clock.advance(1500)
  t.is(said(a.read()), '|RDY||+CPIN: READY|')
  t.regex(a.ask('AT'), /OK/)
})

test('a slow modem takes its time for each line, and loses nothing that is typed meanwhile', async (t) => {
  const { a, clock } = mobile()
  a.modem.slow(2000)
  a.type('AT+CSQ\r')
  a.type('AT\r')
  await clock.advance(1999)
  t.is(a.read(), '')
  await clock.advance(1)
  t.is(said(a.read()), '|+CSQ: 20,99||OK|')
  await clock.advance(2000)
  t.is(said(a.read()), '|OK|')
})

test('a slow one answers nobody who has left', async (t) => {
  const { a, clock } = mobile()
  a.modem.slow(2000)
  a.type('AT+CSQ\r')
  a.modem.dtrDropped()
  await clock.advance(5000)
  t.is(a.read(), '')
  t.is(clock.waiting, 0)
})

test('what is typed while a command runs is bounded', async (t) => {
  const { a, clock } = mobile()
  a.modem.slow(1000)
  a.type('AT\r')
  a.type('A'.repeat(100_000))
  await clock.advance(1000)
  a.type('\rAT\r')
  await clock.advance(2000)
  t.regex(a.read(), /OK\r\n$/)
})

test('lines by themselves that wait are bounded: the oldest go first', (t) => {
  const { a } = mobile()
  a.type('AT')
  for (let n = 0; n < 150; n++) a.modem.say(`+X: ${n}`)
  a.type('\r')
  const lines = a
    .read()
    .split('\r\n')
    .filter((line) => line.startsWith('+X'))
  t.is(lines.length, 100)
  t.is(lines[0], '+X: 50')
})

test('&D3 brings the factory settings back when the port is closed', (t) => {
  const { a } = mobile()
  a.ask('AT&D3+CMEE=1')
  a.modem.dtrDropped()
  t.is(said(a.ask('AT+CMEE?')), 'AT+CMEE?\r|+CMEE: 0||OK|')
})

test('S3 and S4 are the ends of lines, in results too', (t) => {
  const { a } = mobile()
  t.is(a.ask('ATS3=42S4=43'), '*+OK*+')
  a.type('AT+CSQ*')
  t.is(a.read(), '*++CSQ: 20,99*+*+OK*+')
})

test('&V shows the settings for people', (t) => {
  const { a } = mobile()
  t.regex(a.ask('AT&V'), /E0 Q0 V1 X4 &C1 &D2\r\nS00:000 S01:000 S02:043/)
})
