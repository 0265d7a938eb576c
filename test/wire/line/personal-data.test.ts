import test from 'ava'
import fc from 'fast-check'
import { LINE_HTTP_MAX } from '../../../wire/limits.ts'
import { encodeArray, LineFormatError } from '../../../wire/line/cbor.ts'
import {
  decodePayment,
  encodePayment,
  luhn,
  type Payment,
  PERSONAL_LIMITS,
  type PersonalData,
  type PersonalField,
  personalFaults,
  readPersonalData,
} from '../../../wire/line/personal-data.ts'
import { AMOUNT_MAX } from '../../../wire/line/purchase.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const MUTATIONS = 100_000
const NOW = new Date(2026, 2, 15)
const DATA: PersonalData = {
  cardNumber: '4242424242424242',
  expiryMonth: 3,
  expiryYear: 2026,
  securityCode: '123',
  name: '青山 花子',
  street: "1-2-3 O'Hara <b>Street</b>",
  postalCode: '100-0001',
  city: 'Tokyo',
  country: 'JP',
  contact: '',
}
const PAYMENT: Payment = { amount: 129_800, currency: 'JPY', data: DATA }
const TYPED: Record<PersonalField, string> = {
  cardNumber: ' 4242 4242-4242 4242 ',
  expiryMonth: ' 03',
  expiryYear: '26 ',
  securityCode: ' 123',
  name: ' 青山 花子 ',
  street: "1-2-3 O'Hara <b>Street</b>",
  postalCode: '100-0001',
  city: 'Tokyo',
  country: ' jp ',
  contact: '  ',
}

const faultsOf = (change: Partial<Record<PersonalField, string>>): string[] => {
  const read = readPersonalData({ ...TYPED, ...change }, NOW)
  return read.ok ? [] : Object.keys(read.faults)
}

test('golden: a payment', (t) => {
  const data = { ...DATA, name: 'A', street: 'B', postalCode: 'C', city: 'D', contact: '' }
  // array of 12, 129800 as four bytes, "JPY", 16 digits, month 3, 2026 as two bytes, "123", "A" … "D", "JP", ""
  const golden = `8c1a0001fb08634a505970${'34323432'.repeat(4)}031907ea633132336141614261436144624a5060`
  t.is(Buffer.from(encodePayment({ ...PAYMENT, data })).toString('hex'), golden)
  t.deepEqual(decodePayment(Buffer.from(golden, 'hex')), { ...PAYMENT, data })
})

test('what a person types is forgiven its blanks, and nothing else', (t) => {
  t.deepEqual(readPersonalData(TYPED, NOW), { ok: true, data: DATA })
  t.deepEqual(faultsOf({ expiryYear: '2026' }), [])
  t.deepEqual(faultsOf({ cardNumber: '4242_4242_4242_4242' }), ['cardNumber'])
  t.deepEqual(faultsOf({ cardNumber: '４２４２４２４２４２４２４２４２' }), ['cardNumber'])
})

const WRONG: readonly (readonly [field: PersonalField, values: readonly string[]])[] = [
  [
    'cardNumber',
    ['', '4242424242424241', '42424242424', '4'.repeat(20), '4242x42424242424', '-1', '4242424242424242;'],
  ],
  ['expiryMonth', ['', '0', '13', '1.5', '-1', '0x3', '3e0', '003', 'March', '３']],
  ['expiryYear', ['', '25', '2025', '1999', '2057', '026', '20 26', '2026.5', 'NaN', '∞']],
  ['securityCode', ['12', '12345', 'abc', '12 3', '１２３']],
  ['name', ['', '   ', 'x'.repeat(121), '名'.repeat(41), 'a\0b', 'a\nb', 'a\u202eb', 'a\u2028b', '\u200b', '\ud800']],
  ['street', ['', 'x'.repeat(201), 'a\r\nb', 'a\x1b[2J']],
  ['postalCode', ['', 'x'.repeat(17), '1\x7f']],
  ['city', ['', 'x'.repeat(101), 'a\tb']],
  ['country', ['', 'J', 'JPN', 'J1', '日本', 'J\nP']],
  ['contact', ['x'.repeat(121), 'a\nb']],
]
for (const [field, values] of WRONG) {
  test(`${field}: each wrong value is a fault of this field, in a sentence that does not repeat it`, (t) => {
    for (const value of values) {
      const read = readPersonalData({ ...TYPED, [field]: value }, NOW)
      if (read.ok) return t.fail(`${JSON.stringify(value)} was taken`)
      t.deepEqual(Object.keys(read.faults), [field], JSON.stringify(value))
      const sentence = read.faults[field] ?? ''
      t.regex(sentence, /^[A-Z].*\.$/)
      if (value.trim().length > 4) t.false(sentence.includes(value.trim()))
    }
    return undefined
  })
}

test('HTML and SQL are only text, and come back as they are', (t) => {
  const texts = ['<script>alert(1)</script>', "'; DROP TABLE orders; --", '{{7*7}}', '%00', '=cmd|x', '"><img src=x>']
  for (const text of texts) {
    const read = readPersonalData({ ...TYPED, name: text, street: text, city: text, contact: text }, NOW)
    if (!read.ok) return t.fail(text)
    const { data } = decodePayment(encodePayment({ ...PAYMENT, data: read.data }))
    t.deepEqual([data.name, data.street, data.city, data.contact], [text, text, text, text])
  }
  return undefined
})

test('a card is good until the last day of its month, the code and the contact may be left out', (t) => {
  t.deepEqual(personalFaults(DATA, new Date(2026, 2, 31, 23, 59, 59)), {})
  t.deepEqual(Object.keys(personalFaults(DATA, new Date(2026, 3, 1))), ['expiryYear'])
  t.deepEqual(Object.keys(personalFaults({ ...DATA, expiryMonth: 12, expiryYear: 2025 }, NOW)), ['expiryYear'])
  t.deepEqual(personalFaults({ ...DATA, expiryMonth: 12, expiryYear: 2056 }, NOW), {})
  t.deepEqual(personalFaults({ ...DATA, securityCode: '', contact: '' }, NOW), {})
})

test('Luhn: known numbers, each single wrong digit, each swap of neighbours but 0 and 9', (t) => {
  for (const good of ['4242424242424242', '5555555555554444', '378282246310005', '6011111111111117', '0']) {
    t.true(luhn(good), good)
  }
  const number = '4539578763621486'
  t.true(luhn(number))
  for (let at = 0; at < number.length; at++) {
    for (let digit = 0; digit <= 9; digit++) {
      const other = number.slice(0, at) + digit + number.slice(at + 1)
      t.is(luhn(other), other === number)
    }
    const [a = '', b = ''] = number.slice(at, at + 2)
    if (b === '' || a === b || [a, b].sort().join('') === '09') continue
    t.false(luhn(number.slice(0, at) + b + a + number.slice(at + 2)))
  }
})

test('any payment within the limits comes back, and fits a request many times over', (t) => {
  const text = (max: number) =>
    fc.string({ maxLength: Math.floor(max / 4), unit: 'binary' }).filter((it) => Buffer.byteLength(it) <= max)
  const payment = fc.record({
    amount: fc.integer({ min: 0, max: AMOUNT_MAX }),
    currency: fc.stringMatching(/^[A-Z]{3}$/),
    data: fc.record({
      cardNumber: fc.stringMatching(/^[0-9]{12,19}$/),
      expiryMonth: fc.integer({ min: 0, max: 99 }),
      expiryYear: fc.integer({ min: 0, max: 9999 }),
      securityCode: fc.stringMatching(/^([0-9]{3,4})?$/),
      name: text(PERSONAL_LIMITS.name),
      street: text(PERSONAL_LIMITS.street),
      postalCode: text(PERSONAL_LIMITS.postalCode),
      city: text(PERSONAL_LIMITS.city),
      country: fc.stringMatching(/^[A-Z]{2}$/),
      contact: text(PERSONAL_LIMITS.contact),
    }),
  })
  const property = fc.property(payment, (it) => {
    const bytes = encodePayment(it)
    t.deepEqual(decodePayment(bytes), it)
    return bytes.length < LINE_HTTP_MAX / 10
  })
  t.notThrows(() => fc.assert(property, { seed: SEED }))
})

test('fields of another type, size or number are refused', (t) => {
  const good: unknown[] = [1, 'JPY', '4242424242424242', 3, 2026, '123', 'n', 's', 'p', 'c', 'JP', '']
  t.notThrows(() => decodePayment(encodeArray(good)))
  const wrong: readonly (readonly [at: number, values: readonly unknown[]])[] = [
    [0, [-1, 1.5, AMOUNT_MAX + 1, '1', null, true]],
    [1, ['jpy', 'JPYY', 392, '']],
    [2, [4242424242424242, '4'.repeat(20), ['4']]],
    [3, [-1, 100, '3', 1.5]],
    [4, [-1, 10_000, '2026']],
    [5, ['12345', 123]],
    [6, ['x'.repeat(121), 7, new Uint8Array(3)]],
    [7, ['x'.repeat(201), {}]],
    [8, ['x'.repeat(17)]],
    [9, ['x'.repeat(101)]],
    [10, ['JPN', 1]],
    [11, ['x'.repeat(121), null]],
  ]
  for (const [at, values] of wrong) {
    for (const value of values) {
      const fields = good.with(at, value)
      t.throws(() => decodePayment(encodeArray(fields)), { instanceOf: LineFormatError }, `${at}`)
    }
  }
  t.throws(() => decodePayment(encodeArray(good.slice(1))), { instanceOf: LineFormatError })
  t.throws(() => decodePayment(encodeArray([...good, ''])), { instanceOf: LineFormatError })
})

test('an error of decoding names the field and never its value', (t) => {
  const error = t.throws(() =>
    decodePayment(encodePayment({ ...PAYMENT, data: { ...DATA, name: 'geheim'.repeat(30) } })),
  )
  t.regex(error?.message ?? '', /name/)
  t.false(error?.message.includes('geheim'))
})

test('cut at every length, and with a byte too many, is refused', (t) => {
  const bytes = encodePayment(PAYMENT)
  for (let at = 0; at < bytes.length; at++)
    t.throws(() => decodePayment(bytes.subarray(0, at)), { instanceOf: LineFormatError })
  t.throws(() => decodePayment(Buffer.concat([bytes, Buffer.alloc(1)])), { instanceOf: LineFormatError })
})

test(`${MUTATIONS} mutated payments each throw nothing but LineFormatError, and have faults in words`, (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const golden = encodePayment(PAYMENT)
  const other: unknown[] = []
  for (let n = 0; n < MUTATIONS; n++) {
    const bytes = Buffer.from(golden)
    for (let k = random(4); k >= 0; k--) bytes[random(bytes.length)] = random(256)
    try {
      personalFaults(decodePayment(bytes).data, NOW)
    } catch (error) {
      if (!(error instanceof LineFormatError)) other.push(error)
    }
  }
  t.deepEqual(other, [])
})
