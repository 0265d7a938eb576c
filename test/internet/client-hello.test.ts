import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import test from 'ava'
import { CLIENT_HELLO_MAX, readClientHello } from '../../internet/client-hello.ts'
import { connectPsk } from '../../internet/connect.ts'
import { Secret } from '../../keys/secret.ts'
import { seeded } from '../random.ts'

const SEED = 20_000_523

/** The first bytes that the real client sends for this identity. */
async function realHello(id: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const socket = connect(address.port, '127.0.0.1')
  const failing = connectPsk(socket, { id, psk: new Secret(new Uint8Array(32).fill(1)) }).catch(() => undefined)
  const [peer] = (await once(server, 'connection')) as [Socket] // the event's only argument is the connection
  const [bytes] = (await once(peer, 'data')) as [Buffer] // no encoding was set
  peer.destroy()
  await failing
  server.close()
  return bytes
}

test('the identity of a real ClientHello, and nothing from any part of it', async (t) => {
  const hello = await realHello('alpha-identity')
  t.deepEqual(readClientHello(hello), { type: 'psk', identity: 'alpha-identity' })
  for (let at = 0; at < hello.length; at++) t.is(readClientHello(hello.subarray(0, at)).type, 'incomplete')
})

test('a hello spread over several records is joined (RFC 8446 §5.1)', async (t) => {
  const hello = await realHello('alpha')
  const body = hello.subarray(5)
  const records = [body.subarray(0, 100), body.subarray(100)].map((part) =>
    Buffer.concat([Uint8Array.of(22, 3, 1, part.length >> 8, part.length & 255), part]),
  )
  t.deepEqual(readClientHello(Buffer.concat(records)), { type: 'psk', identity: 'alpha' })
})

test('a hello without any PSK is open, from every cut of it incomplete; a cut inside its lengths is malformed', async (t) => {
  const hello = await realHello('alpha')
  const at = hello.length - 2 - (2 + 7 + 4) - (2 + 33) - 2 // type of the last extension: identities, binders, and their lengths
  t.is(hello.readUInt16BE(at), 41)
  const open = Buffer.from(hello)
  open.writeUInt16BE(0xfafa, at) // an extension that nobody knows (RFC 8701)
  t.deepEqual(readClientHello(open), { type: 'open' })
  for (let cut = 0; cut < open.length; cut++) t.is(readClientHello(open.subarray(0, cut)).type, 'incomplete')
  const short = Buffer.from(open)
  short.writeUInt16BE(hello.readUInt16BE(at + 2) + 1, at + 2)
  t.like(readClientHello(short), { type: 'refused', why: 'ClientHello is malformed' })
})

test('other protocols, other handshake messages and endless hellos are refused', (t) => {
  const refused = (...bytes: number[]) => t.is(readClientHello(Uint8Array.from(bytes)).type, 'refused')
  refused(0x47, 0x45, 0x54)
  refused(22, 3, 1, 0, 0)
  refused(22, 3, 1, 0, 4, 2, 0, 0, 0)
  refused(22, 3, 1, 0, 4, 1, 1, 0, 0)
  t.is(readClientHello(new Uint8Array(CLIENT_HELLO_MAX + 1).fill(22)).type, 'refused')
})

test('100,000 mutated hellos throw nothing', async (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const hello = await realHello('alpha')
  const kinds = new Map<string, number>()
  for (let n = 0; n < 100_000; n++) {
    const bytes = Buffer.from(hello)
    for (let k = random(6); k >= 0; k--) bytes[random(bytes.length)] = random(256)
    const { type } = readClientHello(bytes.subarray(0, 1 + random(2 * bytes.length)))
    kinds.set(type, (kinds.get(type) ?? 0) + 1)
  }
  for (const type of ['refused', 'psk', 'open', 'incomplete']) t.true((kinds.get(type) ?? 0) > 0, type)
})
