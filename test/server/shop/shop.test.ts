import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { ServerEvent } from '../../../server/events.ts'
import { Shop } from '../../../server/shop/shop.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { goodsOf } from '../store/shop-contract.ts'
import { folder } from '../world.ts'

const LIFETIME_MS = 900_000
const HOSTILE = [
  "<script>alert('x')</script>",
  "'; DROP TABLE goods; --",
  '\u202e\u0000',
  'x'.repeat(100_000),
  '',
  '../../etc',
]

async function opened(t: ExecutionContext) {
  const store = openSqliteStore(join(folder(t), 'server.db'))
  t.teardown(() => store.close())
  await store.shop.putGoods([goodsOf('A-1', 5), goodsOf('B-1', 1)])
  const events: ServerEvent[] = []
  let now = 1_000_000
  const shop = new Shop({
    store: store.shop,
    now: () => now,
    log: (event) => void events.push(event),
    tagLifetimeMs: LIFETIME_MS,
  })
  const pass = (ms: number): void => {
    now += ms
  }
  return { shop, store: store.shop, events, pass }
}

test('the open shop: S22, S24, S25, each told once, without user or tag', async (t) => {
  const { shop, events } = await opened(t)
  const { basketId } = await shop.enter('alice')
  await shop.setItem(basketId, 'A-1', 2)
  const finished = await shop.finish(basketId, undefined)
  if (!finished.ok) return t.fail(finished.reason)
  t.deepEqual(
    events.map(({ step }) => step),
    ['S22', 'S24', 'S25'],
  )
  t.like(finished.tag, { access: 'open', cardId: undefined, amount: 2000, userId: 'alice' })
  t.regex(finished.tag.tag, /^[A-Za-z0-9_-]{22}$/)
  const said = JSON.stringify(events)
  for (const secret of ['alice', finished.tag.tag, basketId]) t.false(said.includes(secret))
})

test('a session: S56, S58, S59; its basket is one, until its tag is over', async (t) => {
  const { shop, events } = await opened(t)
  const first = await shop.basketOf('alice')
  t.is((await shop.basketOf('alice')).basketId, first.basketId)
  await shop.setItem(first.basketId, 'A-1', 1)
  const finished = await shop.finish(first.basketId, 'card-1')
  if (!finished.ok) return t.fail(finished.reason)
  t.is(finished.tag.cardId, 'card-1')
  t.is((await shop.basketOf('alice')).tag, finished.tag.tag)
  t.true(await shop.cancel(finished.tag.tag))
  t.false(await shop.cancel(finished.tag.tag))
  t.is((await shop.basketOf('alice')).number, 2)
  t.deepEqual(
    events.flatMap(({ step }) => step ?? []),
    ['S56', 'S58', 'S59', 'S56'],
  )
})

test('who knows the id has the basket only in the open shop', async (t) => {
  const { shop } = await opened(t)
  const open = await shop.enter('alice')
  const own = await shop.basketOf('alice')
  t.is((await shop.basketById(open.basketId))?.number, 1)
  t.is(await shop.basketById(own.basketId), undefined)
  t.not((await shop.basketOf('bob')).basketId, own.basketId)
})

test('a tag lapses at its time, not before, and its goods are for sale again', async (t) => {
  const { shop, events, pass } = await opened(t)
  const { basketId } = await shop.basketOf('alice')
  await shop.setItem(basketId, 'B-1', 1)
  const finished = await shop.finish(basketId, 'card-1')
  if (!finished.ok) return t.fail(finished.reason)
  pass(LIFETIME_MS - 1)
  await shop.sweep()
  t.is((await shop.good('B-1'))?.available, 0)
  pass(1)
  await shop.sweep()
  t.is((await shop.good('B-1'))?.available, 1)
  t.is((await shop.tag(finished.tag.tag))?.state, 'lapsed')
  t.like(events.at(-1), { event: 'tag.lapsed', tags: 1 })
})

test('of one user four tags are open at once', async (t) => {
  const { shop } = await opened(t)
  for (let n = 0; n < 5; n++) {
    const { basketId } = await shop.enter('alice')
    await shop.setItem(basketId, 'A-1', 1)
    const finished = await shop.finish(basketId, undefined)
    t.is(finished.ok, n < 4)
    if (!finished.ok) t.is(finished.reason, 'TOO_MANY_TAGS')
  }
  t.is((await shop.good('A-1'))?.available, 1)
})

test('hostile ids, products and quantities find nothing and change nothing', async (t) => {
  const { shop } = await opened(t)
  const { basketId } = await shop.enter('alice')
  for (const text of HOSTILE) {
    t.is(await shop.basketById(text), undefined)
    t.is(await shop.good(text), undefined)
    t.is(await shop.photo(text), undefined)
    t.is(await shop.tag(text), undefined)
    t.false(await shop.cancel(text))
    t.like(await shop.setItem(basketId, text, 1), { ok: false, reason: 'GOODS_UNKNOWN' })
    t.like(await shop.setItem(text, 'A-1', 1), { ok: false, reason: 'BASKET_UNKNOWN' })
    t.like(await shop.finish(text, undefined), { ok: false, reason: 'BASKET_UNKNOWN' })
  }
  for (const quantity of [-1, 1.5, 100, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    t.like(await shop.setItem(basketId, 'A-1', quantity), { ok: false })
  }
  t.deepEqual((await shop.basketById(basketId))?.items, [])
  t.is((await shop.goods()).length, 2)
})
