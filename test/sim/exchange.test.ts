import test from 'ava'
import { Terminal, twoModems } from './two-modems.ts'

test('a number that is not there, one without radio, and the own one', async (t) => {
  const { clock, a, b, events } = twoModems()
  b.type('AT+CFUN=4\r')
  for (const [number, answer] of [
    ['+8139', 'NO CARRIER'],
    ['', 'NO CARRIER'],
    ['+8132', 'NO CARRIER'],
    ['+8131', 'BUSY'],
  ]) {
    a.type(`ATD${number}\r`)
    await clock.advance(299)
    t.is(a.read(), '')
    await clock.advance(1)
    t.is(a.read(), `\r\n${answer}\r\n`)
  }
  t.deepEqual(events, [
    '1 ended no-such-number 0 0',
    '2 ended no-such-number 0 0',
    '3 ended unreachable 0 0',
    '4 ended busy 0 0',
  ])
  a.type('AT+CEER\r')
  t.is(a.read(), '\r\n+CEER: busy\r\n\r\nOK\r\n')
})

test('busy by order, and during a call, a ringing and a dialling', async (t) => {
  const { clock, exchange, a, b, connect } = twoModems()
  const third = new Terminal('+8133', exchange, clock, 0)
  const dial = async (): Promise<string> => {
    third.type('ATE0D+8132\r')
    third.read()
    await clock.advance(300)
    return third.read()
  }
  b.modem.setAnswer('busy')
  t.is(await dial(), '\r\nBUSY\r\n')
  b.modem.setAnswer('normal')
  a.type('ATD+8132\r')
  await clock.advance(300)
  t.is(await dial(), '\r\nBUSY\r\n')
  a.type('\r')
  await connect()
  t.is(await dial(), '\r\nBUSY\r\n')
})

test('nobody answers: after the longest ringing, or after S7, whichever is shorter', async (t) => {
  for (const [s7, seconds] of [
    [60, 20.3],
    [5, 5],
  ] as const) {
    const { clock, a, b, events } = twoModems()
    a.type(`ATS7=${s7}\r`)
    a.read()
    a.type('ATD+8132\r')
    await clock.advance(seconds * 1000 - 1)
    t.is(a.read(), '')
    await clock.advance(1)
    t.is(a.read(), '\r\nNO ANSWER\r\n')
    b.read()
    await clock.advance(10_000)
    t.is(b.read(), '')
    t.deepEqual(events, ['1 ringing', '1 ended no-answer 0 0'])
  }
})

test('no-answer by order: the modem hears nothing of it', async (t) => {
  const { clock, a, b } = twoModems({ ringForMs: 4000 })
  b.modem.setAnswer('no-answer')
  a.type('ATD+8132\r')
  await clock.advance(4300)
  t.is(a.read(), '\r\nNO ANSWER\r\n')
  t.is(b.read(), '')
})

test('ATH refuses a ringing call', async (t) => {
  const { clock, a, b, events } = twoModems()
  a.type('ATD+8132\r')
  await clock.advance(300)
  b.read()
  b.type('ATH\r')
  t.is(b.read(), '\r\nOK\r\n')
  t.is(a.read(), '\r\nBUSY\r\n')
  t.is(events.at(-1), '1 ended refused 0 0')
  await clock.advance(10_000)
  t.is(b.read(), '')
})

for (const direction of ['up', 'down', 'both'] as const) {
  test(`a cut ${direction} at byte 10 of the next call, and of no further one`, async (t) => {
    const { clock, exchange, a, b, events, connect } = twoModems()
    exchange.armCut(10, direction)
    await connect()
    const [sender, receiver] = direction === 'down' ? [b, a] : [a, b]
    receiver.type('123456789')
    sender.type('abcdefghijklmnop')
    await clock.advance(1000)
    t.is(receiver.read(), 'abcdefghij\r\nNO CARRIER\r\n')
    t.is(sender.read(), '123456789\r\nNO CARRIER\r\n')
    t.is(events.at(-1), `1 ended cut ${direction === 'down' ? '9 10' : '10 9'}`)
    await connect()
    sender.type('abcdefghijklmnop')
    await clock.advance(1000)
    t.is(receiver.read(), 'abcdefghijklmnop')
  })
}

test('a cut at byte 0 lets nothing pass; one of a running call counts from its beginning', async (t) => {
  const { clock, exchange, a, b, connect } = twoModems()
  exchange.armCut(0, 'both')
  a.type('ATD+8132\r')
  await clock.advance(300)
  b.type('ATA\rx')
  await clock.advance(1000)
  t.is(a.read(), '\r\nCONNECT 9600\r\n\r\nNO CARRIER\r\n')
  await connect()
  a.type('12345')
  await clock.advance(1000)
  exchange.armCut(7, 'up')
  a.type('67890')
  await clock.advance(1000)
  t.is(b.read(), '1234567\r\nNO CARRIER\r\n')
})

test('cut now: both lose carrier at once', async (t) => {
  const { clock, exchange, a, b, connect } = twoModems()
  await connect()
  a.type('on its way')
  await clock.advance(50)
  exchange.cutNow()
  t.is(a.read(), '\r\nNO CARRIER\r\n')
  t.is(b.read(), '\r\nNO CARRIER\r\n')
  t.is(clock.waiting, 0)
})

test('without response nothing arrives downwards until told otherwise', async (t) => {
  const { clock, exchange, a, b, connect } = twoModems()
  exchange.impair({ dropResponse: true })
  await connect()
  a.type('request')
  b.type('response')
  await clock.advance(1000)
  t.is(a.read(), '')
  t.is(b.read(), 'request')
  exchange.impair({ dropResponse: false })
  b.type('again')
  await clock.advance(1000)
  t.is(a.read(), 'again')
})

test('corruption reaches both the terminal and the tap', async (t) => {
  const { clock, exchange, a, b, taps, connect } = twoModems()
  exchange.impair({ corrupt: 1 })
  await connect()
  a.type('aaaa')
  await clock.advance(1000)
  const got = b.read()
  t.is(got.length, 4)
  t.true([...got].every((char) => char !== 'a'))
  t.is(taps.map((tap) => tap.slice(5)).join(''), got)
})

test('latency: the first byte arrives after the way and its ten bits', async (t) => {
  const { clock, a, b, connect } = twoModems({ latencyMs: 250 })
  await connect()
  a.type('x')
  await clock.advance(251)
  t.is(b.read(), '')
  await clock.advance(1)
  t.is(b.read(), 'x')
})

test('unplugging a modem cuts its call and its ringing; nobody reaches it', async (t) => {
  const { clock, a, b, events, connect } = twoModems()
  await connect()
  b.modem.unplug()
  t.is(a.read(), '\r\nNO CARRIER\r\n')
  t.is(events.at(-1), '1 ended unplugged 0 0')
  a.type('ATD+8132\r')
  await clock.advance(300)
  t.is(a.read(), '\r\nNO CARRIER\r\n')
  b.modem.plug()
  a.type('ATD+8132\r')
  await clock.advance(300)
  a.modem.unplug()
  t.is(events.at(-1), '3 ended given-up 0 0')
  t.is(clock.waiting, 0)
})

test('after closing nothing waits', async (t) => {
  const { clock, exchange, a, b, connect } = twoModems()
  await connect()
  a.type('x')
  const third = new Terminal('+8133', exchange, clock, 0)
  third.type('ATD+8131\r')
  b.modem.dtrDropped()
  exchange.close()
  t.is(clock.waiting, 0)
})
