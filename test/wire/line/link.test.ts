import test from 'ava'
import fc from 'fast-check'
import { LINE_MESSAGE_MAX } from '../../../wire/limits.ts'
import { LineFormatError } from '../../../wire/line/cbor.ts'
import {
  decodeEnrolmentRequest,
  decodeEnrolmentResponse,
  encodeEnrolmentRequest,
  encodeEnrolmentResponse,
} from '../../../wire/line/enrolment.ts'
import { decodeLink, encodeLink, FRAGMENTS_MAX, fragments, type LinkPacket } from '../../../wire/line/link.ts'
import { decodeMessage, encodeMessage } from '../../../wire/line/message.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const refused = { instanceOf: LineFormatError }

test('golden packets', (t) => {
  const body = Buffer.from('hi')
  const data = { type: 'data', id: 7, index: 0, last: 0, body } as const
  t.is(hex(encodeLink({ ...data, of: 'request' })), '01076869')
  t.is(hex(encodeLink({ ...data, of: 'response' })), '02076869')
  t.is(hex(encodeLink({ ...data, of: 'request', index: 1, last: 2 })), '110701026869')
  t.is(hex(encodeLink({ ...data, of: 'response', index: 2, last: 2 })), '120702026869')
  t.is(hex(encodeLink({ type: 'ack', of: 'request', id: 7, received: new Set([0, 2, 9]) })), '03070502')
  t.is(hex(encodeLink({ type: 'ack', of: 'response', id: 255, received: new Set() })), '04ff00')
})

test('packets come back as they went', (t) => {
  const data = fc.record({
    type: fc.constant('data' as const),
    of: fc.constantFrom('request' as const, 'response' as const),
    id: fc.nat(255),
    last: fc.nat(255),
    body: fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  })
  fc.assert(
    fc.property(data, fc.nat(255), (it, at) => {
      const packet: LinkPacket = { ...it, index: it.last === 0 ? 0 : at % (it.last + 1) }
      t.deepEqual(decodeLink(encodeLink(packet)), packet)
    }),
    { seed: SEED },
  )
  fc.assert(
    fc.property(fc.nat(255), fc.uniqueArray(fc.nat(255)), (id, received) => {
      const packet: LinkPacket = { type: 'ack', of: 'request', id, received: new Set(received.sort((a, b) => a - b)) }
      t.deepEqual(decodeLink(encodeLink(packet)), packet)
    }),
    { seed: SEED },
  )
})

test('fragments cover the message, and too many are refused', (t) => {
  const parts = fragments('request', 1, Buffer.alloc(1000, 5), 480)
  t.deepEqual(
    parts.map((part) => part.type === 'data' && [part.index, part.last, part.body.length]),
    [
      [0, 2, 480],
      [1, 2, 480],
      [2, 2, 40],
    ],
  )
  t.throws(() => fragments('request', 1, Buffer.alloc(LINE_MESSAGE_MAX + 1), 480), { instanceOf: RangeError })
  t.throws(() => fragments('request', 1, Buffer.alloc(FRAGMENTS_MAX + 1), 1), { instanceOf: RangeError })
  t.throws(() => fragments('request', 1, Buffer.alloc(0), 1), { instanceOf: RangeError })
})

test('what is no packet is refused', (t) => {
  for (const bad of [
    '',
    '01',
    '0107',
    '11070000ff',
    '11070302ff',
    '11070102',
    '0307',
    `0307${'00'.repeat(33)}`,
    '0007ff',
    '21070102ff',
  ])
    t.throws(() => decodeLink(Buffer.from(bad, 'hex')), refused, bad)
})

test('messages and enrolment payloads: golden, cut at every length', (t) => {
  t.is(hex(encodeMessage('exchange', Buffer.from([9]))), '0109')
  t.is(hex(encodeMessage('enrolment', Buffer.from([9]))), '0209')
  t.is(hex(encodeMessage('channel', Buffer.from([9]))), '0309')
  t.deepEqual(decodeMessage(Buffer.from('0309', 'hex')), { kind: 'channel', body: Buffer.from([9]) })
  for (const bad of ['', '01', '0009', '0409']) t.throws(() => decodeMessage(Buffer.from(bad, 'hex')), refused)
  const request = encodeEnrolmentRequest({ cardId: 'card-1', proof: Buffer.alloc(16, 7) })
  t.is(hex(request), `830166636172642d3150${'07'.repeat(16)}`)
  t.deepEqual(decodeEnrolmentRequest(request), { cardId: 'card-1', proof: new Uint8Array(16).fill(7) })
  for (let n = 0; n < request.length; n++) t.throws(() => decodeEnrolmentRequest(request.subarray(0, n)), refused)
  t.is(hex(encodeEnrolmentResponse({ verdict: 'enrolled' })), '8100')
  for (const reason of ['TICKET_USED', 'TICKET_EXPIRED', 'TICKET_REVOKED'] as const) {
    const verdict = { verdict: 'refused', reason } as const
    t.deepEqual(decodeEnrolmentResponse(encodeEnrolmentResponse(verdict)), verdict)
  }
  for (const bad of ['80', '8104', '820000', '81f6', '00'])
    t.throws(() => decodeEnrolmentResponse(Buffer.from(bad, 'hex')), refused)
})

test(`100,000 mutated packets, messages and enrolment payloads (seed ${SEED})`, (t) => {
  const random = seeded(SEED)
  const golden = ['110701026869', '03070502', '01076869', `830166636172642d3150${'07'.repeat(16)}`, '8101', '0109'].map(
    (text) => Buffer.from(text, 'hex'),
  )
  let refusals = 0
  for (let n = 0; n < 100_000; n++) {
    const bytes = Buffer.from(golden[random(golden.length)] ?? [])
    for (let m = 0; m <= random(3); m++) bytes[random(bytes.length)] = random(256)
    for (const decode of [decodeLink, decodeMessage, decodeEnrolmentRequest, decodeEnrolmentResponse]) {
      try {
        decode(bytes)
      } catch (error) {
        if (!(error instanceof LineFormatError)) throw error
        refusals++
      }
    }
  }
  t.true(refusals > 100_000)
})
