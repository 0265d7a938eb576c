import test from 'ava'
import { ModemLine } from '../../../firmware/card/modem-line.ts'
import { type EnrolledAddress, enrolledAddresses } from '../../../firmware/card/phone-book.ts'
import { LinkServer } from '../../../line/link-server.ts'
import type { LineStream } from '../../../line/stream.ts'
import { streamPath } from '../../../line/stream-path.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { FakePort, obliging } from '../../line/fake-port.ts'
import { enrolled, NUMBER } from './fixture.ts'

const GUARD = '+++'

interface Rig {
  readonly clock: FakeClock
  readonly line: ModemLine
  readonly ports: FakePort[]
  readonly log: string[]
  readonly address: EnrolledAddress
  /** What the modem says to ATD. */
  dialled: string
  /** The port cannot be opened. */
  broken: boolean
}

/** A modem whose far end, in a call, is a server that answers each message with itself turned round. */
function rig(): Rig {
  const clock = new FakeClock()
  const ports: FakePort[] = []
  const log: string[] = []
  const [address] = enrolledAddresses(enrolled(), ['call'])
  if (address === undefined) throw new Error('no address')
  const line = new ModemLine({
    path: '/dev/fake',
    clock,
    openPort: async () => {
      if (it.broken) throw Object.assign(new Error('x'), { cause: new Error('Error: No such file') })
      const port = new FakePort()
      ports.push(port)
      modem(port, clock, () => it.dialled)
      return port
    },
    log: ({ event, detail }) => log.push(`${event} ${detail}`),
  })
  const it: Rig = { clock, line, ports, log, address, dialled: '\r\nCONNECT 9600\r\n', broken: false }
  return it
}

function modem(port: FakePort, clock: FakeClock, dialled: () => string): void {
  obliging(port)
  const commands = port.onWrite
  let toServer: ((bytes: Uint8Array) => void) | undefined
  port.onWrite = (text) => {
    if (text === GUARD) {
      toServer = undefined
      port.say('\r\nOK\r\n')
    } else if (toServer !== undefined) toServer(Buffer.from(text, 'latin1'))
    else if (text === `ATD${NUMBER}\r`) {
      const answer = dialled()
      if (answer.includes('CONNECT')) toServer = server(port, clock)
      port.say(answer)
    } else commands(text)
  }
}

function server(port: FakePort, clock: FakeClock): (bytes: Uint8Array) => void {
  let give = (_bytes: Uint8Array): void => {}
  const stream: LineStream = {
    peer: undefined,
    write: (bytes) => port.say(Buffer.from(bytes).toString('latin1')),
    open: (onData) => {
      give = onData
    },
    hangUp: async () => {},
  }
  new LinkServer(
    streamPath(stream),
    clock,
    async (message) => (message[0] === 0 ? undefined : Uint8Array.from(message).reverse()),
    () => {},
  )
  return (bytes) => give(bytes)
}

async function over<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let done = false
  const watched = promise.finally(() => {
    done = true
  })
  watched.catch(() => {})
  for (let n = 0; !done && n < 10_000; n++) await clock.advance(100)
  return watched
}

const NEVER = new AbortController().signal

test('a call, a message each way, hung up', async (t) => {
  const it = rig()
  t.is(it.line.modem(), '/dev/fake')
  const result = await over(it.clock, it.line.call(it.address, NEVER))
  if (!result.ok) return t.fail(result.detail)
  const message = Buffer.from('a message to the server')
  const response = await over(it.clock, result.call.request(message, NEVER))
  t.deepEqual(Buffer.from(response ?? []), Buffer.from(message).reverse())
  t.like(result.call.report(), { messagesUp: 1, messagesDown: 1 })
  t.true(result.call.report().bytesUp > message.length)
  t.false(result.call.lost)
  await over(it.clock, result.call.hangUp())
  t.true(it.ports[0]?.written.includes('ATH\r'))
  t.false(result.call.lost)
  const again = await over(it.clock, it.line.call(it.address, NEVER))
  t.true(again.ok)
  t.is(it.ports.length, 1)
  await it.line.close()
  t.true(it.ports[0]?.closed)
  return undefined
})

test('only enrolled numbers reach the modem', async (t) => {
  const it = rig()
  const forged = { bearer: 'call', address: '0900' } as EnrolledAddress // forged on purpose
  await t.throwsAsync(it.line.call(forged, NEVER), { code: 'NUMBER_NOT_ENROLLED' })
  t.is(it.ports.length, 0)
})

for (const [said, reason] of [
  ['BUSY', 'busy'],
  ['NO ANSWER', 'no-answer'],
  ['NO CARRIER', 'no-carrier'],
  ['NO DIALTONE', 'no-dialtone'],
] as const) {
  test(`${said} is ${reason}, and the modem stays usable`, async (t) => {
    const it = rig()
    it.dialled = `\r\n${said}\r\n`
    t.like(await over(it.clock, it.line.call(it.address, NEVER)), { ok: false, reason })
    t.is(it.line.modem(), '/dev/fake')
    await it.line.close()
  })
}

test('no modem: said by status and by the call, and found when it comes', async (t) => {
  const it = rig()
  it.broken = true
  await over(it.clock, it.line.probe())
  t.is(it.line.modem(), '/dev/fake: No such file')
  t.deepEqual(it.log, ['modem.lost /dev/fake: No such file'])
  t.like(await over(it.clock, it.line.call(it.address, NEVER)), { ok: false, reason: 'modem-absent' })
  it.broken = false
  t.true((await over(it.clock, it.line.call(it.address, NEVER))).ok)
  t.is(it.line.modem(), '/dev/fake')
  await it.line.close()
})

test('a modem that vanishes in a call: lost, and opened again for the next one', async (t) => {
  const it = rig()
  const result = await over(it.clock, it.line.call(it.address, NEVER))
  if (!result.ok) return t.fail(result.detail)
  const response = result.call.request(Buffer.from('x'), NEVER)
  it.ports[0]?.vanish()
  await settle()
  t.true(result.call.lost)
  await over(it.clock, response)
  await over(it.clock, result.call.hangUp())
  t.is(it.line.modem(), '/dev/fake: the modem is gone')
  t.true((await over(it.clock, it.line.call(it.address, NEVER))).ok)
  t.is(it.ports.length, 2)
  await it.line.close()
  return undefined
})

test('a server that gives no answer, and a request that is cancelled', async (t) => {
  const it = rig()
  const result = await over(it.clock, it.line.call(it.address, NEVER))
  if (!result.ok) return t.fail(result.detail)
  t.is(await over(it.clock, result.call.request(Buffer.from([0, 1]), NEVER)), undefined)
  t.false(result.call.lost)
  const controller = new AbortController()
  const response = result.call.request(Buffer.from([0, 2]), controller.signal)
  controller.abort()
  t.is(await response, undefined)
  await it.line.close()
  return undefined
})

test('probing a modem that answers; after closing nothing is opened', async (t) => {
  const it = rig()
  await over(it.clock, it.line.probe())
  t.deepEqual(it.log, ['modem.usable /dev/fake'])
  await it.line.close()
  t.like(await over(it.clock, it.line.call(it.address, NEVER)), { ok: false, reason: 'modem-absent' })
  t.is(it.ports.length, 1)
})
