import test, { type ExecutionContext } from 'ava'
import { CallAnswerer } from '../../line/bearers/answer.ts'
import { CallModem } from '../../line/bearers/call-modem.ts'
import { systemClock } from '../../line/clock.ts'
import { Modem } from '../../line/modem/modem.ts'
import { openSerialPort } from '../../line/modem/serial-port.ts'
import type { LineStream } from '../../line/stream.ts'
import { A, B, ended, simulator } from './fixture.ts'

const NEVER = new AbortController().signal

/** The card's and the server's real engines at two simulated modems, through the real serial port package. */
async function engines(t: ExecutionContext, ...args: readonly string[]) {
  const sim = await simulator(t, '--modem', A, '--modem', B, '--rate', '64000', '--latency', '10', ...args)
  const [pathA = '', pathB = ''] = sim.ready.modems.map(({ path }) => path)
  const lost: string[] = []
  const modemA = new Modem(await openSerialPort(pathA), systemClock, {}, (reason) => lost.push(reason))
  t.teardown(() => modemA.close())
  const caller = new CallModem(modemA)
  let take: (stream: LineStream) => void = () => {}
  const modemB = new Modem(await openSerialPort(pathB), systemClock, {}, (reason) => lost.push(reason))
  t.teardown(() => modemB.close())
  const up = await modemB.ready()
  if (!up.ok) throw new Error(up.detail)
  const answerer = new CallAnswerer(modemB, systemClock, {
    call: (stream) => take(stream),
    ready: () => {},
    failed: (detail) => lost.push(detail),
  })
  t.teardown(() => answerer.close())
  const answered = () =>
    new Promise<LineStream>((resolve) => {
      take = resolve
    })
  return { sim, caller, modemA, answered, lost }
}

function reader(stream: LineStream) {
  let text = ''
  let end: string | undefined
  let wake = (): void => {}
  stream.open(
    (bytes) => {
      text += Buffer.from(bytes).toString('latin1')
      wake()
    },
    (reason) => {
      end = reason
      wake()
    },
  )
  const when = async (done: () => boolean): Promise<void> => {
    while (!done()) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    until: async (part: string): Promise<string> => {
      await when(() => text.includes(part))
      return text
    },
    ended: async (): Promise<string | undefined> => {
      await when(() => end !== undefined)
      return end
    },
  }
}

test('the engines of card and server take these for modems: three calls, data both ways, hung up', async (t) => {
  const { sim, caller, answered } = await engines(t)
  for (let n = 1; n <= 3; n++) {
    const taken = answered()
    const dialled = await caller.dial(B, NEVER)
    if (!dialled.ok) return t.fail(dialled.detail)
    t.is(dialled.connect, '64000')
    const served = await taken
    t.is(served.peer, A)
    const [near, far] = [reader(dialled.stream), reader(served)]
    dialled.stream.write(Buffer.from('request'))
    t.is(await far.until('request'), 'request')
    served.write(Buffer.from('response'))
    t.is(await near.until('response'), 'response')
    await dialled.stream.hangUp()
    t.is(await far.ended(), 'remote')
    await served.hangUp()
    t.like(await sim.until(ended(n)), { reason: 'caller-hung-up', bytesUp: 7, bytesDown: 8 })
  }
})

test('busy, no answer and a number that is not there are told apart', async (t) => {
  const { sim, caller } = await engines(t, '--ring-for', '50')
  const reason = async (number: string) => {
    const result = await caller.dial(number, NEVER)
    return result.ok ? 'connected' : result.reason
  }
  t.is(await reason('+8139'), 'no-carrier')
  await sim.command({ do: 'modem', number: B, answer: 'busy' })
  t.is(await reason(B), 'busy')
  await sim.command({ do: 'modem', number: B, answer: 'no-answer' })
  t.is(await reason(B), 'no-answer')
})

test('a lost carrier ends the stream on both sides, and both modems stay usable', async (t) => {
  const { sim, caller, modemA, answered, lost } = await engines(t)
  const taken = answered()
  const dialled = await caller.dial(B, NEVER)
  if (!dialled.ok) return t.fail(dialled.detail)
  const near = reader(dialled.stream)
  const served = await taken
  await sim.command({ do: 'cut-now' })
  t.is(await near.ended(), 'remote')
  t.is(await reader(served).ended(), 'remote')
  await Promise.all([served.hangUp(), dialled.stream.hangUp()])
  t.deepEqual(lost, [])
  t.true(modemA.usable)
})

test('bytes that cross the end of a call may look like commands: the next call is taken all the same, with its number', async (t) => {
  const { sim, caller, answered, lost } = await engines(t)
  for (const noise of [
    'ATV0',
    'atQ1',
    'ATE1V0',
    '\u00e1\u00f4v0q1',
    'AT&D0+CLIP=0',
    'AT&F',
    'ATZ',
    'ATD123',
    'A/',
    'x',
  ]) {
    const taken = answered()
    const dialled = await caller.dial(B, NEVER)
    if (!dialled.ok) return t.fail(`${noise}: ${dialled.detail}`)
    const served = await taken
    t.is(served.peer, A, noise)
    const [near, far] = [reader(dialled.stream), reader(served)]
    await sim.command({ do: 'cut-now' })
    served.write(Buffer.from(`~\u0002${noise}~`, 'latin1'))
    t.deepEqual([await near.ended(), await far.ended()], ['remote', 'remote'], noise)
    await Promise.all([served.hangUp(), dialled.stream.hangUp()])
  }
  t.deepEqual(lost, [])
})
