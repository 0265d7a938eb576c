import test from 'ava'
import type { Payer, PaymentOutcome, Purchases } from '../../../server/shop/purchases.ts'
import { encodePayment, type Payment, PERSONAL_DATA_TYPE } from '../../../wire/line/personal-data.ts'
import { RECEIPT_TYPE } from '../../../wire/line/receipt.ts'
import { seeded } from '../../random.ts'
import { appWorld, LINE, OPEN, session } from './world.ts'

const SEED = 20_000_523
const PAYMENT: Payment = {
  amount: 4990,
  currency: 'EUR',
  data: {
    cardNumber: '4111111111111111',
    expiryMonth: 12,
    expiryYear: 2030,
    securityCode: '123',
    name: 'Alice <b>Example</b>',
    street: "1 O'Hara Street; DROP TABLE orders",
    postalCode: '12345',
    city: 'Örtchen',
    country: 'DE',
    contact: '',
  },
}
const TYPE = { 'content-type': PERSONAL_DATA_TYPE }

function cashier(outcome: PaymentOutcome) {
  const asked: { payer: Payer; payment: Payment }[] = []
  const purchases: Purchases = {
    open: async () => ({ verdict: 'refused', reason: 'TAG_UNKNOWN', retryAfterSeconds: 0 }),
    pay: async (payer, payment) => {
      asked.push({ payer, payment })
      return outcome
    },
  }
  return { asked, purchases }
}

test('S34–S35, S68–S69: a payment over the line reaches the purchase of its tag, and the receipt comes back', async (t) => {
  const { asked, purchases } = cashier({ outcome: 'paid', orderId: 12, receipt: Uint8Array.of(7, 8, 9) })
  const { app } = await appWorld([], purchases)
  const request = new Request('https://keyline/pay', {
    method: 'POST',
    headers: TYPE,
    body: Uint8Array.from(encodePayment(PAYMENT)),
  })
  const response = await app.fetch(request, { access: LINE })
  t.is(response.status, 200)
  t.is(response.headers.get('content-type'), RECEIPT_TYPE)
  t.deepEqual(new Uint8Array(await response.arrayBuffer()), Uint8Array.of(7, 8, 9))
  t.deepEqual(asked, [{ payer: { cardId: 'card-1', userId: 'alice', tag: 't'.repeat(22) }, payment: PAYMENT }])
})

test('every other outcome has its status and its code', async (t) => {
  for (const [outcome, status, body] of [
    [
      { outcome: 'refused', reason: 'insufficient-funds' },
      402,
      { code: 'PAYMENT_REFUSED', reason: 'insufficient-funds' },
    ],
    [{ outcome: 'pending', orderId: 12 }, 202, { code: 'PAYMENT_PENDING', order: 'K-000012' }],
    ...(['AMOUNT_CHANGED', 'TAG_UNKNOWN', 'TAG_FOREIGN', 'TAG_USED', 'TAG_PENDING', 'TAG_LAPSED'] as const).map(
      (reason) => [{ outcome: 'not-taken', reason }, 409, { code: reason }] as const,
    ),
  ] as const) {
    const { ask } = await appWorld([], cashier(outcome).purchases)
    const got = await ask(LINE, 'POST', '/pay', { body: encodePayment(PAYMENT), headers: TYPE })
    t.is(got.status, status, JSON.stringify(outcome))
    t.like(got.json(), body)
    t.is(typeof got.json().cure, 'string')
    t.is(got.headers.get('connection'), null) // no such thing on a line
  }
})

test('wrong personal data are told field by field, without their values, and nobody is asked', async (t) => {
  const { asked, purchases } = cashier({ outcome: 'pending', orderId: 1 })
  const { ask, events } = await appWorld([], purchases)
  const data = { ...PAYMENT.data, cardNumber: '4111111111111112', expiryYear: 2020, name: '', country: 'de' }
  const got = await ask(LINE, 'POST', '/pay', { body: encodePayment({ ...PAYMENT, data }), headers: TYPE })
  t.is(got.status, 422)
  t.like(got.json(), { code: 'PERSONAL_DATA_INVALID' })
  t.deepEqual(Object.keys(got.json().faults as object).sort(), ['cardNumber', 'country', 'expiryYear', 'name'])
  for (const value of ['4111', '123', 'Hara', '2020']) t.false(got.text.includes(value), value)
  t.deepEqual([asked, events], [[], []])
})

test('what is no payment is refused: another type, cut at every length, 10,000 mutations', async (t) => {
  t.log(`seed ${SEED}`)
  const { asked, purchases } = cashier({ outcome: 'pending', orderId: 1 })
  const { ask } = await appWorld([], purchases)
  const bytes = encodePayment(PAYMENT)
  for (const headers of [
    {},
    { 'content-type': 'application/json' },
    { 'content-type': `${PERSONAL_DATA_TYPE}; x=y` },
  ]) {
    t.like((await ask(LINE, 'POST', '/pay', { body: bytes, headers })).json(), { code: 'BODY_INVALID' })
  }
  for (let at = 0; at < bytes.length; at++) {
    const got = await ask(LINE, 'POST', '/pay', { body: bytes.subarray(0, at), headers: TYPE })
    t.is(got.status, 400)
  }
  t.is(asked.length, 0)
  const random = seeded(SEED)
  const statuses = new Set<number>()
  for (let n = 0; n < 10_000; n++) {
    const mutated = Uint8Array.from(bytes)
    for (let k = random(4); k >= 0; k--) mutated[random(mutated.length)] = random(256)
    statuses.add((await ask(LINE, 'POST', '/pay', { body: mutated, headers: TYPE })).status)
  }
  t.deepEqual([...statuses].sort(), [202, 400, 422])
})

test('personal data that come over the Internet are refused unread, by session and in the open', async (t) => {
  const { asked, purchases } = cashier({ outcome: 'pending', orderId: 1 })
  const { app, events } = await appWorld([], purchases)
  for (const access of [OPEN, session()]) {
    const body = Uint8Array.from(encodePayment(PAYMENT))
    const request = new Request('http://server/pay', { method: 'POST', headers: TYPE, body })
    const response = await app.fetch(request, { access })
    t.is(response.status, 403)
    t.like(JSON.parse(await response.text()), { code: 'ROUTE_NEEDS_LINE' })
    t.false(request.bodyUsed)
  }
  t.deepEqual([asked, events], [[], []])
})

test('without purchases nothing can be paid, and a fault inside tells nothing of the data', async (t) => {
  const without = await appWorld([])
  const body = encodePayment(PAYMENT)
  const busy = await without.ask(LINE, 'POST', '/pay', { body, headers: TYPE })
  t.is(busy.status, 503)
  t.like(busy.json(), { code: 'SERVER_BUSY' })
  const { purchases } = cashier({ outcome: 'pending', orderId: 1 })
  const broken = await appWorld([], { ...purchases, pay: () => Promise.reject(new Error('disk')) })
  const failed = await broken.ask(LINE, 'POST', '/pay', { body, headers: TYPE })
  t.is(failed.status, 500)
  t.like(failed.json(), { code: 'INTERNAL' })
  t.like(broken.events, [{ event: 'line.fault', path: 'line' }])
  t.notRegex(JSON.stringify(broken.events), /4111|Hara|Alice/)
})
