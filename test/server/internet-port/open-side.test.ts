import { once } from 'node:events'
import test from 'ava'
import { connectOpen } from '../../../internet/connect-open.ts'
import { answerTo, closed, openWorld } from './open-world.ts'
import { CA, dialTo, portWorld, type Terminal, until } from './port-world.ts'

const HTML = { accept: 'text/html' }

/** A form as a browser sends it from a page of the shop. */
async function submit(one: Terminal, path: string, form: Record<string, string>, cookie = '') {
  const headers = {
    ...HTML,
    cookie,
    'content-type': 'application/x-www-form-urlencoded',
    'sec-fetch-site': 'same-origin',
  }
  return one.ask('POST', path, { headers, body: new URLSearchParams(form).toString() })
}

test('S21–S26 in the open: page by page to the tag, with the real shop behind it', async (t) => {
  const it = await openWorld(t)
  const one = await it.visitor()
  const first = await one.ask('GET', '/', { headers: HTML })
  t.is(first.status, 200)
  t.regex(first.body.toString(), /Your user ID/)
  const entered = await submit(one, '/shop/enter', { userId: 'alice' })
  t.is(entered.status, 303)
  const cookie = entered.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  t.regex(entered.headers['set-cookie']?.[0] ?? '', /^basket=[\w-]{22}; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
  t.is(
    (await submit(one, '/shop/basket', { product: 'T-1', quantity: '1', more: '1' }, cookie)).headers.location,
    '/basket',
  )
  t.regex((await one.ask('GET', '/basket', { headers: { ...HTML, cookie } })).body.toString(), /Single piece/)
  const finished = await submit(one, '/shop/finish', {}, cookie)
  t.regex(finished.headers.location ?? '', /^\/tag\/[\w-]{22}$/)
  const again = await submit(one, '/shop/finish', {}, cookie) // double click
  t.is(again.headers.location, finished.headers.location)
  const page = await one.ask('GET', finished.headers.location ?? '', { headers: HTML })
  t.regex(page.body.toString(), /Pay within 15 minutes/)
  t.deepEqual(it.steps(), ['S23', 'S21', 'S22', 'S24', 'S25', 'S26'])
  t.deepEqual([it.port.openConnections, it.port.connections, it.port.halfOpen], [1, 0, 0])
})

test('two visitors and the single piece: one gets it, the other is told in plain words', async (t) => {
  const it = await openWorld(t)
  const cookies: string[] = []
  const one = await it.visitor()
  for (const userId of ['alice', 'bob']) {
    const cookie = (await submit(one, '/shop/enter', { userId })).headers['set-cookie']?.[0]?.split(';')[0] ?? ''
    await submit(one, '/shop/basket', { product: 'T-1', quantity: '1' }, cookie)
    cookies.push(cookie)
  }
  t.is((await submit(one, '/shop/finish', {}, cookies[0])).status, 303)
  const late = await submit(one, '/shop/finish', {}, cookies[1])
  t.is(late.status, 409)
  t.regex(late.body.toString(), /<h1>There is not so much left<\/h1>[\s\S]*T-1/)
  const json = await one.ask('GET', '/shop/goods')
  t.like(json.json(), {
    goods: [
      { product: 'L-100', available: 5 },
      { product: 'T-1', available: 0 },
    ],
  })
})

test('the shop in a session is the user’s own, and neither side sees the other’s tags', async (t) => {
  const it = await openWorld(t)
  const [terminal, visitor] = [await it.opened(), await it.visitor()]
  const headers = { 'content-type': 'application/json' }
  await terminal.ask('POST', '/shop/basket', { headers, body: { product: 'L-100', quantity: 2 } })
  const { tag } = (await terminal.ask('POST', '/shop/finish', { headers, body: {} })).json() as { tag: string }
  t.like((await terminal.ask('GET', `/shop/tag/${tag}`)).json(), { userId: 'alice', amount: 2000, state: 'open' })
  t.is((await visitor.ask('GET', `/shop/tag/${tag}`)).status, 404)
  t.is((await visitor.ask('POST', '/shop/cancel', { headers, body: { tag } })).status, 404)
  t.deepEqual((await terminal.ask('GET', '/shop/orders')).json(), { orders: [] })
  t.like((await terminal.ask('POST', '/shop/cancel', { headers, body: { tag } })).json(), { state: 'cancelled' })
})

test('without a certificate there is no open side at all', async (t) => {
  const it = await portWorld(t)
  const port = Number(it.port.address.split(':')[1])
  await t.throwsAsync(connectOpen({ host: '127.0.0.1', port, ca: CA }), { code: 'INTERNET_CERTIFICATE_REFUSED' })
  await until(() => it.port.halfOpen === 0)
  t.is(it.port.openConnections, 0)
})

test('a body that is too large or does not come is refused, and its connection ends', async (t) => {
  const it = await openWorld(t)
  for (const path of ['/shop/enter', '/shop/basket', '/shop/finish', '/shop/cancel']) {
    const large = await it.visitor()
    const got = await large.ask('POST', path, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId: 'x'.repeat(4096) }),
    })
    t.is(got.status, 413, path)
    t.like(got.json(), { code: 'BODY_TOO_LARGE' })
    await large.ended()
  }
  const chunked = await it.socket()
  const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
  const head =
    'POST /shop/enter HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
  t.regex(await answerTo(chunked, head + chunk + chunk), /^HTTP\/1\.1 413 /)
  const slow = await it.socket()
  slow.write('POST /shop/enter HTTP/1.1\r\nhost: x\r\ncontent-length: 40\r\nexpect: 100-continue\r\n\r\n{"user')
  const [go] = await once(slow, 'data')
  t.regex(String(go), /^HTTP\/1\.1 100 /)
  const answer = answerTo(slow, '')
  await it.clock.advance(10_000)
  t.regex(await answer, /^HTTP\/1\.1 408 .*"code":"REQUEST_TIMEOUT"/s)
})

test('a visitor that asks for nothing, or not again, is let go', async (t) => {
  const it = await openWorld(t)
  const silent = await it.socket()
  const slow = await it.socket()
  const asking = await it.visitor()
  await until(() => it.port.openConnections === 3)
  slow.write('GET / HTTP/1.1\r\nhost: ')
  await it.clock.advance(14_999)
  t.is((await asking.ask('GET', '/shop/goods')).status, 200)
  await it.clock.advance(1)
  await Promise.all([closed(silent), closed(slow)])
  await it.clock.advance(74_000)
  t.is((await asking.ask('GET', '/shop/goods')).status, 200)
  await it.clock.advance(75_000)
  await asking.ended()
  t.is(it.port.openConnections, 0)
})

test('visitors are bounded by address and together, and never keep a session out', async (t) => {
  const it = await openWorld(t, { limits: { openConnections: 4, openConnectionsPerAddress: 3 } })
  const sockets = []
  for (let n = 0; n < 6; n++) {
    sockets.push(await it.visitor())
    await until(() => it.port.openConnections === Math.min(n + 1, 3))
  }
  await Promise.all(sockets.slice(0, 3).map((one) => one.ended()))
  for (const one of sockets.slice(3)) t.is((await one.ask('GET', '/shop/goods')).status, 200)
  t.is((await (await it.opened()).ask('GET', '/menu')).status, 200)
})

test('half-open bounds hold for the open side too', async (t) => {
  const it = await openWorld(t, { limits: { halfOpenPerAddress: 2 } })
  const idle = [dialTo(t, it.port), dialTo(t, it.port), dialTo(t, it.port)]
  await closed(idle[0] ?? dialTo(t, it.port))
  t.is((await (await it.visitor()).ask('GET', '/shop/goods')).status, 200)
  t.true(it.port.halfOpen <= 2)
})

test('what is no HTTP gets its 400, and closing the port ends the visitors', async (t) => {
  const it = await openWorld(t)
  t.regex(await answerTo(await it.socket(), 'HELLO\r\n\r\n'), /^HTTP\/1\.1 400 .*"code":"HTTP_INVALID"/s)
  const long = `GET / HTTP/1.1\r\nhost: x\r\ncookie: ${'y'.repeat(9000)}\r\n\r\n`
  t.regex(await answerTo(await it.socket(), long), /^HTTP\/1\.1 400 /)
  const one = await it.socket()
  await until(() => it.port.openConnections === 1)
  await it.port.close()
  await closed(one)
  t.pass()
})

test('requests that do not wait for answers are answered in their order', async (t) => {
  const it = await openWorld(t)
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nhost: x\r\n${more}\r\n`
  const bytes = get('/shop/goods') + get('/menu') + get('/pay') + get('/nothing') + get('/', 'connection: close\r\n')
  const answers = await answerTo(await it.socket(), bytes)
  t.deepEqual(
    [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['200', '404', '403', '404', '200'],
  )
})
