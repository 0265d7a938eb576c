import test from 'ava'
import type { RequestAccess } from '../../../server/app/access.ts'
import { routeTable } from '../../../server/app/app.ts'
import { describeRoutes, type Via } from '../../../server/app/route.ts'
import { PHOTO } from './fake-shop.ts'
import { appWorld, HTML, LINE, OPEN, order, session } from './world.ts'

const TABLE = `
POST   /session               session (also unopened)
GET    /session               session
DELETE /session               session
POST   /session/rekey         session (also unopened)
GET    /session/keys          session (also unopened)
DELETE /session/keys          session (also unopened)
GET    /menu                  session
GET    /content/:name         session
HEAD   /content/:name         session
GET    /                      session open
GET    /goods/:product        session open
GET    /basket                session open
GET    /tag/:tag              session open
GET    /orders                session
GET    /orders/:order         session
GET    /shop/style.css        session open
GET    /shop/icon.svg         session open
GET    /shop/photo/:product   session open
GET    /shop/goods            session open
POST   /shop/enter            open
GET    /shop/basket           session open
POST   /shop/basket           session open
POST   /shop/finish           session open
GET    /shop/tag/:tag         session open
POST   /shop/cancel           session open
GET    /shop/orders           session
POST   /pay                   line
`

const ACCESS: readonly (readonly [Via, RequestAccess])[] = [
  ['open', OPEN],
  ['session', session()],
  ['line', LINE],
]

test('the table of routes, and over which path each is accepted', async (t) => {
  const { options } = await appWorld()
  const lines = describeRoutes(routeTable(options))
  t.deepEqual(lines, TABLE.trim().split('\n'))
  t.log(`\n${lines.join('\n')}`)
})

test('every route by every access, as JSON and as HTML: only what its row accepts is answered by it', async (t) => {
  const { options, ask, shop, finished } = await appWorld()
  shop.photos.set('L-100', PHOTO)
  const tag = await finished(session())
  shop.stored.push(order(tag))
  const fill = (path: string) =>
    path.replace(':product', 'L-100').replace(':tag', tag).replace(':order', 'K-000012').replace(':name', 'x')
  const table = routeTable(options)
  const bodies: Record<string, object> = {
    '/shop/enter': { userId: 'alice' },
    '/shop/basket': { product: 'L-100', quantity: 1 },
    '/shop/cancel': { tag },
    '/shop/finish': {},
  }
  for (const { method, path, accepts } of table) {
    // These answer on node's own response: tested at the Internet port.
    const raw = /^\/(session|menu|content)/.test(path)
    for (const [via, access] of ACCESS) {
      if (raw && via === 'session') continue
      for (const headers of [{ accept: 'application/json' }, HTML]) {
        const json = method === 'POST' ? bodies[path] : undefined
        const { status, text } = await ask(access, method, fill(path), { headers, ...(json && { json }) })
        const about = `${method} ${path} over ${via} (${headers.accept}): ${status} ${text.slice(0, 200)}`
        if (accepts.includes(via)) {
          t.notRegex(text, /"?NOT_FOUND|METHOD_NOT_ALLOWED|ROUTE_NEEDS_LINE/, about)
          t.true(status < 500 || path === '/pay', about)
          continue
        }
        const others = table.filter((row) => row.path === path && row.accepts.includes(via))
        const code = path === '/pay' ? 'ROUTE_NEEDS_LINE' : others.length > 0 ? 'METHOD_NOT_ALLOWED' : 'NOT_FOUND'
        if (method !== 'HEAD') t.true(text.includes(code), about)
        t.is(status, { ROUTE_NEEDS_LINE: 403, METHOD_NOT_ALLOWED: 405, NOT_FOUND: 404 }[code], about)
      }
    }
  }
})

test('no method that a row does not name reaches it, and Allow says what this access has', async (t) => {
  const { ask } = await appWorld()
  for (const [access, method, path, status, allow] of [
    [OPEN, 'DELETE', '/shop/basket', 405, 'GET, POST'],
    [OPEN, 'PUT', '/', 405, 'GET'],
    [OPEN, 'OPTIONS', '/shop/enter', 405, 'POST'],
    [session(), 'POST', '/shop/enter', 404, null],
    [session(), 'PATCH', '/session', 405, 'POST, GET, DELETE'],
    [OPEN, 'PATCH', '/session', 404, null],
    [LINE, 'GET', '/pay', 405, 'POST'],
    [LINE, 'GET', '/', 404, null],
    [LINE, 'POST', '/shop/finish', 404, null],
    [OPEN, 'POST', '/', 405, 'GET'],
  ] as const) {
    const answer = await ask(access, method, path, { ...(method !== 'GET' && { json: {} }) })
    t.is(answer.status, status, `${method} ${path}`)
    t.is(answer.headers.get('allow'), allow, `${method} ${path}`)
  }
})

test('HEAD is GET without its body', async (t) => {
  const { ask } = await appWorld()
  for (const path of ['/', '/basket', '/shop/goods', '/shop/style.css']) {
    const { status, text } = await ask(OPEN, 'HEAD', path)
    t.deepEqual([status, text], [200, ''], path)
  }
  t.is((await ask(OPEN, 'HEAD', '/pay')).status, 403)
})

test('a session that was not opened reaches nothing of the shop, and is told nothing', async (t) => {
  const { ask, shop } = await appWorld()
  for (const path of ['/', '/basket', '/shop/goods', '/orders', '/nothing', '/pay', '/shop/style.css']) {
    const { status, json } = await ask(session('alice', { opened: false }), 'GET', path)
    t.is(status, 403, path)
    t.like(json(), { code: 'SESSION_NOT_OPENED' })
  }
  t.is(shop.baskets.length, 0)
})

test('a handler that the table let through by mistake still does not serve the wrong path', async (t) => {
  const { options, ask, events } = await appWorld()
  const pay = routeTable(options).find(({ path }) => path === '/pay')
  await t.throwsAsync(async () => {
    // All that the handler looks at before it refuses.
    await pay?.handler({ env: { access: OPEN } } as unknown as Parameters<typeof pay.handler>[0])
  })
  t.is((await ask(OPEN, 'POST', '/pay', { json: {} })).status, 403)
  t.is(events.length, 0)
})

test('a fault inside is INTERNAL without its details, and the log has it', async (t) => {
  const { ask, shop, events } = await appWorld()
  Object.assign(shop, { goods: () => Promise.reject(new Error('/secret/path')) })
  for (const headers of [{}, HTML]) {
    const { status, text } = await ask(OPEN, 'GET', '/', { headers })
    t.is(status, 500)
    t.true(text.includes('INTERNAL') && !text.includes('secret'))
  }
  t.like(events[0], { event: 'internet.fault', path: 'internet', code: 'UNEXPECTED' })
})
