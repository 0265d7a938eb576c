import test from 'ava'
import fc from 'fast-check'
import { SMS_PAYLOAD_MAX, TAG_BYTES, USER_ID_MAX } from '../../../wire/limits.ts'
import { encodeArray, LineFormatError } from '../../../wire/line/cbor.ts'
import { decodeLoginRequest, encodeLoginResponse } from '../../../wire/line/login.ts'
import {
  AMOUNT_MAX,
  currencyField,
  decodePurchaseOpening,
  decodePurchaseVerdict,
  encodePurchaseOpening,
  encodePurchaseVerdict,
  PURCHASE_REFUSALS,
  type PurchaseVerdict,
} from '../../../wire/line/purchase.ts'
import { seeded } from '../../random.ts'

const SEED = 20_000_523
const MUTATIONS = 100_000
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const tag = new Uint8Array(TAG_BYTES).fill(0xaa)
const accepted: PurchaseVerdict = {
  verdict: 'accepted',
  amount: 129_800,
  currency: 'JPY',
  items: 3,
  lapsesInSeconds: 900,
}

test('golden: the opening of a purchase', (t) => {
  // array of 3, purpose 2, 16 bytes, text 5 "alice"
  const golden = `830250${'aa'.repeat(16)}65616c696365`
  t.is(hex(encodePurchaseOpening({ tag, userId: 'alice' })), golden)
  t.deepEqual(decodePurchaseOpening(Buffer.from(golden, 'hex')), { tag, userId: 'alice' })
})

test('golden: an accepted and a refused tag', (t) => {
  // array of 5, verdict 0, 129800 as four bytes, text 3 "JPY", 3 items, 900 as two bytes
  const golden = '85001a0001fb08634a505903190384'
  t.is(hex(encodePurchaseVerdict(accepted)), golden)
  t.deepEqual(decodePurchaseVerdict(Buffer.from(golden, 'hex')), accepted)
  // array of 2, reason 7, 0 seconds
  t.is(hex(encodePurchaseVerdict({ verdict: 'refused', reason: 'TAG_USED', retryAfterSeconds: 0 })), '820700')
})

test('every refusal comes back, and those of a login mean what they say', (t) => {
  for (const reason of Object.values(PURCHASE_REFUSALS)) {
    const refused: PurchaseVerdict = { verdict: 'refused', reason, retryAfterSeconds: 7 }
    t.deepEqual(decodePurchaseVerdict(encodePurchaseVerdict(refused)), refused)
  }
  for (const [login, purchase] of [
    ['CARD_LOCKED', 'CARD_LOCKED'],
    ['SERVER_BUSY', 'SERVER_BUSY'],
    // The answer to every payload that a server does not understand.
    ['LOGIN_REFUSED', 'TAG_UNKNOWN'],
  ] as const) {
    const bytes = encodeLoginResponse({ verdict: 'refused', reason: login, retryAfterSeconds: 5 })
    t.deepEqual(decodePurchaseVerdict(bytes), { verdict: 'refused', reason: purchase, retryAfterSeconds: 5 })
  }
  const locked = encodeLoginResponse({ verdict: 'refused', reason: 'ACCOUNT_LOCKED', retryAfterSeconds: 0 })
  t.throws(() => decodePurchaseVerdict(locked), { instanceOf: LineFormatError })
})

test('an opening is no login, and a login no opening', (t) => {
  t.throws(() => decodeLoginRequest(encodePurchaseOpening({ tag, userId: 'alice' })), { instanceOf: LineFormatError })
  const login = encodeArray([1, tag, 'alice'])
  t.throws(() => decodePurchaseOpening(login), { instanceOf: LineFormatError })
})

test('with a user ID of 28 bytes an opening is one SMS, and its answer always', (t) => {
  const HEADERS = 5 + 8 + 32 + 16 // transport, hint, ephemeral key, seal
  t.true(HEADERS + encodePurchaseOpening({ tag, userId: 'u'.repeat(28) }).length <= SMS_PAYLOAD_MAX)
  const most = { ...accepted, amount: AMOUNT_MAX, items: 9999, lapsesInSeconds: 7 * 86_400 }
  t.true(HEADERS + encodePurchaseVerdict(most).length <= SMS_PAYLOAD_MAX)
})

test('a field of another type, size or number is refused', (t) => {
  const openings: unknown[][] = [
    [2, tag],
    [2, tag, 'alice', 0],
    [2, tag, 'alice', 3],
    [2, tag, 'alice', 2, 2],
    [2, tag.subarray(1), 'alice'],
    [2, new Uint8Array(17), 'alice'],
    [2, 'x'.repeat(16), 'alice'],
    [2, tag, ''],
    [2, tag, 'u'.repeat(USER_ID_MAX + 1)],
    [2, tag, 7],
    [3, tag, 'alice'],
    ['2', tag, 'alice'],
    [],
  ]
  for (const it of openings) t.throws(() => decodePurchaseOpening(encodeArray(it)), { instanceOf: LineFormatError })
  const verdicts: unknown[][] = [
    [0, -1, 'JPY', 1, 1],
    [0, 1.5, 'JPY', 1, 1],
    [0, AMOUNT_MAX + 1, 'JPY', 1, 1],
    [0, '1', 'JPY', 1, 1],
    [0, 1, 'JPY', 0, 1],
    [0, 1, 'JPY', 10_000, 1],
    [0, 1, 'JPY', 1, 7 * 86_400 + 1],
    [0, 1, 'JPY', 1],
    [0, 1],
    [2, 0],
    [11, 0],
    [5, -1],
    [5, 86_401],
    ['5', 0],
    [5],
  ]
  for (const it of verdicts) t.throws(() => decodePurchaseVerdict(encodeArray(it)), { instanceOf: LineFormatError })
  for (const it of ['jpy', 'JP', 'JPYY', 'JP1', '', ' JPY', 'JPY\n', 392, null]) {
    t.throws(() => currencyField(it), { instanceOf: LineFormatError })
  }
})

test('any opening and any terms come back', (t) => {
  const opening = fc.record({
    tag: fc.uint8Array({ minLength: TAG_BYTES, maxLength: TAG_BYTES }),
    userId: fc.string({ minLength: 1, maxLength: 16, unit: 'binary' }),
  })
  const terms = fc.record({
    verdict: fc.constant('accepted' as const),
    amount: fc.integer({ min: 0, max: AMOUNT_MAX }),
    currency: fc.stringMatching(/^[A-Z]{3}$/),
    items: fc.integer({ min: 1, max: 9999 }),
    lapsesInSeconds: fc.integer({ min: 0, max: 7 * 86_400 }),
  })
  t.notThrows(() => {
    fc.assert(
      fc.property(opening, (it) => t.deepEqual(decodePurchaseOpening(encodePurchaseOpening(it)), it)),
      { seed: SEED },
    )
    fc.assert(
      fc.property(terms, (it) => t.deepEqual(decodePurchaseVerdict(encodePurchaseVerdict(it)), it)),
      { seed: SEED },
    )
  })
})

test('the tag is a copy: the payload may be wiped', (t) => {
  for (const payload of [
    encodePurchaseOpening({ tag, userId: 'a' }),
    Buffer.from(encodePurchaseOpening({ tag, userId: 'a' })),
  ]) {
    const opening = decodePurchaseOpening(payload)
    payload.fill(0)
    t.is(hex(opening.tag), 'aa'.repeat(16))
  }
})

test('cut at every length, and with a byte too many, is refused', (t) => {
  for (const [decode, bytes] of [
    [decodePurchaseOpening, encodePurchaseOpening({ tag, userId: 'alice' })],
    [decodePurchaseVerdict, encodePurchaseVerdict(accepted)],
  ] as const) {
    for (let at = 0; at < bytes.length; at++)
      t.throws(() => decode(bytes.subarray(0, at)), { instanceOf: LineFormatError })
    t.throws(() => decode(Buffer.concat([bytes, Buffer.alloc(1)])), { instanceOf: LineFormatError })
  }
})

test(`${MUTATIONS} mutated inputs each throw nothing but LineFormatError`, (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const all = [
    [decodePurchaseOpening, encodePurchaseOpening({ tag, userId: 'alice' })],
    [decodePurchaseVerdict, encodePurchaseVerdict(accepted)],
  ] as const
  const other: unknown[] = []
  for (const [decode, golden] of all) {
    for (let n = 0; n < MUTATIONS; n++) {
      const bytes = Buffer.from(golden)
      for (let k = random(5); k >= 0; k--) bytes[random(bytes.length)] = random(256)
      try {
        decode(bytes.subarray(0, 1 + random(bytes.length)))
      } catch (error) {
        if (!(error instanceof LineFormatError)) other.push(error)
      }
    }
  }
  t.deepEqual(other, [])
})
