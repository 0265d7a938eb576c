import test from 'ava'
import fc from 'fast-check'
import { LineFormatError } from '../../../wire/line/cbor.ts'
import { encodeVarint, VarintReader } from '../../../wire/line/quic-varint.ts'

const SEED = 9_000
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const read = (text: string, max = Number.MAX_SAFE_INTEGER): number =>
  new VarintReader(Buffer.from(text, 'hex')).varint('number', max)

test('the examples of RFC 9000 §A.1', (t) => {
  t.is(read('9d7f3e7d'), 494_878_333)
  t.is(read('7bbd'), 15_293)
  t.is(read('25'), 37)
  t.is(read('4025'), 37)
  // 151,288,809,941,952,652 is a good one too, but nothing on the line is so long.
  t.throws(() => read('c2197c5eff14e88c'), { instanceOf: LineFormatError, message: /of at most/ })
  for (const [value, text] of [
    [494_878_333, '9d7f3e7d'],
    [15_293, '7bbd'],
    [37, '25'],
  ] as const) {
    t.is(hex(encodeVarint(value)), text)
  }
})

test('at the edge of each length the shortest form is written', (t) => {
  const edges: [number, string][] = [
    [0, '00'],
    [63, '3f'],
    [64, '4040'],
    [16_383, '7fff'],
    [16_384, '80004000'],
    [2 ** 30 - 1, 'bfffffff'],
  ]
  for (const [value, text] of edges) {
    t.is(hex(encodeVarint(value)), text)
    t.is(read(text), value)
  }
  for (const wrong of [-1, 1.5, 2 ** 30, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => encodeVarint(wrong), { instanceOf: RangeError })
  }
})

test('longer forms than need be are read, whatever their length', (t) => {
  for (const text of ['05', '4005', '80000005', 'c000000000000005']) t.is(read(text), 5)
})

test('any number comes back, and a maximum holds exactly', (t) => {
  const property = fc.property(fc.integer({ min: 0, max: 2 ** 30 - 1 }), (value) => {
    const text = hex(encodeVarint(value))
    t.throws(() => read(text, value - 1), { instanceOf: LineFormatError })
    return read(text, value) === value
  })
  t.notThrows(() => fc.assert(property, { seed: SEED }))
})

test('a message that ends within a number or within bytes is refused, and its end is known', (t) => {
  for (const text of ['', '40', '9d7f3e', 'c2197c5eff14e8']) t.throws(() => read(text), { instanceOf: LineFormatError })
  const reader = new VarintReader(Buffer.from('0201020304', 'hex'))
  t.is(reader.varint('length', 9), 2)
  t.is(hex(reader.take(2, 'bytes')), '0102')
  t.false(reader.ended)
  t.throws(() => reader.take(3, 'bytes'), { instanceOf: LineFormatError, message: /expected bytes, got the end/ })
  t.is(hex(reader.rest()), '0304')
  t.true(reader.ended)
  t.is(hex(reader.rest()), '')
})
