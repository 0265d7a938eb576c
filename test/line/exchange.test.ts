import test from 'ava'
import { NoiseError } from '../../keys/noise.ts'
import { cardHint } from '../../keys/ratchet.ts'
import { Secret } from '../../keys/secret.ts'
import { keyPair } from '../../keys/x25519.ts'
import { CardExchange, type LineIdentity, requestHint, ServerExchange } from '../../line/exchange.ts'
import { SEAL_BYTES, SecureChannel } from '../../line/secure-channel.ts'
import { encodeFrame } from '../../wire/line/frame.ts'
import { encodeLoginRequest, encodeLoginResponse } from '../../wire/line/login.ts'

function pair(cardCalls = '0312345678', ratchet = 5): [card: LineIdentity, server: LineIdentity] {
  const card = keyPair()
  const server = keyPair()
  const make = (byte: number) => new Secret(new Uint8Array(32).fill(byte))
  return [
    { own: card, peer: server.publicKey, ratchet: make(5), calledAddress: cardCalls },
    { own: server, peer: card.publicKey, ratchet: make(ratchet), calledAddress: '0312345678' },
  ]
}

test('S2–S7: one message each way, then both hold the same hash, ratchet and channel', (t) => {
  const [card, server] = pair()
  const call = CardExchange.start(card, Buffer.from('login'))
  t.deepEqual(requestHint(call.request), Buffer.from(cardHint(server.ratchet)))
  const answer = new ServerExchange(server, call.request)
  t.is(Buffer.from(answer.payload).toString(), 'login')
  const far = answer.respond(Buffer.from('permitted'))
  const near = call.finish(far.response)
  t.is(Buffer.from(near.payload).toString(), 'permitted')
  t.deepEqual(near.channel.handshakeHash, far.channel.handshakeHash)
  t.true(near.channel.nextRatchet.equals(far.channel.nextRatchet))
  const sealed = near.channel.send.encryptWithAd(new Uint8Array(0), Buffer.from('tag'))
  t.is(Buffer.from(far.channel.receive.decryptWithAd(new Uint8Array(0), sealed)).toString(), 'tag')
})

test('another number, another ratchet or another card does not authenticate', (t) => {
  for (const [card, server] of [pair('0399999999'), pair('0312345678', 6)]) {
    const { request } = CardExchange.start(card, Buffer.from('login'))
    t.throws(() => new ServerExchange(server, request), { instanceOf: NoiseError })
  }
  const [, server] = pair()
  t.throws(() => new ServerExchange(server, CardExchange.start(pair()[0], Buffer.from('x')).request), {
    instanceOf: NoiseError,
  })
})

test('a response that anyone touched ends the exchange', (t) => {
  const [card, server] = pair()
  const call = CardExchange.start(card, Buffer.from('login'))
  const { response } = new ServerExchange(server, call.request).respond(Buffer.from('permitted'))
  const touched = Uint8Array.from(response)
  touched[40]! ^= 1
  t.throws(() => call.finish(touched), { instanceOf: NoiseError })
  t.throws(() => call.finish(response), { instanceOf: NoiseError, message: /out of turn/ })
})

test('a login with one session key is far under 290 bytes each way on a call', (t) => {
  const [card, server] = pair()
  const key = keyPair().publicKey
  const login = encodeLoginRequest({ userId: 'alice@example', password: 'correct-horse-1', terminalKeys: [key] })
  const call = CardExchange.start(card, login)
  const { response } = new ServerExchange(server, call.request).respond(
    encodeLoginResponse({ verdict: 'permitted', serverKeys: [key], lifetimeSeconds: 3600, secretRoutes: ['/pay'] }),
  )
  t.is(call.request.length, 8 + 32 + login.length + 16)
  t.true(encodeFrame(call.request).length <= 290)
  t.true(encodeFrame(response).length <= 290)
})

test('a request too short for a hint is refused', (t) => {
  t.throws(() => requestHint(new Uint8Array(7)), { instanceOf: NoiseError })
})

test('after a loss of power the same request goes out again, and the first answer is still good', (t) => {
  const [card, server] = pair()
  const before = CardExchange.start(card, Buffer.from('login'))
  const { response, channel } = new ServerExchange(server, before.request).respond(Buffer.from('permitted'))
  const after = CardExchange.repeat(card, before.pending)
  t.deepEqual(after.request, before.request)
  const near = after.finish(response)
  t.is(Buffer.from(near.payload).toString(), 'permitted')
  t.true(near.channel.nextRatchet.equals(channel.nextRatchet))
})

test('a pending request of another card, ratchet or key is not taken up', (t) => {
  const [card] = pair()
  const { pending } = CardExchange.start(card, Buffer.from('login'))
  t.throws(() => CardExchange.repeat(pair()[0], pending), { instanceOf: NoiseError })
  const other = { ...pending, ephemeral: new Secret(Uint8Array.from(keyPair().secretKey)) }
  t.throws(() => CardExchange.repeat(card, other), { instanceOf: NoiseError })
})

test('the channel carries messages in order, and nothing after a fault', (t) => {
  const [card, server] = pair()
  const call = CardExchange.start(card, Buffer.from('login'))
  const far = new ServerExchange(server, call.request).respond(Buffer.from('permitted'))
  const near = new SecureChannel(call.finish(far.response).channel)
  const there = new SecureChannel(far.channel)
  const [first, second] = [near.seal(Buffer.from('tag')), near.seal(Buffer.from('card data'))]
  t.is(first.length, 3 + SEAL_BYTES)
  t.is(Buffer.from(there.open(first)).toString(), 'tag')
  t.is(Buffer.from(near.open(there.seal(Buffer.from('known')))).toString(), 'known')
  t.throws(() => there.open(first), { instanceOf: NoiseError })
  t.throws(() => there.open(second), { instanceOf: NoiseError, message: /earlier fault/ })
  t.throws(() => there.seal(second), { instanceOf: NoiseError })
})
