import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { LinkClient } from '../../../line/link-client.ts'
import { STREAM_TIMING, streamPath } from '../../../line/stream-path.ts'
import { ServerError } from '../../../server/errors.ts'
import { isWildcard, openPacketPort, type PacketPortOptions } from '../../../server/line-port/packet-port.ts'
import { HALF_OPEN_MS, socketStream } from '../../../server/line-port/socket-stream.ts'
import { CALL_MAX_MS } from '../../../server/line-port/taken-call.ts'
import { FakeClock } from '../../fake-clock.ts'

const NEVER = new AbortController().signal

/** A port on the loopback address, with the clock in the hands of the test. */
const { idleMs } = STREAM_TIMING

async function packetPort(t: ExecutionContext, more: Partial<PacketPortOptions> = {}) {
  const clock = new FakeClock()
  const events: string[] = []
  const calls: { readonly peer: string | undefined; closed: number }[] = []
  let wake = (): void => {}
  const port = await openPacketPort({
    listen: [{ host: '127.0.0.1', port: 0 }],
    clock,
    log: ({ event, by }) => {
      events.push([event, by].filter(Boolean).join(' '))
      wake()
    },
    open: (peer) => {
      const call = { peer, closed: 0 }
      calls.push(call)
      return {
        handle: async (message) => Buffer.from(`${message.length} bytes`),
        close: () => {
          call.closed++
        },
      }
    },
    ...more,
  })
  t.teardown(() => port.close())
  const dial = async (): Promise<Socket> => {
    const socket = connect(Number(port.addresses[0]?.split(':')[1]), '127.0.0.1')
    t.teardown(() => socket.destroy())
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }
  /** So many events of this name were seen. */
  const seen = async (event: string, count = 1): Promise<void> => {
    while (events.filter((it) => it.startsWith(event)).length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return { port, clock, events, calls, dial, seen }
}

function asker(socket: Socket, clock: FakeClock): (text: string) => Promise<string> {
  const link = new LinkClient(streamPath(socketStream(socket, clock)), clock)
  return async (text) => Buffer.from((await link.request(Buffer.from(text), NEVER)) ?? []).toString()
}

test('a connection is answered like a call, and hung up when its peer is gone', async (t) => {
  const { clock, calls, dial, seen, events, port } = await packetPort(t)
  const socket = await dial()
  await seen('packet.connected')
  t.is(await asker(socket, clock)('hello'), '5 bytes')
  socket.end()
  await once(socket, 'close')
  await seen('packet.ended')
  t.deepEqual(calls, [{ peer: '127.0.0.1', closed: 1 }])
  t.deepEqual(events, ['packet.listening', 'packet.connected', 'packet.ended remote'])
  t.regex(port.addresses[0] ?? '', /^127\.0\.0\.1:\d+$/)
})

test('a reset connection is one that ended', async (t) => {
  const { calls, dial, seen } = await packetPort(t)
  const socket = await dial()
  await seen('packet.connected')
  socket.resetAndDestroy()
  await seen('packet.ended remote')
  t.is(calls[0]?.closed, 1)
})

test('who says nothing, or talks without end, is hung up', async (t) => {
  const { clock, dial, seen, calls } = await packetPort(t)
  const silent = await dial()
  silent.resume()
  await seen('packet.connected')
  await clock.advance(idleMs)
  await once(silent, 'close')
  await seen('packet.ended local')

  const talker = await dial()
  await seen('packet.connected', 2)
  const ask = asker(talker, clock)
  const begun = clock.now()
  while (calls[1]?.closed === 0 && clock.now() - begun < 2 * CALL_MAX_MS) {
    await ask('again')
    await clock.advance(idleMs / 2)
  }
  t.true(clock.now() - begun <= CALL_MAX_MS + idleMs)
  await seen('packet.ended local', 2)
})

test('a peer that does not close its side is not waited for', async (t) => {
  const { clock, port, seen, events } = await packetPort(t)
  const socket = connect({ port: Number(port.addresses[0]?.split(':')[1]), host: '127.0.0.1', allowHalfOpen: true })
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  socket.resume()
  await seen('packet.connected')
  await clock.advance(idleMs)
  await once(socket, 'end')
  t.false(events.includes('packet.ended local'))
  await clock.advance(HALF_OPEN_MS)
  await seen('packet.ended local')
  t.pass()
})

test('so many at a time, and so many of one peer; who leaves makes room', async (t) => {
  for (const limits of [{ connectionsMax: 2 }, { perPeerMax: 2 }]) {
    const { dial, seen, events, calls } = await packetPort(t, limits)
    const first = await dial()
    await dial()
    await seen('packet.connected', 2)
    const third = await dial()
    third.resume()
    await once(third, 'close')
    t.true(events.includes('packet.refused'))
    t.is(calls.length, 2)
    first.destroy()
    await seen('packet.ended')
    await dial()
    await seen('packet.connected', 3)
  }
})

test('closing ends what stands', async (t) => {
  const { port, dial, seen, calls } = await packetPort(t)
  const socket = await dial()
  socket.resume()
  await seen('packet.connected')
  const closed = once(socket, 'close')
  await port.close()
  await closed
  t.is(calls[0]?.closed, 1)
})

test('all addresses at once are refused, and an address in use; nothing is left open', async (t) => {
  for (const host of ['0.0.0.0', '::', '0::0', '0:0:0:0:0:0:0:0', '::0.0.0.0', '::ffff:0.0.0.0', '::ffff:0:0']) {
    t.true(isWildcard(host), host)
    await t.throwsAsync(packetPort(t, { listen: [{ host, port: 0 }] }), {
      instanceOf: ServerError,
      message: /Internet/,
    })
  }
  for (const host of ['127.0.0.1', '10.0.0.0', '::1', 'fd00::']) t.false(isWildcard(host), host)
  const { port } = await packetPort(t)
  const used = Number(port.addresses[0]?.split(':')[1])
  const free = { host: '127.0.0.1', port: 0 }
  const error = await t.throwsAsync(packetPort(t, { listen: [free, { host: '127.0.0.1', port: used }] }), {
    instanceOf: ServerError,
  })
  t.is(error.code, 'LINE_LISTEN_FAILED')
})
