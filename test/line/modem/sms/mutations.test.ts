import test from 'ava'
import fc from 'fast-check'
import { SmsParts } from '../../../../line/modem/sms/parts.ts'
import { decodePdu, type PduDirection } from '../../../../line/modem/sms/pdu.ts'
import { seeded } from '../../../random.ts'
import { deliverHex } from './deliver.ts'

const SEED = 20_000_523
const MUTATIONS = 100_000

/** One of each kind: letters, header and letters, bytes with ports and parts, two octets a letter, a SUBMIT, a report. */
const GOLDEN = [
  '07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07',
  deliverHex({ header: true, data: '11050003CC0201906536FB0DBABFE56C' }),
  deliverHex({ coding: 4, header: true, data: '100C0804123403020504 3E813E80 0102 03'.replaceAll(' ', '') }),
  deliverHex({ coding: 8, sender: '14D04937BD2C7797E9D3E614', data: '080442043504410442' }),
  '0051000B916407281553F80004AA0906050 43E813E80DEAD'.replaceAll(' ', ''),
  '0019000B916407281553F80004 6280410123456302DEAD'.replaceAll(' ', ''),
  '00062A0B911346610089F662804101234563628041012345633007000005E8329BFD06',
]
const DIRECTIONS: readonly PduDirection[] = ['received', 'sent', 'stored']

test('the golden PDUs are whole', (t) => {
  for (const pdu of GOLDEN) t.not(decodePdu(pdu).type, 'malformed', pdu)
})

test('cut at every octet and every digit they are malformed, and never more', (t) => {
  for (const pdu of GOLDEN) {
    for (let length = 0; length < pdu.length; length++) {
      const sms = decodePdu(pdu.slice(0, length))
      // A status report may end before the fields that need not be there.
      const optional = sms.type === 'status-report' && length === 2 * (1 + 1 + 1 + 8 + 7 + 7 + 1)
      if (!optional) t.is(sms.type, 'malformed', `${pdu} cut at ${length}`)
    }
  }
})

test('what is behind the user data changes nothing', (t) => {
  for (const pdu of GOLDEN.slice(0, -1)) t.deepEqual(decodePdu(`${pdu}00FF`), decodePdu(pdu))
})

test('any digits and any text: an answer, never an exception', (t) => {
  const hex = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('hex'))
  const length = fc.option(fc.integer({ min: -1, max: 200 }), { nil: undefined })
  const property = fc.property(fc.oneof(hex, fc.string()), length, (text, tpduLength) => {
    for (const direction of DIRECTIONS) decodePdu(text, direction, tpduLength)
  })
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 3000 }))
})

test(`${MUTATIONS} mutated PDUs: decoded within their bounds or refused, and put together in bounded memory (seed ${SEED})`, (t) => {
  t.timeout(120_000)
  const random = seeded(SEED)
  let malformed = 0
  let discarded = 0
  let now = 0
  const parts = new SmsParts(
    () => now++,
    () => discarded++,
    { messages: 8, parts: 20, ageMs: 1000, wholeMs: 1000 },
  )
  for (let n = 0; n < MUTATIONS; n++) {
    const bytes = Buffer.from(GOLDEN[random(GOLDEN.length)] ?? '', 'hex')
    for (let changes = 0; changes <= random(3); changes++) bytes[random(bytes.length)] = random(256)
    const cut = random(8) === 0 ? random(bytes.length) : bytes.length
    const sms = decodePdu(bytes.toString('hex', 0, cut), DIRECTIONS[random(3)])
    if (sms.type === 'malformed') malformed++
    else if (sms.data.length > 140 || (sms.text?.length ?? 0) > 160) t.fail(bytes.toString('hex'))
    if (sms.type === 'deliver') parts.add(sms)
    if (parts.pending > 8) t.fail('too much is kept')
  }
  t.true(malformed > MUTATIONS / 10 && malformed < MUTATIONS)
  t.true(discarded > 0)
})
