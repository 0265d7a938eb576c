import { hkdfSync } from 'node:crypto'
import test from 'ava'
import fc from 'fast-check'
import { expand, extract } from '../../keys/kdf.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

test('RFC 5869 appendix A.1', (t) => {
  const prk = extract(hex('000102030405060708090a0b0c'), new Uint8Array(22).fill(0x0b))
  t.is(Buffer.from(prk).toString('hex'), '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5')
  t.is(
    Buffer.from(expand(prk, hex('f0f1f2f3f4f5f6f7f8f9'), 42)).toString('hex'),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  )
})

test('equals the HKDF of node:crypto for any input', (t) => {
  const bytes = fc.uint8Array({ maxLength: 80 })
  const same = fc.property(bytes, bytes, bytes, fc.integer({ min: 1, max: 200 }), (salt, ikm, info, length) => {
    const theirs = new Uint8Array(hkdfSync('sha256', ikm, salt, info, length))
    return Buffer.from(expand(extract(salt, ikm), info, length)).equals(theirs)
  })
  t.notThrows(() => fc.assert(same))
})

test('an impossible length is refused', (t) => {
  t.throws(() => expand(new Uint8Array(32), new Uint8Array(0), 8161), { instanceOf: RangeError })
})
