import { createHash, randomBytes } from 'node:crypto'
import { type AddressInfo, connect, createServer } from 'node:net'
import test from 'ava'
import { openForward } from '../../host-driver/forward/forward.ts'
import { openTunnel } from '../../host-driver/forward/tunnel.ts'
import { enrolled, session, withTerminal } from './fixture.ts'

const BYTES = 3_000_000

test('raw TCP goes under the session key to the backend that the operator allowed, and nowhere else', async (t) => {
  t.timeout(120_000)
  // Answers only when the other end has said all: half-closes must pass.
  const backend = createServer({ allowHalfOpen: true }, (socket) => {
    const hash = createHash('sha256')
    socket
      .on('data', (part) => hash.update(part))
      .on('end', () => socket.end(`${hash.digest('hex')}${'x'.repeat(BYTES)}`))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  t.teardown(() => backend.close())
  const { port } = backend.address() as AddressInfo
  const free = await closedPort()
  const world = await enrolled(t, {
    server: ['--backend', `echo=127.0.0.1:${port}`, '--backend', `dead=127.0.0.1:${free}`],
  })
  const opened = await withTerminal(world, session)
  await t.throwsAsync(openTunnel(opened, 'other'), { code: 'BACKEND_UNKNOWN' })
  await t.throwsAsync(openTunnel(opened, 'dead'), { code: 'BACKEND_UNREACHABLE' })
  for (const name of ['127.0.0.1:22', 'echo/../x', '', 'a b', 'ECHO', 'x'.repeat(33)]) {
    await t.throwsAsync(openTunnel(opened, name), { code: 'INPUT_INVALID' }, name)
  }
  const faults: string[] = []
  const forward = await openForward({
    port: 0,
    name: 'echo',
    session: () => opened,
    onFault: ({ code }) => faults.push(code),
  })
  t.teardown(() => forward.close())
  const sent = randomBytes(BYTES)
  const sizes = await Promise.all([1, 2, 3, 4].map(() => through(forward.port, sent)))
  const hash = createHash('sha256').update(sent).digest('hex')
  for (const back of sizes) {
    t.is(back.subarray(0, 64).toString(), hash)
    t.is(back.length, 64 + BYTES)
  }
  // The key is erased: what runs is cut, and nothing new comes about.
  const running = connect(forward.port, '127.0.0.1')
  running.on('error', () => {})
  await new Promise((resolve) => running.once('connect', resolve))
  await world.server.until(({ event }) => event === 'forward.closed')
  await opened.close()
  await new Promise((resolve) => running.destroyed || running.once('close', resolve).resume())
  t.is((await through(forward.port, Buffer.from('late'))).length, 0)
  t.true(faults.includes('SESSION_CLOSED'))
  await t.throwsAsync(openForward({ port: forward.port, name: 'echo', session: () => opened, onFault: () => {} }), {
    code: 'FORWARD_PORT_IN_USE',
  })
})

function through(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('data', (part: Buffer) => parts.push(part))
    socket.on('error', () => {})
    socket.once('end', () => socket.end())
    socket.once('close', () => resolve(Buffer.concat(parts)))
    socket.end(bytes)
  })
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
