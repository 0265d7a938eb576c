import test from 'ava'
import { LinkClient } from '../../line/link-client.ts'
import { LinkServer } from '../../line/link-server.ts'
import type { LinePath } from '../../line/path.ts'
import { encodeLink } from '../../wire/line/link.ts'
import { FakeClock } from '../fake-clock.ts'
import { SMS_TIMING } from './bad-lines.ts'

/** A path of messages that keeps all it ever carried, so that it can come once more. */
class Mail {
  readonly carried: [up: Uint8Array[], down: Uint8Array[]] = [[], []]
  readonly readers: ((packet: Uint8Array, wireBytes: number) => void)[] = []
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  path(side: 0 | 1): LinePath {
    return {
      peer: undefined,
      packetMax: 133,
      timing: SMS_TIMING,
      send: (packet) => {
        this.carried[side].push(packet)
        this.#clock.after(4000, () => this.readers[1 - side]?.(packet, packet.length))
        return packet.length
      },
      open: (onPacket) => {
        this.readers[side] = onPacket
      },
      hangUp: async () => {},
    }
  }
}

function setUp() {
  const clock = new FakeClock()
  const mail = new Mail(clock)
  const asked: string[] = []
  const server = new LinkServer(
    mail.path(1),
    clock,
    async (message) => {
      asked.push(Buffer.from(message).toString('latin1', 0, 5))
      return Buffer.concat([message, Buffer.alloc(300, 3)])
    },
    () => {},
  )
  const ask = async (client: LinkClient, text: string): Promise<string> => {
    const answer = client.request(Buffer.from(text.padEnd(500, '.')))
    await clock.advance(120_000)
    return Buffer.from((await answer) ?? []).toString('latin1', 0, 5)
  }
  return { clock, mail, asked, server, ask }
}

test('messages of an earlier conversation that come during the next change nothing, at either end', async (t) => {
  const { clock, mail, asked, ask } = setUp()
  const earlier = new LinkClient(mail.path(0), clock)
  for (const text of ['login', 'baske']) t.is(await ask(earlier, text), text)
  const [up, down] = mail.carried.map((packets) => packets.slice())
  const next = new LinkClient(mail.path(0), clock, earlier.nextId)
  t.is(next.nextId, 2)
  const answer = next.request(Buffer.from('third'.padEnd(500, '.')))
  const replay = async (): Promise<void> => {
    for (const packet of up ?? []) mail.readers[1]?.(packet, packet.length)
    for (const packet of down ?? []) mail.readers[0]?.(packet, packet.length)
    await clock.advance(3000)
  }
  const before = mail.carried[1].length
  // Before anything arrived, with half of it there, and with the answer on its way.
  for (let n = 0; n < 5; n++) await replay()
  await clock.advance(60_000)
  t.is(Buffer.from((await answer) ?? []).toString('latin1', 0, 5), 'third')
  await replay()
  t.deepEqual(asked, ['login', 'baske', 'third'])
  // Seven for the answer; the last acknowledgement before, come once more, is a question: it costs one short repetition.
  t.is(mail.carried[1].length - before, 7 + 2)
})

test('numbers go round: request 255 is followed by request 0', async (t) => {
  const { clock, mail, asked, ask } = setUp()
  const client = new LinkClient(mail.path(0), clock, 254)
  for (const text of ['no254', 'no255', 'no000', 'no001']) t.is(await ask(client, text), text)
  t.deepEqual(asked, ['no254', 'no255', 'no000', 'no001'])
})

test('blocks of a request that was given up do not disturb the one after it', async (t) => {
  const { clock, mail, asked } = setUp()
  const client = new LinkClient(mail.path(0), clock)
  const cancel = new AbortController()
  const first = client.request(Buffer.alloc(500, 65), cancel.signal)
  cancel.abort()
  t.is(await first, undefined)
  const stale = mail.carried[0].slice(0, 2)
  mail.carried[0].length = 0
  const second = client.request(Buffer.alloc(500, 66))
  await clock.advance(4000)
  for (const packet of stale) mail.readers[1]?.(packet, packet.length)
  await clock.advance(60_000)
  t.is((await second)?.[0], 66)
  t.true(asked.includes('BBBBB'))
  t.is(asked.filter((text) => text === 'BBBBB').length, 1)
})

test('what is no packet, an answer nobody asked for and an unknown acknowledgement are passed over', async (t) => {
  const { clock, mail, asked, ask } = setUp()
  const client = new LinkClient(mail.path(0), clock)
  const answer = ask(client, 'hello')
  const odd = [
    Buffer.from([9, 9, 9]),
    encodeLink({ type: 'data', of: 'response', id: 200, serial: 0, index: 0, last: 0, body: Buffer.from('forged') }),
    encodeLink({ type: 'ack', of: 'request', id: 200, newest: 3, received: new Set([0, 1, 2]) }),
    encodeLink({ type: 'ack', of: 'request', id: 0, newest: 200, received: new Set([99, 255]) }),
    encodeLink({ type: 'ack', of: 'response', id: 200, newest: 3, received: new Set([0]) }),
  ]
  for (const packet of odd) for (const reader of mail.readers) reader(packet, packet.length)
  t.is(await answer, 'hello')
  t.deepEqual(asked, ['hello'])
})
