import { hkdfSync } from 'node:crypto'
import test from 'ava'
import { cardHint, firstRatchet, nextRatchet } from '../../keys/ratchet.ts'
import { Secret } from '../../keys/secret.ts'
import { sessionKey } from '../../keys/session-keys.ts'
import { keyPair, x25519 } from '../../keys/x25519.ts'

const fill = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

test('S8, S9: both ends derive the same key, as a second HKDF computes it', (t) => {
  const terminal = keyPair(fill(1))
  const server = keyPair(fill(2))
  const keys = { terminalPublic: terminal.publicKey, serverPublic: server.publicKey }
  const a = sessionKey('terminal', new Secret(terminal.secretKey.slice()), keys, fill(3))
  const b = sessionKey('server', new Secret(server.secretKey.slice()), keys, fill(3))
  t.is(a.id, b.id)
  t.true(a.psk.equals(b.psk))
  const info = Buffer.concat([Buffer.from('keyline/1 psk'), terminal.publicKey, server.publicKey])
  const theirs = hkdfSync('sha256', x25519(fill(1), server.publicKey), fill(3), info, 32)
  t.deepEqual(Buffer.from(a.psk.reveal()), Buffer.from(theirs))
})

test('another call gives another key and identity', (t) => {
  const terminal = keyPair()
  const keys = { terminalPublic: terminal.publicKey, serverPublic: keyPair().publicKey }
  const make = (hash: number) => sessionKey('terminal', new Secret(terminal.secretKey.slice()), keys, fill(hash))
  t.not(make(1).id, make(2).id)
  t.false(make(1).psk.equals(make(2).psk))
})

test('a server that sends a low-order key gets no session', (t) => {
  const keys = { terminalPublic: keyPair().publicKey, serverPublic: new Uint8Array(32) }
  t.throws(() => sessionKey('terminal', new Secret(fill(1)), keys, fill(2)), { instanceOf: RangeError })
})

test('the ratchet moves on with each call and its pseudonyms are all different', (t) => {
  const seen = new Set<string>()
  let current = firstRatchet(new Secret(fill(7)), fill(0))
  for (let n = 0; n < 100; n++) {
    seen.add(Buffer.from(cardHint(current)).toString('hex'))
    seen.add(Buffer.from(current.reveal()).toString('hex'))
    current = nextRatchet(current, fill(n))
  }
  t.is(seen.size, 200)
})

test('two continuations of one state differ: a clone shows itself', (t) => {
  const current = new Secret(fill(9))
  t.false(nextRatchet(current, fill(1)).equals(nextRatchet(current, fill(2))))
  t.false(current.wiped)
})
