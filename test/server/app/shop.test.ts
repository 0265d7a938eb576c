import test from 'ava'
import { good, idOf, PHOTO } from './fake-shop.ts'
import { appWorld, HTML, OPEN, order, session } from './world.ts'

test('S21–S26: enter, pick, finish, tag, and the steps are told without the user ID or the tag', async (t) => {
  const { ask, shop, events } = await appWorld()
  shop.photos.set('L-100', PHOTO)
  t.deepEqual((await ask(OPEN, 'GET', '/shop/goods')).json().goods, [
    {
      product: 'L-100',
      name: 'Name of L-100',
      specification: 'Plain.',
      price: 1000,
      currency: 'EUR',
      available: 5,
      photo: '/shop/photo/L-100',
    },
    {
      product: 'B-210',
      name: 'Name of B-210',
      specification: 'Plain.',
      price: 1000,
      currency: 'EUR',
      available: 5,
      photo: null,
    },
  ])
  const empty = { basket: null, items: [], amount: 0, currency: null, tag: null }
  t.deepEqual((await ask(OPEN, 'GET', '/shop/basket')).json(), empty)
  const entered = await ask(OPEN, 'POST', '/shop/enter', { json: { userId: ' carol@example.org ' } })
  t.deepEqual(entered.json(), { ...empty, basket: 'B1' })
  const set = entered.headers.get('set-cookie') ?? ''
  t.is(set, `basket=${idOf('b', 1)}; Path=/; HttpOnly; Secure; SameSite=Strict`)
  const headers = { cookie: set.split(';')[0] ?? '' }
  const items = [{ product: 'L-100', name: 'Name of L-100', quantity: 2, price: 1000, currency: 'EUR' }]
  const picked = await ask(OPEN, 'POST', '/shop/basket', { json: { product: 'L-100', quantity: 2 }, headers })
  t.deepEqual(picked.json(), { basket: 'B1', items, amount: 2000, currency: 'EUR', tag: null })
  const finished = await ask(OPEN, 'POST', '/shop/finish', { json: {}, headers })
  const tag = {
    tag: idOf('t', 1),
    basket: 'B1',
    userId: 'carol@example.org',
    state: 'open',
    amount: 2000,
    currency: 'EUR',
    items: [{ product: 'L-100', name: 'Name of L-100', quantity: 2, price: 1000 }],
    issuedAt: '2023-11-14T22:13:20.000Z',
    lapsesAt: '2023-11-14T22:28:20.000Z',
    order: null,
    orderState: null,
    receipt: null,
  }
  t.deepEqual(finished.json(), tag)
  t.deepEqual((await ask(OPEN, 'GET', `/shop/tag/${idOf('t', 1)}`)).json(), tag)
  t.like((await ask(OPEN, 'GET', '/shop/basket', { headers })).json(), {
    items,
    tag: { tag: tag.tag, state: 'open', lapsesAt: tag.lapsesAt },
  })
  t.deepEqual(
    events.map(({ step }) => step),
    ['S23', 'S21', 'S26'],
  )
  const told = JSON.stringify(events)
  for (const secret of ['carol', tag.tag, idOf('b', 1)]) t.false(told.includes(secret), secret)
})

test('S56–S60: in a session the basket is the user’s, without a cookie', async (t) => {
  const { ask, finished, events, shop } = await appWorld()
  t.like((await ask(session(), 'GET', '/shop/basket')).json(), { basket: 'B1', items: [] })
  const tag = await finished(session())
  t.is(shop.tags[0]?.cardId, 'card-1')
  t.is((await ask(session(), 'GET', `/shop/tag/${tag}`)).status, 200)
  t.deepEqual(
    events.map(({ step }) => step),
    ['S60'],
  )
  // Another basket's cookie means nothing here.
  const headers = { cookie: `basket=${idOf('b', 1)}` }
  t.like((await ask(session('bob'), 'GET', '/shop/basket', { headers })).json(), { basket: 'B1', items: [] })
})

test('quantities are set, added to, and 0 takes out; also under an open tag (D-3)', async (t) => {
  const { ask, finished, shop } = await appWorld()
  const set = (json: object) => ask(session(), 'POST', '/shop/basket', { json })
  t.like((await set({ product: 'L-100', quantity: 2, more: 1 })).json(), { amount: 2000 })
  t.like((await set({ product: 'L-100', quantity: 1, more: 1 })).json(), { amount: 3000 })
  t.like((await set({ product: 'L-100', quantity: 1 })).json(), { amount: 1000 })
  t.like((await set({ product: 'L-100', quantity: 0 })).json(), { amount: 0, items: [], currency: null })
  const tag = await finished(session())
  t.like((await set({ product: 'B-210', quantity: 3 })).json(), { amount: 4000, tag: { state: 'open' } })
  t.like((await ask(session(), 'GET', `/shop/tag/${tag}`)).json(), { amount: 4000 })
  t.is(shop.shelf[1]?.available, 2)
  await set({ product: 'B-210', quantity: 0 })
  t.like((await set({ product: 'L-100', quantity: 0 })).json(), { code: 'TAG_EMPTY' })
})

test('what is refused has its code and its status, and changes nothing', async (t) => {
  const { ask, shop, finished } = await appWorld()
  const set = (json: object) => ask(session(), 'POST', '/shop/basket', { json })
  const refused = async (answer: ReturnType<typeof ask>, status: number, code: string, more: object = {}) => {
    const got = await answer
    t.is(got.status, status, code)
    t.like(got.json(), { code, ...more })
    t.true(String(got.json().what).length > 10 && String(got.json().cure).length > 10)
  }
  await refused(set({ product: 'X-1', quantity: 1 }), 404, 'GOODS_UNKNOWN')
  await refused(set({ product: 'L-100', quantity: 6 }), 409, 'OUT_OF_STOCK', { products: ['L-100'] })
  await set({ product: 'L-100', quantity: 5 })
  await refused(set({ product: 'L-100', quantity: 99, more: 1 }), 409, 'BASKET_FULL')
  await refused(ask(OPEN, 'POST', '/shop/basket', { json: { product: 'L-100', quantity: 1 } }), 409, 'BASKET_UNKNOWN')
  await refused(ask(OPEN, 'POST', '/shop/finish', { json: {} }), 409, 'BASKET_UNKNOWN')
  await refused(ask(session('bob'), 'POST', '/shop/finish', { json: {} }), 409, 'BASKET_EMPTY')
  const one = shop.shelf[0]
  if (one !== undefined) one.available = 4
  await refused(ask(session(), 'POST', '/shop/finish', { json: {} }), 409, 'OUT_OF_STOCK', { products: ['L-100'] })
  const tag = await finished(session())
  await refused(ask(session(), 'POST', '/shop/finish', { json: {} }), 409, 'BASKET_FINISHED')
  t.is(shop.tags.length, 1)
  for (const [state, code] of [
    ['paying', 'TAG_PENDING'],
    ['used', 'TAG_USED'],
    ['lapsed', 'TAG_LAPSED'],
  ] as const) {
    Object.assign(shop.tags[0] ?? {}, { state })
    await refused(ask(session(), 'POST', '/shop/cancel', { json: { tag } }), 409, code)
  }
})

test('a tag is seen by its own side only: a session by its user, the open shop by its own', async (t) => {
  const { ask, finished, enter } = await appWorld()
  const ofAlice = await finished(session('alice'))
  const headers = await enter('alice')
  const ofOpen = await finished(OPEN, headers, 'B-210')
  for (const [access, tag, status] of [
    [session('alice'), ofAlice, 200],
    [session('bob'), ofAlice, 404],
    [OPEN, ofAlice, 404],
    [OPEN, ofOpen, 200],
    [session('bob'), ofOpen, 404],
    [OPEN, 'x'.repeat(22), 404],
    [OPEN, 'short', 404],
    [OPEN, ofOpen.toUpperCase(), 404],
  ] as const) {
    for (const path of ['/shop/tag/', '/tag/']) {
      const got = await ask(access, 'GET', path + tag, { headers: path === '/tag/' ? HTML : {} })
      t.is(got.status, status, path + tag)
      t.is(got.text.includes('TAG_UNKNOWN'), status === 404)
    }
  }
  t.like((await ask(session('bob'), 'POST', '/shop/cancel', { json: { tag: ofAlice } })).json(), {
    code: 'TAG_UNKNOWN',
  })
  t.like((await ask(OPEN, 'POST', '/shop/cancel', { json: { tag: ofOpen } })).json(), { state: 'cancelled' })
})

test('cancelling gives the goods back, once, and may be repeated', async (t) => {
  const { ask, finished, shop } = await appWorld()
  const tag = await finished(session())
  t.is(shop.shelf[0]?.available, 4)
  for (let n = 0; n < 2; n++) {
    t.like((await ask(session(), 'POST', '/shop/cancel', { json: { tag } })).json(), { state: 'cancelled' })
    t.is(shop.shelf[0]?.available, 5)
  }
})

test('a tag whose time is over says so, before anybody swept', async (t) => {
  const { ask, finished, clock, enter } = await appWorld()
  const headers = await enter()
  const tag = await finished(OPEN, headers)
  await clock.advance(15 * 60_000)
  t.like((await ask(OPEN, 'GET', `/shop/tag/${tag}`)).json(), { state: 'lapsed' })
  t.like((await ask(OPEN, 'GET', '/shop/basket', { headers })).json(), { basket: null, items: [] })
})

test('after a purchase the open shop’s next goods go into a new basket of the same user, with a new cookie', async (t) => {
  const { ask, finished, shop, enter } = await appWorld()
  const headers = await enter('carol')
  await finished(OPEN, headers)
  Object.assign(shop.tags[0] ?? {}, { state: 'used' })
  t.is((await ask(OPEN, 'POST', '/shop/finish', { json: {}, headers })).status, 409)
  const next = await ask(OPEN, 'POST', '/shop/basket', { json: { product: 'B-210', quantity: 1 }, headers })
  t.like(next.json(), { basket: 'B2', amount: 1000, tag: null })
  t.true(next.headers.get('set-cookie')?.startsWith(`basket=${idOf('b', 2)};`))
  t.is(shop.baskets[1]?.userId, 'carol')
})

test('a cookie that is no basket of the open shop is no basket', async (t) => {
  const { ask, shop } = await appWorld()
  await shop.basketOf('alice') // of a session
  for (const cookie of [
    `basket=${idOf('b', 1)}`,
    'basket=',
    'basket=../../x',
    `basket=${'a'.repeat(5000)}`,
    'x=y',
    ';;=',
  ]) {
    const json = { product: 'L-100', quantity: 1 }
    t.like((await ask(OPEN, 'GET', '/shop/basket', { headers: { cookie } })).json(), { basket: null })
    t.like((await ask(OPEN, 'POST', '/shop/basket', { json, headers: { cookie } })).json(), { code: 'BASKET_UNKNOWN' })
  }
  t.is(shop.baskets[0]?.items.length, 0)
})

test('forms of a browser are answered with 303 to where they belong', async (t) => {
  const { ask } = await appWorld()
  const post = (path: string, form: Record<string, string>, cookie = '') =>
    ask(OPEN, 'POST', path, { form, headers: { ...HTML, cookie, 'sec-fetch-site': 'same-origin' } })
  const entered = await post('/shop/enter', { userId: 'alice' })
  t.deepEqual([entered.status, entered.headers.get('location')], [303, '/'])
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? ''
  for (const [path, form, location] of [
    ['/shop/basket', { product: 'L-100', quantity: '1', more: '1' }, '/basket'],
    ['/shop/finish', {}, `/tag/${idOf('t', 1)}`],
    ['/shop/finish', {}, `/tag/${idOf('t', 1)}`], // double click
    ['/shop/basket', { product: 'L-100', quantity: '3' }, '/basket'],
    ['/shop/cancel', { tag: idOf('t', 1) }, '/basket'],
  ] as const) {
    const { status, headers, text } = await post(path, form, cookie)
    t.deepEqual([status, headers.get('location'), text], [303, location, ''], path)
  }
  const refused = await post('/shop/basket', { product: 'X-1', quantity: '1' }, cookie)
  t.is(refused.status, 404)
  t.regex(refused.text, /<h1>We do not have this<\/h1>/)
})

test('CSRF: what a browser sends for another site changes nothing, whatever it looks like', async (t) => {
  const { ask, shop, enter } = await appWorld()
  const { cookie } = await enter()
  const form = { product: 'L-100', quantity: '1' }
  for (const [headers, good] of [
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'Same-Origin' }, false],
    [{ 'sec-fetch-site': 'cross-site', origin: 'https://shop.example' }, false],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'null' }, false],
    [{ origin: '' }, false],
    [{ origin: 'https://shop.example.evil.example' }, false],
    [{ origin: 'https://shop.example:444' }, false],
    [{ origin: 'https://shop.example' }, true],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://127.0.0.1:8080' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{}, true],
  ] as const) {
    const got = await ask(OPEN, 'POST', '/shop/basket', { form, headers: { cookie, ...headers } })
    t.is(got.status, good ? 200 : 403, JSON.stringify(headers))
    if (!good) t.like(got.json(), { code: 'CROSS_SITE' })
    const basket = shop.baskets[0]
    t.is(basket?.items.length, good ? 1 : 0)
    if (basket !== undefined) basket.items = []
  }
  // To read is no change; a navigation from elsewhere may show the shop.
  t.is((await ask(OPEN, 'GET', '/', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 200)
})

test('orders: of the own user, without name, address and contact', async (t) => {
  const { ask, shop } = await appWorld()
  shop.stored.push(order('t1'), order('t2', { orderId: 13, userId: 'bob' }))
  const { text, json } = await ask(session(), 'GET', '/shop/orders')
  t.deepEqual(json(), {
    orders: [
      {
        order: 'K-000012',
        tag: 't1',
        state: 'paid',
        amount: 1000,
        currency: 'EUR',
        brand: 'Visa',
        lastFour: '1111',
        createdAt: '2023-11-14T22:13:20.000Z',
        paidAt: '2023-11-14T22:13:20.000Z',
        shipment: 'pending',
        refusal: '',
        items: [{ product: 'L-100', name: 'Name of L-100', quantity: 1, price: 1000 }],
        receipt: 'AQID',
      },
    ],
  })
  const pages = [text]
  for (const path of ['/orders', '/orders/K-000012', '/orders/K-000013', '/orders/K-12', '/orders/K-9999999999999']) {
    const got = await ask(session(), 'GET', path, { headers: HTML })
    t.is(got.status, /^\/orders(\/K-000012)?$/.test(path) ? 200 : 404, path)
    pages.push(got.text)
  }
  for (const page of pages) t.notRegex(page, /secret/i)
})

test('hostile fields: wrong types, too long, HTML, SQL and control characters are refused or kept as text', async (t) => {
  const { ask, shop } = await appWorld([good('L-100')])
  const invalid = { code: 'BODY_INVALID' }
  const hostile: unknown[] = [
    null,
    [],
    'x',
    7,
    {},
    { userId: 7 },
    { userId: null },
    { userId: ['alice'] },
    { userId: { $ne: '' } },
    { userId: '' },
    { userId: '   ' },
    { userId: 'a'.repeat(65) },
    { userId: 'ä'.repeat(33) },
    { userId: 'a\nb' },
    { userId: 'a\u0000b' },
    { userId: 'a\u202eb' },
    { userId: 'a\ud800b' },
    { userId: 'alice', role: 'admin' },
    JSON.parse('{"userId":"alice","__proto__":{"x":1}}'),
  ]
  for (const json of hostile)
    t.like((await ask(OPEN, 'POST', '/shop/enter', { json })).json(), invalid, JSON.stringify(json))
  t.is(shop.baskets.length, 0)
  for (const userId of [`<script>alert(1)</script>`, `'; DROP TABLE goods; --`, '../../etc/passwd', '☎ 長い']) {
    t.is((await ask(OPEN, 'POST', '/shop/enter', { json: { userId } })).status, 200)
    t.is(shop.baskets.at(-1)?.userId, userId)
  }
  for (const json of [
    { product: 'L-100' },
    { product: 'L-100', quantity: '1' },
    { product: 'L-100', quantity: -1 },
    { product: 'L-100', quantity: 1.5 },
    { product: 'L-100', quantity: 100 },
    { product: 'L-100', quantity: Number.MAX_SAFE_INTEGER },
    { product: 'L-100', quantity: null },
    { product: 'L-100', quantity: 1, more: true },
    { product: 'L-100', quantity: 1, more: 2 },
    { product: 'L-100', quantity: 1, price: 0 },
    { product: 'l-100', quantity: 1 },
    { product: `L-100' OR '1'='1`, quantity: 1 },
    { product: '<b>L</b>', quantity: 1 },
    { product: 'L'.repeat(17), quantity: 1 },
    { product: ['L-100'], quantity: 1 },
  ]) {
    t.like((await ask(session(), 'POST', '/shop/basket', { json })).json(), invalid, JSON.stringify(json))
  }
  for (const form of [
    { product: 'L-100', quantity: '' },
    { product: 'L-100', quantity: '-1' },
    { product: 'L-100', quantity: '1e1' },
    { product: 'L-100', quantity: '0x1' },
    { product: 'L-100', quantity: ' 1' },
    { product: 'L-100', quantity: '99999' },
    { product: 'L-100', quantity: '1', more: '01x' },
  ] as const) {
    t.like((await ask(session(), 'POST', '/shop/basket', { form })).json(), invalid, JSON.stringify(form))
  }
  for (const json of [{ tag: 'x' }, { tag: `${'a'.repeat(21)}'` }, { tag: 5 }, {}]) {
    t.like((await ask(session(), 'POST', '/shop/cancel', { json })).json(), invalid)
  }
  t.like((await ask(session(), 'POST', '/shop/finish', { json: { amount: 0 } })).json(), invalid)
})

test('bodies that are neither JSON nor a form, or two things at once', async (t) => {
  const { ask } = await appWorld()
  const post = (type: string | undefined, body: string | Uint8Array) =>
    ask(session(), 'POST', '/shop/basket', { body, headers: type === undefined ? {} : { 'content-type': type } })
  const good = '{"product":"L-100","quantity":1}'
  for (const [type, body] of [
    [undefined, good],
    ['text/plain', good],
    ['multipart/form-data; boundary=x', good],
    ['application/jsonx', good],
    ['application/json', ''],
    ['application/json', '{'],
    ['application/json', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['application/json', `\u{feff}x${good}`],
    ['application/x-www-form-urlencoded', 'product=L-100&quantity=1&quantity=2'],
    ['application/x-www-form-urlencoded', 'product=L-100&product=B-210&quantity=1'],
    ['application/x-www-form-urlencoded', Array.from({ length: 20 }, (_, n) => `f${n}=1`).join('&')],
    ['application/x-www-form-urlencoded', '__proto__=1&product=L-100&quantity=1'],
  ] as const) {
    t.like((await post(type, body)).json(), { code: 'BODY_INVALID' }, `${type} ${body}`)
  }
  t.is((await post('Application/JSON; charset=utf-8', good)).status, 200)
  t.is((await post('application/x-www-form-urlencoded;charset=UTF-8', 'product=L-100&quantity=1')).status, 200)
})

test('photos and the style sheet: their type, their ETag, and nothing that runs', async (t) => {
  const { ask, shop } = await appWorld()
  shop.photos.set('L-100', PHOTO)
  for (const [path, type] of [
    ['/shop/photo/L-100', 'image/webp'],
    ['/shop/style.css', 'text/css; charset=utf-8'],
    ['/shop/icon.svg', 'image/svg+xml'],
  ] as const) {
    const got = await ask(OPEN, 'GET', path)
    t.is(got.headers.get('content-type'), type)
    t.is(got.headers.get('x-content-type-options'), 'nosniff')
    t.is(got.headers.get('content-security-policy'), "default-src 'none'")
    const etag = got.headers.get('etag') ?? ''
    t.regex(etag, /^"[A-Za-z0-9_-]{43}"$/)
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const again = await ask(OPEN, 'GET', path, { headers: { 'if-none-match': known } })
      t.deepEqual([again.status, again.text, again.headers.get('etag')], [304, '', etag])
    }
    t.is((await ask(OPEN, 'GET', path, { headers: { 'if-none-match': '"x"' } })).status, 200)
  }
  for (const product of ['B-210', 'X', 'l-100', 'style']) {
    t.is((await ask(OPEN, 'GET', `/shop/photo/${product}`)).status, 404, product)
  }
})
