import test from 'ava'
import fc from 'fast-check'
import { fragmentSms } from '../../../../line/modem/sms/fragment.ts'
import { type DiscardedParts, SMS_PARTS_LIMITS, SmsParts, type WholeSms } from '../../../../line/modem/sms/parts.ts'
import { decodePdu, type SmsDeliver } from '../../../../line/modem/sms/pdu.ts'
import { LINE_MESSAGE_MAX } from '../../../../wire/limits.ts'
import { seeded } from '../../../random.ts'
import { delivered, deliverHex } from './deliver.ts'

const SEED = 20_000_523
const ports = { destination: 16_001, source: 16_000 }
const OTHER_SENDER = '0B911346610089F6'
const OTHER_SMSC = '07911326040000F0'

function bytes(length: number, seed = 1): Uint8Array {
  const random = seeded(seed)
  return Uint8Array.from({ length }, () => random(256))
}

/** Parts of a message as they arrive. */
function arriving(message: Uint8Array, ref = 7, sender?: string): SmsDeliver[] {
  return fragmentSms(message, ports, ref).map((fragment) => delivered(fragment, sender))
}

function setUp(limits = SMS_PARTS_LIMITS) {
  const time = { now: 0 }
  const thrown: DiscardedParts[] = []
  const parts = new SmsParts(
    () => time.now,
    (what) => thrown.push(what),
    limits,
  )
  const all = (messages: readonly SmsDeliver[]): WholeSms[] => messages.flatMap((sms) => parts.add(sms) ?? [])
  return { parts, thrown, time, all }
}

test('133 bytes go in one message, 134 in two', (t) => {
  t.deepEqual(fragmentSms(bytes(133), ports, 1), [{ data: bytes(133), ports, concat: undefined }])
  t.deepEqual(fragmentSms(new Uint8Array(0), ports, 1).length, 1)
  const two = fragmentSms(bytes(134), ports, 1)
  t.deepEqual(
    two.map(({ data, concat }) => [data.length, concat]),
    [
      [128, { ref: 1, bits: 8, total: 2, part: 1 }],
      [6, { ref: 1, bits: 8, total: 2, part: 2 }],
    ],
  )
})

test('a reference above 255 takes two octets, and each part one byte less', (t) => {
  const two = fragmentSms(bytes(140), ports, 256)
  t.deepEqual(
    two.map(({ data, concat }) => [data.length, concat?.bits]),
    [
      [127, 16],
      [13, 16],
    ],
  )
  t.is(fragmentSms(bytes(140), ports, 5, 16)[0]?.concat?.bits, 16)
})

test('at most 255 parts', (t) => {
  t.is(fragmentSms(bytes(255 * 128), ports, 1).length, 255)
  t.throws(() => fragmentSms(bytes(255 * 128 + 1), ports, 1), { instanceOf: RangeError })
  t.is(fragmentSms(bytes(LINE_MESSAGE_MAX), ports, 300).length, SMS_PARTS_LIMITS.parts)
})

test('any message, any order of its parts: it comes out whole, once, with the last of them', (t) => {
  const property = fc.property(
    fc.integer({ min: 0, max: 3000 }),
    fc.integer({ min: 1, max: 1 << 30 }),
    (length, seed) => {
      const message = bytes(length, seed)
      const random = seeded(seed)
      const shuffled = arriving(message, random(65_536)).sort(() => random(3) - 1)
      const { parts, all } = setUp()
      const before = all(shuffled.slice(0, -1))
      const last = parts.add(shuffled[shuffled.length - 1]!) // there is always one
      return before.length === 0 && last !== undefined && Buffer.from(last.data).equals(message) && parts.pending === 0
    },
  )
  t.notThrows(() => fc.assert(property, { seed: SEED, numRuns: 200 }))
})

test('one without parts is whole at once, and says from whom and for which port', (t) => {
  const { parts } = setUp()
  const whole = parts.add(delivered({ data: Uint8Array.of(1, 2), ports }))
  t.deepEqual(whole, { sender: '+31628870634', ports, data: Buffer.from([1, 2]), text: undefined, parts: 1 })
})

test('duplicates are dropped and told, before and after the message is whole', (t) => {
  const { thrown, all } = setUp()
  const [one, two, three] = arriving(bytes(300))
  if (!one || !two || !three) return t.fail()
  t.is(all([one, one, two, one, three]).length, 1)
  t.deepEqual(
    thrown.map(({ reason, parts }) => [reason, parts]),
    [
      ['duplicate', [1]],
      ['duplicate', [1]],
    ],
  )
  t.is(all([three, two, one, one]).length, 0)
  t.is(thrown.filter(({ reason }) => reason === 'duplicate').length, 6)
})

test('parts through different SMSCs belong together', (t) => {
  const { all } = setUp()
  const message = bytes(200)
  const [first, second] = fragmentSms(message, ports, 9)
  if (!first || !second) return t.fail()
  const whole = all([delivered(second, undefined, OTHER_SMSC), delivered(first)])
  t.deepEqual(Buffer.from(whole[0]?.data ?? []), Buffer.from(message))
})

test('senders, references, totals, widths and ports are kept apart', (t) => {
  const { all, parts } = setUp()
  const message = bytes(200)
  const [one] = arriving(message, 7)
  const others = [
    arriving(message, 7, OTHER_SENDER)[1],
    arriving(message, 8)[1],
    arriving(bytes(300), 7)[1],
    fragmentSms(message, ports, 7, 16).map((fragment) => delivered(fragment))[1],
    fragmentSms(message, { ...ports, destination: 1 }, 7).map((fragment) => delivered(fragment))[1],
    fragmentSms(message, { ...ports, source: 1 }, 7).map((fragment) => delivered(fragment))[1],
  ]
  t.is(all([one, ...others].filter((sms) => sms !== undefined)).length, 0)
  t.is(parts.pending, 7)
})

test('a reference that is used again begins a new message, and the old parts are told', (t) => {
  const { all, thrown } = setUp()
  const [oldOne] = arriving(bytes(200, 1))
  const fresh = arriving(bytes(200, 2))
  if (!oldOne) return t.fail()
  const whole = all([oldOne, ...fresh])
  t.deepEqual(Buffer.from(whole[0]?.data ?? []), Buffer.from(bytes(200, 2)))
  t.like(thrown, [{ reason: 'replaced', sender: '+31628870634', ref: 7, total: 2, parts: [1] }])
})

test('the same reference after a whole message is another message, unless its bytes are the same', (t) => {
  const { all, thrown } = setUp()
  t.is(all(arriving(bytes(200, 1))).length, 1)
  t.is(all(arriving(bytes(200, 2))).length, 1)
  t.is(all(arriving(bytes(200, 2))).length, 0)
  t.is(thrown.length, 2)
})

test('what is too old is thrown away and told; a whole message is forgotten, too', (t) => {
  const { all, thrown, time, parts } = setUp()
  const [one, two] = arriving(bytes(200))
  if (!one || !two) return t.fail()
  all([one])
  time.now = SMS_PARTS_LIMITS.ageMs - 1
  parts.expire()
  t.is(parts.pending, 1)
  time.now++
  parts.expire()
  t.is(parts.pending, 0)
  t.deepEqual(
    thrown.map(({ reason, parts: gone }) => [reason, gone]),
    [['expired', [1]]],
  )
  t.is(all([two]).length, 0)
  t.is(all([one]).length, 1)
  time.now += SMS_PARTS_LIMITS.wholeMs
  t.is(all([one, two]).length, 1)
})

test('the oldest makes room, and a total that nobody needs is refused', (t) => {
  const { all, thrown, parts } = setUp({ messages: 2, parts: 3, ageMs: 1000, wholeMs: 1000 })
  const first = (ref: number): SmsDeliver[] => arriving(bytes(200), ref).slice(0, 1)
  all([...first(1), ...first(2), ...first(3)])
  t.is(parts.pending, 2)
  t.like(thrown, [{ reason: 'room', ref: 1, parts: [1] }])
  t.is(all(arriving(bytes(500), 9)).length, 0)
  t.deepEqual(
    thrown.slice(1).map(({ reason }) => reason),
    Array(4).fill('too-long'),
  )
  t.is(all(arriving(bytes(200), 3).slice(1)).length, 1)
})

test('text of parts is joined, also where a letter was cut in two', (t) => {
  const { parts } = setUp()
  const part = (number: number, text: string): SmsDeliver => {
    const sms = decodePdu(deliverHex({ coding: 8, header: true, data: `08050003AA020${number}${text}` }))
    if (sms.type !== 'deliver') throw new Error(JSON.stringify(sms))
    return sms
  }
  t.is(parts.add(part(2, 'DE00')), undefined)
  t.is(parts.add(part(1, 'D83D'))?.text, '😀')
})

test('thousands of messages, lost, doubled and out of order: what is whole is right, and nothing piles up', (t) => {
  const random = seeded(SEED)
  const { parts, time } = setUp()
  let whole = 0
  for (let n = 0; n < 2000; n++) {
    const message = bytes(150 + random(400), n)
    const sent = arriving(message, n % 256).filter(() => random(10) > 0)
    const received = [...sent, ...sent.filter(() => random(10) === 0)].sort(() => random(3) - 1)
    for (const sms of received) {
      const result = parts.add(sms)
      if (result === undefined) continue
      whole++
      t.true(Buffer.from(result.data).equals(message), `message ${n} (seed ${SEED})`)
    }
    time.now += 60_000
    t.true(parts.pending <= SMS_PARTS_LIMITS.messages)
  }
  t.true(whole > 1000)
})
