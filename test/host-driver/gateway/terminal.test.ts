import test from 'ava'
import { CardDesk } from '../../../host-driver/gateway/card-desk.ts'
import { openGateway } from '../../../host-driver/gateway/gateway.ts'
import { FakeClock } from '../../fake-clock.ts'
import { CALL, CARD, until } from '../fake-card.ts'
import { gatewayWorld, payAndWait, Visitor } from './gateway-world.ts'

test('the terminal page: card, line, session, and what went by which path', async (t) => {
  const { visitor, server } = await gatewayWorld(t)
  await (await visitor.get('/menu')).text()
  await payAndWait(visitor)
  const page = await (await visitor.get('/keyline')).text()
  t.regex(page, /card-7/)
  t.regex(page, /\/dev\/ttyUSB2/)
  t.regex(page, /alice/)
  t.true(page.includes(server.internet))
  t.regex(page, /data-fact="line">idle</)
  t.regex(page, /data-fact="left">(59:5\d|1:00:00)</)
  // The login's call and the purchase's.
  t.regex(page, /data-fact="calls">2 calls, 280 B up, 180 B down/)
  t.regex(page, /data-fact="internet">1 requests on 1 connections/)
  t.regex(page, /<form method="post" action="\/keyline\/erase">/)
})

test('what changes is told as it changes, and no more than that', async (t) => {
  const clock = new FakeClock()
  const { visitor, gateway } = await gatewayWorld(t, { after: (ms, run) => clock.after(ms, run) })
  const response = await visitor.get('/keyline/events')
  const reader = response.body?.getReader()
  const next = async (): Promise<string> => Buffer.from((await reader?.read())?.value ?? []).toString('utf8')
  let told = await next()
  while (told.match(/event: fact/g)?.length !== 5) told += await next()
  t.deepEqual(
    [...told.matchAll(/"name":"([a-z]+)"/g)].map(([, name]) => name),
    ['line', 'left', 'keys', 'calls', 'internet'],
  )
  await (await visitor.get('/menu')).text()
  await clock.advance(1000)
  let later = await next()
  while (!later.includes('"internet"')) later += await next()
  t.false(later.includes('"calls"'))
  await reader?.cancel()
  await until(() => clock.waiting <= 3)
  await gateway.close()
})

test('erased: the keys are gone at both ends, the shop is shut, and a login by telephone opens it again', async (t) => {
  const it = await gatewayWorld(t)
  const { visitor } = it
  t.is((await visitor.get('/menu')).status, 200)
  const erased = await visitor.post('/keyline/erase', '')
  t.is(erased.status, 303)
  t.is(erased.headers.get('location'), '/keyline')
  t.is(it.session(), undefined)
  t.true(it.server.sessions[0]?.ended)
  const shut = await visitor.get('/')
  t.is(shut.status, 401)
  t.regex(await shut.text(), /Nobody is logged in/)
  t.regex(await (await visitor.get('/keyline')).text(), /<form method="post" action="\/keyline\/login">/)
  const refused = await visitor.post('/keyline/login', { userId: 'mallory', password: 'x"><b>' })
  const page = await refused.text()
  t.is(refused.status, 422)
  t.regex(page, /role="alert"[^>]*>this user is &#60;unknown&#62;\./)
  t.false(page.includes('mallory') || page.includes('x&#34;'))
  const done = await visitor.post('/keyline/login', { userId: 'alice', password: 'open sesame' })
  t.is(done.status, 303)
  t.is((await visitor.get('/menu')).status, 200)
  t.deepEqual(it.logins, ['mallory', 'alice'])
  t.deepEqual(
    it.events.map(({ event, code }) => code ?? event),
    ['entered', 'erased', 'NOT_LOGGED_IN', 'logged-in'],
  )
})

test('keys that wait are shown, with and without a session, and the button erases all of them at both ends', async (t) => {
  const it = await gatewayWorld(t)
  t.regex(await (await it.visitor.get('/keyline')).text(), /data-fact="keys">none</)
  await it.terminal.prefetch({ userId: 'alice', password: it.server.password, keys: 3 })
  t.regex(await (await it.visitor.get('/keyline')).text(), /data-fact="keys">3 for alice until \d{4}-\d\d-\d\d \d\d:/)
  await it.session()?.close()
  const page = await (await it.visitor.get('/keyline')).text()
  t.regex(page, /Nobody is logged in/)
  t.regex(page, /data-fact="keys">3 for alice/)
  t.regex(page, /With a stored key no call is made/)
  t.regex(page, /<form method="post" action="\/keyline\/erase">/)
  t.is((await it.visitor.post('/keyline/erase', '')).status, 303)
  t.is(it.server.spare, 0)
  t.is(it.terminal.keys.size, 0)
  const after = await (await it.visitor.get('/keyline')).text()
  t.regex(after, /data-fact="keys">none</)
  t.notRegex(after, /action="\/keyline\/erase"/)
})

test('the address is good for ten minutes, and for one browser', async (t) => {
  const clock = new FakeClock()
  const { gateway } = await gatewayWorld(t, { after: (ms, run) => clock.after(ms, run) })
  t.is((await new Visitor(gateway.port).enter(gateway.url)).status, 401) // used already
  const late = await openGateway(
    {
      session: () => undefined,
      keys: () => [],
      login: async () => undefined,
      erase: async () => {},
      openTerminal: () => Promise.reject(new Error('no card')),
    },
    { port: 0, after: (ms, run) => clock.after(ms, run) },
  )
  t.teardown(() => late.close())
  await clock.advance(599_999)
  t.is((await new Visitor(late.port).enter(late.url.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')))).status, 401)
  await clock.advance(1)
  t.is((await new Visitor(late.port).enter(late.url)).status, 401)
})

test('pages that are not there, and methods that are none', async (t) => {
  const { visitor } = await gatewayWorld(t)
  for (const path of ['/keyline/x', '/keyline/enter/x', '/pay/x', '/pay/x/events', '/keyline/login']) {
    t.is((await visitor.get(path)).status, 404, path)
  }
  for (const path of ['/keyline', '/keyline/events', '/pay/x', '/keyline/style.css']) {
    t.is((await visitor.post(path, '')).status, 405, path)
  }
  for (const [path, type] of [
    ['/keyline/style.css', 'text/css'],
    ['/keyline/script.js', 'text/javascript'],
    ['/keyline/icon.svg', 'image/svg+xml'],
  ] as const) {
    const response = await visitor.get(path)
    t.is(response.status, 200)
    t.true(response.headers.get('content-type')?.startsWith(type))
  }
})

/** A desk whose card is opened by hand. */
function desk() {
  const opened: PromiseWithResolvers<void>[] = []
  const count = { open: 0, most: 0 }
  const it = new CardDesk(async () => {
    count.open++
    count.most = Math.max(count.most, count.open)
    const gate = Promise.withResolvers<void>()
    opened.push(gate)
    await gate.promise
    return {
      pay: () => Promise.reject(new Error('not told')),
      status: async () => ({ firmware: 'fake/1', card: CARD }),
      close: async () => {
        count.open--
      },
    }
  })
  return { it, opened, count }
}

test('the card is opened by one at a time: a call waits for a look, and nobody looks while a call runs', async (t) => {
  const { it, opened, count } = desk()
  const look = it.look(() => 'fault')
  const same = it.look(() => 'fault')
  const call = it.withCard(
    () => {},
    async (_, tell) => {
      tell({ type: 'line', state: 'dialling' })
      t.is(it.line, 'dialling')
      return 'done'
    },
  )
  t.is(opened.length, 1)
  opened[0]?.resolve()
  await Promise.all([look, same])
  await until(() => opened.length === 2)
  await it.look(() => 'fault') // at once: a call runs
  opened[1]?.resolve()
  t.is(await call, 'done')
  t.is(opened.length, 2)
  t.deepEqual(count, { open: 0, most: 1 })
  t.is(it.line, 'idle')
  t.deepEqual(it.card, { id: 'card-7', modem: '/dev/ttyUSB2', firmware: 'fake/1', network: undefined })
})

test('a card that cannot be opened is a fault in words, and ends no call that comes after', async (t) => {
  const { it, opened } = desk()
  const look = it.look((error) => `words of ${(error as Error).message}`)
  opened[0]?.reject(new Error('x'))
  await look
  t.deepEqual(it.card, { fault: 'words of x' })
  const call = it.withCard(
    () => {},
    async () => 1,
  )
  await until(() => opened.length === 2)
  opened[1]?.reject(new Error('gone'))
  await t.throwsAsync(call, { message: 'gone' })
  it.count(CALL)
  it.count({ ...CALL, attempts: 2, exchangeMs: 1500 })
  t.deepEqual(it.total, { calls: 3, lineUp: 280, lineDown: 180, lineSeconds: 1.52 })
})
