import test from 'ava'
import { CardRefusal, until } from '../fake-card.ts'
import { CA, FakeShop, OTHER_TAG, openShop, TAG } from '../fake-shop.ts'
import { answered, paying } from '../paying-card.ts'
import { GOOD, gatewayWorld, payAndWait, Visitor } from './gateway-world.ts'

/** Everything that could be taken for markup, another language or another line. */
const HOSTILE = `"><script>alert(1)</script>'--;DROP TABLE orders;&#0;\${7*7}{{7*7}}`

test('the form: what is bought, where the data go, a label for every field', async (t) => {
  const { visitor } = await gatewayWorld(t)
  const response = await visitor.get(`/pay?tag=${TAG}`)
  const page = await response.text()
  t.is(response.status, 200)
  t.regex(page, /2 × Head lamp/)
  t.regex(page, /99[.,]80/)
  t.regex(page, /<strong>by telephone<\/strong>.* never over the Internet/)
  const inputs = [...page.matchAll(/<input id="([a-zA-Z]+)"/g)].map(([, id]) => id)
  t.deepEqual(inputs.sort(), Object.keys(GOOD).sort())
  for (const id of inputs) t.true(page.includes(`<label for="${id}">`), id)
  t.regex(page, /<input id="cardNumber"[^>]*autocomplete="off"/)
  t.regex(page, /<form method="post" action="\/pay">/)
  t.regex(response.headers.get('content-security-policy') ?? '', /form-action 'self'.*frame-ancestors 'none'/)
  t.is(response.headers.get('cache-control'), 'private, no-store')
})

test('paid: each step of the call is told, then the receipt, and that the shop says the same', async (t) => {
  const it = await gatewayWorld(t)
  const { job, page } = await payAndWait(it.visitor)
  t.regex(job, /^\/pay\/[A-Za-z0-9_-]{22}$/)
  t.regex(page, /data-outcome="paid"/)
  t.regex(page, /K-000012/)
  t.regex(page, /Visa ending in 4242/)
  t.regex(page, /says the same, byte for byte/)
  t.regex(page, /140 B/)
  t.deepEqual(
    [...page.matchAll(/data-step="([a-z-]+)" data-done/g)].map(([, step]) => step),
    ['accepted', 'sent', 'receipt', 'hung-up'],
  )
  t.false(/4242 4242|4242424242424242|737|Hedwig|Fontane/.test(page))
  t.deepEqual(it.events, [{ event: 'entered' }, { event: 'paying' }, { event: 'paid', code: 'K-000012' }])
  t.true(it.server.seen.every((line) => !line.includes('/pay')))
  t.deepEqual(
    it.shop.seen.filter((line) => line.startsWith('POST')),
    [],
  )
})

test('events are told again from the beginning, or from where a browser lost them', async (t) => {
  const { visitor } = await gatewayWorld(t)
  const { job } = await payAndWait(visitor)
  const told = await (await visitor.get(`${job}/events`)).text()
  t.deepEqual(
    [...told.matchAll(/^id: (\d)$/gm)].map(([, id]) => id),
    ['1', '2', '3', '4'],
  )
  t.regex(told, /event: over\ndata: \{\}\n\n$/)
  const rest = await (await visitor.get(`${job}/events`, { 'last-event-id': '3' })).text()
  t.deepEqual(
    [...rest.matchAll(/^id: (\d)$/gm)].map(([, id]) => id),
    ['4'],
  )
  for (const odd of ['-1', 'x', '1e9', '99999999999', ' 3']) {
    t.regex(await (await visitor.get(`${job}/events`, { 'last-event-id': odd })).text(), /event: over/, odd)
  }
  t.is((await visitor.get(`/pay/${'A'.repeat(22)}/events`)).status, 404)
})

test('a double click, a second tab, the back button: one call', async (t) => {
  const hold = Promise.withResolvers<void>()
  const it = await gatewayWorld(t, {
    card: (card, shop) => {
      paying(card, shop)
      const pay = card.answers['line.pay']
      card.answers['line.pay'] = async (params) => {
        await hold.promise
        return pay(params)
      }
    },
  })
  const form = { tag: TAG, ...GOOD }
  const sent = await Promise.all([it.visitor.post('/pay', form), it.visitor.post('/pay', form)])
  const [job, same] = sent.map(({ headers }) => headers.get('location') ?? '')
  t.is(job, same)
  if (job === undefined) return t.fail()
  const tab = await it.visitor.get(`/pay?tag=${TAG}`)
  t.is(tab.headers.get('location') ?? undefined, job)
  const events = it.visitor.get(`${job}/events`)
  await until(() => it.calls() === 1)
  t.regex(await (await it.visitor.get(job)).text(), /The call is being made/)
  hold.resolve()
  await (await events).text()
  // Sent again afterwards: the shop is asked first, and nobody calls.
  const again = await it.visitor.post('/pay', form)
  t.is(again.status, 200)
  t.regex(await again.text(), /cannot be paid for/)
  t.is(it.calls(), 1)
})

test('what cannot be right is said at its field before any call; neither card number nor code comes back', async (t) => {
  const { visitor, calls } = await gatewayWorld(t)
  const wrong = { ...GOOD, cardNumber: '4242 4242 4242 4241', expiryMonth: '13', country: 'Germany', name: '' }
  const response = await visitor.post('/pay', { tag: TAG, ...wrong })
  const page = await response.text()
  t.is(response.status, 422)
  for (const field of ['cardNumber', 'expiryMonth', 'country', 'name']) {
    t.regex(
      page,
      new RegExp(`<input id="${field}"[^>]* aria-describedby="[^"]*${field}-wrong"[^>]*aria-invalid="true"`),
    )
    t.regex(page, new RegExp(`<a href="#${field}">`))
    t.regex(page, new RegExp(`id="${field}-wrong"`))
  }
  t.false(/4242|737/.test(page))
  t.regex(page, /value="Flensburg"/)
  t.regex(page, /id="wrong" class="box" role="alert" tabindex="-1"/)
  t.is(calls(), 0)
})

test('HTML, SQL, control characters and endless text in every field: refused or shown as text, nothing else', async (t) => {
  const { visitor, calls, events } = await gatewayWorld(t)
  for (const field of Object.keys(GOOD)) {
    for (const bad of [HOSTILE, `a\u0000b\r\nc\u202ed`, 'é'.repeat(5000)]) {
      const response = await visitor.post('/pay', { tag: TAG, ...GOOD, cardNumber: '1', [field]: bad })
      const page = await response.text()
      t.is(response.status, 422, `${field} ${bad.slice(0, 10)}`)
      t.false(page.includes('<script>alert'), field)
      t.false(page.includes(`"${HOSTILE.slice(0, 9)}`), field)
    }
  }
  for (const tag of [HOSTILE, '', '../x', `${TAG}x`, OTHER_TAG]) {
    const asked = await visitor.get(`/pay?tag=${encodeURIComponent(tag)}`)
    t.is(asked.status, 404, tag)
    t.false((await asked.text()).includes('<script>alert'))
    t.is((await visitor.post('/pay', { ...GOOD, tag })).status, 404)
  }
  t.is(calls(), 0)
  t.deepEqual(events, [{ event: 'entered' }])
})

test('forms that are none: fields missing, twice, too many, or no form at all', async (t) => {
  const { visitor, calls } = await gatewayWorld(t)
  for (const body of [`tag=${TAG}`, `tag=${TAG}&${'x=1&'.repeat(50)}`, `tag=${TAG}&cardNumber[]=4242&name=%00`]) {
    t.is((await visitor.post('/pay', body)).status, 422, body.slice(0, 40))
  }
  for (const body of ['', '%', '{"tag":1}', '\0\0\0', '&&&=&'])
    t.is((await visitor.post('/pay', body)).status, 404, body)
  t.is((await visitor.post('/pay', 'x'.repeat(70_000))).status, 413)
  // The first of two counts, as it is shown.
  const twice = `${new URLSearchParams({ tag: TAG, ...GOOD, cardNumber: '1' })}&cardNumber=4242424242424242`
  t.is((await visitor.post('/pay', twice)).status, 422)
  t.is(calls(), 0)
})

test('a tag that is over, and a shop that cannot be asked, are said before anything is typed', async (t) => {
  const it = await gatewayWorld(t)
  for (const [state, words] of [
    ['used', /paid for already/],
    ['paying', /under way/],
    ['lapsed', /time is over/],
    ['cancelled', /time is over/],
  ] as const) {
    it.shop.state = state
    t.regex(await (await it.visitor.get(`/pay?tag=${TAG}`)).text(), words)
    t.regex(await (await it.visitor.post('/pay', { tag: TAG, ...GOOD })).text(), words)
  }
  it.shop.broken = 1
  const broken = await it.visitor.get(`/pay?tag=${TAG}`)
  t.is(broken.status, 502)
  t.regex(await broken.text(), /The shop cannot be asked/)
  t.is(it.calls(), 0)
})

test('each refusal says what happened and what to do; nothing says that it was paid', async (t) => {
  const problem = { what: 'it is so', cure: 'do so' }
  const outcomes = [
    [
      402,
      { code: 'PAYMENT_REFUSED', ...problem, reason: 'LIMIT<b>' },
      'declined',
      /LIMIT&#60;b&#62;.*Nothing was charged/,
    ],
    [
      422,
      { code: 'PERSONAL_DATA_INVALID', ...problem, faults: { city: 'No <i>such' } },
      'invalid',
      /No &#60;i&#62;such/,
    ],
    [409, { code: 'AMOUNT_CHANGED', what: '<u>changed', cure: 'look' }, 'refused', /&#60;u&#62;changed\. Look\./],
    [503, { code: 'SERVER_BUSY', ...problem }, 'refused', /It is so\. Do so\./],
  ] as const
  for (const [status, body, name, words] of outcomes) {
    const it = await gatewayWorld(t, {
      card: (card) => {
        card.answers['line.pay'] = (params) => answered(params, status, body)
      },
    })
    const { page } = await payAndWait(it.visitor)
    t.regex(page, new RegExp(`data-outcome="${name}"`))
    t.regex(page, words)
    t.false(page.includes('<h1 id="outcome" data-outcome="paid"'))
    t.is(it.events.at(-1)?.event, 'not-paid')
  }
})

test('in the open shop: the user is whom the tag says, the cookie of the basket stays the browser’s', async (t) => {
  const shop = new FakeShop()
  shop.basket.set('L-100', 2)
  shop.tagged = true
  shop.userId = 'berta'
  const open = await openShop(t, shop)
  const it = await gatewayWorld(t, { shop: open.url, ca: CA, card: (card) => paying(card, shop) })
  const { page } = await payAndWait(it.visitor)
  t.regex(page, /data-outcome="paid"/)
  const pay = it.cards.flatMap(({ asked }) => asked).find(({ method }) => method === 'line.pay')
  t.like(pay?.params, { userId: 'berta', tag: TAG, embodiment: 2 })
  // What the browser itself asks for goes there too, and its Set-Cookie comes back as it is.
  const entered = await it.visitor.post('/shop/enter', '{"userId":"berta"}', 'application/json')
  t.regex(entered.headers.get('set-cookie') ?? '', /^basket=abc_-1; Path=\/; HttpOnly; Secure$/)
  t.regex(entered.headers.get('content-security-policy') ?? '', /script-src 'none'/)
  t.deepEqual(it.server.seen.slice(1), []) // after the login: nothing in the session
})

test('closing the gateway hangs up, and waits for it', async (t) => {
  let cancelled = 0
  const it = await gatewayWorld(t, {
    card: (card) => {
      const gone = Promise.withResolvers<never>()
      card.answers['line.pay'] = () => gone.promise
      card.answers['line.cancel'] = () => {
        cancelled++
        gone.reject(new CardRefusal('CANCELLED'))
        return { cancelled: true }
      }
    },
  })
  const sent = await it.visitor.post('/pay', { tag: TAG, ...GOOD })
  t.is(sent.status, 303)
  await until(() => it.calls() === 1)
  const closed = it.gateway.close()
  await until(() => cancelled === 1)
  await closed
  await t.throwsAsync(new Visitor(it.gateway.port).get('/'))
  t.is(it.events.at(-1)?.event, 'not-paid')
})
