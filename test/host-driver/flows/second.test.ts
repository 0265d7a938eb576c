import test, { type ExecutionContext } from 'ava'
import { OpenShop, type Progress, payOpen, Terminal } from '../../../host-driver/index.ts'
import { decodeBinaryRequest } from '../../../wire/line/bhttp.ts'
import { decodePayment, type PersonalData } from '../../../wire/line/personal-data.ts'
import { CardRefusal, cardOnStream, until } from '../fake-card.ts'
import { CA, FakeShop, openShop, problem, TAG } from '../fake-shop.ts'
import { answered, paying } from '../paying-card.ts'
import { steps } from '../world.ts'

const DATA: PersonalData = {
  cardNumber: '4242424242424242',
  expiryMonth: 12,
  expiryYear: 2033,
  securityCode: '737',
  name: 'Hanako Aoyama',
  street: 'Nowhere 1-2-3',
  postalCode: '100-0001',
  city: 'Tokyo',
  country: 'JP',
  contact: 'hanako@aoyama.example',
}

async function world(t: ExecutionContext) {
  const shop = new FakeShop()
  const { url, counted } = await openShop(t, shop)
  const { card, stream } = cardOnStream()
  paying(card, shop)
  const events: Progress[] = []
  const onProgress = (event: Progress): void => void events.push(event)
  const terminal = await Terminal.open({ card: stream, onProgress })
  t.teardown(() => terminal.close())
  const address = { shop: url, ca: CA, onProgress }
  return {
    shop,
    url,
    counted,
    card,
    terminal,
    events,
    address,
    enter: () => OpenShop.enter({ ...address, userId: 'alice' }),
  }
}

/** Picked and finished; the connection has ended. */
async function tagged(t: ExecutionContext) {
  const it = await world(t)
  const open = await it.enter()
  await open.shop.setItem('L-100', 2)
  const tag = await open.finish()
  open.close()
  return { ...it, tag }
}

test('S21–S36: each step is told in its order, and the receipt is the same on both paths', async (t) => {
  const { enter, terminal, address, events, shop, card } = await world(t)
  const open = await enter()
  t.is((await open.shop.goods()).length, 2)
  await open.shop.setItem('L-100', 2)
  const tag = await open.finish()
  t.is(tag.tag, TAG)
  t.is(tag.amount, 9980)
  open.close()
  const purchase = await payOpen(terminal, { ...address, tag, data: DATA })
  t.like(purchase, { outcome: 'paid', learned: 'line', shown: 'same', receipt: { order: 'K-000012', amount: 9980 } })
  const told = ['S21', 'S22', 'S23', 'S24', 'S26', 'S27', 'S28', 'S29', 'S30', 'S33', 'S34', 'S35', 'S36']
  t.deepEqual(steps(events), told)
  t.like(card.asked.at(-1)?.params, {
    userId: 'alice',
    tag: TAG,
    expected: { amount: 9980, currency: 'EUR' },
    embodiment: 2,
  })
  t.is(shop.seen.at(-1), `GET /shop/tag/${TAG}`)
})

test('what was typed reaches the card, and nothing of it the shop', async (t) => {
  const { terminal, address, tag, card, shop } = await tagged(t)
  await payOpen(terminal, { ...address, tag, data: DATA })
  const { request = '' } = (card.asked.at(-1)?.params ?? {}) as { request?: string } // line.pay
  const { content } = decodeBinaryRequest(Buffer.from(request, 'base64url'))
  t.deepEqual(decodePayment(content), { amount: 9980, currency: 'EUR', data: DATA })
  const internet = shop.seen.join('\n') + shop.cookies.join('\n')
  for (const text of [DATA.cardNumber, DATA.name, DATA.street, DATA.postalCode, DATA.contact]) {
    t.false(internet.includes(text))
  }
})

test('S28: when the personal data are asked for nothing is connected any more', async (t) => {
  const { counted, enter, events } = await world(t)
  const open = await enter()
  t.is(counted.now, 1)
  open.close()
  await until(() => counted.now === 0)
  open.close()
  t.deepEqual(steps(events).filter((step) => step === 'S28').length, 1)
  await t.throwsAsync(open.shop.goods(), { code: 'INTERNET_BROKEN' })
})

test('the shop is asked again over a connection of its own, which ends too', async (t) => {
  const { terminal, address, tag, counted } = await tagged(t)
  await payOpen(terminal, { ...address, tag, data: DATA })
  t.is(counted.all, 2)
  await until(() => counted.now === 0)
  t.pass()
})

test('while the call stands nothing goes over the Internet', async (t) => {
  const { terminal, address, tag, counted, card, shop } = await tagged(t)
  const good = card.answers['line.pay']
  let during: number | undefined
  card.answers['line.pay'] = async (params) => {
    await until(() => counted.now === 0)
    during = counted.all
    return good(params)
  }
  await payOpen(terminal, { ...address, tag, data: DATA })
  t.is(during, 1)
  t.is(shop.state, 'used')
})

test('the user ID is refused: nothing stays open', async (t) => {
  const { shop, enter, counted, events } = await world(t)
  shop.instead.set('POST /shop/enter', [problem(400, 'BODY_INVALID')])
  await t.throwsAsync(enter(), { code: 'BODY_INVALID' })
  await until(() => counted.now === 0)
  t.deepEqual(steps(events), ['S21'])
})

test('nobody there, or an address that is none', async (t) => {
  const { address } = await world(t)
  await t.throwsAsync(OpenShop.enter({ ...address, shop: 'https://127.0.0.1:1', userId: 'a' }), {
    code: 'INTERNET_UNREACHABLE',
  })
  await t.throwsAsync(OpenShop.enter({ ...address, shop: 'http://x', userId: 'a' }), { code: 'INPUT_INVALID' })
})

test('entering can be given up', async (t) => {
  const { address, shop } = await world(t)
  const signal = AbortSignal.abort()
  await t.throwsAsync(OpenShop.enter({ ...address, userId: 'a', signal }), { code: 'CANCELLED' })
  t.deepEqual(shop.seen, [])
})

test('sold out between basket and tag: told, and no tag is kept', async (t) => {
  const { shop, enter, events } = await world(t)
  const open = await enter()
  await open.shop.setItem('L-100', 1)
  shop.instead.set('POST /shop/finish', [problem(409, 'OUT_OF_STOCK')])
  await t.throwsAsync(open.finish(), { code: 'OUT_OF_STOCK' })
  t.false(steps(events).includes('S27'))
  open.close()
})

test('a refused tag is an answer, and the shop is not asked', async (t) => {
  const { terminal, address, tag, card, shop } = await tagged(t)
  card.answers['line.pay'] = (params) => {
    const { call } = answered(params, 200, {})
    return { verdict: 'refused', reason: 'TAG_LAPSED', retryAfterSeconds: 0, call }
  }
  const before = shop.seen.length
  t.like(await payOpen(terminal, { ...address, tag, data: DATA }), { outcome: 'refused', reason: 'TAG_LAPSED' })
  t.is(shop.seen.length, before)
})

test('a refused card, then a good one: the same tag', async (t) => {
  const { terminal, address, tag, card, shop } = await tagged(t)
  const body = { code: 'PAYMENT_REFUSED', what: 'no', cure: 'another', reason: 'do-not-honour' }
  card.answers['line.pay'] = (params) => answered(params, 402, body)
  t.like(await payOpen(terminal, { ...address, tag, data: DATA }), { outcome: 'declined', reason: 'do-not-honour' })
  paying(card, shop)
  t.like(await payOpen(terminal, { ...address, tag, data: DATA }), { outcome: 'paid', shown: 'same' })
})

test('the line is cut after the personal data went: the shop tells that it was paid', async (t) => {
  const { terminal, address, tag, card, shop, events } = await tagged(t)
  card.answers['line.pay'] = () => {
    shop.state = 'used'
    throw new CardRefusal('LINE_OUTCOME_UNKNOWN')
  }
  const purchase = await payOpen(terminal, { ...address, tag, data: DATA })
  t.like(purchase, { outcome: 'paid', learned: 'internet', receipt: { order: 'K-000012' } })
  t.true(events.some((event) => event.type === 'step' && event.step === 'S35' && event.path === 'internet'))
})

test('… or that nothing was charged', async (t) => {
  const { terminal, address, tag, card } = await tagged(t)
  card.answers['line.pay'] = () => {
    throw new CardRefusal('LINE_OUTCOME_UNKNOWN')
  }
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms < 10_000) setImmediate(run)
    return () => {}
  }
  t.like(await payOpen(terminal, { ...address, tag, data: DATA, after }), {
    outcome: 'not-charged',
    tag: { state: 'open' },
  })
})

test('the amount changed meanwhile: nothing was sent, and no way stays open', async (t) => {
  const { terminal, address, tag, card, counted } = await tagged(t)
  card.answers['line.pay'] = () => {
    throw new CardRefusal('AMOUNT_CHANGED')
  }
  await t.throwsAsync(payOpen(terminal, { ...address, tag, data: DATA }), { code: 'AMOUNT_CHANGED' })
  await until(() => counted.now === 0)
  t.pass()
})
