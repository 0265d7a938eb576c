import test from 'ava'
import type { ServerEvent } from '../../../server/events.ts'
import type { PaymentState } from '../../../server/settlement/payment-gateway.ts'
import { Settlement } from '../../../server/settlement/settlement.ts'
import { REOPEN_MS } from '../../../server/settlement/settler.ts'
import { decodeReceipt } from '../../../wire/line/receipt.ts'
import { START } from '../world.ts'
import { type Ask, REFUSED_CARD, type Treatment } from './memory-gateway.ts'
import { finish, LAPSE_MS, PERSONAL, PRICE, payerOf, paymentOf, STOCK, shopWorld } from './shop-world.ts'

const AUTHORISED: PaymentState = { state: 'authorised' }
const CAPTURED: PaymentState = { state: 'captured' }
const UNKNOWN: PaymentState = { state: 'unknown' }
const VOIDED: PaymentState = { state: 'voided' }

/** These treatments one after the other, then the last one for ever. */
function inTurn(...treatments: readonly Treatment[]): (ask: Ask) => Treatment {
  const left = [...treatments]
  return () => (left.length > 1 ? left.shift() : left[0]) ?? 'normal'
}

for (const [access, steps] of [
  ['open', ['S31', 'S33', 'S34', 'S35']],
  ['session', ['S65', 'S67', 'S68', 'S69']],
] as const) {
  test(`a purchase from the tag to the receipt (${access})`, async (t) => {
    const {
      clock,
      store,
      settlement,
      tag,
      steps: seen,
      orders,
      tagNow,
      charges,
      events,
    } = await shopWorld(t, { access })
    t.deepEqual(await settlement.open(payerOf(tag)), {
      verdict: 'accepted',
      amount: 2 * PRICE,
      currency: 'JPY',
      items: 2,
      lapsesInSeconds: LAPSE_MS / 1000,
    })
    const outcome = await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag)))
    if (outcome.outcome !== 'paid') return t.fail(outcome.outcome)
    const [order] = await orders()
    t.like(order, { state: 'paid', shipment: 'pending', brand: 'Visa', lastFour: '4242', name: PERSONAL.name })
    t.deepEqual(decodeReceipt(outcome.receipt), {
      order: `K-${String(outcome.orderId).padStart(6, '0')}`,
      at: START / 1000,
      amount: 2 * PRICE,
      currency: 'JPY',
      items: [{ product: 'A-1', quantity: 2, price: PRICE }],
      brand: 'Visa',
      lastFour: '4242',
    })
    t.deepEqual(Buffer.from(order?.receipt ?? []), Buffer.from(outcome.receipt))
    t.is((await tagNow()).state, 'used')
    t.is((await store.good('A-1'))?.available, STOCK - 2)
    t.is(charges(), 1)
    t.deepEqual(seen(), steps)
    t.deepEqual(
      events.map(({ event }) => event),
      ['tag.checked', 'tag.accepted', 'personal-data.received', 'settled'],
    )
    // The tag is used up.
    t.like(await settlement.open(payerOf(tag)), { verdict: 'refused', reason: 'TAG_USED' })
    t.like(await settlement.pay(payerOf(tag), paymentOf(tag)), { outcome: 'not-taken', reason: 'TAG_USED' })
    t.is(charges(), 1)
  })
}

test('no event holds personal data, tag, user or key, whatever happens', async (t) => {
  const { clock, settlement, tag, gateway, events, work, orders } = await shopWorld(t)
  const pay = (card = {}) => finish(clock, settlement.pay(payerOf(tag), paymentOf(tag, card)))
  await settlement.open({ ...payerOf(tag), userId: 'bob' })
  await pay(REFUSED_CARD)
  gateway.treat = () => 'throw'
  await pay()
  gateway.treat = () => 'normal'
  work(settlement)
  await clock.advance(120_000)
  await pay()
  t.true(events.length >= 8)
  const told = JSON.stringify(events)
  const secrets = [
    ...Object.values(PERSONAL),
    ...(await orders()).map(({ key }) => key),
    tag.tag,
    'alice',
    'bob',
    'card-1',
  ]
  for (const secret of secrets.map(String).filter((it) => it.length > 2)) t.false(told.includes(secret), secret)
})

test('a tag is refused with its reason, without any effect', async (t) => {
  const { settlement, store, tag, clock, steps, gateway } = await shopWorld(t)
  const payer = payerOf(tag)
  for (const [change, reason] of [
    [{ tag: 'AAAAAAAAAAAAAAAAAAAAAA' }, 'TAG_UNKNOWN'],
    [{ tag: '' }, 'TAG_UNKNOWN'],
    [{ tag: "' OR 1=1 --" }, 'TAG_UNKNOWN'],
    [{ tag: `${tag.tag.slice(0, -1)}\u0000` }, 'TAG_UNKNOWN'],
    [{ userId: 'bob' }, 'TAG_FOREIGN'],
    [{ cardId: 'card-2' }, 'TAG_FOREIGN'],
  ] as const) {
    const verdict = { verdict: 'refused', reason, retryAfterSeconds: 0 } as const
    t.deepEqual(await settlement.open({ ...payer, ...change }), verdict)
    const outcome = await settlement.pay({ ...payer, ...change }, paymentOf(tag))
    t.deepEqual(outcome, { outcome: 'not-taken', reason })
  }
  await clock.advance(LAPSE_MS)
  t.like(await settlement.open(payer), { reason: 'TAG_LAPSED' }, 'also before anybody swept it')
  t.like(await settlement.pay(payer, paymentOf(tag)), { reason: 'TAG_LAPSED' })
  t.is(await store.lapseTags(clock.now()), 1)
  t.like(await settlement.open(payer), { reason: 'TAG_LAPSED' })
  t.deepEqual([...new Set(steps())].sort(), ['S31', 'S32', 'S34', 'S65', 'S66', 'S68'])
  t.deepEqual(gateway.asked, [])
  t.deepEqual(await store.orders(undefined, 10), [])
})

test('another amount or currency than the one that stands is not charged', async (t) => {
  const { settlement, tag, gateway, tagNow } = await shopWorld(t)
  for (const change of [{ amount: 1 }, { amount: 2 * PRICE + 1 }, { currency: 'EUR' }]) {
    const outcome = await settlement.pay(payerOf(tag), { ...paymentOf(tag), ...change })
    t.deepEqual(outcome, { outcome: 'not-taken', reason: 'AMOUNT_CHANGED' })
  }
  t.deepEqual(gateway.asked, [])
  t.is((await tagNow()).state, 'open')
})

test('a refused card charges nothing; the tag is open again for ten minutes, and another card pays', async (t) => {
  const { clock, settlement, tag, tagNow, orders, charges } = await shopWorld(t)
  await clock.advance(LAPSE_MS - 1000)
  const refused = await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag, REFUSED_CARD)))
  t.deepEqual(refused, { outcome: 'refused', reason: 'do-not-honour' })
  const { state, lapsesAt } = await tagNow()
  t.is(state, 'open')
  t.true(lapsesAt >= clock.now() + REOPEN_MS - 1000)
  t.like(await settlement.open(payerOf(tag)), { verdict: 'accepted' })
  t.like(await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag))), { outcome: 'paid' })
  const all = await orders()
  t.deepEqual(
    all.map(({ state: it, refusal }) => [it, refusal]),
    [
      ['paid', ''],
      ['refused', 'do-not-honour'],
    ],
  )
  t.is(new Set(all.map(({ key }) => key)).size, 2)
  t.is(charges(), 1)
})

test('a tag that has longer than ten minutes keeps its time', async (t) => {
  const { clock, settlement, tag, tagNow } = await shopWorld(t)
  await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag, REFUSED_CARD)))
  t.is((await tagNow()).lapsesAt, tag.lapsesAt)
})

test('two clicks at once: one pays, the other one hears that it is under way', async (t) => {
  const { clock, settlement, another, tag, charges, orders } = await shopWorld(t)
  const pays = [settlement, settlement, another('other')].map((it) => it.pay(payerOf(tag), paymentOf(tag)))
  const ends = await finish(clock, Promise.all(pays))
  t.is(ends.filter(({ outcome }) => outcome === 'paid').length, 1)
  for (const end of ends) if (end.outcome !== 'paid') t.like(end, { outcome: 'not-taken' })
  t.is((await orders()).length, 1)
  t.is(charges(), 1)
})

test('while it is being paid for, open says so and when to ask again', async (t) => {
  const { clock, settlement, tag, gateway } = await shopWorld(t)
  gateway.treat = () => 'hang'
  const paying = settlement.pay(payerOf(tag), paymentOf(tag))
  await clock.advance(10)
  t.deepEqual(await settlement.open(payerOf(tag)), { verdict: 'refused', reason: 'TAG_PENDING', retryAfterSeconds: 30 })
  t.like(await finish(clock, paying), { outcome: 'pending' })
})

for (const [name, treatments] of [
  ['the first request is lost', ['before', 'normal']],
  ['the first answer is lost', ['after', 'normal']],
  ['three are lost, here and there', ['before', 'after', 'before', 'normal']],
  ['the gateway fails', ['throw', 'normal']],
  ['the capture is lost', ['normal', 'before', 'normal']],
  ['the answer to the capture is lost', ['normal', 'after', 'normal']],
  ['the capture is said to be authorised first', ['normal', AUTHORISED, 'normal']],
] as const) {
  test(`retried under the same key: ${name}`, async (t) => {
    const { clock, settlement, tag, gateway, charges } = await shopWorld(t)
    gateway.treat = inTurn(...treatments)
    t.like(await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag))), { outcome: 'paid' })
    t.is(new Set(gateway.asked.map(({ key }) => key)).size, 1)
    t.is(charges(), 1)
  })
}

for (const treatment of ['before', 'after', 'hang', 'throw', UNKNOWN] as const) {
  test(`nothing but ${JSON.stringify(treatment)}: the caller hears within 30 s that it is pending`, async (t) => {
    const { clock, settlement, tag, gateway } = await shopWorld(t)
    gateway.treat = () => treatment
    const outcome = await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag)))
    t.is(outcome.outcome, 'pending')
    t.true(clock.now() - START <= 30_000)
    t.true(gateway.asked.length <= 20, `${gateway.asked.length} requests`)
  })
}

test('lies that lead nowhere end with the budget and ask no more than now and then', async (t) => {
  for (const lies of [
    [AUTHORISED],
    [AUTHORISED, UNKNOWN],
    [UNKNOWN, UNKNOWN, AUTHORISED],
    [UNKNOWN, 'before', AUTHORISED, UNKNOWN, 'after'],
  ] as const) {
    const { clock, settlement, tag, gateway, tagNow } = await shopWorld(t)
    let n = 0
    gateway.treat = () => lies[n++ % lies.length] ?? 'normal'
    t.like(await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag))), { outcome: 'pending' })
    t.true(gateway.asked.length <= 30, `${gateway.asked.length} requests`)
    t.is((await tagNow()).state, 'paying')
  }
})

test('a contradiction is told to the operator, and ends on what is final', async (t) => {
  for (const [treatments, outcome, state] of [
    [[CAPTURED], 'paid', 'paid'],
    [[AUTHORISED, VOIDED], 'refused', 'voided'],
    [[AUTHORISED, { state: 'refused', reason: 'stolen-card' }], 'refused', 'voided'],
    [[AUTHORISED, UNKNOWN, VOIDED], 'refused', 'voided'],
    [[AUTHORISED, UNKNOWN, CAPTURED], 'paid', 'paid'],
  ] as const) {
    const { clock, settlement, tag, gateway, events, orders } = await shopWorld(t)
    gateway.treat = inTurn(...treatments)
    t.like(await finish(clock, settlement.pay(payerOf(tag), paymentOf(tag))), { outcome })
    t.is((await orders())[0]?.state, state)
    t.true(events.some(({ event }) => event === 'settlement.odd'))
  }
})

test('closing ends the calls as pending, at once, and takes no more', async (t) => {
  const { clock, settlement, tag, gateway, orders } = await shopWorld(t)
  gateway.treat = () => 'hang'
  const paying = settlement.pay(payerOf(tag), paymentOf(tag))
  await clock.advance(10)
  await settlement.close()
  t.like(await paying, { outcome: 'pending' })
  t.is(clock.now(), START + 10)
  t.is(clock.waiting, 0)
  t.like(await settlement.pay(payerOf(tag), paymentOf(tag)), { outcome: 'refused', reason: 'server-closing' })
  t.is((await orders()).length, 1)
})

test('a store that fails after the order was written: pending, not lost, and settled later', async (t) => {
  const { clock, store, gateway, settlement, tag, tagNow, charges, events, work } = await shopWorld(t)
  const failing = new Proxy(store, {
    get: (it, name) => {
      if (name === 'orderAuthorised') return () => Promise.reject(new Error('the disk is full'))
      const value: unknown = Reflect.get(it, name)
      return typeof value === 'function' ? value.bind(it) : value
    },
  })
  const log = (event: ServerEvent): void => void events.push(event)
  const broken = new Settlement({ store: failing, gateway, clock, log, node: 'main' })
  t.like(await finish(clock, broken.pay(payerOf(tag), paymentOf(tag))), { outcome: 'pending' })
  t.true(events.some(({ event }) => event === 'settlement.fault'))
  t.is((await tagNow()).state, 'paying')
  t.is(charges(), 0)
  work(settlement)
  await clock.advance(5000)
  t.is((await tagNow()).state, 'used')
  t.is(charges(), 1)
})
