import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import test from 'ava'
import type { KeylineError } from '../../../host-driver/errors.ts'
import { openFetch } from '../../../host-driver/requests/open-agent.ts'
import { drain } from '../../../host-driver/requests/server-api.ts'
import { until } from '../fake-card.ts'
import { CA, FakeShop, openShop } from '../fake-shop.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

test('one connection carries request after request, until it is closed', async (t) => {
  const shop = new FakeShop()
  const { url, counted } = await openShop(t, shop)
  const way = openFetch({ shop: url, ca: CA })
  for (let n = 0; n < 3; n++) await drain(await way.fetch('/shop/goods'))
  t.is(counted.all, 1)
  way.close()
  way.close()
  await until(() => counted.now === 0)
  await t.throwsAsync(way.fetch('/shop/goods'), { code: 'INTERNET_BROKEN', message: /ended here/ })
  t.is(shop.seen.length, 3)
})

test('the host of the request is that of the address, and headers and body go along', async (t) => {
  const shop = new FakeShop()
  const { url } = await openShop(t, shop)
  const way = openFetch({ shop: url, ca: CA })
  t.teardown(way.close)
  const body = JSON.stringify({ userId: 'alice' })
  const response = await way.fetch('/shop/enter', { method: 'POST', headers: JSON_TYPE, body })
  t.is(response.status, 200)
  await drain(response)
  t.deepEqual(shop.seen, [`POST /shop/enter ${body}`])
})

test("the jar holds the basket's cookie and nothing else, and forgets it at the end", async (t) => {
  const shop = new FakeShop()
  const { url } = await openShop(t, shop)
  const way = openFetch({ shop: url, ca: CA })
  const get = async (cookie?: string): Promise<void> => {
    const answer = { body: {}, ...(cookie !== undefined && { headers: { 'set-cookie': cookie } }) }
    shop.instead.set('GET /x', [answer])
    await drain(await way.fetch('/x'))
  }
  await get()
  await get('tracker=1; Path=/')
  await get('basket=first; Path=/; Secure')
  await get('basket=no spaces; Path=/')
  await get(`basket=${'x'.repeat(129)}`)
  await get('xbasket=other')
  await get('basket=second')
  await get('basket=; Max-Age=0')
  await get()
  t.deepEqual(shop.cookies, [
    '',
    '',
    '',
    'basket=first',
    'basket=first',
    'basket=first',
    'basket=first',
    'basket=second',
    '',
  ])
  way.close()
})

test('two ways share nothing', async (t) => {
  const shop = new FakeShop()
  const { url } = await openShop(t, shop)
  const [one, two] = [openFetch({ shop: url, ca: CA }), openFetch({ shop: url, ca: CA })]
  t.teardown(one.close)
  t.teardown(two.close)
  await drain(await one.fetch('/shop/enter', { method: 'POST', headers: JSON_TYPE, body: '{"userId":"a"}' }))
  await drain(await two.fetch('/shop/basket'))
  await drain(await one.fetch('/shop/basket'))
  t.deepEqual(shop.cookies, ['', '', 'basket=abc_-1'])
})

test('a redirect comes back as it is: nobody is followed anywhere', async (t) => {
  const shop = new FakeShop()
  const { url } = await openShop(t, shop)
  const way = openFetch({ shop: url, ca: CA })
  t.teardown(way.close)
  shop.instead.set('GET /x', [{ status: 307, body: {}, headers: { location: 'http://127.0.0.1:1/' } }])
  const response = await way.fetch('/x')
  t.is(response.status, 307)
  await drain(response)
  t.is(shop.seen.length, 1)
})

test('what belongs on the line is not sent here either, however it is spelled', async (t) => {
  const shop = new FakeShop()
  const { url, counted } = await openShop(t, shop)
  const way = openFetch({ shop: url, ca: CA })
  t.teardown(way.close)
  for (const path of ['/pay', '/PAY', '//pay', '/%70ay', '/%2570ay', '/x/../pay', '/pay;x', '/pay/x', '/pay?tag=1']) {
    await t.throwsAsync(way.fetch(path, { method: 'POST' }), { code: 'ROUTE_NEEDS_LINE' }, path)
  }
  for (const path of ['pay', 'https://evil/', '/a b', '/\\evil', '/x#y']) {
    await t.throwsAsync(way.fetch(path), { code: 'PATH_INVALID' }, path)
  }
  t.is(counted.all, 0)
})

test('a certificate that is not trusted here: nothing is sent', async (t) => {
  const shop = new FakeShop()
  const { url } = await openShop(t, shop)
  const way = openFetch({ shop: url })
  t.teardown(way.close)
  const error = await t.throwsAsync<KeylineError>(way.fetch('/shop/goods'), { code: 'INTERNET_CERTIFICATE_REFUSED' })
  t.true((error?.cure ?? '').length > 0)
  t.deepEqual(shop.seen, [])
})

test('a certificate of another name: nothing is sent', async (t) => {
  const shop = new FakeShop()
  // The demo's certificate is for 127.0.0.1 alone.
  const { url } = await openShop(t, shop, '127.0.0.2')
  const way = openFetch({ shop: url, ca: CA })
  t.teardown(way.close)
  await t.throwsAsync(way.fetch('/'), { code: 'INTERNET_CERTIFICATE_REFUSED' })
  t.deepEqual(shop.seen, [])
})

test('nobody there', async (t) => {
  const nobody = openFetch({ shop: 'https://127.0.0.1:1', ca: CA })
  await t.throwsAsync(nobody.fetch('/'), { code: 'INTERNET_UNREACHABLE' })
  nobody.close()
})

test('TLS 1.2 is not spoken', async (t) => {
  const demo = (name: string) => readFileSync(new URL(`../../../demo/certificate/${name}`, import.meta.url))
  const old = createServer({ cert: demo('server.pem'), key: demo('server-key.pem'), maxVersion: 'TLSv1.2' }, () =>
    t.fail(),
  )
  old.on('tlsClientError', () => {})
  old.listen(0, '127.0.0.1')
  await once(old, 'listening')
  t.teardown(() => old.close())
  const { port } = old.address() as AddressInfo // of a TCP server
  const way = openFetch({ shop: `https://127.0.0.1:${port}`, ca: CA })
  t.teardown(way.close)
  await t.throwsAsync(way.fetch('/'))
})

test('closed while it connects: the connection ends as soon as it stands', async (t) => {
  const shop = new FakeShop()
  const { url, counted } = await openShop(t, shop)
  const way = openFetch({ shop: url, ca: CA })
  const request = way.fetch('/shop/goods')
  way.close()
  await t.throwsAsync(request, { code: 'INTERNET_BROKEN' })
  await until(() => counted.now === 0)
  t.deepEqual(shop.seen, [])
  // The server is well all the same.
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
})

test('an address that is none', (t) => {
  const wrong = [
    '',
    'shop',
    '127.0.0.1:8443',
    'http://127.0.0.1:8443',
    'ftp://x',
    'https://',
    'https://a:b@x',
    'https://x/y',
    'https://x?y',
    'https://x#y',
    'https://x:70000',
    'file:///etc/passwd',
    'javascript:1',
  ]
  for (const shop of wrong) t.throws(() => openFetch({ shop }), { code: 'INPUT_INVALID' }, shop)
  for (const shop of ['https://x', 'https://x/', 'https://x:1', 'https://[::1]:1', 'HTTPS://X']) {
    t.notThrows(() => openFetch({ shop }).close(), shop)
  }
})
