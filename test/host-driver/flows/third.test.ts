import { once } from 'node:events'
import { Agent, createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { type Fetch, payInSession, SessionShop } from '../../../host-driver/index.ts'
import { send } from '../../../host-driver/requests/http.ts'
import type { PersonalData } from '../../../wire/line/personal-data.ts'
import { CardRefusal, until } from '../fake-card.ts'
import { FakeShop, problem, TAG } from '../fake-shop.ts'
import { answered, paying } from '../paying-card.ts'
import { loggedIn, steps, world } from '../world.ts'

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
  contact: '',
}

/** A shop as a session would reach it; what a session's keys do is tested with the session. */
async function keyed(t: ExecutionContext) {
  const w = await world(t)
  const shop = new FakeShop()
  paying(w.card, shop)
  const http: Server = createServer(shop.handle).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo // of a TCP server
  const agent = new Agent({ port, keepAlive: true })
  t.teardown(() => {
    agent.destroy()
    http.closeAllConnections()
    http.close()
  })
  const cut = { times: 0 }
  const fetch: Fetch = (path, options) => send({ agent, host: '127.0.0.1' }, path, options)
  const session = { fetch, userId: 'alice', disconnect: () => void cut.times++ }
  const onProgress = (event: (typeof w.events)[number]): void => void w.events.push(event)
  return { ...w, shop, session, cut, onProgress }
}

async function tagged(t: ExecutionContext) {
  const it = await keyed(t)
  const entered = await SessionShop.enter({ session: it.session, onProgress: it.onProgress })
  await entered.shop.setItem('T-1961', 1)
  const tag = await entered.finish()
  entered.close()
  return { ...it, tag }
}

test('S56–S70: each step is told in its order, and the receipt is the same on both paths', async (t) => {
  const { session, onProgress, events, terminal, card, cut } = await keyed(t)
  const entered = await SessionShop.enter({ session, onProgress })
  await entered.shop.goods()
  await entered.shop.setItem('T-1961', 1)
  const tag = await entered.finish()
  t.is(cut.times, 0)
  entered.close()
  entered.close()
  t.is(cut.times, 1)
  const purchase = await payInSession(terminal, { session, tag, data: DATA, onProgress })
  t.like(purchase, { outcome: 'paid', learned: 'line', shown: 'same', receipt: { amount: 42_000 } })
  const told = ['S56', 'S57', 'S58', 'S60', 'S61', 'S62', 'S63', 'S64', 'S67', 'S68', 'S69', 'S70']
  t.deepEqual(steps(events), told)
  t.like(card.asked.at(-1)?.params, { userId: 'alice', tag: TAG, expected: { amount: 42_000 }, embodiment: 3 })
})

test('the tag is in no text that is told', async (t) => {
  const { events } = await tagged(t)
  t.false(JSON.stringify(events).includes(TAG))
})

test('the payer is the user of the session, whatever the shop says', async (t) => {
  const { session, terminal, tag, card } = await tagged(t)
  await payInSession(terminal, { session, tag: { ...tag, userId: 'mallory' }, data: DATA })
  t.like(card.asked.at(-1)?.params, { userId: 'alice' })
})

test('a lost answer: the session tells', async (t) => {
  const { session, terminal, tag, card, shop } = await tagged(t)
  card.answers['line.pay'] = () => {
    shop.state = 'used'
    throw new CardRefusal('LINE_OUTCOME_UNKNOWN')
  }
  shop.broken = 1
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms < 10_000) setImmediate(run)
    return () => {}
  }
  t.like(await payInSession(terminal, { session, tag, data: DATA, after }), { outcome: 'paid', learned: 'internet' })
})

test('the session ends during the call: paid all the same', async (t) => {
  const { session, terminal, tag, card, shop } = await tagged(t)
  const good = card.answers['line.pay']
  card.answers['line.pay'] = (params) => {
    shop.instead.set(`GET /shop/tag/${TAG}`, Array(3).fill(problem(403, 'SESSION_GONE')))
    return good(params)
  }
  const after = (ms: number, run: () => void): (() => void) => {
    if (ms < 10_000) setImmediate(run)
    return () => {}
  }
  t.like(await payInSession(terminal, { session, tag, data: DATA, after }), { outcome: 'paid', shown: 'unseen' })
})

test('a used tag is refused over the line, before anything secret is sent', async (t) => {
  const { session, terminal, tag, card } = await tagged(t)
  card.answers['line.pay'] = (params) => {
    const { call } = answered(params, 200, {})
    return { verdict: 'refused', reason: 'TAG_USED', retryAfterSeconds: 0, call }
  }
  t.like(await payInSession(terminal, { session, tag, data: DATA }), { outcome: 'refused', reason: 'TAG_USED' })
})

test('without a session there is no shop', async (t) => {
  const { session, shop } = await keyed(t)
  shop.instead.set('GET /shop/basket', [problem(403, 'SESSION_NOT_OPENED')])
  await t.throwsAsync(SessionShop.enter({ session }), { code: 'SESSION_NOT_OPENED' })
})

test('S62: a session ends its connections, keeps its keys, and connects again when it is needed', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  await session.menu()
  const before = w.server.connections
  session.disconnect()
  await session.menu()
  t.is(w.server.connections, before + 1)
  t.is(session.state, 'open')
  session.disconnect()
  session.disconnect()
  t.deepEqual(await session.menu(), [])
  await session.close()
  t.throws(() => session.disconnect(), { code: 'SESSION_CLOSED' })
})

test('S62: what still runs is cut', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w)
  w.server.mischief.push({ hang: true })
  w.server.add('a', Buffer.from('x'))
  const hanging = session.fetch('/content/a')
  hanging.catch(() => {})
  await until(() => w.server.seen.some((line) => line.startsWith('GET /content/a')))
  session.disconnect()
  await t.throwsAsync(hanging, { code: 'INTERNET_BROKEN' })
  t.deepEqual((await session.menu()).length, 1)
})

test('S62 after a change of keys: the next one stays in use', async (t) => {
  const w = await world(t)
  const session = await loggedIn(t, w, 2)
  await session.rekey()
  session.disconnect()
  t.deepEqual(await session.menu(), [])
})
