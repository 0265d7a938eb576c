import test from 'ava'
import { TAG } from '../fake-shop.ts'
import { home } from './run.ts'
import { shopDesk } from './shop-desk.ts'

test.serial('ls: number, price, stock and name, in columns', async (t) => {
  const { user } = await shopDesk(t)
  const { code, out, err } = await user.run(['shop', 'ls'])
  t.is(code, 0)
  t.is(out, 'L-100    EUR 49.90  12 left   Head lamp\nT-1961  EUR 420.00  1 left    Old telephone\n')
  t.is(err, 'S57  Internet menu of 2 goods\n')
})

test.serial('what is gone is sold out', async (t) => {
  const { user, shop } = await shopDesk(t)
  const goods = { product: 'A-1', name: 'A', specification: '', price: 100, currency: 'JPY', available: 0, photo: null }
  shop.instead.set('GET /shop/goods', [{ body: { goods: [goods] } }, { body: { goods: [] } }])
  t.is((await user.run(['shop', 'ls'])).out, 'A-1  JPY 100  sold out  A\n')
  t.is((await user.run(['shop', 'ls'])).out, '')
})

test.serial('add, add, basket, rm: the sum follows', async (t) => {
  const { user, shop } = await shopDesk(t)
  const one = await user.run(['shop', 'add', 'L-100'])
  t.is(one.code, 0)
  t.is(one.out, 'Basket B1\n   1 × L-100  EUR 49.90  Head lamp\n  Total       EUR 49.90\n')
  const three = await user.run(['shop', 'add', 'L-100', '2', '--json'])
  t.like(three.last, { ok: true, basket: 'B1', amount: 14_970, currency: 'EUR', tag: null })
  t.is(shop.basket.get('L-100'), 3)
  const both = await user.run(['shop', 'add', 'T-1961'])
  t.regex(both.out, / 3 × L-100 {3}EUR 149\.70 .*\n {3}1 × T-1961 {2}EUR 420\.00 .*\n {2}Total {8}EUR 569\.70\n$/)
  t.is((await user.run(['shop', 'basket'])).out, both.out)
  await user.run(['shop', 'rm', 'L-100'])
  t.deepEqual([...shop.basket], [['T-1961', 1]])
  t.regex((await user.run(['shop', 'rm', 'T-1961'])).out, /^Basket B1 is empty\.\n$/)
})

test.serial('finish: the tag and until when it holds; then D-3, cancel', async (t) => {
  const { user, shop } = await shopDesk(t)
  await user.run(['shop', 'add', 'L-100'])
  const finished = await user.run(['shop', 'finish'])
  t.is(finished.code, 0)
  t.regex(
    finished.out,
    new RegExp(`Total {7}EUR 49\\.90\\nPurchase tag ${TAG} holds this until 2026-03-\\d\\d \\d\\d:\\d\\d`),
  )
  t.regex(finished.err, /^S60 .*\nS61 +here /)
  const more = await user.run(['shop', 'add', 'L-100', '1'])
  t.regex(more.out, new RegExp(`EUR 99\\.80\\nPurchase tag ${TAG}: open, until `))
  const cancelled = await user.run(['shop', 'cancel', '--json'])
  t.like(cancelled.last, { ok: true, tag: TAG, state: 'cancelled', receipt: null })
  t.true(shop.seen.includes(`POST /shop/cancel ${JSON.stringify({ tag: TAG })}`))
})

test.serial('orders: none, then one, with its receipt in JSON', async (t) => {
  const { user, shop } = await shopDesk(t)
  t.is((await user.run(['shop', 'orders'])).out, 'There are no orders yet.\n')
  shop.basket.set('L-100', 1)
  shop.state = 'used'
  const { out } = await user.run(['shop', 'orders'])
  t.regex(out, /^K-000012 {2}2026-03-\d\d \d\d:\d\d {2}EUR 49\.90 {2}Visa …4242 {2}paid, shipment pending\n$/)
  const { last } = await user.run(['shop', 'orders', '--json'])
  const receipt = Buffer.from(shop.receipt).toString('base64url')
  t.like(last, { ok: true, orders: { 0: { order: 'K-000012', receipt } } } as never)
})

test.serial('refusals of the shop: exit code 3, its own sentences', async (t) => {
  const { user } = await shopDesk(t)
  for (const [argv, code] of [
    [['add', 'X-1'], 'GOODS_UNKNOWN'],
    [['add', 'T-1961', '2'], 'OUT_OF_STOCK'],
    [['finish'], 'BASKET_EMPTY'],
  ] as const) {
    const ended = await user.run(['shop', ...argv])
    t.is(ended.code, 3, argv.join(' '))
    t.is(ended.out, '')
    t.true(ended.err.endsWith(`keyline: the shop says ${code} (${code}); do otherwise.\n`), ended.err)
  }
})

test.serial('usage errors: exit code 2, and the shop hears nothing', async (t) => {
  const { user, shop } = await shopDesk(t)
  const wrong = [
    ['shop'],
    ['shop', 'buy'],
    ['shop', 'add'],
    ['shop', 'add', 'L-100', '0'],
    ['shop', 'add', 'L-100', '-1'],
    ['shop', 'add', 'L-100', '1.5'],
    ['shop', 'add', 'L-100', '100'],
    ['shop', 'add', 'L-100', 'many'],
    ['shop', 'add', 'L-100', '1', '1'],
    ['shop', 'rm'],
    ['shop', 'finish', 'now'],
    ['shop', 'ls', '--card', 'x'],
    ['shop', 'ls ls'],
  ]
  for (const argv of wrong) {
    const { code, err } = await user.run(argv)
    t.is(code, 2, argv.join(' '))
    t.regex(err, /\(USAGE\); .*\.\n$/)
  }
  t.deepEqual(shop.seen, [])
})

test.serial('product numbers that are none are not sent', async (t) => {
  const { user, shop } = await shopDesk(t)
  for (const product of ['../pay', "L'; DROP TABLE goods", '<script>', 'x'.repeat(17)]) {
    const { code, err } = await user.run(['shop', 'rm', product])
    t.is(code, 2, product)
    t.regex(err, /INPUT_INVALID/)
  }
  t.deepEqual(shop.seen, [])
})

test.serial('without a tag there is nothing to cancel', async (t) => {
  const { user } = await shopDesk(t)
  const { code, last } = await user.run(['shop', 'cancel', '--json'])
  t.is(code, 2)
  t.like(last, { ok: false, error: { code: 'TAG_MISSING' } })
})

test.serial('an answer that is none: exit code 5', async (t) => {
  const { user, shop } = await shopDesk(t)
  shop.instead.set('GET /shop/basket', [{ body: { basket: 1 } }])
  const { code, last } = await user.run(['shop', 'basket', '--json'])
  t.is(code, 5)
  t.like(last, { error: { code: 'SERVER_PROTOCOL' } })
})

test.serial('what the shop sends cannot move the cursor', async (t) => {
  const { user, shop } = await shopDesk(t)
  const name = 'Lamp\u001b[2J\u202egpj'
  const goods = { product: 'A-1', name, specification: '', price: 1, currency: 'EUR', available: 1, photo: null }
  shop.instead.set('GET /shop/goods', [{ body: { goods: [goods] } }])
  const { out } = await user.run(['shop', 'ls'])
  t.true(out.includes('Lamp\ufffd[2J\ufffdgpj'))
})

test.serial('nobody is logged in: exit code 1', async (t) => {
  const user = await home(t)
  for (const action of ['ls', 'basket', 'finish', 'cancel', 'orders']) {
    const { code, err } = await user.run(['shop', action])
    t.is(code, 1, action)
    t.regex(err, /NOT_LOGGED_IN/)
  }
  t.is((await user.run(['pay', '--card', '/dev/null'])).code, 1)
})
