import test from 'ava'
import { CipherState, NoiseError } from '../../keys/noise.ts'
import { Secret } from '../../keys/secret.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardExchange, type LineChannel, type LineIdentity, ServerExchange } from '../../line/exchange.ts'
import { SEAL_BYTES, SecureChannel } from '../../line/secure-channel.ts'
import { seeded } from '../random.ts'

const SEED = 8_439
const MUTATIONS = 20_000
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** Both ends' channels of one exchange. */
function exchanged(): [card: LineChannel, server: LineChannel] {
  const [card, server] = [keyPair(), keyPair()]
  const end = (own: typeof card, peer: Uint8Array): LineIdentity => {
    return { own, peer, ratchet: new Secret(new Uint8Array(32).fill(5)), calledAddress: '1' }
  }
  const call = CardExchange.start(end(card, server.publicKey), Buffer.from('tag'))
  const far = new ServerExchange(end(server, card.publicKey), call.request).respond(Buffer.from('accepted'))
  return [call.finish(far.response).channel, far.channel]
}

function pair(): [card: SecureChannel, server: SecureChannel] {
  const [card, server] = exchanged()
  return [new SecureChannel(card), new SecureChannel(server)]
}

test('a request and its response, as often as both ends like', (t) => {
  const [card, server] = pair()
  for (let n = 0; n < 10; n++) {
    t.is(text(server.open(card.seal(Buffer.from(`request ${n}`)))), `request ${n}`)
    t.is(text(card.open(server.seal(Buffer.from(`response ${n}`)))), `response ${n}`)
  }
})

test('the same plaintext is never the same bytes, and a message is 16 bytes longer than it', (t) => {
  const [card] = pair()
  const seen = new Set(Array.from({ length: 50 }, () => Buffer.from(card.seal(new Uint8Array(32))).toString('hex')))
  t.is(seen.size, 50)
  for (const it of seen) t.is(it.length / 2, 32 + SEAL_BYTES)
})

test('a closed channel neither seals nor opens: nothing ever goes through it in clear', (t) => {
  const [near, far] = exchanged()
  const [card, server] = [new SecureChannel(near), new SecureChannel(far)]
  const sealed = card.seal(Buffer.from('card data'))
  card.close()
  card.close()
  server.close()
  // What the rule is for: a cipher whose key was erased lets everything through (Noise §5.1).
  t.is(text(new CipherState().encryptWithAd(new Uint8Array(0), Buffer.from('card data'))), 'card data')
  t.throws(() => card.seal(Buffer.from('card data')), { instanceOf: NoiseError })
  t.throws(() => card.open(sealed), { instanceOf: NoiseError })
  t.throws(() => server.open(sealed), { instanceOf: NoiseError })
  for (const { send, receive } of [near, far]) t.false(send.hasKey() || receive.hasKey())
})

test('a fault closes it and erases both keys', (t) => {
  const [near, far] = exchanged()
  const [card, server] = [new SecureChannel(near), new SecureChannel(far)]
  const good = card.seal(Buffer.from('x'))
  t.throws(() => server.open(good.subarray(1)), { instanceOf: NoiseError })
  t.false(far.send.hasKey() || far.receive.hasKey())
  t.throws(() => server.open(good), { instanceOf: NoiseError, message: /earlier fault/ })
  t.throws(() => server.seal(good), { instanceOf: NoiseError })
})

test('repeated, left out, in another order, from the other end or from another call: refused', (t) => {
  const wrong: ((card: SecureChannel, server: SecureChannel) => void)[] = [
    (card, server) => {
      const once = card.seal(Buffer.from('x'))
      server.open(once)
      server.open(once)
    },
    (card, server) => {
      card.seal(Buffer.from('x'))
      server.open(card.seal(Buffer.from('y')))
    },
    (_, server) => server.open(server.seal(Buffer.from('x'))),
    (_, server) => server.open(pair()[0].seal(Buffer.from('x'))),
    (_, server) => server.open(new Uint8Array(0)),
    (_, server) => server.open(new Uint8Array(SEAL_BYTES)),
  ]
  for (const run of wrong) t.throws(() => run(...pair()), { instanceOf: NoiseError })
})

test(`${MUTATIONS} mutated messages, and none opens (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const [card, server] = exchanged()
  const golden = card.send.encryptWithAd(new Uint8Array(0), Buffer.from('the personal data'))
  let opened = 0
  for (let n = 0; n < MUTATIONS; n++) {
    const bytes = Buffer.from(golden)
    for (let k = random(3); k >= 0; k--) bytes[random(bytes.length)] = random(256)
    const cut = random(3) === 0 ? bytes.subarray(0, random(bytes.length + 1)) : bytes
    if (cut.equals(golden)) continue
    try {
      // Below the channel, which would be closed by the first of them.
      server.receive.decryptWithAd(new Uint8Array(0), cut)
      opened++
    } catch (error) {
      if (!(error instanceof NoiseError)) throw error
    }
  }
  t.is(opened, 0)
  t.is(text(new SecureChannel(server).open(golden)), 'the personal data')
})
