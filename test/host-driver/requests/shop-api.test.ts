import test from 'ava'
import fc from 'fast-check'
import type { KeylineError } from '../../../host-driver/errors.ts'
import type { Progress } from '../../../host-driver/events.ts'
import type { Fetch, RequestOptions } from '../../../host-driver/requests/http.ts'
import { Shop } from '../../../host-driver/requests/shop-api.ts'
import { FakeShop, OTHER_TAG, problem, TAG } from '../fake-shop.ts'
import { steps } from '../world.ts'

interface Asked {
  readonly path: string
  readonly options: RequestOptions | undefined
}

/** A shop behind a Fetch that always answers this. */
function answering(body: unknown, status = 200, type = 'application/json', embodiment: 2 | 3 = 2) {
  const asked: Asked[] = []
  const events: Progress[] = []
  const fetch: Fetch = async (path, options) => {
    asked.push({ path, options })
    const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
    return new Response(raw, { status, headers: { 'content-type': type } })
  }
  return { shop: new Shop(fetch, embodiment, (event) => void events.push(event)), asked, events }
}

const fake = new FakeShop()
fake.basket.set('L-100', 2)
fake.tagged = true
const BASKET = fake.basketAnswer()
const OPEN = fake.tagAnswer()
fake.state = 'used'
const USED = fake.tagAnswer()
const GOODS = [
  { product: 'L-100', name: 'Head lamp', specification: '', price: 4990, currency: 'EUR', available: 0, photo: null },
]
const ORDER = {
  order: 'K-000012',
  tag: TAG,
  state: 'paid',
  amount: 9980,
  currency: 'EUR',
  brand: 'Visa',
  lastFour: '4242',
  createdAt: '2026-03-20T10:00:00.000Z',
  paidAt: null,
  shipment: 'none',
  refusal: '',
  items: OPEN.items,
  receipt: null,
}

test('S23, S57: goods, as they come', async (t) => {
  const open = answering({ goods: GOODS })
  t.deepEqual(await open.shop.goods(), GOODS)
  t.is(open.asked[0]?.path, '/shop/goods')
  t.is(open.asked[0]?.options?.method, undefined)
  t.deepEqual(steps(open.events), ['S23'])
  const keyed = answering({ goods: [] }, 200, 'application/json', 3)
  t.deepEqual(await keyed.shop.goods(), [])
  t.deepEqual(steps(keyed.events), ['S57'])
})

test('S22, S24, S26 and their like: what is asked, what is told', async (t) => {
  for (const [embodiment, told] of [
    [2, ['S22', 'S24', 'S24', 'S26']],
    [3, ['S56', 'S58', 'S58', 'S60']],
  ] as const) {
    const asked: string[] = []
    const events: Progress[] = []
    const fetch: Fetch = async (path, options) => {
      asked.push(`${options?.method} ${path} ${options?.body} ${options?.headers?.['content-type']}`)
      return Response.json(path === '/shop/finish' ? OPEN : BASKET)
    }
    const shop = new Shop(fetch, embodiment, (event) => void events.push(event))
    t.is((await shop.enter('alice')).basket, 'B1')
    t.is((await shop.setItem('L-100', 2)).amount, 9980)
    await shop.setItem('L-100', 0)
    const tag = await shop.finish()
    t.deepEqual([tag.tag, tag.state, tag.receipt], [TAG, 'open', null])
    t.true(tag.lapsesAt instanceof Date)
    t.deepEqual(steps(events), told)
    t.true(events.every((event) => event.type === 'step' && event.path === 'internet' && !event.text.includes(TAG)))
    t.deepEqual(asked, [
      'POST /shop/enter {"userId":"alice"} application/json',
      'POST /shop/basket {"product":"L-100","quantity":2} application/json',
      'POST /shop/basket {"product":"L-100","quantity":0} application/json',
      'POST /shop/finish {} application/json',
    ])
  }
})

test('a tag that is paid for has the very bytes of its receipt', async (t) => {
  const { shop, asked } = answering(USED)
  const tag = await shop.tag(TAG)
  t.deepEqual(tag.receipt, Uint8Array.from(fake.receipt))
  t.is(tag.order, 'K-000012')
  t.is(asked[0]?.path, `/shop/tag/${TAG}`)
})

test('cancel names the tag in the body, orders come as a list', async (t) => {
  const cancelled = answering({ ...OPEN, state: 'cancelled' })
  t.is((await cancelled.shop.cancel(TAG)).state, 'cancelled')
  t.is(cancelled.asked[0]?.options?.body, JSON.stringify({ tag: TAG }))
  const { shop } = answering({ orders: [ORDER] })
  const [order] = await shop.orders()
  t.is(order?.order, 'K-000012')
  t.is(order?.paidAt, null)
  t.is(order?.createdAt.getTime(), Date.UTC(2026, 2, 20, 10))
})

test('photos: pictures only, and not too large', async (t) => {
  const bytes = Buffer.from('ffd8ffe0', 'hex')
  t.deepEqual(await answering(bytes, 200, 'image/jpeg').shop.photo('L-100'), { type: 'image/jpeg', bytes })
  for (const type of ['text/html', 'image/svg+xml', 'image/jpeg; x=y', 'application/json']) {
    await t.throwsAsync(answering('<svg/>', 200, type).shop.photo('L-100'), { code: 'SERVER_PROTOCOL' }, type)
  }
  const endless = answering(Buffer.alloc(2 ** 20 + 1), 200, 'image/png')
  await t.throwsAsync(endless.shop.photo('L-100'), { code: 'SERVER_PROTOCOL', message: /at most/ })
  const none = answering(problem(404, 'NOT_FOUND').body, 404)
  await t.throwsAsync(none.shop.photo('L-100'), { code: 'NOT_FOUND' })
})

test('what cannot be asked is refused before anything is sent', async (t) => {
  const { shop, asked } = answering(BASKET)
  const products = ['', 'l-100', 'L/100', '../pay', 'L 1', 'L-100?x', '-L', 'L'.repeat(17), "L'--", '<b>', 'L\n']
  for (const product of products) {
    await t.throwsAsync(shop.setItem(product, 1), { code: 'INPUT_INVALID' }, product)
    await t.throwsAsync(shop.photo(product), { code: 'INPUT_INVALID' }, product)
  }
  for (const quantity of [-1, 100, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    await t.throwsAsync(shop.setItem('L-100', quantity), { code: 'INPUT_INVALID' }, String(quantity))
  }
  for (const tag of ['', 'a', `${TAG}a`, `${'q'.repeat(21)}/`, `${'q'.repeat(21)} `, '../'.repeat(7)]) {
    await t.throwsAsync(shop.tag(tag), { code: 'INPUT_INVALID' }, tag)
    await t.throwsAsync(shop.cancel(tag), { code: 'INPUT_INVALID' }, tag)
  }
  t.deepEqual(asked, [])
})

test('refusals keep the code and the sentences of the shop', async (t) => {
  for (const [status, code] of [
    [409, 'OUT_OF_STOCK'],
    [404, 'TAG_UNKNOWN'],
    [409, 'BASKET_EMPTY'],
    [503, 'SERVER_BUSY'],
  ] as const) {
    const { shop, events } = answering(problem(status, code).body, status)
    const error = await t.throwsAsync<KeylineError>(shop.finish(), { code })
    t.like(error, { origin: 'server', what: `the shop says ${code}`, cure: 'do otherwise' })
    t.deepEqual(events, [])
  }
})

test('a redirect is no answer, wherever it leads', async (t) => {
  await t.throwsAsync(answering('', 303).shop.basket(), { code: 'SERVER_PROTOCOL' })
})

/** Each of these in place of the field makes the answer invalid. */
const WRONG: readonly (readonly [field: string, values: readonly unknown[]])[] = [
  ['tag', [null, '', 'x', `${TAG}x`, 7, '<b>'.repeat(7)]],
  ['basket', [null, '', 'B', 'b1', 'B-1', 1, 'B1\n']],
  ['userId', [null, '', 'x'.repeat(65), {}]],
  ['state', [null, 'OPEN', 'paid', '', 1]],
  ['amount', [null, -1, 0.5, '4990', 1e12 + 1, Number.MAX_VALUE]],
  ['currency', [null, '', 'eur', 'EURO', '€', 978]],
  ['items', [null, {}, [null], [{}], Array(201).fill(OPEN.items[0])]],
  ['issuedAt', [null, 0, '', 'now', '2026-13-01T00:00:00Z', '2026-03-20']],
  ['lapsesAt', [null, 0, '', 'later']],
  ['order', [12, '', 'K-1', 'k-000012', 'K-000012x']],
  ['orderState', ['', 'PAID', 1]],
  ['receipt', [7, 'a b', '+/', 'x'.repeat(8193)]],
]

test('every field of a tag is checked', async (t) => {
  t.is((await answering({ ...OPEN, later: 'fields are no fault' }).shop.tag(TAG)).tag, TAG)
  for (const [field, values] of WRONG) {
    for (const value of [...values, undefined]) {
      const { shop } = answering({ ...OPEN, [field]: value })
      await t.throwsAsync(shop.tag(TAG), { code: 'SERVER_PROTOCOL' }, `${field} = ${JSON.stringify(value)}`)
    }
  }
})

test('every field of goods, baskets and orders is checked', async (t) => {
  const bad = { price: -1, available: 1.5, name: '', currency: 'x', product: 'a b', specification: 1, photo: 1 }
  for (const [field, value] of Object.entries(bad)) {
    const { shop } = answering({ goods: [{ ...GOODS[0], [field]: value }] })
    await t.throwsAsync(shop.goods(), { code: 'SERVER_PROTOCOL' }, field)
  }
  for (const [field, value] of Object.entries({ basket: 'x', items: 1, amount: -1, currency: 'x', tag: {} })) {
    await t.throwsAsync(answering({ ...BASKET, [field]: value }).shop.basket(), { code: 'SERVER_PROTOCOL' }, field)
  }
  const order = { state: 'x', lastFour: '12345', brand: 'x'.repeat(21), shipment: 'lost', paidAt: 'x', refusal: 1 }
  for (const [field, value] of Object.entries(order)) {
    const { shop } = answering({ orders: [{ ...ORDER, [field]: value }] })
    await t.throwsAsync(shop.orders(), { code: 'SERVER_PROTOCOL' }, field)
  }
  const many = answering({ goods: Array(2001).fill(GOODS[0]) })
  await t.throwsAsync(many.shop.goods(), { code: 'SERVER_PROTOCOL' })
  const long = answering({ goods: [{ ...GOODS[0], specification: 'x'.repeat(1_100_000) }] })
  await t.throwsAsync(long.shop.goods(), { code: 'SERVER_PROTOCOL', message: /at most/ })
})

test('whatever JSON a shop answers, nothing but SERVER_PROTOCOL comes out, or what was asked for', async (t) => {
  const seed = 1961
  t.log(`seed ${seed}`)
  const property = fc.asyncProperty(fc.jsonValue(), fc.constantFrom(...Object.keys(OPEN)), async (value, field) => {
    for (const body of [value, { ...OPEN, [field]: value }]) {
      const error = await answering(JSON.stringify(body))
        .shop.tag(TAG)
        .then(
          (tag) => (tag.tag.length === 22 ? undefined : new Error('not a tag')),
          (error: unknown) => error,
        )
      if (error !== undefined && (error as { code?: string }).code !== 'SERVER_PROTOCOL') throw error // of whatever kind
    }
  })
  await t.notThrowsAsync(() => fc.assert(property, { seed, numRuns: 500 }))
})

test('a signal reaches the request', async (t) => {
  const { signal } = new AbortController()
  const { shop, asked } = answering(OPEN)
  await shop.tag(OTHER_TAG, signal)
  await shop.finish(signal)
  t.true(asked.every(({ options }) => options?.signal === signal))
})
