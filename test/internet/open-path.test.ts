import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { PskAcceptor } from '../../internet/accept.ts'
import { readClientHello } from '../../internet/client-hello.ts'
import { connectPsk, InternetPathError } from '../../internet/connect.ts'
import { connectOpen, InternetOpenError } from '../../internet/connect-open.ts'
import { Secret } from '../../keys/secret.ts'

const demo = (name: string) => readFileSync(new URL(`../../demo/certificate/${name}`, import.meta.url), 'utf8')
const CERTIFICATE = { cert: demo('server.pem'), key: demo('server-key.pem') }
const CA = demo('ca.pem')
const HOST = '127.0.0.1'

async function listen(t: ExecutionContext, onSocket: (socket: Socket) => void): Promise<number> {
  const open = new Set<Socket>()
  const tcp: Server = createServer((socket) => {
    open.add(socket.on('error', () => {}))
    onSocket(socket)
  }).listen(0, HOST)
  await once(tcp, 'listening')
  t.teardown(() => {
    for (const socket of open) socket.destroy()
    tcp.close()
  })
  const address = tcp.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** A port with both sides; the answer says which one it was. */
async function server(t: ExecutionContext, withOpen = true, timeoutMs = 5000) {
  const sessions = new Map([['A'.repeat(22), new Uint8Array(32).fill(1)]])
  const acceptor = new PskAcceptor({
    timeoutMs,
    findPsk: async (identity) => sessions.get(identity),
    onConnection: (socket) => socket.on('error', () => {}).end('session'),
    open: withOpen
      ? { certificate: CERTIFICATE, onConnection: (socket) => socket.on('error', () => {}).end('open') }
      : undefined,
  })
  t.teardown(() => acceptor.close())
  return listen(t, (socket) => acceptor.accept(socket))
}

/** What came before the end; `secured` whether the handshake was done. */
async function raw(port: number, options: ConnectionOptions): Promise<{ secured: boolean; got: string }> {
  const socket: TLSSocket = tlsConnect({ host: HOST, port, ca: CA, servername: 'localhost', ...options })
  let secured = false
  socket.once('secureConnect', () => {
    secured = true
  })
  let got = ''
  socket.on('data', (bytes) => {
    got += bytes
  })
  await new Promise((resolve) => socket.on('error', resolve).once('close', resolve))
  return { secured, got }
}

const psk = (identity: string, byte = 1): ConnectionOptions => ({
  pskCallback: () => ({ identity, psk: Buffer.alloc(32, byte) }),
  checkServerIdentity: () => undefined,
  ciphers: 'TLS_AES_128_GCM_SHA256',
  minVersion: 'TLSv1.3',
})

test('S21: the open side is ordinary HTTPS with the hybrid group, beside sessions on the same port', async (t) => {
  const port = await server(t)
  const socket = await connectOpen({ host: 'localhost', port, ca: CA })
  t.is(socket.getProtocol(), 'TLSv1.3')
  t.is(socket.alpnProtocol, 'http/1.1')
  t.like(socket.getEphemeralKeyInfo(), { name: 'X25519MLKEM768' })
  t.is(await text(socket), 'open')
  const key = { id: 'A'.repeat(22), psk: new Secret(new Uint8Array(32).fill(1)) }
  t.is(await text(await connectPsk(connect(port, HOST), key)), 'session')
})

test('browsers without ML-KEM come in by X25519 and P-256; TLS 1.2 and HTTP/2 alone do not', async (t) => {
  const port = await server(t)
  for (const ecdhCurve of ['X25519', 'P-256', 'P-384:P-256']) {
    t.is((await raw(port, { ecdhCurve })).got, 'open', ecdhCurve)
  }
  for (const options of [{ ecdhCurve: 'P-384' }, { maxVersion: 'TLSv1.2' }, { ALPNProtocols: ['h2'] }] as const) {
    t.is((await raw(port, options)).secured, false, JSON.stringify(options))
  }
})

test('the certificate is checked: another authority, another name, and none at all', async (t) => {
  const port = await server(t)
  const refused = { instanceOf: InternetOpenError, code: 'INTERNET_CERTIFICATE_REFUSED' }
  await t.throwsAsync(connectOpen({ host: 'localhost', port }), refused)
  await t.throwsAsync(connectOpen({ host: '127.0.0.2', port, ca: CA }), {
    instanceOf: InternetOpenError,
    code: 'INTERNET_UNREACHABLE', // listens on 127.0.0.1 alone
  })
  const other = await listen(t, (socket) => socket.pipe(connect(port, HOST).on('error', () => {})).pipe(socket))
  t.is(await text(await connectOpen({ host: '127.0.0.1', port: other, ca: CA })), 'open')
  const closed = await server(t, false)
  await t.throwsAsync(connectOpen({ host: 'localhost', port: closed, ca: CA }), refused)
  const garbage = await listen(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await t.throwsAsync(connectOpen({ host: 'localhost', port: garbage, ca: CA }), refused)
})

test('a server that is not there is told so, and the error says what to do', async (t) => {
  const tcp = createServer().listen(0, HOST)
  await once(tcp, 'listening')
  const address = tcp.address()
  tcp.close()
  await once(tcp, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  const error = await t.throwsAsync(connectOpen({ host: HOST, port: address.port, ca: CA }))
  t.regex(error?.message ?? '', /^INTERNET_UNREACHABLE: 127\.0\.0\.1:\d+ .*; check the connection /)
})

test('S15: who names a session never sees a certificate, whether the session is there or not', async (t) => {
  const port = await server(t)
  for (const options of [
    psk('B'.repeat(22)),
    psk('A'.repeat(22), 2),
    psk('x'),
    psk('B'.repeat(31)),
    psk('B'.repeat(33)),
  ]) {
    t.deepEqual(await raw(port, options), { secured: false, got: '' })
  }
  const key = { id: 'B'.repeat(22), psk: new Secret(new Uint8Array(32).fill(1)) }
  await t.throwsAsync(connectPsk(connect(port, HOST), key), { instanceOf: InternetPathError })
})

test('a terminal is never satisfied with the certificate, even if the server brought one', async (t) => {
  const port = await server(t)
  // As a ticket of the open side would be called: the server takes it for a browser's, the terminal does not.
  const key = { id: 'C'.repeat(32), psk: new Secret(new Uint8Array(32).fill(1)) }
  await t.throwsAsync(connectPsk(connect(port, HOST), key), { instanceOf: InternetPathError })
})

test('OpenSSL’s tickets resume nothing, and bring their owners to the open side again', async (t) => {
  const port = await server(t)
  const first = tlsConnect({ host: 'localhost', port, ca: CA })
  const [session] = (await once(first, 'session')) as [Buffer] // the event's only argument
  first.destroy()
  const offered = new Promise<Buffer>((resolve) => {
    listen(t, (socket) => socket.once('data', resolve)).then((tap) => {
      const near = tlsConnect({ host: 'localhost', port: tap, ca: CA, session }).on('error', () => {})
      t.teardown(() => near.destroy())
    })
  })
  t.is(readClientHello(await offered).type, 'psk')
  const again = tlsConnect({ host: 'localhost', port, ca: CA, session })
  await once(again, 'secureConnect')
  t.false(again.isSessionReused())
  t.is(again.getPeerX509Certificate()?.subject, 'O=Keyline demo\nCN=localhost')
  t.is(await text(again), 'open')
})

test('without a certificate everything is as before: no PSK, no answer', async (t) => {
  const port = await server(t, false, 300)
  t.deepEqual(await raw(port, {}), { secured: false, got: '' })
  const silent = connect(port, HOST).on('error', () => {})
  silent.resume().write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
  await once(silent, 'close')
  t.is(silent.bytesRead, 0)
})

test('plain HTTP and a hello that is never finished get no answer on the open side either', async (t) => {
  const port = await server(t, true, 300)
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\x00', '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03']) {
    const socket = connect(port, HOST).on('error', () => {})
    socket.write(Buffer.from(bytes, 'latin1'))
    socket.resume()
    await once(socket, 'close')
    t.is(socket.bytesRead, 0)
  }
})

test('certificate and key that do not belong together are told at once', (t) => {
  const options = { findPsk: async () => undefined, onConnection: () => {} }
  const open = { onConnection: () => {} }
  const certificate = { cert: CERTIFICATE.cert, key: 'no key' }
  t.throws(() => new PskAcceptor({ ...options, open: { ...open, certificate } }))
  t.throws(() => new PskAcceptor({ ...options, open: { ...open, certificate: { cert: CA, key: CERTIFICATE.key } } }))
})
