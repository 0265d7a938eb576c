import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../line/clock.ts'
import { LinkClient } from '../../line/link-client.ts'
import { streamPath } from '../../line/stream-path.ts'
import type { RunOptions } from '../../server/arguments.ts'
import { openData } from '../../server/data-folder.ts'
import { ServerError } from '../../server/errors.ts'
import type { ServerEvent } from '../../server/events.ts'
import { socketStream } from '../../server/line-port/socket-stream.ts'
import { startServer } from '../../server/program.ts'
import { beginEnrolment, issueTicket } from './test-card.ts'
import { clockAt, folder } from './world.ts'

async function setUp(t: ExecutionContext, more: Partial<RunOptions> = {}) {
  const own = folder(t)
  const content = join(own, 'content')
  mkdirSync(content)
  const options: RunOptions = {
    data: join(own, 'data'),
    content,
    json: true,
    modem: [],
    number: [],
    'packet-listen': [],
    'sms-modem': [],
    listen: { host: '127.0.0.1', port: 0 },
    'allow-x25519': false,
    node: 'main',
    lifetime: 60,
    'keys-lifetime': 600,
    backend: [],
    'tag-minutes': 15,
    ...more,
  }
  const events: ServerEvent[] = []
  const clock = await clockAt()
  const start = () => startServer(options, clock, (event) => events.push(event))
  return { options, events, clock, start }
}

test('it starts in an empty folder, listens, and gives everything back when it is closed', async (t) => {
  const { options, clock, start } = await setUp(t)
  const server = await start()
  const [host = '', port] = server.internet.split(':')
  const socket = connect(Number(port), host)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  await server.close()
  await once(socket.resume(), 'close')
  await server.close() // harmless when repeated
  t.is(clock.waiting, 0)
  await openData(options.data, false).close()
  const again = await start()
  await again.close()
})

test('the packet port is the line: a card with a packet address on its ticket enrols there', async (t) => {
  const { options, events, start } = await setUp(t, { 'packet-listen': [{ host: '127.0.0.1', port: 0 }] })
  const server = await start()
  t.teardown(() => server.close())
  const store = openData(options.data, false)
  t.teardown(() => store.close())
  const address = 'me:sesame@iot.example/10.0.0.1:7000'
  const card = beginEnrolment(await issueTicket({ store }, 'card-1', undefined, [address]), address)
  const listening = events.find(({ event }) => event === 'packet.listening')
  const socket = connect(Number(String(listening?.address).split(':')[1]), '127.0.0.1')
  await once(socket, 'connect')
  const link = new LinkClient(streamPath(socketStream(socket, systemClock)), systemClock)
  const response = await link.request(card.message, new AbortController().signal)
  t.is(card.finish(response ?? new Uint8Array(0)).verdict.verdict, 'enrolled')
  await Promise.all([once(socket, 'close'), server.close()])
  t.deepEqual(
    events.flatMap(({ event }) => (event.startsWith('packet.') ? [event] : [])),
    ['packet.listening', 'packet.connected', 'packet.ended'],
  )
  t.notRegex(JSON.stringify(events), /sesame/)
})

test('two nodes run on one data folder, each with its own port', async (t) => {
  const { options, start } = await setUp(t)
  const one = await start()
  t.teardown(() => one.close())
  const clock = await clockAt()
  const two = await startServer({ ...options, node: 'other' }, clock, () => {})
  t.teardown(() => two.close())
  t.not(one.internet, two.internet)
})

test('a port that is taken, or content that is not there: told, and nothing stays open', async (t) => {
  const busy = createServer().listen(0, '127.0.0.1')
  await once(busy, 'listening')
  t.teardown(() => busy.close())
  const address = busy.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const taken = await setUp(t, { listen: { host: '127.0.0.1', port: address.port } })
  await t.throwsAsync(taken.start(), { instanceOf: ServerError, message: /^LISTEN_FAILED: 127\.0\.0\.1:\d+ / })
  t.is(taken.clock.waiting, 0)
  await openData(taken.options.data, false).close()
  const empty = await setUp(t, { content: '/nowhere/at/all' })
  await t.throwsAsync(empty.start(), { instanceOf: ServerError, message: /^CONTENT_UNUSABLE/ })
  t.false(existsSync(empty.options.data))
})

test('a modem that is not there is told; the Internet port works all the same', async (t) => {
  const { events, start } = await setUp(t, { modem: ['/dev/no-such-modem'] })
  const server = await start()
  t.like(events, [{ event: 'modem.lost', path: 'line', port: '/dev/no-such-modem' }])
  await server.close()
})
