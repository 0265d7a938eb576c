import test from 'ava'
import { FakeServer } from '../fake-server.ts'
import { FakeShop, TAG } from '../fake-shop.ts'
import { cardOnTty } from '../fake-tty.ts'
import { paying } from '../paying-card.ts'
import { permitting } from '../world.ts'
import { home } from './run.ts'
import { ANSWERS, SECRETS } from './shop-desk.ts'

test.serial('login, shop, pay, orders, logout: each a process of its own, one keeper between them', async (t) => {
  const user = await home(t)
  const server = await FakeServer.start(t)
  const shop = new FakeShop()
  server.shop = shop
  const { card, path } = cardOnTty(t)
  permitting(card, server)
  paying(card, shop)

  const login = await user.run(['login', '--user', 'alice', '--card', path], `${server.password}\n`)
  t.is(login.code, 0, login.err)
  t.regex((await user.run(['shop', 'ls'])).out, /L-100 .* Head lamp/)
  const added = await user.run(['shop', 'add', 'L-100', '2', '--json'])
  t.like(added.last, { ok: true, amount: 9980 }, added.out)
  t.like((await user.run(['shop', 'finish', '--json'])).last, { ok: true, tag: TAG, state: 'open' })

  const paid = await user.run(['pay', '--card', path, '--json'], ANSWERS.map((line) => `${line}\n`).join(''))
  t.is(paid.code, 0, paid.out)
  t.like(paid.last, { ok: true, order: 'K-000012', amount: 9980, learned: 'line', shown: 'same' })

  t.regex((await user.run(['shop', 'orders'])).out, /^K-000012 .* paid, shipment pending\n$/)
  const again = await user.run(['pay', TAG, '--card', path, '--json'])
  t.is(again.code, 3)
  t.like(again.last, { error: { code: 'TAG_USED' } })
  t.is((await user.run(['logout'])).code, 0)

  const internet = server.seen.join() + shop.seen.join()
  for (const secret of SECRETS) t.false(internet.includes(secret), secret)
})

test.serial('refusals of the shop pass through the keeper with their own sentences', async (t) => {
  const user = await home(t)
  const server = await FakeServer.start(t)
  server.shop = new FakeShop()
  const { card, path } = cardOnTty(t)
  permitting(card, server)
  await user.run(['login', '--user', 'alice', '--card', path], `${server.password}\n`)
  const { code, last } = await user.run(['shop', 'add', 'T-1961', '2', '--json'])
  t.is(code, 3)
  const error = { code: 'OUT_OF_STOCK', what: 'the shop says OUT_OF_STOCK', cure: 'do otherwise' }
  t.deepEqual(last, { ok: false, error })
})
