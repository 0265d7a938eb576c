import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type ExecutionContext } from 'ava'
import { PskAcceptor } from '../../internet/accept.ts'
import { connectPsk, InternetPathError } from '../../internet/connect.ts'
import { Secret } from '../../keys/secret.ts'

const key = (id: string, byte: number) => ({ id, psk: new Secret(new Uint8Array(32).fill(byte)) })

async function server(t: ExecutionContext, keys: Map<string, Uint8Array>, timeoutMs = 5000) {
  const open = new Set<Socket>()
  const acceptor = new PskAcceptor({
    timeoutMs,
    findPsk: async (identity) => keys.get(identity),
    onConnection: (socket, identity) =>
      socket.on('error', () => {}).end(`hello ${identity} ${socket.getCipher().name}`),
  })
  const tcp: Server = createServer((socket) => {
    open.add(socket)
    acceptor.accept(socket)
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  t.teardown(() => {
    acceptor.close()
    for (const socket of open) socket.destroy()
    tcp.close()
  })
  const address = tcp.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return () => connect(address.port, '127.0.0.1')
}

test('S11–S17: the session key opens the path', async (t) => {
  const dial = await server(t, new Map([['alpha', new Uint8Array(32).fill(1)]]))
  const socket = await connectPsk(dial(), key('alpha', 1))
  t.is(socket.getProtocol(), 'TLSv1.3')
  t.is(await text(socket), 'hello alpha TLS_AES_128_GCM_SHA256')
})

test('S15: an unknown identity, a wrong key and an erased key open nothing', async (t) => {
  const keys = new Map([['alpha', new Uint8Array(32).fill(1)]])
  const dial = await server(t, keys)
  await t.throwsAsync(connectPsk(dial(), key('beta', 1)), { instanceOf: InternetPathError })
  await t.throwsAsync(connectPsk(dial(), key('alpha', 2)), { instanceOf: InternetPathError })
  keys.delete('alpha')
  await t.throwsAsync(connectPsk(dial(), key('alpha', 1)), { instanceOf: InternetPathError })
})

test('a ClientHello that comes byte by byte is waited for', async (t) => {
  const dial = await server(t, new Map([['alpha', new Uint8Array(32).fill(1)]]))
  const near = createServer((socket) => {
    const far = dial().setNoDelay()
    far.pipe(socket)
    socket.on('data', (chunk) => {
      for (const byte of chunk) far.write(Uint8Array.of(byte))
    })
    far.on('error', () => socket.destroy())
    socket.on('error', () => far.destroy()).on('close', () => far.destroy())
  }).listen(0, '127.0.0.1')
  await once(near, 'listening')
  t.teardown(() => near.close())
  const address = near.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const socket = await connectPsk(connect(address.port, '127.0.0.1'), key('alpha', 1))
  t.regex(await text(socket), /^hello alpha/)
  socket.destroy()
})

test('garbage, plain HTTP and a never finished ClientHello are closed without an answer', async (t) => {
  const dial = await server(t, new Map(), 200)
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00', '\x16\x03\x01\x00\x00', '\0'.repeat(9000)]) {
    const socket = dial().on('error', () => {})
    socket.write(Buffer.from(bytes, 'latin1'))
    socket.resume()
    await once(socket, 'close')
    t.is(socket.bytesRead, 0)
  }
})
