import test from 'ava'
import { twoModems } from './two-modems.ts'

test('echo is on at first, and exact', (t) => {
  const { a } = twoModems()
  a.type('ATE1\r')
  a.read()
  a.type('AT+CSQ\r')
  t.is(a.read(), 'AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n')
})

test('ring with number each two seconds, CONNECT for both at ATA', async (t) => {
  const { clock, a, b, events } = twoModems()
  b.type('AT+CLIP=1\r')
  b.read()
  a.type('ATD+8132\r')
  await clock.advance(299)
  t.is(b.read(), '')
  await clock.advance(1)
  t.is(b.read(), '\r\nRING\r\n\r\n+CLIP: "+8131",145\r\n')
  await clock.advance(1999)
  t.is(b.read(), '')
  await clock.advance(1)
  t.is(b.read(), '\r\nRING\r\n\r\n+CLIP: "+8131",145\r\n')
  t.is(a.read(), '')
  b.type('ATA\r')
  t.is(a.read(), '\r\nCONNECT 9600\r\n')
  t.is(b.read(), '\r\nCONNECT 9600\r\n')
  await clock.advance(10_000)
  t.is(b.read(), '')
  t.deepEqual(events, ['1 ringing', '1 connected'])
})

test('+CRC and +CR say what kind of call it is; without +CLIP there is no number', async (t) => {
  const { clock, a, b } = twoModems()
  b.type('AT+CRC=1;+CR=1\r')
  b.read()
  a.type('ATD+8132\r')
  await clock.advance(300)
  t.is(b.read(), '\r\n+CRING: REL ASYNC\r\n')
  b.type('ATA\r')
  t.is(b.read(), '\r\n+CR: REL ASYNC\r\n\r\nCONNECT 9600\r\n')
})

test('S0 answers by itself at that ring', async (t) => {
  const { clock, a, b } = twoModems()
  b.type('ATS0=2\r')
  a.type('ATD+8132\r')
  await clock.advance(2000)
  t.is(a.read(), '')
  await clock.advance(300)
  t.is(a.read(), '\r\nCONNECT 9600\r\n')
})

test('data goes both ways, whatever its bytes, in the same read as ATA too', async (t) => {
  const { clock, a, b, taps } = twoModems({ latencyMs: 50 })
  a.type('ATD+8132\r')
  await clock.advance(300)
  b.type('ATA\rfirst')
  a.type('\r\nNO CARRIER\r\nAT\r')
  await clock.advance(45)
  b.read()
  await clock.advance(200)
  t.is(a.read(), '\r\nCONNECT 9600\r\nfirst')
  t.is(b.read(), '\r\nNO CARRIER\r\nAT\r')
  t.is(
    taps
      .filter((tap) => tap.startsWith('1 down'))
      .map((tap) => tap.slice(7))
      .join(''),
    'first',
  )
})

test('ATH: OK here; NO CARRIER there, and after the last byte', async (t) => {
  const { clock, a, b, events, connect } = twoModems()
  await connect()
  await clock.advance(1000)
  a.type('last words')
  await clock.advance(1000)
  a.type('+++')
  await clock.advance(1000)
  t.is(a.read(), '\r\nOK\r\n')
  b.type('back')
  a.type('ATH\r')
  t.is(a.read(), '\r\nOK\r\n')
  await clock.advance(1000)
  t.is(b.read(), 'last words\r\nNO CARRIER\r\n')
  t.is(a.read(), '')
  t.deepEqual(events.slice(2), ['1 ended caller-hung-up 10 0'])
  t.is(clock.waiting, 0)
})

test('what was written just before hanging up still arrives', async (t) => {
  const { clock, a, b, connect } = twoModems()
  await connect()
  b.type('a long goodbye')
  b.modem.dtrDropped()
  await clock.advance(50)
  t.is(a.read(), '')
  await clock.advance(1000)
  t.is(a.read(), 'a long goodbye\r\nNO CARRIER\r\n')
})

test('+++ holds the call and its bytes, ATO goes back to it, and +CLCC shows it', async (t) => {
  const { clock, a, b, connect } = twoModems()
  await connect()
  await clock.advance(1000)
  a.type('+++')
  await clock.advance(1000)
  b.type('waits')
  await clock.advance(1000)
  a.type('AT+CLCC\r')
  t.is(a.read(), '\r\nOK\r\n\r\n+CLCC: 1,0,0,1,0,"+8132",145\r\n\r\nOK\r\n')
  a.type('ATO\r')
  await clock.advance(100)
  t.is(a.read(), '\r\nCONNECT 9600\r\nwaits')
  t.is(b.read(), '')
  a.type('x')
  await clock.advance(200)
  t.is(b.read(), 'x')
})

test('pluses without the silences are data', async (t) => {
  const { clock, a, b, connect } = twoModems()
  await connect()
  await clock.advance(900)
  a.type('+++')
  await clock.advance(3000)
  a.type('++')
  await clock.advance(3000)
  t.is(b.read(), '+++++')
})

test('S12 shortens the silences', async (t) => {
  const { clock, a, connect } = twoModems()
  a.type('ATS12=20\r')
  await connect()
  await clock.advance(400)
  a.type('+++')
  await clock.advance(399)
  t.is(a.read(), '')
  await clock.advance(1)
  t.is(a.read(), '\r\nOK\r\n')
})

test('&D2 hangs up when DTR falls, &D1 holds the call, &D0 does nothing', async (t) => {
  for (const [dtr, far, near] of [
    [2, '\r\nNO CARRIER\r\n', '\r\nNO CARRIER\r\n'],
    [1, '', '\r\nCONNECT 9600\r\n'],
    [0, 'ATO\r', ''],
  ] as const) {
    const { clock, a, b, connect } = twoModems()
    a.type(`AT&D${dtr}\r`)
    await connect()
    a.modem.dtrDropped()
    a.type('ATO\r')
    await clock.advance(1000)
    t.is(b.read(), far, `&D${dtr}`)
    t.is(a.read(), near, `&D${dtr}`)
  }
})

test('any byte aborts dialling, but not in the first 125 ms, and no LF', async (t) => {
  const { clock, a, b, events } = twoModems()
  a.type('ATD+8132\r\nxx')
  await clock.advance(124)
  a.type('x')
  await clock.advance(300)
  t.is(b.read(), '\r\nRING\r\n')
  a.type('\n')
  t.is(a.read(), '')
  a.type('\r')
  t.is(a.read(), '\r\nNO CARRIER\r\n')
  await clock.advance(10_000)
  t.is(b.read(), '')
  b.type('ATA\r')
  t.is(b.read(), '\r\nNO CARRIER\r\n')
  t.deepEqual(events, ['1 ringing', '1 ended given-up 0 0'])
  t.is(clock.waiting, 0)
})

test('A/ dials again', async (t) => {
  const { clock, a, b } = twoModems()
  a.type('ATD+8132\r')
  await clock.advance(300)
  a.type('\r')
  b.read()
  a.type('A/')
  await clock.advance(300)
  t.is(b.read(), '\r\nRING\r\n')
})

test('a line begun before DTR fell is forgotten; settings stay', (t) => {
  const { a } = twoModems()
  a.type('ATD+81')
  a.modem.dtrDropped()
  a.type('32\rAT\r')
  t.is(a.read(), '\r\nOK\r\n')
})

test('V0 gives digits', async (t) => {
  const { clock, a, b } = twoModems()
  for (const each of [a, b]) each.type('ATV0\r')
  a.read()
  b.read()
  a.type('ATD+8132\r')
  await clock.advance(300)
  b.type('ATA\r')
  a.modem.dtrDropped()
  await clock.advance(100)
  t.is(b.read(), '2\r12\r3\r')
})

test('a terminal that does not read stops the line, and no byte is lost', async (t) => {
  const { clock, a, b, connect } = twoModems({ latencyMs: 0 })
  await connect()
  b.roomLeft = 0
  let sent = ''
  for (let n = 0; n < 400; n++) {
    const text = String(n).padStart(20).slice(0, a.modem.inputRoom())
    a.type(text)
    sent += text
    await clock.advance(25)
  }
  t.true(sent.length < 4000, `${sent.length}`)
  t.is(b.read(), '')
  b.roomLeft = 8192
  await clock.advance(10_000)
  t.is(b.read(), sent)
})

test('silent: no answer to AT, and its call is over', async (t) => {
  const { clock, a, b, connect } = twoModems()
  await connect()
  b.modem.setAnswer('silent')
  b.type('AT\r')
  await clock.advance(100)
  t.is(b.read(), '')
  t.is(a.read(), '\r\nNO CARRIER\r\n')
  b.modem.setAnswer('normal')
  b.type('AT\r')
  t.is(b.read(), '\r\nOK\r\n')
})

test('ATZ ends a call and brings the echo back', async (t) => {
  const { clock, a, b, connect } = twoModems()
  await connect()
  await clock.advance(1000)
  a.type('+++')
  await clock.advance(1000)
  a.type('ATZ\rAT\r')
  await clock.advance(100)
  t.is(a.read(), '\r\nOK\r\n\r\nOK\r\nAT\r\r\nOK\r\n')
  t.is(b.read(), '\r\nNO CARRIER\r\n')
})

test('an aborting byte is swallowed, and what follows it is a command again', async (t) => {
  const { clock, a } = twoModems()
  a.type('ATD+8132\r')
  await clock.advance(200)
  a.type('xAT\r')
  t.is(a.read(), '\r\nNO CARRIER\r\n\r\nOK\r\n')
})

test('H on the line before D hangs up one call and makes the next', async (t) => {
  const { clock, a, b, events, connect } = twoModems()
  await connect()
  await clock.advance(1000)
  a.type('+++')
  await clock.advance(1000)
  a.type('ATHD+8139\r')
  await clock.advance(1000)
  t.is(b.read(), '\r\nNO CARRIER\r\n')
  t.is(a.read(), '\r\nOK\r\n\r\nNO CARRIER\r\n')
  t.deepEqual(events.slice(2), ['1 ended caller-hung-up 0 0', '2 ended no-such-number 0 0'])
})

test('Q1 keeps even CONNECT and NO CARRIER back, and the data is clean', async (t) => {
  const { clock, a, b } = twoModems()
  a.type('ATQ1\r')
  a.type('ATD+8132\r')
  await clock.advance(300)
  b.type('ATA\rdata')
  await clock.advance(1000)
  b.modem.dtrDropped()
  await clock.advance(1000)
  t.is(a.read(), 'data')
})
