import test from 'ava'
import fc from 'fast-check'
import { gsm7Septets, gsm7Text, packSeptets, unpackSeptets } from '../../../../line/modem/sms/gsm7.ts'

const SEED = 20_000_523

test('the example of TS 23.038: septets lie low bits first', (t) => {
  const septets = gsm7Septets('hellohello') ?? []
  t.is(Buffer.from(packSeptets(septets)).toString('hex'), 'e8329bfd4697d9ec37')
  t.is(gsm7Text(unpackSeptets(Buffer.from('e8329bfd4697d9ec37', 'hex'), 10)), 'hellohello')
})

test('one and eight septets: spare bits, and a whole octet saved', (t) => {
  t.deepEqual([...packSeptets([0x41])], [0x41])
  t.deepEqual([...packSeptets([0x41, 0x42])], [0x41, 0x21])
  t.is(packSeptets(Array<number>(8).fill(0x7f)).length, 7)
  t.deepEqual([...packSeptets(Array<number>(8).fill(0x7f))], Array<number>(7).fill(0xff))
  t.is(packSeptets([]).length, 0)
})

test('fill bits of zero come first', (t) => {
  t.deepEqual([...packSeptets([0x7f], 1)], [0xfe])
  t.deepEqual([...packSeptets([0x7f], 2)], [0xfc, 0x01])
  t.deepEqual([...packSeptets([0x7f], 6)], [0xc0, 0x1f])
  t.deepEqual(unpackSeptets(Uint8Array.of(0xc0, 0x1f), 1, 6), [0x7f])
})

test('places of the alphabet that programs get wrong', (t) => {
  const places: readonly (readonly [letter: string, septet: number])[] = [
    ['@', 0x00],
    ['$', 0x02],
    ['\n', 0x0a],
    ['\r', 0x0d],
    ['Δ', 0x10],
    ['_', 0x11],
    ['É', 0x1f],
    ['¤', 0x24],
    ['¡', 0x40],
    ['§', 0x5f],
    ['¿', 0x60],
    ['à', 0x7f],
    ['A', 0x41],
    ['z', 0x7a],
  ]
  for (const [letter, septet] of places) t.deepEqual(gsm7Septets(letter), [septet], letter)
})

test('the extension table takes two septets a letter', (t) => {
  t.deepEqual(gsm7Septets('€'), [0x1b, 0x65])
  const text = '^{}\\[~]|€\f'
  t.is(gsm7Septets(text)?.length, 20)
  t.is(gsm7Text(gsm7Septets(text) ?? []), text)
})

test('an escape that leads nowhere (TS 23.038 §6.2.1.1)', (t) => {
  t.is(gsm7Text([0x1b, 0x41]), 'A')
  t.is(gsm7Text([0x1b, 0x1b]), ' ')
  t.is(gsm7Text([0x1b]), ' ')
  t.is(gsm7Text([0x41, 0x1b]), 'A ')
})

test('what is not in the alphabet is refused whole', (t) => {
  for (const text of ['ç', 'тест', 'a✓', '\u0000', '😀', '\u001b']) t.is(gsm7Septets(text), undefined, text)
  t.deepEqual(gsm7Septets(''), [])
})

test('any septets, any fill: packed and unpacked they are the same', (t) => {
  const property = fc.property(
    fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 160 }),
    fc.integer({ min: 0, max: 6 }),
    (septets, fill) => {
      const octets = packSeptets(septets, fill)
      return (
        octets.length === Math.ceil((fill + 7 * septets.length) / 8) &&
        unpackSeptets(octets, septets.length, fill).join() === septets.join()
      )
    },
  )
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 1000 }))
})

test('any text of the alphabet comes back', (t) => {
  const letters = [...Array(128).keys()].filter((n) => n !== 0x1b).map((n) => gsm7Text([n]))
  t.is(new Set(letters).size, 127)
  const property = fc.property(
    fc.array(fc.constantFrom(...letters, '€', '{', '|'), { maxLength: 100 }),
    (chosen) => gsm7Text(gsm7Septets(chosen.join('')) ?? []) === chosen.join(''),
  )
  t.notThrows(() => fc.assert(property, { seed: SEED }))
})
