import test from 'ava'
import { PacketModem } from '../../../line/bearers/packet-modem.ts'
import { parsePacketAddress } from '../../../wire/line/packet-address.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakePort } from '../fake-port.ts'
import { TestModem } from './test-modem.ts'

const NEVER = new AbortController().signal
const TARGET = parsePacketAddress('me:sesame@private.test/10.0.0.1:7000')
const CANARY = { host: '192.0.2.1', port: 443 }
const OPEN = {
  sim7600: 'AT+CIPOPEN=0,"TCP","10.0.0.1",7000',
  ec25: 'AT+QIOPEN=1,0,"TCP","10.0.0.1",7000,0,2',
  sim800: 'AT+CIPSTART="TCP","10.0.0.1",7000',
} as const
const CANARY_OPEN = 'AT+CIPOPEN=0,"TCP","192.0.2.1",443'
const OK = '\r\nOK\r\n'
const SIMCOM = {
  'AT+NETCLOSE': '\r\n+IP ERROR: Network is already closed\r\n\r\nERROR\r\n',
  'AT+NETOPEN': `${OK}\r\n+NETOPEN: 0\r\n`,
  [OPEN.sim7600]: '\r\nCONNECT 115200\r\n',
  'AT+CIPCLOSE=0': `${OK}\r\n+CIPCLOSE: 0,0\r\n`,
  '+++': OK,
}

/** A modem that says what the test lets it say, in the time of the test. */
function modem(profile: keyof typeof OPEN, said: Readonly<Record<string, string>>) {
  const answers = { ...said }
  const port = new FakePort()
  const clock = new FakeClock()
  // As a serial port does it: never before the write has returned.
  port.onWrite = (text) => {
    const command = text.replace(/\r$/, '')
    const answer = answers[command] ?? (text.endsWith('\r') ? OK : '')
    queueMicrotask(() => port.say(answer))
  }
  const access = new TestModem(port, clock, profile)
  const bearer = new PacketModem(access, clock)
  const count = (command: string): number => port.written.filter((text) => text === `${command}\r`).length
  /** To its end, however long it takes. */
  const open = async (signal = NEVER, canary: typeof CANARY | undefined = undefined) => {
    let result: Awaited<ReturnType<PacketModem['open']>> | undefined
    bearer.open(TARGET, canary, signal).then((it) => {
      result = it
    })
    const begun = clock.now()
    while (result === undefined && clock.now() - begun < 600_000) await clock.advance(1000)
    if (result === undefined) throw new Error('expected an end in ten minutes')
    return { result, tookMs: clock.now() - begun, reason: result.ok ? 'connected' : result.reason }
  }
  const advance = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n++) await clock.advance(1000)
  }
  return { port, clock, access, bearer, count, open, answers, advance }
}

test('how it went is said before OK or behind it, and CONNECT may be followed by data in the same read', async (t) => {
  for (const answer of [`${OK}\r\n+NETOPEN: 0\r\n`, `\r\n+NETOPEN: 0\r\n${OK}`]) {
    const it = modem('sim7600', { ...SIMCOM, 'AT+NETOPEN': answer, [OPEN.sim7600]: '\r\nCONNECT 115200\r\nearly' })
    const { result } = await it.open()
    if (!result.ok) return t.fail(result.detail)
    t.is(result.connect, '115200')
    const got: string[] = []
    result.stream.open(
      (bytes) => got.push(Buffer.from(bytes).toString()),
      () => {},
    )
    t.deepEqual(got, ['early'])
  }
})

test('a network that does not say how it went is not entered, in bounded time', async (t) => {
  const it = modem('sim7600', { ...SIMCOM, 'AT+NETOPEN': OK })
  const { reason, tookMs, result } = await it.open()
  t.is(reason, 'modem-fault')
  t.true(tookMs <= 151_000)
  t.notRegex(JSON.stringify(result), /sesame/)
  t.is(it.count(OPEN.sim7600), 0)
})

test('a network that is open already is closed and entered again, once', async (t) => {
  const it = modem('sim7600', { ...SIMCOM, 'AT+NETOPEN': '\r\n+IP ERROR: Network is already opened\r\n\r\nERROR\r\n' })
  t.is((await it.open()).reason, 'no-carrier')
  t.is(it.count('AT+NETOPEN'), 2)
  t.is(it.count('AT+CIPCLOSE=0'), 1)
})

test('SIM800: OK comes first, then CONNECT or its failure', async (t) => {
  const it = modem('sim800', { [OPEN.sim800]: OK })
  const opening = it.bearer.open(TARGET, undefined, NEVER)
  await it.advance(5)
  it.port.say('\r\nCONNECT\r\n')
  t.true((await opening).ok)
  const failing = modem('sim800', { [OPEN.sim800]: `${OK}\r\nSTATE: IP CLOSED\r\n\r\nCONNECT FAIL\r\n` })
  t.is((await failing.open()).reason, 'no-answer')
  const never = modem('sim800', { [OPEN.sim800]: `${OK}${OK}` })
  t.is((await never.open()).reason, 'no-carrier')
})

test('what the modem says of a refusal is asked where ERROR is all, and told', async (t) => {
  const because = async (number: number) => {
    const said = `\r\n+QIGETERROR: ${number},"x"\r\n${OK}`
    const it = modem('ec25', { [OPEN.ec25]: '\r\nERROR\r\n', 'AT+QIGETERROR': said })
    const { result, reason } = await it.open()
    return { it, reason, detail: result.ok ? '' : result.detail }
  }
  t.like(await because(566), { reason: 'no-answer' })
  t.regex((await because(566)).detail, /AT\+QIOPEN: .*not reached or refused/)
  const broken = await because(570)
  t.is(broken.reason, 'no-carrier')
  t.is(broken.it.count('AT+QIACT=1'), 2, 'a context that broke is entered again')
  t.is((await because(569)).it.count('AT+QIACT=1'), 1)
})

for (const word of [
  '+QIURC: "pdpdeact",1',
  '+CGEV: NW DETACH',
  '+CGEV: ME PDN DEACT 1',
  '+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY',
  '+NETCLOSE: 0',
  '+PDP: DEACT',
]) {
  test(`after ${word} the network is entered again; another context does not matter`, async (t) => {
    const it = modem('sim7600', SIMCOM)
    const first = await it.open()
    const over = first.result.ok ? first.result.stream.hangUp() : undefined
    await it.advance(5)
    await over
    it.port.say('\r\n+CGEV: NW PDN DEACT 2\r\n\r\n+QIURC: "pdpdeact",3\r\n')
    const second = await it.open()
    const again = second.result.ok ? second.result.stream.hangUp() : undefined
    await it.advance(5)
    await again
    t.is(it.count('AT+NETOPEN'), 1)
    it.port.say(`\r\n${word}\r\n`)
    t.is((await it.open()).reason, 'connected')
    t.is(it.count('AT+NETOPEN'), 2)
  })
}

test('a canary that is silent is not reached: given up after 20 s, and the network is the line', async (t) => {
  const answers: Record<string, string> = { ...SIMCOM, [CANARY_OPEN]: '', '': '\r\nERROR\r\n' }
  const it = modem('sim7600', answers)
  const { reason, tookMs } = await it.open(NEVER, CANARY)
  t.is(reason, 'connected')
  t.true(tookMs >= 20_000 && tookMs < 25_000)
})

test('a canary that answers while it is given up is the Internet', async (t) => {
  const answers: Record<string, string> = { ...SIMCOM, [CANARY_OPEN]: '', '': '\r\nCONNECT 115200\r\n' }
  const it = modem('sim7600', answers)
  t.is((await it.open(NEVER, CANARY)).reason, 'internet')
  t.is(it.count(OPEN.sim7600), 0)
  t.is(it.count('AT+NETCLOSE'), 2)
})

test('a canary that could not be asked proves nothing: the network is not used', async (t) => {
  const answers = [
    '\r\nERROR\r\n',
    '\r\n+CIPOPEN: 0,3\r\n\r\nERROR\r\n',
    '\r\n+CIPOPEN: 0,8\r\n\r\nERROR\r\n',
    '\r\n+CIPOPEN: 0,2\r\n\r\nERROR\r\n',
    '\r\nOK\r\n',
  ]
  for (const answer of answers) {
    const it = modem('sim7600', { ...SIMCOM, [CANARY_OPEN]: answer })
    t.is((await it.open(NEVER, CANARY)).reason, 'no-carrier', answer)
    t.is(it.count(OPEN.sim7600), 0)
  }
  const resets = modem('sim7600', { ...SIMCOM, [CANARY_OPEN]: '\r\nRDY\r\n' })
  t.is((await resets.open(NEVER, CANARY)).reason, 'modem-absent')
})

test('cancelled at every command: nothing of it stays, and the next attempt begins anew', async (t) => {
  const it = modem('sim7600', SIMCOM)
  const commands = ['AT+CIPMODE=1', 'AT+NETOPEN', OPEN.sim7600]
  for (const command of commands) {
    const left = it.bearer.leave()
    await it.advance(3)
    await left
    it.answers[command] = ''
    it.answers[''] = '\r\nERROR\r\n'
    const cancel = new AbortController()
    const opening = it.bearer.open(TARGET, undefined, cancel.signal)
    await it.advance(3)
    t.is(it.port.written.at(-1), `${command}\r`)
    cancel.abort()
    await it.advance(5)
    t.like(await opening, { ok: false, reason: 'cancelled' })
    t.is(it.access.user, undefined)
    it.answers[command] = SIMCOM[command as keyof typeof SIMCOM] ?? OK // of the list above
    const { result } = await it.open()
    const over = result.ok ? result.stream.hangUp() : t.fail(result.detail)
    await it.advance(5)
    await over
  }
})

test('a CONNECT that comes in spite of the cancelling is hung up', async (t) => {
  const it = modem('sim7600', { ...SIMCOM, [OPEN.sim7600]: '', '': '\r\nCONNECT 115200\r\n' })
  const cancel = new AbortController()
  const opening = it.bearer.open(TARGET, undefined, cancel.signal)
  await it.advance(3)
  cancel.abort()
  await it.advance(5)
  t.like(await opening, { ok: false, reason: 'cancelled' })
  t.is(it.count('AT+CIPCLOSE=0'), 1)
  t.false(it.access.engine.inData)
})

test('a modem that hears no +++ loses its port; one that resets ends the stream', async (t) => {
  const deaf = modem('sim7600', { ...SIMCOM, '+++': '' })
  const { result } = await deaf.open()
  if (!result.ok) return t.fail(result.detail)
  const over = result.stream.hangUp()
  await deaf.clock.advance(60_000)
  await over
  t.true(deaf.port.closed)

  const gone = modem('sim7600', SIMCOM)
  const second = await gone.open()
  if (!second.result.ok) return t.fail(second.result.detail)
  const ends: string[] = []
  second.result.stream.open(
    () => {},
    (end) => ends.push(end),
  )
  gone.port.vanish()
  await second.result.stream.hangUp()
  t.deepEqual(ends, ['modem'])
  t.is((await gone.open()).reason, 'modem-absent')
  return undefined
})

test('a modem without packet connections says why; who closes the bearer is not told any more', async (t) => {
  const port = new FakePort()
  const clock = new FakeClock()
  const none = new TestModem(port, clock, 'sim7070')
  const result = await new PacketModem(none, clock).open(TARGET, undefined, NEVER)
  t.regex(result.ok ? '' : result.detail, /use messages/)
  t.deepEqual(port.written, [])
  const it = modem('sim7600', SIMCOM)
  t.is(it.access.listeners, 1)
  it.bearer.close()
  t.is(it.access.listeners, 0)
})
