import test, { type ExecutionContext } from 'ava'
import { LinkClient } from '../../../line/link-client.ts'
import { streamPath } from '../../../line/stream-path.ts'
import { openModemBank } from '../../../server/line-port/modem-bank.ts'
import { FakeClock } from '../../fake-clock.ts'
import { FakePort, obliging } from '../../line/fake-port.ts'

const CALLER = '+819012345678'
const CALL_MAX_MS = 10 * 60_000

interface OpenedCall {
  readonly caller: string | undefined
  readonly messages: string[]
  closed: number
}

/** A bank of one modem, which has got its first call. */
async function bank(t: ExecutionContext) {
  const clock = new FakeClock()
  const calls: OpenedCall[] = []
  const events: string[] = []
  const ports: FakePort[] = []
  const opening = openModemBank({
    paths: ['/dev/fake'],
    clock,
    log: ({ event }) => events.push(String(event)),
    openPort: async () => {
      const port = new FakePort()
      obliging(port, { ATA: '\r\nCONNECT 9600\r\n', '+++': '\r\nOK\r\n' })
      ports.push(port)
      return port
    },
    open: (caller) => {
      const call: OpenedCall = { caller, messages: [], closed: 0 }
      calls.push(call)
      return {
        handle: async (message) => {
          call.messages.push(Buffer.from(message).toString())
          return Buffer.from(`${calls.length}: ${message.length}`)
        },
        close: () => {
          call.closed++
        },
      }
    },
  })
  await clock.advance(5000)
  const it = await opening
  t.teardown(async () => {
    const closing = it.close()
    await clock.advance(60_000)
    await closing
  })
  return { clock, calls, events, ports, bank: it }
}

type Bank = Awaited<ReturnType<typeof bank>>

/** The far end of a call: what it sends, and what it hears. */
async function ring({ clock, ports }: Bank) {
  const port = ports.at(-1)
  if (port === undefined) throw new Error('expected a port')
  port.say(`\r\nRING\r\n\r\n+CLIP: "${CALLER}",145\r\n`)
  await clock.advance(3000)
  const answer = port.onWrite
  let hear = (_bytes: Uint8Array): void => {}
  port.onWrite = (text) => {
    if (text === '+++' || text.endsWith('\r')) answer(text)
    else hear(Buffer.from(text, 'latin1'))
  }
  const link = new LinkClient(
    streamPath({
      peer: undefined,
      write: (bytes) => port.say(Buffer.from(bytes).toString('latin1')),
      open: (onData) => {
        hear = onData
      },
      hangUp: async () => {},
    }),
    clock,
  )
  const ask = async (text: string): Promise<string> => {
    const response = link.request(Buffer.from(text))
    await clock.advance(1000)
    return Buffer.from((await response) ?? []).toString()
  }
  return { port, ask }
}

test('each call that is taken has an answering end of its own, told of the caller, and closed when it ends', async (t) => {
  const it = await bank(t)
  for (let n = 1; n <= 3; n++) {
    const { port, ask } = await ring(it)
    t.is(it.calls.length, n)
    t.is(await ask('one'), `${n}: 3`)
    t.is(await ask('three'), `${n}: 5`)
    t.deepEqual(
      it.calls.map(({ closed }) => closed),
      [...Array(n - 1).fill(1), 0],
    )
    port.say('\r\nNO CARRIER\r\n')
    await it.clock.advance(30_000)
    t.is(it.calls[n - 1]?.closed, 1)
  }
  for (const { caller, messages } of it.calls) {
    t.is(caller, CALLER)
    t.deepEqual(messages, ['one', 'three'])
  }
  t.is(it.events.filter((event) => event === 'call.ended').length, 3)
})

test('a call in which nothing is said is ended, and closed once', async (t) => {
  const it = await bank(t)
  await ring(it)
  t.is(it.calls[0]?.closed, 0)
  await it.clock.advance(CALL_MAX_MS)
  t.is(it.calls[0]?.closed, 1)
})

test('a modem that vanishes closes its call; the bank that is closed too', async (t) => {
  const it = await bank(t)
  const { port } = await ring(it)
  port.vanish()
  await it.clock.advance(5000)
  t.is(it.calls[0]?.closed, 1)
  t.is(it.ports.length, 2)
  await ring(it)
  t.is(it.calls.length, 2)
  const closing = it.bank.close()
  await it.clock.advance(60_000)
  await closing
  t.is(it.calls[1]?.closed, 1)
})
