import test from 'ava'
import fc from 'fast-check'
import { fromSeptets, packSeptets, toSeptets, unpackSeptets } from '../../sim/sms-alphabet.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

test('hellohello packs as TS 23.038 has it', (t) => {
  const septets = toSeptets('hellohello') ?? []
  t.is(hex(packSeptets(septets)), 'E8329BFD4697D9EC37')
  t.is(fromSeptets(unpackSeptets(Buffer.from('E8329BFD4697D9EC37', 'hex'), 10)), 'hellohello')
})

const CODES: readonly (readonly [text: string, codes: readonly number[]])[] = [
  ['@', [0]],
  ['£$¥', [1, 2, 3]],
  ['Δ_Φ', [16, 17, 18]],
  [' !"#¤%&', [32, 33, 34, 35, 36, 37, 38]],
  ['09AZaz', [48, 57, 65, 90, 97, 122]],
  ['ÄÖÑÜ§¿', [91, 92, 93, 94, 95, 96]],
  ['äöñüà', [123, 124, 125, 126, 127]],
  ['\n\r', [10, 13]],
  ['€', [27, 0x65]],
  ['{}[]~|\\^', [27, 0x28, 27, 0x29, 27, 0x3c, 27, 0x3e, 27, 0x3d, 27, 0x40, 27, 0x2f, 27, 0x14]],
]
for (const [text, codes] of CODES) {
  test(`${JSON.stringify(text)} has the codes ${codes.join(' ')}`, (t) => {
    t.deepEqual(toSeptets(text), codes)
    t.is(fromSeptets(codes), text)
  })
}

test('the alphabet has 127 characters besides the escape, each with one code', (t) => {
  const all = Array.from({ length: 128 }, (_, code) => code).filter((code) => code !== 27)
  const text = fromSeptets(all)
  t.is([...text].length, 127)
  t.is(new Set(text).size, 127)
  t.deepEqual(toSeptets(text), all)
})

test('what is not in the alphabet has no codes', (t) => {
  for (const text of ['日', 'ç', '`', '\x1b', 'a\u0000']) t.is(toSeptets(text), undefined, text)
})

test('an escape at the end or before nothing known never fails', (t) => {
  t.is(fromSeptets([27]), ' ')
  t.is(fromSeptets([27, 27]), ' ')
  t.is(fromSeptets([27, 97]), 'a')
})

test('any septets survive packing with any fill, and take no octet more than they need', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(127), { maxLength: 160 }), fc.nat(6), (septets, fill) => {
      const packed = packSeptets(septets, fill)
      t.deepEqual(unpackSeptets(packed, septets.length, fill), septets)
      t.is(packed.length, Math.ceil((septets.length * 7 + fill) / 8))
    }),
  )
})

test('septets that are not there are left out', (t) => {
  t.deepEqual(unpackSeptets(Uint8Array.of(0xff), 8), [127])
  t.deepEqual(unpackSeptets(new Uint8Array(0), 5), [])
})
