import test from 'ava'
import { problemPage } from '../../../server/app/pages/problem.ts'
import { duration } from '../../../server/app/pages/time.ts'
import { PROBLEMS, type ProblemCode } from '../../../server/internet-port/answers.ts'
import { good, PHOTO } from './fake-shop.ts'
import { appWorld, HTML, OPEN, order, session } from './world.ts'

const EVIL = `"><script>alert('x')</script><img src=x onerror=alert(1)>&amp;{{7*7}}`
const GATEWAY = { ...HTML, 'keyline-gateway': '1' }

/** What every page of a good shop has, and none may have. */
function sound(page: string): string[] {
  const wrong: string[] = []
  const must = (fits: boolean, what: string): void => void (fits || wrong.push(what))
  must(page.startsWith('<!doctype html>\n<html lang="en">'), 'doctype and lang')
  must(/<meta name="viewport" content="width=device-width, initial-scale=1">/.test(page), 'viewport')
  must((page.match(/<h1\b/g) ?? []).length === 1, 'one h1')
  must((page.match(/<main id="main"/g) ?? []).length === 1, 'one main')
  must(/<nav aria-label="Shop">/.test(page) && /<header\b/.test(page) && /<footer\b/.test(page), 'landmarks')
  must(/<title>[^<]+ – Keyline shop<\/title>/.test(page), 'title')
  const bare = page.replaceAll(/"[^"]*"/g, '""') // what an attribute holds is text
  must(!/<script/i.test(page) && !/<[^>]*\s(?:on\w+|style)\s*=/i.test(bare), 'nothing that runs')
  must(!/(?:src|href|action)="(?!\/|#)/.test(page), 'nothing of another site')
  must(!/undefined|\[object|NaN|null|Promise/.test(page), 'no leftovers')
  must((page.match(/<img\b/g) ?? []).length === (page.match(/<img [^>]*alt="/g) ?? []).length, 'alt of every image')
  const ids = [...page.matchAll(/<input id="([^"]+)"/g)].map(([, id]) => id)
  must(
    ids.every((id) => page.includes(`<label for="${id}">`)),
    'label of every field',
  )
  must(!/<h3/.test(page) || /<h2/.test(page), 'headings in order')
  return wrong
}

test('every page is sound, with and without a gateway, in every state of a purchase', async (t) => {
  const { ask, shop, enter } = await appWorld([
    good('L-100'),
    good('B-210', { available: 1 }),
    good('C-1', { available: 0 }),
  ])
  shop.photos.set('L-100', PHOTO)
  const seen = new Map<string, string>()
  const look = async (
    what: string,
    path: string,
    headers: Record<string, string> = HTML,
    access = OPEN,
    status = 200,
  ) => {
    const got = await ask(access, 'GET', path, { headers: { ...HTML, ...headers } })
    t.is(got.status, status, what)
    t.deepEqual(sound(got.text), [], `${what}\n${got.text}`)
    t.is(got.headers.get('content-type'), 'text/html; charset=utf-8')
    seen.set(what, got.text)
    return got.text
  }
  t.regex(await look('first', '/'), /<label for="userId">Your user ID<\/label>/)
  t.notRegex(seen.get('first') ?? '', /name="product"/)
  t.regex(await look('product, not entered', '/goods/L-100'), /Give your user ID/)
  const headers = await enter('alice')
  t.regex(await look('goods', '/', headers), /Add<span class="unseen"> Name of L-100 to the basket<\/span>/)
  t.notRegex(seen.get('goods') ?? '', /userId/)
  t.regex(await look('product', '/goods/L-100', headers), /name="quantity" type="number"[^>]* max="5"/)
  t.regex(await look('last piece', '/goods/B-210', headers), /A single piece/)
  t.regex(await look('sold out', '/goods/C-1', headers), /Sold out/)
  t.regex(await look('empty basket', '/basket', headers), /It is empty/)
  await ask(OPEN, 'POST', '/shop/basket', { json: { product: 'L-100', quantity: 2 }, headers })
  t.regex(await look('basket', '/basket', headers), /Selection finished<\/button>/)
  t.regex(seen.get('basket') ?? '', /name="quantity" value="1" class="square" aria-label="One less of Name of L-100"/)
  t.regex(seen.get('basket') ?? '', /<strong>EUR 20\.00<\/strong>/)
  const tag = String((await ask(OPEN, 'POST', '/shop/finish', { json: {}, headers })).json().tag)
  const bare = await look('tag', `/tag/${tag}`, headers)
  t.true(bare.includes(`keyline pay ${tag} --shop https://shop.example`))
  t.regex(bare, /Pay within 15 minutes/)
  t.notRegex(bare, /href="\/(pay|keyline)/)
  const through = await look('tag, gateway', `/tag/${tag}`, { ...headers, ...GATEWAY })
  t.true(through.includes(`<a class="button primary" href="/pay?tag=${tag}">Pay by telephone</a>`))
  t.regex(through, /<a href="\/keyline">Terminal<\/a>/)
  t.regex(await look('basket under its tag', '/basket', headers), /You can still change them/)
  t.regex(seen.get('basket under its tag') ?? '', /To the payment/)
  for (const [state, what] of [
    ['paying', /The payment is under way/],
    ['used', /Paid\. Thank you\./],
    ['lapsed', /The time is over/],
    ['cancelled', /Given back/],
  ] as const) {
    Object.assign(shop.tags[0] ?? {}, { state, orderId: 12 })
    shop.stored.splice(0, 1, order(tag, { amount: 2000 }))
    t.regex(await look(`tag ${state}`, `/tag/${tag}`, headers), what)
    t.notRegex(seen.get(`tag ${state}`) ?? '', /Give the goods back|keyline pay/)
    await look(`basket, tag ${state}`, '/basket', headers)
  }
  await look('no orders', '/orders', HTML, session('bob'))
  for (const state of ['authorising', 'authorised', 'paid', 'refused', 'voided'] as const) {
    const paid = state === 'paid' ? {} : { paidAt: undefined, receipt: undefined, shipment: 'none' as const }
    shop.stored.splice(0, 1, order(tag, { state, refusal: state === 'refused' ? 'insufficient-funds' : '', ...paid }))
    await look(`orders ${state}`, '/orders', GATEWAY, session())
    t.is(
      (await look(`order ${state}`, '/orders/K-000012', GATEWAY, session())).includes('Receipt K-'),
      state === 'paid',
    )
  }
  t.regex(seen.get('order refused') ?? '', /insufficient funds/)
  t.regex(seen.get('order paid') ?? '', /Visa ending in 1111/)
  await look('nothing', '/nothing', HTML, OPEN, 404)
  await look('unopened', '/', HTML, session('alice', { opened: false }), 403)
  t.log([...seen.keys()].join(', '))
})

test('every HTML answer has the headers that keep other sites and scripts out', async (t) => {
  const { ask } = await appWorld()
  for (const path of ['/', '/basket', '/nothing', '/goods/X', '/pay']) {
    const { headers } = await ask(OPEN, 'GET', path, { headers: HTML })
    t.is(
      headers.get('content-security-policy'),
      "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      path,
    )
    t.is(headers.get('x-content-type-options'), 'nosniff')
    t.is(headers.get('referrer-policy'), 'no-referrer')
    t.is(headers.get('cache-control'), 'private, no-store')
  }
})

test('HTML in any text of the operator, the user or the acquirer is shown as text', async (t) => {
  const evil = good('L-100', { name: `Lamp ${EVIL}`, specification: EVIL })
  const { ask, shop, enter } = await appWorld([evil])
  const headers = { ...HTML, ...(await enter(`al ${EVIL}`.slice(0, 60))) }
  const pages = [await ask(OPEN, 'GET', '/', { headers }), await ask(OPEN, 'GET', '/goods/L-100', { headers })]
  await ask(OPEN, 'POST', '/shop/basket', {
    json: { product: 'L-100', quantity: 1 },
    headers: { cookie: headers.cookie },
  })
  pages.push(await ask(OPEN, 'GET', '/basket', { headers }))
  const { tag } = (await ask(OPEN, 'POST', '/shop/finish', { json: {}, headers: { cookie: headers.cookie } })).json()
  pages.push(await ask(OPEN, 'GET', `/tag/${tag}`, { headers: { ...headers, host: EVIL } }))
  pages.push(await ask(OPEN, 'GET', `/tag/${tag}`, { headers: { ...headers, host: 'x$(reboot)' } }))
  shop.stored.push(order(String(tag), { state: 'refused', refusal: EVIL, brand: EVIL, lastFour: EVIL }))
  pages.push(await ask(session(), 'GET', '/orders', { headers: HTML }))
  pages.push(await ask(session(), 'GET', '/orders/K-000012', { headers: HTML }))
  for (const { status, text } of pages) {
    t.is(status, 200)
    t.deepEqual(sound(text), [], text)
    t.true(text.includes('&lt;script&gt;'))
    t.notRegex(text, /\$\(reboot\)/)
    t.false(text.includes('--shop'), 'a Host that is none is not put into a command')
  }
})

test('the amount has the digits of its currency, and the time is told in minutes', async (t) => {
  for (const [currency, price, text] of [
    ['JPY', 4990, 'JPY 4,990'],
    ['EUR', 4990, 'EUR 49.90'],
    ['KWD', 4990, 'KWD 4.990'],
    ['USD', 123_456_789, 'USD 1,234,567.89'],
  ] as const) {
    const { ask } = await appWorld([good('L-100', { currency, price })])
    t.true((await ask(OPEN, 'GET', '/', { headers: HTML })).text.includes(`>${text}</p>`), text)
  }
  for (const [ms, text] of [
    [-5, 'less than a minute'],
    [59_999, 'less than a minute'],
    [60_000, '1 minute'],
    [900_000, '15 minutes'],
    [7_199_999, '119 minutes'],
    [7_200_000, '2 hours'],
    [5 * 86_400_000, '5 days'],
  ] as const) {
    t.is(duration(ms), text)
  }
})

test('an item that is short or gone says so in the basket, and its buttons do not ask for more', async (t) => {
  const { ask, shop } = await appWorld([good('L-100', { available: 2 })])
  await ask(session(), 'POST', '/shop/basket', { json: { product: 'L-100', quantity: 2 } })
  const full = (await ask(session(), 'GET', '/basket', { headers: HTML })).text
  t.regex(full, /aria-label="One more of Name of L-100" disabled/)
  Object.assign(shop.shelf[0] ?? {}, { available: 1 })
  t.regex((await ask(session(), 'GET', '/basket', { headers: HTML })).text, /Only 1 left: take less of it/)
  Object.assign(shop.shelf[0] ?? {}, { available: 0 })
  t.regex((await ask(session(), 'GET', '/basket', { headers: HTML })).text, /Sold out: take less of it/)
  Object.assign(shop.shelf[0] ?? {}, { withdrawn: true })
  t.is((await ask(session(), 'GET', '/goods/L-100', { headers: HTML })).status, 404)
  t.is((await ask(session(), 'GET', '/basket', { headers: HTML })).status, 200)
})

test('the last thing under a tag can be made less, but not taken out', async (t) => {
  const { ask, finished } = await appWorld()
  await finished(session())
  const page = (await ask(session(), 'GET', '/basket', { headers: HTML })).text
  t.regex(page, /aria-label="One less of Name of L-100" disabled/)
  t.notRegex(page, />Remove</)
})

test('every problem has a page that says what happened and what to do', async (t) => {
  for (const code of Object.keys(PROBLEMS) as ProblemCode[]) {
    const page = String(await problemPage(code, { products: ['<b>'] }))
    t.regex(page, /<h1>[A-Z][^<]{5,}<\/h1>\n<p>[^<]{10,}<\/p>/, code)
    t.true(page.includes(`<code>${code}</code>`))
    t.false(page.includes('<b>'))
  }
})
