import test from 'ava'
import fc from 'fast-check'
import { addressOf } from '../../sim/sms-address.ts'
import {
  alphabetOf,
  classOf,
  decodeDeliver,
  decodeStatusReport,
  decodeSubmit,
  encodeDeliver,
  encodeStatusReport,
  encodeSubmit,
} from '../../sim/sms-pdu.ts'
import { seeded } from '../random.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
const bytes = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(' ', ''), 'hex'))

/** SUBMIT, no validity, to +8132, 8 bit data with ports 16000: first octet, reference, address, PID, DCS, UDL, header, data. */
const SUBMIT = bytes('41 05 04911823 00 04 09 0605043E803E80 ABCD')
/** DELIVER from +8131, default alphabet, 2026-01-02 12:04:05 +9 h, "hi". */
const DELIVER = bytes('04 04911813 00 00 62102021405063 02 E834')
const REPORT = bytes('06 2A 04911823 62102021405063 62102021406063 00')

test('a SUBMIT is read field by field', (t) => {
  t.deepEqual(decodeSubmit(SUBMIT), {
    header: true,
    protocol: 0,
    coding: 4,
    length: 9,
    data: bytes('0605043E803E80ABCD'),
    reference: 5,
    to: { text: '+8132', type: 0x91 },
    reportWanted: false,
    replyPath: false,
    rejectDuplicates: false,
    validity: new Uint8Array(0),
  })
})

test('the flags of the first octet', (t) => {
  const first = (octet: string) => decodeSubmit(bytes(`${octet} 00 04911823 00 00 00`))
  t.like(first('21'), { reportWanted: true, header: false })
  t.like(first('81'), { replyPath: true })
  t.like(first('05'), { rejectDuplicates: true })
  t.is(first('00'), undefined)
  t.is(first('02'), undefined)
  t.is(first('03'), undefined)
  // A header that is announced must be there.
  t.is(first('41'), undefined)
})

test('validity: none, relative, enhanced, absolute', (t) => {
  const validMs = (octet: string, field: string) =>
    decodeSubmit(bytes(`${octet} 00 04911823 00 00 ${field} 00`))?.validMs
  t.is(validMs('01', ''), undefined)
  t.is(validMs('11', '00'), 5 * 60_000)
  t.is(validMs('11', '8F'), 12 * 3_600_000)
  t.is(validMs('11', '90'), 12.5 * 3_600_000)
  t.is(validMs('11', 'A7'), 24 * 3_600_000)
  t.is(validMs('11', 'A8'), 2 * 24 * 3_600_000)
  t.is(validMs('11', 'C5'), 5 * 7 * 24 * 3_600_000)
  t.is(validMs('11', 'FF'), 63 * 7 * 24 * 3_600_000)
  t.not(decodeSubmit(bytes('09 00 04911823 00 00 01020304050607 00')), undefined)
  t.not(decodeSubmit(bytes('19 00 04911823 00 00 62102021405063 00')), undefined)
})

test('a DELIVER and a report are read and written', (t) => {
  const deliver = decodeDeliver(DELIVER)
  t.like(deliver, { from: { text: '+8131', type: 0x91 }, coding: 0, length: 2, header: false })
  t.is(hex(deliver?.stamp ?? new Uint8Array(0)), '62102021405063')
  t.is(deliver && hex(encodeDeliver(deliver)), hex(DELIVER))
  const report = decodeStatusReport(REPORT)
  t.like(report, { reference: 42, to: { text: '+8132', type: 0x91 }, status: 0 })
  t.is(report && hex(encodeStatusReport(report)), hex(REPORT))
})

test('cut at any length, or one octet longer, none of them is read', (t) => {
  for (const [whole, decode] of [
    [SUBMIT, decodeSubmit],
    [DELIVER, decodeDeliver],
    [REPORT, decodeStatusReport],
  ] as const) {
    t.truthy(decode(whole))
    for (let length = 0; length < whole.length; length++)
      t.is(decode(whole.subarray(0, length)), undefined, `${length}`)
  }
  t.is(decodeSubmit(Uint8Array.of(...SUBMIT, 0)), undefined)
  t.is(decodeDeliver(Uint8Array.of(...DELIVER, 0)), undefined)
})

test('at most 140 octets and 160 septets', (t) => {
  const submit = (coding: string, length: number, octets: number) =>
    decodeSubmit(bytes(`01 00 04911823 00 ${coding} ${length.toString(16).padStart(2, '0')} ${'11'.repeat(octets)}`))
  t.truthy(submit('04', 140, 140))
  t.is(submit('04', 141, 141), undefined)
  t.truthy(submit('00', 160, 140))
  t.is(submit('00', 161, 141), undefined)
  t.truthy(submit('08', 140, 140))
})

test('a header longer than its data is refused', (t) => {
  t.is(decodeSubmit(bytes('41 00 04911823 00 04 03 03 AABB')), undefined)
  t.truthy(decodeSubmit(bytes('41 00 04911823 00 04 03 02 AABB')))
})

/** TS 23.038 §4: coding, alphabet, class. */
const CODINGS = [
  [0x00, 'default', undefined],
  [0x04, 'octets', undefined],
  [0x08, 'ucs2', undefined],
  [0x10, 'default', 0],
  [0x15, 'octets', 1],
  [0x1a, 'ucs2', 2],
  [0x24, 'octets', undefined],
  [0x44, 'octets', undefined],
  [0xc8, 'default', undefined],
  [0xd0, 'default', undefined],
  [0xe0, 'ucs2', undefined],
  [0xf0, 'default', 0],
  [0xf5, 'octets', 1],
  [0xf7, 'octets', 3],
] as const
for (const [coding, alphabet, kind] of CODINGS) {
  test(`coding ${coding.toString(16)}: ${alphabet}, class ${kind ?? 'none'}`, (t) => {
    t.is(alphabetOf(coding), alphabet)
    t.is(classOf(coding), kind)
  })
}

test('any SUBMIT is read as it was written', (t) => {
  const message = fc.record({
    reference: fc.nat(255),
    number: fc.stringMatching(/^\+?[0-9]{1,15}$/),
    protocol: fc.nat(255),
    data: fc.uint8Array({ maxLength: 140 }),
    validity: fc.constantFrom(new Uint8Array(0), Uint8Array.of(167), new Uint8Array(7)),
    flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  })
  fc.assert(
    fc.property(message, ({ reference, number, protocol, data, validity, flags }) => {
      const [reportWanted, replyPath, rejectDuplicates] = flags
      const submit = {
        ...{ reference, to: addressOf(number), protocol, coding: 4, length: data.length, data, header: false },
        ...{ validity, reportWanted, replyPath, rejectDuplicates },
      }
      const read = decodeSubmit(encodeSubmit(submit))
      if (read === undefined) return t.fail('it was refused')
      const { validMs: _, ...fields } = read
      t.deepEqual(fields, submit)
    }),
  )
})

test('100,000 mutations are read or refused, and nothing else', (t) => {
  const seed = 20_260_102
  t.log(`seed ${seed}`)
  const random = seeded(seed)
  const originals = [SUBMIT, DELIVER, REPORT]
  let read = 0
  for (let n = 0; n < 100_000; n++) {
    const mutated = Uint8Array.from(originals[random(3)] ?? SUBMIT)
    for (let changes = 1 + random(4); changes > 0; changes--) mutated[random(mutated.length)] = random(256)
    const cut = mutated.subarray(0, random(10) === 0 ? random(mutated.length) : mutated.length)
    const submit = decodeSubmit(cut)
    if (submit !== undefined || decodeDeliver(cut) !== undefined || decodeStatusReport(cut) !== undefined) read++
    if (submit !== undefined) t.true(submit.data.length <= 140)
  }
  t.true(read > 1000 && read < 90_000, `${read}`)
})
