import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { PskAcceptor } from '../../internet/accept.ts'
import { dialPsk, InternetPathError, type OnBytes } from '../../internet/connect.ts'
import { SlabWriter } from '../../internet/relay.ts'
import { Secret } from '../../keys/secret.ts'

const HOST = '127.0.0.1'
const PSK = new Uint8Array(32).fill(7)
const key = (byte = 7) => ({ id: 'alpha', psk: new Secret(new Uint8Array(32).fill(byte)) })

async function server(t: ExecutionContext, onConnection: (socket: Socket) => void) {
  const open = new Set<Socket>()
  const acceptor = new PskAcceptor({ findPsk: async () => PSK, onConnection, timeoutMs: 5000 })
  const tcp = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => {})
    acceptor.accept(socket)
  })
  tcp.listen(0, HOST)
  await once(tcp, 'listening')
  t.teardown(() => {
    acceptor.close()
    for (const socket of open) socket.destroy()
    tcp.close()
  })
  const { port } = tcp.address() as AddressInfo // it listens on TCP
  return (onBytes: OnBytes, byte?: number) => dialPsk({ host: HOST, port, onBytes, opened: () => {} }, key(byte))
}

test('bulk bytes come whole and in their order, and the end after them', async (t) => {
  const sent = randomBytes(3_000_000)
  const dial = await server(t, (socket) => socket.on('error', () => {}).end(sent))
  const hash = createHash('sha256')
  let length = 0
  const socket = await dial((bytes) => {
    hash.update(bytes)
    length += bytes.length
    return true
  })
  await once(socket, 'close')
  t.is(length, sent.length)
  t.is(hash.digest('hex'), createHash('sha256').update(sent).digest('hex'))
})

test('who wants nothing more gets nothing more, until it says so', async (t) => {
  const dial = await server(t, (socket) => socket.on('error', () => {}).write(randomBytes(1_000_000)))
  let wanted = false
  let length = 0
  let calls = 0
  const socket = await dial((bytes) => {
    calls++
    length += bytes.length
    return wanted
  })
  while (calls === 0) await turn()
  const before = calls
  for (let n = 0; n < 50; n++) await turn()
  t.is(calls, before, 'bytes came to who wanted none')
  wanted = true
  socket.resume()
  while (length < 1_000_000) await turn()
  t.is(length, 1_000_000)
  socket.destroy()
})

test('a wrong key opens nothing; nobody there is told as such', async (t) => {
  const dial = await server(t, (socket) => socket.destroy())
  await t.throwsAsync(
    dial(() => true, 8),
    { instanceOf: InternetPathError },
  )
  const gone = createServer().listen(0, HOST)
  await once(gone, 'listening')
  const { port } = gone.address() as AddressInfo // it listens on TCP
  gone.close()
  await once(gone, 'close')
  const refused = dialPsk({ host: HOST, port, onBytes: () => true, opened: () => {} }, key())
  await t.throwsAsync(refused, { code: 'ECONNREFUSED' })
})

test('slabs: what is pushed in memory that is used again arrives as it was, however slow the target is', async (t) => {
  const source = randomBytes(2_000_000)
  const seen: Buffer[] = []
  const target = new Writable({
    highWaterMark: 100_000,
    write: (chunk: Buffer, _encoding, done) => {
      // Kept by reference until it is done, as a socket does.
      setImmediate(() => {
        seen.push(Buffer.from(chunk))
        done()
      })
    },
  })
  const out = new SlabWriter(target)
  const shared = Buffer.alloc(16_384)
  let waited = 0
  for (let at = 0; at < source.length; at += shared.length) {
    const length = source.copy(shared, 0, at)
    if (!out.push(shared.subarray(0, length))) {
      waited++
      await once(target, 'drain')
    }
  }
  out.flush()
  target.end()
  await once(target, 'finish')
  t.true(Buffer.concat(seen).equals(source))
  t.true(waited > 0)
  t.true(seen.length < source.length / shared.length, 'each piece was written alone')
})
