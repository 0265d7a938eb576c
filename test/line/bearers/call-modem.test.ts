import test from 'ava'
import { CallAnswerer } from '../../../line/bearers/answer.ts'
import { CallModem } from '../../../line/bearers/call-modem.ts'
import { Modem } from '../../../line/modem/modem.ts'
import type { LineStream } from '../../../line/stream.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { FakePort, obliging } from '../fake-port.ts'

const NEVER = new AbortController().signal

function dialler(answers: Readonly<Record<string, string>>) {
  const port = new FakePort()
  const clock = new FakeClock()
  const lost: string[] = []
  obliging(port, answers)
  const access = new Modem(port, clock, {}, (reason) => lost.push(reason))
  const modem = new CallModem(access)
  return { port, clock, modem, access, lost }
}

test('a call: initialised once, dialled, bytes of the same read kept, hung up by +++ and ATH', async (t) => {
  const { port, clock, modem } = dialler({ ATD0312345678: '\r\nCONNECT 9600\r\nearly', '+++': '\r\nOK\r\n' })
  const result = await modem.dial('0312345678', NEVER)
  if (!result.ok) return t.fail(result.detail)
  t.is(result.connect, '9600')
  const got: string[] = []
  const ends: string[] = []
  result.stream.open(
    (bytes) => got.push(Buffer.from(bytes).toString()),
    (end) => ends.push(end),
  )
  port.say('late')
  t.deepEqual(got, ['early', 'late'])
  const over = result.stream.hangUp()
  await clock.advance(2000)
  await over
  t.is(port.written.at(-1), 'ATH\r')
  t.deepEqual(ends, ['local'])
  t.false(modem.busy)
  t.is((await modem.dial('0312345678', NEVER)).ok, true)
  t.is(port.written.filter((text) => text === 'ATE0\r').length, 1)
})

test('every way a network says no is a value', async (t) => {
  const words = { BUSY: 'busy', 'NO ANSWER': 'no-answer', 'NO CARRIER': 'no-carrier', 'NO DIALTONE': 'no-dialtone' }
  for (const [word, reason] of Object.entries({ ...words, '+CME ERROR: 30': 'modem-fault', OK: 'no-carrier' })) {
    const { modem } = dialler({ ATD1: `\r\n${word}\r\n` })
    const result = await modem.dial('1', NEVER)
    t.is(result.ok ? 'connected' : result.reason, reason)
    t.false(modem.busy)
  }
})

test('a modem that is not there is said to be absent, in bounded time', async (t) => {
  const { clock, modem, lost } = dialler({ AT: '', ATE0Q0V1: '' })
  const result = modem.dial('1', NEVER)
  await clock.advance(60_000)
  const told = await result
  t.is(told.ok ? 'connected' : told.reason, 'modem-absent')
  t.deepEqual(lost, ['dead'])
})

test('a modem that refuses what is needed is a fault, and asked again the next time', async (t) => {
  const answers: Record<string, string> = { ATE0: '\r\nERROR\r\n' }
  const { modem } = dialler(answers)
  const first = await modem.dial('1', NEVER)
  t.is(first.ok ? 'connected' : first.reason, 'modem-fault')
  answers.ATE0 = '\r\nOK\r\n'
  answers.ATD1 = '\r\nBUSY\r\n'
  const second = await modem.dial('1', NEVER)
  t.is(second.ok ? 'connected' : second.reason, 'busy')
})

test('cancelling while it dials aborts with one byte; cancelling before dials nothing', async (t) => {
  const { port, modem } = dialler({ ATD1: '', '': '\r\nNO CARRIER\r\n' })
  const cancel = new AbortController()
  const dialling = modem.dial('1', cancel.signal)
  await settle()
  await settle()
  t.is(port.written.at(-1), 'ATD1\r')
  cancel.abort()
  const result = await dialling
  t.is(result.ok ? 'connected' : result.reason, 'cancelled')
  const count = port.written.length
  const again = await modem.dial('1', cancel.signal)
  t.is(again.ok ? 'connected' : again.reason, 'cancelled')
  t.is(port.written.length, count)
})

test('the far end hanging up ends the stream; the modem is free at once, and nobody who rings is turned away', async (t) => {
  const { port, clock, modem } = dialler({ ATD1: '\r\nCONNECT\r\n' })
  const result = await modem.dial('1', NEVER)
  if (!result.ok) return t.fail(result.detail)
  const ends: string[] = []
  result.stream.open(
    () => {},
    (end) => ends.push(end),
  )
  port.say('\r\nNO CARRIER\r\n')
  await clock.advance(1000)
  t.deepEqual(ends, ['remote'])
  await result.stream.hangUp()
  t.false(port.written.includes('ATH\r'))
  t.deepEqual(ends, ['remote'])
  t.false(modem.busy)
})

test('a modem deaf to +++ is closed, which drops DTR', async (t) => {
  const { port, clock, modem, lost } = dialler({ ATD1: '\r\nCONNECT\r\n' })
  const result = await modem.dial('1', NEVER)
  if (!result.ok) return t.fail(result.detail)
  const over = result.stream.hangUp()
  await clock.advance(60_000)
  await over
  t.true(port.closed)
  t.deepEqual(lost, ['gone'])
})

async function answerer() {
  const port = new FakePort()
  const clock = new FakeClock()
  const calls: LineStream[] = []
  const told: string[] = []
  obliging(port, { ATA: '\r\nCONNECT 9600\r\n', '+++': '\r\nOK\r\n' })
  const modem = new Modem(port, clock, {}, (reason) => told.push(reason))
  const up = modem.ready()
  await clock.advance(1000)
  await up
  const it = new CallAnswerer(modem, clock, {
    call: (stream) => calls.push(stream),
    ready: () => told.push('ready'),
    failed: (detail) => told.push(detail),
  })
  return { port, clock, calls, told, it, modem }
}

test('a ringing call is answered when its caller is known', async (t) => {
  const { port, clock, calls, told } = await answerer()
  t.deepEqual(told, [])
  port.say('\r\nRING\r\n')
  t.not(port.written.at(-1), 'ATA\r')
  port.say('\r\n+CLIP: "+819011112222",145,,,,0\r\n')
  await clock.advance(0)
  t.is(port.written.filter((text) => text === 'ATA\r').length, 1)
  t.is(calls[0]?.peer, '+819011112222')
})

test('a withheld or absent number does not keep a call from being answered', async (t) => {
  for (const clip of ['\r\n+CLIP: "",128\r\n', '']) {
    const { port, clock, calls } = await answerer()
    port.say(`\r\nRING\r\n${clip}`)
    await clock.advance(700)
    t.is(calls.length, 1)
    t.is(calls[0]?.peer, undefined)
  }
})

test('one call after the other, and a reset in between', async (t) => {
  const { port, clock, calls, told } = await answerer()
  for (let n = 1; n <= 2; n++) {
    port.say('\r\nRING\r\n\r\n+CLIP: "1",129\r\n')
    await clock.advance(0)
    t.is(calls.length, n)
    const over = calls[n - 1]?.hangUp()
    await clock.advance(5000)
    await over
  }
  port.say('\r\nRDY\r\n')
  for (let n = 0; n < 10; n++) await clock.advance(100)
  t.deepEqual(told, ['ready'])
})

test('who rings while the call before is hung up is answered at once, not at the next ring', async (t) => {
  const { port, clock, calls } = await answerer()
  port.say('\r\nRING\r\n\r\n+CLIP: "1",129\r\n')
  await clock.advance(0)
  port.say('\r\nNO CARRIER\r\n')
  await clock.advance(100)
  port.say('\r\nRING\r\n\r\n+CLIP: "2",129\r\n')
  await clock.advance(2000)
  t.is(calls.length, 1)
  await calls[0]?.hangUp()
  await clock.advance(0)
  await clock.advance(0)
  t.is(calls[1]?.peer, '2')
})

test('a vanished port is told once, and nothing is answered after the end', async (t) => {
  const { port, clock, calls, told, it, modem } = await answerer()
  it.close()
  port.say('\r\nRING\r\n')
  await clock.advance(2000)
  t.is(calls.length, 0)
  port.vanish()
  await modem.close()
  t.deepEqual(told, ['gone'])
})

test('cancelling a dialling that the modem does not hear of ends soon all the same', async (t) => {
  const { clock, modem, access } = dialler({ ATD1: '', '': '' })
  const cancel = new AbortController()
  const dialling = modem.dial('1', cancel.signal)
  await clock.advance(1000)
  cancel.abort()
  const from = clock.now()
  let over = false
  const result = dialling.finally(() => {
    over = true
  })
  while (!over && clock.now() - from < 120_000) await clock.advance(100)
  const told = await result
  t.is(told.ok ? 'connected' : told.reason, 'cancelled')
  t.true(clock.now() - from <= 11_000, `${clock.now() - from} ms`)
  t.is(access.user, undefined)
})

test('a modem that took S12 and does not keep to it is left with the silence that it needs', async (t) => {
  const { port, clock, modem } = dialler({ ATD1: '\r\nCONNECT\r\n' })
  const result = await modem.dial('1', NEVER)
  if (!result.ok) return t.fail(result.detail)
  await clock.advance(5000)
  const heard: number[] = []
  const { onWrite } = port
  let last = clock.now()
  port.onWrite = (text) => {
    const quiet = clock.now() - last
    last = clock.now()
    if (text !== '+++') return onWrite(text)
    heard.push(quiet)
    if (quiet >= 1000) clock.after(1000, () => port.say('\r\nOK\r\n'))
  }
  result.stream.write(Buffer.from('x'))
  const over = result.stream.hangUp()
  await clock.advance(10_000)
  await over
  t.is(heard.length, 2)
  t.true((heard[0] ?? 0) < 1000)
  t.is(port.written.at(-1), 'ATH\r')
  t.false(port.closed)
})
