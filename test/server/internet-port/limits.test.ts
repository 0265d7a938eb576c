import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import test from 'ava'
import { HalfOpen } from '../../../server/internet-port/half-open.ts'
import { dialTo, portWorld, until } from './port-world.ts'

/** Both ends of each are in this process: twice as many file descriptors. */
const IDLE = 5000
/** Linux has all of 127.0.0.0/8; each address stands for an attacker's machine. */
const ADDRESSES = 25

test('5,000 idle half-open connections do not stop a good one, from their own address or another', async (t) => {
  const it = await portWorld(t)
  const port = Number(it.port.address.split(':')[1])
  const idle: Socket[] = []
  t.teardown(() => {
    for (const socket of idle) socket.destroy()
  })
  for (let n = 0; n < IDLE; n += 250) {
    const batch = Array.from({ length: 250 }, (_, at) => {
      const localAddress = `127.0.0.${1 + ((n + at) % ADDRESSES)}`
      return connect({ host: '127.0.0.1', port, localAddress }).on('error', () => {})
    })
    idle.push(...batch)
    await Promise.all(batch.map((socket) => once(socket, 'connect')))
  }
  await until(() => it.port.halfOpen > 4000)
  t.true(it.port.halfOpen <= 4096)
  const one = await it.opened() // 127.0.0.1, as 200 of them
  t.is((await one.ask('GET', '/menu')).status, 200)
  t.is(it.port.connections, 1)
  t.log(`${IDLE} connections from ${ADDRESSES} addresses, ${it.port.halfOpen} kept`)
})

test('beyond the bound for one address its oldest half-open connection ends, and no other address’s', async (t) => {
  const it = await portWorld(t, { limits: { halfOpenPerAddress: 3 } })
  const other = dialTo(t, it.port, '127.0.0.2')
  await once(other, 'connect')
  const sockets: Socket[] = []
  for (let n = 0; n < 5; n++) {
    const socket = it.dial().resume()
    await once(socket, 'connect')
    await until(() => it.port.halfOpen === Math.min(n + 1, 3) + 1)
    sockets.push(socket)
  }
  await Promise.all(sockets.slice(0, 2).map(async (socket) => socket.closed || once(socket, 'close')))
  for (const socket of [...sockets.slice(2), other]) t.false(socket.closed)
  t.is((await (await it.opened()).ask('GET', '/menu')).status, 200)
})

test('a connection that never proves its key ends by itself', async (t) => {
  const it = await portWorld(t, { limits: { handshakeMs: 50 } })
  const socket = it.dial().resume()
  await once(socket, 'close')
  t.is(socket.bytesRead, 0)
  await until(() => it.port.halfOpen === 0)
})

test('the bounds of half-open connections themselves', (t) => {
  const ended: string[] = []
  const halfOpen = new HalfOpen(3, 2)
  const add = (remoteAddress: string, remotePort: number): void => {
    const closers: (() => void)[] = []
    const socket = {
      remoteAddress,
      remotePort,
      once: (_event: 'close', run: () => void) => closers.push(run),
      destroy: () => {
        ended.push(`${remoteAddress} ${remotePort}`)
        for (const run of closers) run()
      },
    }
    halfOpen.add(socket as unknown as Socket) // all that it uses of one
  }
  add('a', 1)
  add('a', 2)
  add('a', 3)
  t.deepEqual(ended, ['a 1'])
  add('b', 1)
  add('c', 1)
  t.deepEqual(ended, ['a 1', 'a 2'])
  t.is(halfOpen.size, 3)
  halfOpen.proved({ remoteAddress: 'b', remotePort: 1 } as Socket) // all that it uses of one
  t.is(halfOpen.size, 2)
  halfOpen.destroyAll()
  t.deepEqual(ended, ['a 1', 'a 2', 'a 3', 'c 1'])
  t.is(halfOpen.size, 0)
})

test('one session has a bounded number of connections, and all sessions together too', async (t) => {
  const it = await portWorld(t, { limits: { connectionsPerSession: 2, connections: 3 } })
  const [key] = await it.keys()
  const [other] = await it.keys()
  const kept = [await it.terminal(key), await it.terminal(key)]
  await until(() => it.port.connections === 2)
  await (await it.terminal(key)).ended()
  kept.push(await it.terminal(other))
  await until(() => it.port.connections === 3)
  await (await it.terminal(other)).ended()
  t.is((await kept[0]?.login())?.status, 200)
  for (const one of kept.slice(0, 2)) t.is((await one.ask('GET', '/session')).status, 200)
  kept[0]?.socket.destroy()
  await until(() => it.port.connections === 2)
  t.is((await (await it.terminal(other)).login()).status, 200)
})

test('a connection that asks for nothing, or not again, ends', async (t) => {
  const it = await portWorld(t)
  const [key] = await it.keys()
  const silent = await it.terminal(key)
  const slow = await it.terminal(key)
  await until(() => it.port.connections === 2)
  slow.socket.write('GET /menu HTTP/1.1\r\nhost: ')
  await it.clock.advance(14_999)
  const asking = await it.terminal(key)
  t.is((await asking.login()).status, 200)
  await it.clock.advance(1)
  await Promise.all([silent.ended(), slow.ended()])
  await it.clock.advance(60_000)
  t.is((await asking.ask('GET', '/menu')).status, 200)
  await it.clock.advance(75_000)
  await asking.ended()
})

test('a body that does not come is not waited for', async (t) => {
  const it = await portWorld(t)
  const one = await it.terminal((await it.keys())[0])
  const head = 'POST /session HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\nexpect: 100-continue\r\n\r\n'
  one.socket.write(`${head}{"userId"`)
  const [go] = await once(one.socket, 'data')
  t.regex(String(go), /^HTTP\/1\.1 100 /) // it waits for the body now
  const answer = text(one.socket)
  await it.clock.advance(10_000)
  t.regex(await answer, /^HTTP\/1\.1 408 .*"code":"REQUEST_TIMEOUT"/s)
})

test('what is no HTTP gets a JSON error, and the connection ends; other connections do not', async (t) => {
  const it = await portWorld(t)
  const good = await it.opened()
  for (const bytes of [
    'HELLO\r\n\r\n',
    'GET /menu HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    `GET /menu HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(10_000)}\r\n\r\n`,
    'GET /me nu HTTP/1.1\r\nhost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: x\nbad header\r\n\r\n',
  ]) {
    const one = await it.terminal((await it.keys())[0])
    one.socket.write(bytes)
    t.regex(await text(one.socket), /^HTTP\/1\.1 400 .*"code":"HTTP_INVALID"/s)
  }
  t.is((await good.ask('GET', '/menu')).status, 200)
  await it.port.close()
  await good.ended()
})

test('requests that do not wait for answers are each checked', async (t) => {
  const it = await portWorld(t)
  const one = await it.terminal((await it.keys())[0])
  const body = JSON.stringify({ userId: 'alice', password: 'wrong' })
  const login = `POST /session HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`
  const menu = 'GET /menu HTTP/1.1\r\nhost: x\r\n\r\n'
  one.socket.write(`${menu}${login}${menu}`)
  const statuses = [...(await text(one.socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  // The last one ends the connection, whether the 401 is out or not: its session is gone.
  t.regex(statuses.join(), /^403(,401)?$/)
})
