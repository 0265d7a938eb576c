import test from 'ava'
import fc from 'fast-check'
import { decodePdu, relativeMinutes } from '../../../../line/modem/sms/pdu.ts'
import { encodeSubmit } from '../../../../line/modem/sms/submit.ts'

const SEED = 20_000_523
const ports = { destination: 16_001, source: 16_000 }

test('a SUBMIT with ports and parts, field by field', (t) => {
  const { pdu, tpduLength } = encodeSubmit({
    to: '+819011112222',
    data: Uint8Array.of(0xde, 0xad),
    ports,
    concat: { ref: 0x2a, bits: 8, total: 3, part: 2 },
    statusReport: true,
    validityMinutes: 60,
  })
  const expected =
    '00' + // SMSC as stored
    '71' + // SUBMIT, relative validity, status report, header
    '00' + // the modem's own reference
    '0C91' + // 12 digits, international
    '180911112222' +
    '00' + // protocol
    '04' + // 8 bit data
    '0B' + // 12 times 5 minutes
    '0E' + // 14 octets
    '0B' + // header of 11
    '00032A0302' +
    '05043E813E80' +
    'DEAD'
  t.is(pdu, expected)
  t.is(tpduLength, expected.length / 2 - 1)
})

test('the least SUBMIT, and one with an SMSC of its own', (t) => {
  t.deepEqual(encodeSubmit({ to: '1234', data: new Uint8Array(0) }), {
    pdu: '000100048121430004' + '00',
    tpduLength: 9,
  })
  const own = encodeSubmit({ to: '1234', data: new Uint8Array(0), smsc: '+819012345' })
  t.is(own.pdu, '069118092143F5010004812143000400')
  t.is(own.tpduLength, 9)
  t.regex(encodeSubmit({ to: '1', data: new Uint8Array(0), smsc: '123' }).pdu, /^038121F3/)
})

test('a reference of 16 bits', (t) => {
  const { pdu } = encodeSubmit({
    to: '1',
    data: Uint8Array.of(1),
    concat: { ref: 0x0102, bits: 16, total: 2, part: 1 },
  })
  t.regex(pdu, /0608040102020101$/)
})

test('validity is rounded up to what its octet can say', (t) => {
  const minutes = (validityMinutes: number) => {
    const sms = decodePdu(encodeSubmit({ to: '1', data: new Uint8Array(0), validityMinutes }).pdu)
    return sms.type === 'submit' && sms.validity?.type === 'relative' ? sms.validity.minutes : undefined
  }
  t.is(minutes(1), 5)
  t.is(minutes(5), 5)
  t.is(minutes(6), 10)
  t.is(minutes(720), 720)
  t.is(minutes(721), 750)
  t.is(minutes(1440), 1440)
  t.is(minutes(1441), 2880)
  t.is(minutes(30 * 1440), 30 * 1440)
  t.is(minutes(30 * 1440 + 1), 35 * 1440)
  t.is(minutes(63 * 7 * 1440), 63 * 7 * 1440)
  for (const wrong of [0, -5, Number.NaN, 63 * 7 * 1440 + 1]) t.throws(() => minutes(wrong), { instanceOf: RangeError })
})

test('each octet of validity says more than the one before', (t) => {
  for (let octet = 1; octet < 256; octet++) t.true(relativeMinutes(octet) > relativeMinutes(octet - 1), String(octet))
})

test('140 octets go in, one more does not', (t) => {
  const fits = (size: number, more: object) => () => encodeSubmit({ to: '1', data: new Uint8Array(size), ...more })
  const concat = { ref: 1, bits: 8, total: 2, part: 1 } as const
  t.notThrows(fits(140, {}))
  t.throws(fits(141, {}), { instanceOf: RangeError, message: /at most 140/ })
  t.notThrows(fits(133, { ports }))
  t.throws(fits(134, { ports }), { instanceOf: RangeError })
  t.notThrows(fits(128, { ports, concat }))
  t.throws(fits(129, { ports, concat }), { instanceOf: RangeError })
  t.notThrows(fits(134, { concat }))
})

test('what is no number never reaches a modem', (t) => {
  const numbers = [
    '',
    '+',
    '1;2',
    '1\r',
    '"1"',
    '+1 2',
    '12,34',
    '１２',
    'abc',
    '1'.repeat(21),
    '<1>',
    "1' OR '1'='1",
    '++1',
  ]
  for (const to of numbers) {
    const error = t.throws(() => encodeSubmit({ to, data: new Uint8Array(0) }), { instanceOf: RangeError }, to)
    t.false(to.length > 1 && error.message.includes(to))
  }
  t.throws(() => encodeSubmit({ to: '1', data: new Uint8Array(0), smsc: '1\u001a' }), { instanceOf: RangeError })
})

test('ports, references and parts out of their range are a fault of the program', (t) => {
  const data = new Uint8Array(1)
  for (const port of [-1, 65_536, 1.5, Number.NaN]) {
    t.throws(() => encodeSubmit({ to: '1', data, ports: { destination: port, source: 1 } }), { instanceOf: RangeError })
  }
  const concats = [
    { ref: 256, bits: 8, total: 2, part: 1 },
    { ref: 65_536, bits: 16, total: 2, part: 1 },
    { ref: 1, bits: 8, total: 0, part: 0 },
    { ref: 1, bits: 8, total: 256, part: 1 },
    { ref: 1, bits: 8, total: 2, part: 3 },
    { ref: 1, bits: 8, total: 2, part: 0 },
  ] as const
  for (const concat of concats) t.throws(() => encodeSubmit({ to: '1', data, concat }), { instanceOf: RangeError })
})

test('whatever is encoded is decoded the same', (t) => {
  const port = fc.integer({ min: 0, max: 65_535 })
  const concat = fc.constantFrom(8 as const, 16 as const).chain((bits) =>
    fc.record({
      ref: fc.integer({ min: 0, max: 2 ** bits - 1 }),
      bits: fc.constant(bits),
      total: fc.integer({ min: 2, max: 255 }),
      part: fc.constant(2),
    }),
  )
  const fields = fc.record({
    to: fc.stringMatching(/^\+?[0-9*#]{1,20}$/),
    data: fc.uint8Array({ maxLength: 127 }),
    ports: fc.option(fc.record({ destination: port, source: port }), { nil: undefined }),
    concat: fc.option(concat, { nil: undefined }),
    statusReport: fc.boolean(),
    smsc: fc.option(fc.stringMatching(/^\+?[0-9]{1,20}$/), { nil: undefined }),
  })
  const property = fc.property(fields, (it) => {
    const { pdu, tpduLength } = encodeSubmit(it)
    const sms = decodePdu(pdu, 'sent', tpduLength)
    if (sms.type !== 'submit') return false
    t.is(sms.recipient?.text, it.to)
    t.is(sms.smsc?.text, it.smsc)
    t.deepEqual(sms.ports, it.ports)
    t.deepEqual(sms.concat, it.concat)
    t.is(sms.reportRequested, it.statusReport)
    return Buffer.from(sms.data).equals(it.data)
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 500 }))
})
