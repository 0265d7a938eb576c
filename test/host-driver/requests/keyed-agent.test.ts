import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'ava'
import { send } from '../../../host-driver/requests/http.ts'
import { keyedAgent } from '../../../host-driver/requests/keyed-agent.ts'
import { Secret } from '../../../keys/secret.ts'
import { until } from '../fake-card.ts'
import { loggedIn, world } from '../world.ts'

const key = () => ({ id: 'id', psk: new Secret(new Uint8Array(32).fill(1)) })

test('addresses: names, IPv4, IPv6 in brackets, and nothing else', (t) => {
  for (const address of ['server.example:443', '127.0.0.1:1', '[::1]:65535', 'a-b:1']) {
    t.notThrows(() => keyedAgent(address, key()).destroy(), address)
  }
  for (const address of [
    '',
    'a',
    ':1',
    'a:',
    'a:0',
    'a:65536',
    'a:1:2',
    '::1:1',
    '[a b]:1',
    'a/b:1',
    'u@a:1',
    'a:1 ',
  ]) {
    t.throws(() => keyedAgent(address, key()), { code: 'CARD_PROTOCOL' }, address)
  }
})

test('nobody there, and nobody of that name', async (t) => {
  for (const address of ['127.0.0.1:1', 'no-such-host.invalid:443']) {
    const link = keyedAgent(address, key())
    t.teardown(() => link.destroy())
    const error = await t.throwsAsync(send({ agent: link.agent, host: 'x' }, '/'), { code: 'INTERNET_UNREACHABLE' })
    t.true(error?.message.startsWith(address), error?.message)
  }
})

test('the request never decides where the connection goes', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  t.is(session.server, w.server.internet)
  const response = await session.fetch('/echo', { headers: { host: 'elsewhere.example' } })
  t.like(await response.json(), { host: 'elsewhere.example' })
  t.is(w.server.connections, 1)
})

test('connections of one session are bounded, and requests wait their turn', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  w.server.add('x', Buffer.from('x'))
  const stop = new AbortController()
  for (let n = 0; n < 8; n++) w.server.mischief.push({ hang: true })
  const hanging = Array.from({ length: 8 }, () => session.fetch('/content/x', { signal: stop.signal }))
  const waits = session.fetch('/menu')
  await until(() => w.server.seen.filter((line) => line === 'GET /content/x').length === 8)
  t.is(w.server.connections, 8)
  t.false(w.server.seen.includes('GET /menu'))
  stop.abort()
  await Promise.all(hanging.map((request) => t.throwsAsync(request, { code: 'CANCELLED' })))
  t.is((await waits).status, 200)
})

test('a retired agent closes what is idle and makes nothing new', async (t) => {
  let closed = 0
  const tcp = createServer((socket) => {
    socket.on('error', () => {}).on('close', () => closed++)
  }).listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  t.teardown(() => tcp.close())
  const address = tcp.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const link = keyedAgent(`127.0.0.1:${address.port}`, key())
  link.retire()
  await t.throwsAsync(send({ agent: link.agent, host: 'x' }, '/'), { code: 'INTERNET_BROKEN' })
  link.destroy()
  await t.throwsAsync(send({ agent: link.agent, host: 'x' }, '/'), { code: 'SESSION_CLOSED' })
  await until(() => closed === 2)
  t.pass()
})

test('a server that takes the connection and says nothing more is given up with the session', async (t) => {
  const tcp = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  t.teardown(() => tcp.close())
  const address = tcp.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const link = keyedAgent(`127.0.0.1:${address.port}`, key())
  const request = send({ agent: link.agent, host: 'x' }, '/')
  await once(tcp, 'connection')
  link.destroy()
  const error = await t.throwsAsync(request)
  // Which one depends on whose end sees the connection first.
  const codes = ['INTERNET_PATH_REFUSED', 'INTERNET_BROKEN', 'SESSION_CLOSED']
  t.true(codes.includes(error && 'code' in error ? String(error.code) : ''), String(error))
})
