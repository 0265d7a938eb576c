import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import test from 'ava'
import { keyPair, x25519 } from '../../keys/x25519.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

test('both ends agree', (t) => {
  const alice = keyPair()
  const bob = keyPair()
  t.deepEqual(x25519(alice.secretKey, bob.publicKey), x25519(bob.secretKey, alice.publicKey))
})

test('a second implementation computes the same bytes', (t) => {
  const a = keyPair()
  const b = keyPair()
  const privateKey = createPrivateKey({
    key: Buffer.concat([hex('302e020100300506032b656e04220420'), a.secretKey]),
    format: 'der',
    type: 'pkcs8',
  })
  const publicKey = createPublicKey({
    key: Buffer.concat([hex('302a300506032b656e032100'), b.publicKey]),
    format: 'der',
    type: 'spki',
  })
  t.deepEqual(Buffer.from(x25519(a.secretKey, b.publicKey)), diffieHellman({ privateKey, publicKey }))
})

test('low-order points and wrong sizes are refused', (t) => {
  const { secretKey } = keyPair()
  t.throws(() => x25519(secretKey, new Uint8Array(32)), { instanceOf: RangeError, message: /low-order/ })
  t.throws(() => x25519(secretKey, Uint8Array.of(1, ...new Uint8Array(31))), { message: /low-order/ })
  t.throws(() => x25519(secretKey, new Uint8Array(31)), { message: /32 bytes, got 31/ })
})
