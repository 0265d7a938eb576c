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
import {
  BLOCK_BYTES,
  blocksOf,
  blocksPerPacket,
  decodeLink,
  encodeLink,
  fitsWhole,
  fragment,
  type LinkPacket,
} from '../../../wire/line/link.ts'
import { decodeMessage, encodeMessage } from '../../../wire/line/message.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const refused = { instanceOf: LineFormatError }

test('golden packets', (t) => {
  const body = Buffer.from('hi')
  const data = { type: 'data', id: 7, serial: 0, index: 0, last: 0, body } as const
  t.is(hex(encodeLink({ ...data, of: 'request' })), '01076869')
  t.is(hex(encodeLink({ ...data, of: 'response' })), '02076869')
  t.is(hex(encodeLink({ ...data, of: 'request', serial: 5, index: 1, last: 2 })), '11070501026869')
  t.is(hex(encodeLink({ ...data, of: 'response', serial: 255, index: 2, last: 2 })), '1207ff02026869')
  const ack = { type: 'ack', id: 7, newest: 11, received: new Set([0, 2, 9]) } as const
  t.is(hex(encodeLink({ ...ack, of: 'request' })), '03070b0502')
  t.is(hex(encodeLink({ ...ack, of: 'response', id: 255, newest: 0, received: new Set() })), '04ff0000')
})

test('packets come back as they went', (t) => {
  const data = fc.record({
    type: fc.constant('data' as const),
    of: fc.constantFrom('request' as const, 'response' as const),
    id: fc.nat(255),
    serial: fc.nat(255),
    last: fc.nat(255),
    body: fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  })
  fc.assert(
    fc.property(data, fc.nat(255), (it, at) => {
      const whole = it.last === 0
      const packet: LinkPacket = { ...it, serial: whole ? 0 : it.serial, index: whole ? 0 : at % (it.last + 1) }
      t.deepEqual(decodeLink(encodeLink(packet)), packet)
    }),
    { seed: SEED },
  )
  fc.assert(
    fc.property(fc.nat(255), fc.uniqueArray(fc.nat(255)), (newest, received) => {
      const ordered = new Set(received.sort((a, b) => a - b))
      const packet: LinkPacket = { type: 'ack', of: 'request', id: 3, newest, received: ordered }
      t.deepEqual(decodeLink(encodeLink(packet)), packet)
    }),
    { seed: SEED },
  )
})

test('runs of blocks cover the message, whatever their length; with all blocks it is whole', (t) => {
  const message = Buffer.from(Array.from({ length: 1000 }, (_, n) => n & 0xff))
  t.is(blocksOf(message), 16)
  for (const run of [1, 2, 3, 15]) {
    const parts = []
    for (let first = 0; first < 16; first += run) {
      parts.push(fragment('request', 1, message, { serial: 256 + first, first, count: Math.min(run, 16 - first) }))
    }
    t.deepEqual(Buffer.concat(parts.map(({ body }) => body)), message)
    t.true(parts.every(({ index, serial, last }) => index === serial && last === 15))
  }
  t.like(fragment('response', 1, message, { serial: 9, first: 0, count: 16 }), { serial: 0, last: 0, body: message })
  t.throws(() => blocksOf(Buffer.alloc(LINE_MESSAGE_MAX + 1)), { instanceOf: RangeError })
  t.throws(() => blocksOf(Buffer.alloc(0)), { instanceOf: RangeError })
})

test('a packet holds as many blocks as fit behind its header, a short message two bytes of header only', (t) => {
  t.is(blocksPerPacket(133), 2)
  t.is(blocksPerPacket(132), 1)
  t.is(blocksPerPacket(5 + 4 * BLOCK_BYTES), 4)
  t.throws(() => blocksPerPacket(68), { instanceOf: RangeError })
  t.true(fitsWhole(131, 133))
  t.false(fitsWhole(132, 133))
})

test('what is no packet is refused', (t) => {
  for (const bad of [
    '',
    '01',
    '0107',
    '1107050000ff',
    '1107050302ff',
    '1107050102',
    '0307',
    '03070b',
    `03070b${'00'.repeat(33)}`,
    '0007ff',
    '2107050102ff',
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
  const golden = [
    '11070501026869',
    '03070b0502',
    '01076869',
    `830166636172642d3150${'07'.repeat(16)}`,
    '8101',
    '0109',
  ].map((text) => Buffer.from(text, 'hex'))
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
