import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { RelayEvent, SimEvent } from '../../sim/events.ts'
import { folder, simulator } from './fixture.ts'

/** A server that gives back in capitals what it gets, and ends when its client does. */
async function shouter(t: ExecutionContext): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => socket.write(bytes.toString('latin1').toUpperCase(), 'latin1'))
    socket.on('end', () => socket.end())
    t.teardown(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

function dial(t: ExecutionContext, port: number | undefined): Socket {
  const socket = connect({ port: port ?? 0, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  return socket
}

/** All that comes until the end, or the error's code. */
async function rest(socket: Socket): Promise<string> {
  let text = ''
  try {
    for await (const bytes of socket) text += String(bytes)
    return text
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}

function relay(connection: number, state: RelayEvent['state']) {
  return (event: SimEvent): event is RelayEvent =>
    event.event === 'relay' && event.connection === connection && event.state === state
}

test('all bytes pass both ways, are counted and recorded', async (t) => {
  const record = folder(t)
  const sim = await simulator(t, '--relay', `internet=${await shouter(t)}`, '--record', record)
  const port = sim.ready.relays[0]?.port
  const socket = dial(t, port)
  socket.end('hello')
  t.is(await rest(socket), 'HELLO')
  t.like(await sim.until(relay(1, 'closed')), { name: 'internet', bytesUp: 5, bytesDown: 5 })
  t.is(readFileSync(join(record, 'relay-internet-1-up.bin'), 'latin1'), 'hello')
  t.is(readFileSync(join(record, 'relay-internet-1-down.bin'), 'latin1'), 'HELLO')
  const second = dial(t, port)
  second.end('2')
  t.is(await rest(second), '2')
  await sim.until(relay(2, 'closed'))
  t.is(readFileSync(join(record, 'relay-internet-2-up.bin'), 'latin1'), '2')
})

test('the target can come later, or be refused', async (t) => {
  const sim = await simulator(t, '--relay', 'internet=')
  const port = sim.ready.relays[0]?.port
  t.is(await rest(dial(t, port)), 'ECONNRESET')
  await sim.until(relay(1, 'refused'))
  await sim.command({ do: 'relay', name: 'internet', target: await shouter(t) })
  const socket = dial(t, port)
  socket.end('a')
  t.is(await rest(socket), 'A')
  await sim.command({ do: 'relay', name: 'internet', refuse: true })
  t.is(await rest(dial(t, port)), 'ECONNRESET')
  await sim.command({ do: 'relay', name: 'internet', refuse: false })
  const again = dial(t, port)
  again.end('b')
  t.is(await rest(again), 'B')
})

test('a target that is not there is a reset, and not an orderly end', async (t) => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const sim = await simulator(t, '--relay', `internet=127.0.0.1:${port}`)
  t.is(await rest(dial(t, sim.ready.relays[0]?.port)), 'ECONNRESET')
  await sim.until(relay(1, 'closed'))
})

test('tampering turns bits over on connections that are open', async (t) => {
  const sim = await simulator(t, '--relay', `internet=${await shouter(t)}`)
  const socket = dial(t, sim.ready.relays[0]?.port)
  socket.write('clean')
  t.is(String((await once(socket, 'data'))[0]), 'CLEAN')
  await sim.command({ do: 'relay', name: 'internet', tamper: 1 })
  socket.end('0000')
  const got = await rest(socket)
  t.is(Buffer.byteLength(got) > 0, true)
  t.not(got, '0000')
})

test('a program that breaks off leaves no connection behind', async (t) => {
  const sim = await simulator(t, '--relay', `internet=${await shouter(t)}`)
  const socket = dial(t, sim.ready.relays[0]?.port)
  socket.write('x')
  await once(socket, 'data')
  socket.resetAndDestroy()
  t.like(await sim.until(relay(1, 'closed')), { bytesUp: 1, bytesDown: 1 })
})

test('a megabyte passes each way, in order, whatever its bytes', async (t) => {
  const record = folder(t)
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.pipe(socket)
    t.teardown(() => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const sim = await simulator(t, '--relay', `internet=${target}`, '--record', record)
  const all = Buffer.from(Array.from({ length: 1 << 20 }, (_, index) => (index * 31 + (index >> 8)) & 0xff))
  const socket = dial(t, sim.ready.relays[0]?.port)
  const got: Buffer[] = []
  socket.on('data', (bytes: Buffer) => got.push(bytes))
  socket.end(all)
  await once(socket, 'end')
  t.true(Buffer.concat(got).equals(all))
  t.like(await sim.until(relay(1, 'closed')), { bytesUp: all.length, bytesDown: all.length })
  t.true(readFileSync(join(record, 'relay-internet-1-up.bin')).equals(all))
  t.true(readFileSync(join(record, 'relay-internet-1-down.bin')).equals(all))
})

test('connections do not disturb each other; more than 64 at a time are refused', async (t) => {
  const sim = await simulator(t, '--relay', `internet=${await shouter(t)}`)
  const sockets: Socket[] = []
  for (let n = 0; n < 64; n++) {
    const socket = dial(t, sim.ready.relays[0]?.port)
    socket.write(`c${n}.`)
    t.is(String((await once(socket, 'data'))[0]), `C${n}.`)
    sockets.push(socket)
  }
  t.is(await rest(dial(t, sim.ready.relays[0]?.port)), 'ECONNRESET')
  await sim.until(relay(65, 'refused'))
  sockets[7]?.end()
  await sim.until(relay(8, 'closed'))
  const next = dial(t, sim.ready.relays[0]?.port)
  next.end('free again')
  t.is(await rest(next), 'FREE AGAIN')
})
