import test from 'ava'
import fc from 'fast-check'
import { LINE_HTTP_MAX } from '../../../wire/limits.ts'
import { encodeArray, LineFormatError } from '../../../wire/line/cbor.ts'
import { AMOUNT_MAX } from '../../../wire/line/purchase.ts'
import { decodeReceipt, encodeReceipt, PRODUCT_NUMBER, type Receipt } from '../../../wire/line/receipt.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const MUTATIONS = 100_000
const RECEIPT: Receipt = {
  order: 'K-000012',
  at: 1_774_000_000,
  amount: 129_800,
  currency: 'JPY',
  items: [
    { product: 'CAM-1', quantity: 1, price: 120_000 },
    { product: 'BAG-22', quantity: 2, price: 4900 },
  ],
  brand: 'Visa',
  lastFour: '4242',
}

test('golden: a receipt', (t) => {
  const one = { ...RECEIPT, items: [{ product: 'CAM-1', quantity: 2, price: 100 }] }
  const golden = [
    '87', // array of 7
    '684b2d303030303132', // text 8 "K-000012"
    '1a69bd1780', // 1774000000 as four bytes
    '1a0001fb08', // 129800
    '634a5059', // "JPY"
    '81836543414d2d31021864', // array of 1: array of 3: "CAM-1", 2, 100
    '6456697361', // "Visa"
    '6434323432', // "4242"
  ].join('')
  t.is(Buffer.from(encodeReceipt(one)).toString('hex'), golden)
  t.deepEqual(decodeReceipt(Buffer.from(golden, 'hex')), one)
})

test('any receipt comes back, the same bytes each time', (t) => {
  const item = fc.record({
    product: fc.stringMatching(/^[A-Z0-9][A-Z0-9-]{0,15}$/),
    quantity: fc.integer({ min: 1, max: 99 }),
    price: fc.integer({ min: 0, max: AMOUNT_MAX }),
  })
  const receipt = fc.record({
    order: fc.stringMatching(/^K-[0-9]{6,12}$/),
    at: fc.integer({ min: 0, max: 2 ** 40 }),
    amount: fc.integer({ min: 0, max: AMOUNT_MAX }),
    currency: fc.stringMatching(/^[A-Z]{3}$/),
    items: fc.array(item, { maxLength: 100 }),
    brand: fc.constantFrom('Visa', 'Mastercard', 'card'),
    lastFour: fc.stringMatching(/^[0-9]{4}$/),
  })
  const property = fc.property(receipt, (it) => {
    const bytes = encodeReceipt(it)
    t.deepEqual(decodeReceipt(bytes), it)
    t.deepEqual(encodeReceipt(decodeReceipt(bytes)), bytes)
    return bytes.length < LINE_HTTP_MAX
  })
  t.notThrows(() => fc.assert(property, { seed: SEED }))
})

test('fields of another type, size or number are refused', (t) => {
  const good: unknown[] = ['K-1', 1, 1, 'JPY', [['A', 1, 1]], 'Visa', '4242']
  t.notThrows(() => decodeReceipt(encodeArray(good)))
  const wrong: readonly (readonly [at: number, values: readonly unknown[]])[] = [
    [0, ['', 'K'.repeat(17), 12]],
    [1, [-1, 2 ** 40 + 1, 1.5, '1']],
    [2, [-1, AMOUNT_MAX + 1]],
    [3, ['yen', 'J', null]],
    [4, ['A', {}, [['A', 1]], [['A', 0, 1]], [['A', 100, 1]], [['A', 1, -1]], [['a', 1, 1]], [[1, 1, 1]], ['A']]],
    [4, [[['', 1, 1]], [['-A', 1, 1]], [['A'.repeat(17), 1, 1]], Array.from({ length: 101 }, () => ['A', 1, 1])]],
    [5, ['', 'x'.repeat(21), 1]],
    [6, ['424', '42424', 4242]],
  ]
  for (const [at, values] of wrong) {
    for (const value of values) {
      const fields = good.with(at, value)
      t.throws(() => decodeReceipt(encodeArray(fields)), { instanceOf: LineFormatError }, `${at}`)
    }
  }
  t.throws(() => decodeReceipt(encodeArray(good.slice(1))), { instanceOf: LineFormatError })
  t.throws(() => decodeReceipt(encodeArray([...good, 1])), { instanceOf: LineFormatError })
})

test('a product number is capitals, digits and dashes', (t) => {
  for (const good of ['A', '0', 'CAM-1', 'A-'.repeat(8)]) t.regex(good, PRODUCT_NUMBER)
  for (const bad of ['', '-A', 'a', 'A B', 'A\n', '<B>', 'Ａ', 'A'.repeat(17)]) t.notRegex(bad, PRODUCT_NUMBER)
})

test('cut at every length, and with a byte too many, is refused', (t) => {
  const bytes = encodeReceipt(RECEIPT)
  for (let at = 0; at < bytes.length; at++)
    t.throws(() => decodeReceipt(bytes.subarray(0, at)), { instanceOf: LineFormatError })
  t.throws(() => decodeReceipt(Buffer.concat([bytes, Buffer.alloc(1)])), { instanceOf: LineFormatError })
})

test(`${MUTATIONS} mutated receipts each throw nothing but LineFormatError`, (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const golden = encodeReceipt(RECEIPT)
  const other: unknown[] = []
  for (let n = 0; n < MUTATIONS; n++) {
    const bytes = Buffer.from(golden)
    for (let k = random(4); k >= 0; k--) bytes[random(bytes.length)] = random(256)
    try {
      decodeReceipt(bytes)
    } catch (error) {
      if (!(error instanceof LineFormatError)) other.push(error)
    }
  }
  t.deepEqual(other, [])
})
