import test from 'ava'
import { AtEngine } from '../../../line/modem/engine.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { FakePort, obliging } from '../fake-port.ts'

function setUp() {
  const port = new FakePort()
  const clock = new FakeClock()
  const seen: string[] = []
  const engine = new AtEngine(port, clock, {
    urc: (text) => seen.push(`urc ${text}`),
    data: (bytes) => seen.push(`data ${Buffer.from(bytes).toString('latin1')}`),
    left: (end) => seen.push(`left ${end}`),
    fault: (kind) => seen.push(`fault ${kind}`),
  })
  return { port, clock, seen, engine }
}

test('one command at a time, whatever is asked at once', async (t) => {
  const { port, engine } = setUp()
  const first = engine.command('AT+CSQ', 1000, ['+CSQ:'])
  const second = engine.command('AT+CREG?', 1000, ['+CREG:'])
  t.deepEqual(port.written, ['AT+CSQ\r'])
  port.say('AT+CSQ\r\r\n+CSQ: 17,0\r\n\r\nOK\r\n')
  t.deepEqual((await first).lines, ['+CSQ: 17,0'])
  t.deepEqual(port.written, ['AT+CSQ\r', 'AT+CREG?\r'])
  port.say('\r\n+CREG: 0,1\r\n\r\nOK\r\n')
  t.deepEqual(await second, { final: { type: 'ok' }, lines: ['+CREG: 0,1'] })
})

test('what the modem says by itself comes through while a command waits', async (t) => {
  const { port, engine, seen } = setUp()
  const answer = engine.command('AT+CSQ', 1000, ['+CSQ:'])
  port.say('\r\nRING\r\n')
  port.say('\r\n+CSQ: 17,0\r\n\r\n+CLIP: "+819011112222",145\r\n\r\nOK\r\n')
  t.is((await answer).final.type, 'ok')
  t.deepEqual(seen, ['urc RING', 'urc +CLIP: "+819011112222",145'])
})

test('data begins at the very byte after CONNECT, in the same read', async (t) => {
  const { port, engine, seen } = setUp()
  const dial = engine.command('ATD0312345678', 60_000)
  port.say('\r\nCONNECT 9600\r\n~first')
  t.deepEqual((await dial).final, { type: 'connect', text: '9600' })
  t.true(engine.inData)
  t.deepEqual(seen, ['data ~first'])
  engine.write(Buffer.from('up'))
  t.is(port.written.at(-1), 'up')
})

test('NO CARRIER counts only at the end, after silence, and when AT is answered', async (t) => {
  const { port, clock, engine, seen } = setUp()
  const dial = engine.command('ATD1', 60_000)
  port.say('\r\nCONNECT\r\n')
  await dial
  port.say('\r\nNO CARRIER\r\n')
  port.say('~more data~')
  await clock.advance(5000)
  t.true(engine.inData)
  port.say('\r\nNO CARRIER\r\n')
  await clock.advance(299)
  t.is(port.written.at(-1), 'ATD1\r')
  await clock.advance(1)
  t.is(port.written.at(-1), 'AT\r')
  port.say('\r\nOK\r\n')
  await settle()
  t.false(engine.inData)
  t.deepEqual(seen.slice(-2), ['left carrier', 'urc OK'])
  const next = engine.command('ATH', 1000)
  port.say('\r\nOK\r\n')
  t.is((await next).final.type, 'ok')
})

test('a RING right behind NO CARRIER is not lost, whenever it comes', async (t) => {
  for (const pause of [0, 100, 350]) {
    const { port, clock, engine, seen } = setUp()
    engine.command('ATD1', 60_000)
    port.say('\r\nCONNECT\r\n')
    await settle()
    port.say('\r\nNO CARRIER\r\n')
    await clock.advance(pause)
    port.say('\r\nRING\r\n\r\n+CLI')
    port.say('P: "1",129\r\n')
    await clock.advance(350)
    t.is(port.written.at(-1), 'AT\r')
    port.say('\r\nOK\r\n')
    await settle()
    t.false(engine.inData)
    t.deepEqual(
      seen,
      ['left carrier', 'urc RING', 'urc +CLIP: "1",129', 'urc OK'].toSpliced(0, 0, 'data \r\nNO CARRIER'),
    )
  }
})

test('a peer that writes NO CARRIER cannot end the call', async (t) => {
  const { port, clock, engine } = setUp()
  engine.command('ATD1', 60_000)
  port.say('\r\nCONNECT\r\n\r\nNO CARRIER\r\n')
  await clock.advance(10_000)
  t.is(port.written.at(-1), 'ATE0Q0V1\r')
  t.true(engine.inData)
})

test('+++ waits for silence since the last byte, and the OK after it gives commands back', async (t) => {
  const { port, clock, engine, seen } = setUp()
  engine.command('ATD1', 60_000)
  port.say('\r\nCONNECT\r\n')
  await settle()
  await clock.advance(100)
  engine.write(Buffer.from('last'))
  const escaped = engine.escape(1000)
  await clock.advance(999)
  t.is(port.written.at(-1), 'last')
  await clock.advance(1)
  t.is(port.written.at(-1), '+++')
  engine.write(Buffer.from('must not disturb the silence'))
  t.is(port.written.at(-1), '+++')
  port.say('\r\nOK\r\n')
  t.true(await escaped)
  t.is(seen.at(-1), 'left escaped')
})

test('a modem that does not hear +++ stays in data mode, and the caller learns it', async (t) => {
  const { port, clock, engine } = setUp()
  engine.command('ATD1', 60_000)
  port.say('\r\nCONNECT\r\n')
  await settle()
  const escaped = engine.escape(1000)
  await clock.advance(60_000)
  t.false(await escaped)
  t.true(engine.inData)
})

test('a late answer is not taken for the next command: quiet, AT until OK, then on', async (t) => {
  const { port, clock, engine } = setUp()
  const slow = engine.command('AT+COPS?', 1000, ['+COPS:'])
  const next = engine.command('AT+CSQ', 1000, ['+CSQ:'])
  await clock.advance(1000)
  t.is((await slow).final.type, 'timeout')
  port.say('\r\n+COPS: 0\r\n\r\nOK\r\n')
  await clock.advance(500)
  t.is(port.written.at(-1), 'AT\r')
  port.say('\r\nOK\r\n')
  await settle()
  t.is(port.written.at(-1), 'AT+CSQ\r')
  port.say('\r\n+CSQ: 9,0\r\n\r\nOK\r\n')
  t.deepEqual((await next).lines, ['+CSQ: 9,0'])
})

test('a modem that never answers is dead, and nobody waits for ever', async (t) => {
  const { clock, engine, seen } = setUp()
  const answers = [engine.command('AT', 1000), engine.command('ATE0', 1000)]
  await clock.advance(60_000)
  t.deepEqual(
    (await Promise.all(answers)).map(({ final }) => final.type),
    ['timeout', 'reset'],
  )
  t.deepEqual(seen, ['fault dead'])
  t.is((await engine.command('AT', 1000)).final.type, 'reset')
  t.is(clock.waiting, 0)
})

test('RDY while running is a reset: the command ends and whoever owns the modem learns it', async (t) => {
  const { port, engine, seen } = setUp()
  const answer = engine.command('ATD1', 60_000)
  port.say('\r\nRDY\r\n')
  t.is((await answer).final.type, 'reset')
  t.deepEqual(seen, ['fault reset'])
})

test('a port that vanishes settles everything, once', async (t) => {
  const { port, clock, engine, seen } = setUp()
  const answers = [engine.command('AT', 1000), engine.command('ATE0', 1000)]
  port.vanish()
  port.vanish()
  t.deepEqual(
    (await Promise.all(answers)).map(({ final }) => final.type),
    ['reset', 'reset'],
  )
  t.deepEqual(seen, ['fault gone'])
  t.is(clock.waiting, 0)
})

test('any byte aborts a dialling; without one nothing is written', (t) => {
  const { port, engine } = setUp()
  engine.abort()
  t.deepEqual(port.written, [])
  engine.command('ATD1', 60_000)
  engine.abort()
  t.deepEqual(port.written, ['ATD1\r', '\r'])
})

test('the queue is bounded', (t) => {
  const { engine, port } = setUp()
  obliging(port, { AT: '' })
  for (let n = 0; n < 33; n++) engine.command('AT', 1000)
  t.throws(() => engine.command('AT', 1000), { instanceOf: RangeError })
})
