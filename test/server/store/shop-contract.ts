import type { ExecutionContext, TestFn } from 'ava'
import type { BeginOrder, NewGoods, ShopStore, StoredTag } from '../../../server/store/shop-store.ts'

export const NOW = 1_000_000
export const LATER = 2_000_000

export const id = (name: string): string => name.padEnd(22, '-')

export function goodsOf(product: string, stock: number, more: Partial<NewGoods> = {}): NewGoods {
  return {
    ...{ product, name: `Goods ${product}`, specification: 'as shown', price: 1000, currency: 'EUR', stock },
    photo: undefined,
    ...more,
  }
}

export function orderOf({ tag, userId, amount, currency }: StoredTag, more: Partial<BeginOrder> = {}): BeginOrder {
  return {
    ...{
      tag,
      cardId: 'card-1',
      userId,
      amount,
      currency,
      key: `key of ${tag}`,
      node: 'a',
      leaseUntil: NOW + 60_000,
      at: NOW,
    },
    ...{ brand: 'Visa', lastFour: '4242', name: 'A. Lice', street: '1 Road', postalCode: '12345', city: 'Town' },
    ...{ country: 'DE', contact: '' },
    ...more,
  }
}

/** A basket with these goods in it. */
export async function basketOf(
  store: ShopStore,
  name: string,
  items: Readonly<Record<string, number>>,
  userId = 'alice',
) {
  await store.openBasket({ basketId: id(name), userId, access: 'session', at: NOW })
  for (const [product, quantity] of Object.entries(items)) {
    const set = await store.setItem({ basketId: id(name), product, quantity, at: NOW })
    if (!set.ok) throw new Error(`${product}: ${set.reason}`)
  }
  return id(name)
}

export function finishOf(basketId: string, tag: string) {
  return { basketId, tag: id(tag), cardId: 'card-1', at: NOW, lapsesAt: LATER, tagsMax: 4 }
}

/** A tag for these goods. @throws Error when it is refused */
export async function tagOf(
  store: ShopStore,
  name: string,
  items: Readonly<Record<string, number>>,
  userId?: string,
): Promise<StoredTag> {
  const finished = await store.finishBasket(finishOf(await basketOf(store, `b${name}`, items, userId), name))
  if (!finished.ok) throw new Error(finished.reason)
  return finished.tag
}

/**
 * What every ShopStore must do up to the tag (`order-contract` is the rest), whatever database stands behind it.
 * @param open two stores on one new, empty database: two nodes
 */
export function shopContract(
  test: TestFn,
  open: (t: ExecutionContext) => Promise<readonly [ShopStore, ShopStore]>,
): void {
  const both = (title: string, run: (t: ExecutionContext, one: ShopStore, two: ShopStore) => Promise<void>): void => {
    test(`shop store: ${title}`, async (t) => run(t, ...(await open(t))))
  }
  const available = async (store: ShopStore, product: string) => (await store.good(product))?.available

  both('goods keep their order and their stock when they are put again', async (t, one, two) => {
    await one.putGoods([goodsOf('B-1', 3), goodsOf('A-1', 5)])
    await two.putGoods([goodsOf('A-1', 99, { price: 2000 }), goodsOf('C-1', 1)])
    const seen = (await one.goods()).map(({ product, price, available }) => [product, price, available])
    t.deepEqual(seen, [
      ['B-1', 1000, 3],
      ['A-1', 2000, 5],
      ['C-1', 1000, 1],
    ])
    t.true(await one.withdrawGoods('A-1', true))
    t.deepEqual(
      (await two.goods()).map(({ product }) => product),
      ['B-1', 'C-1'],
    )
    t.true((await two.good('A-1'))?.withdrawn)
    t.false(await one.withdrawGoods('X-1', true))
    t.true(await one.changeStock('B-1', -3))
    t.false(await one.changeStock('B-1', -1))
    t.false(await one.changeStock('X-1', 1))
    t.is(await available(two, 'B-1'), 0)
  })

  both('goods come all or none', async (t, one) => {
    const wrong = goodsOf('bad product', 1)
    await t.throwsAsync(one.putGoods([goodsOf('A-1', 1), wrong]))
    t.deepEqual(await one.goods(), [])
  })

  both('photos are kept as they are', async (t, one, two) => {
    const bytes = Uint8Array.of(1, 2, 3)
    await one.putGoods([goodsOf('A-1', 1, { photo: { type: 'image/png', bytes } }), goodsOf('B-1', 1)])
    const photo = await two.photo('A-1')
    t.is(photo?.type, 'image/png')
    t.deepEqual([...(photo?.bytes ?? [])], [1, 2, 3])
    t.is(await two.photo('B-1'), undefined)
    t.is(await two.photo('X-1'), undefined)
  })

  both('baskets are B1 … Bn of their user', async (t, one, two) => {
    const open = (store: ShopStore, basketId: string, userId: string) =>
      store.openBasket({ basketId: id(basketId), userId, access: 'session', at: NOW })
    t.is((await open(one, 'a', 'alice')).number, 1)
    t.is((await open(two, 'b', 'bob')).number, 1)
    t.is((await open(two, 'c', 'alice')).number, 2)
    t.is((await one.currentBasket('alice'))?.basketId, id('c'))
    t.is((await two.basket(id('b')))?.userId, 'bob')
    t.is(await one.currentBasket('carol'), undefined)
    t.is(await one.basket(id('x')), undefined)
  })

  both('while it is paid for a basket is not the current one; after a refused card it is again', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 5)])
    const tag = await tagOf(one, 't', { 'A-1': 2 })
    t.is((await one.currentBasket('alice'))?.basketId, id('bt'))
    const begun = await one.beginOrder(orderOf(tag))
    if (!begun.ok) return t.fail(begun.reason)
    t.is(await one.currentBasket('alice'), undefined)
    await one.openBasket({ basketId: id('new'), userId: 'alice', access: 'session', at: NOW })
    t.is((await one.currentBasket('alice'))?.basketId, id('new'))
    await one.orderRefused(begun.order.orderId, 'no', LATER)
    t.is((await one.currentBasket('alice'))?.basketId, id('bt'))
    await one.setItem({ basketId: id('new'), product: 'A-1', quantity: 1, at: NOW })
    t.is((await one.currentBasket('alice'))?.basketId, id('new'))
  })

  both('the baskets of the open shop are nobody’s current one', async (t, one) => {
    await one.openBasket({ basketId: id('a'), userId: 'alice', access: 'open', at: NOW })
    t.is(await one.currentBasket('alice'), undefined)
  })

  both('of one user at most 50 baskets without a tag are kept, and the numbers go on', async (t, one) => {
    let last = 0
    for (let n = 0; n < 60; n++) {
      last = (await one.openBasket({ basketId: id(`b${n}`), userId: 'alice', access: 'open', at: NOW })).number
    }
    t.is(last, 60)
    t.is(await one.basket(id('b9')), undefined)
    t.truthy(await one.basket(id('b10')))
  })

  both(
    'strangers in the open shop who give her user ID take no basket and no tag from her sessions',
    async (t, one, two) => {
      await one.putGoods([goodsOf('A-1', 20)])
      const own = await basketOf(one, 'own', { 'A-1': 2 })
      for (let n = 0; n < 60; n++) {
        await two.openBasket({ basketId: id(`x${n}`), userId: 'alice', access: 'open', at: NOW + 1 })
      }
      t.deepEqual((await one.currentBasket('alice'))?.basketId, own)
      for (const n of [56, 57, 58, 59]) {
        await two.setItem({ basketId: id(`x${n}`), product: 'A-1', quantity: 1, at: NOW })
        t.true((await two.finishBasket({ ...finishOf(id(`x${n}`), `o${n}`), cardId: undefined })).ok)
      }
      await two.setItem({ basketId: id('x55'), product: 'A-1', quantity: 1, at: NOW })
      const fifth = await two.finishBasket({ ...finishOf(id('x55'), 'o55'), cardId: undefined })
      t.deepEqual(fifth, { ok: false, reason: 'TOO_MANY_TAGS' })
      t.true((await one.finishBasket(finishOf(own, 't'))).ok)
    },
  )

  both('items are set, changed and taken out; what cannot be is refused with its reason', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 3), goodsOf('Y-1', 1, { currency: 'JPY' }), goodsOf('W-1', 1)])
    await one.withdrawGoods('W-1', true)
    const basketId = await basketOf(one, 'a', { 'A-1': 2 })
    const set = async (product: string, quantity: number, id_ = basketId) => {
      const done = await two.setItem({ basketId: id_, product, quantity, at: NOW })
      return done.ok ? done.basket.items : done.reason
    }
    t.deepEqual(await set('A-1', 3), [{ product: 'A-1', quantity: 3 }])
    t.is(await set('A-1', 4), 'OUT_OF_STOCK')
    t.is(await set('W-1', 1), 'GOODS_UNKNOWN')
    t.is(await set("'; DROP TABLE goods; --", 1), 'GOODS_UNKNOWN')
    t.is(await set('Y-1', 1), 'CURRENCIES_MIXED')
    t.is(await set('A-1', 1, id('x')), 'BASKET_UNKNOWN')
    t.deepEqual(await set('A-1', 0), [])
    t.deepEqual(await set('Y-1', 1), [{ product: 'Y-1', quantity: 1 }])
  })

  both('a basket holds 20 different products', async (t, one) => {
    const many = Array.from({ length: 21 }, (_, n) => goodsOf(`P-${n}`, 1))
    await one.putGoods(many)
    const basketId = await basketOf(one, 'a', Object.fromEntries(many.slice(0, 20).map(({ product }) => [product, 1])))
    const more = await one.setItem({ basketId, product: 'P-20', quantity: 1, at: NOW })
    t.deepEqual(more, { ok: false, reason: 'BASKET_FULL' })
  })

  both('a tag holds what it is for, at the prices of that moment', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 3), goodsOf('B-1', 1, { price: 50 })])
    const tag = await tagOf(one, 't', { 'A-1': 2, 'B-1': 1 })
    t.is(tag.amount, 2050)
    t.is(tag.state, 'open')
    t.deepEqual([await available(two, 'A-1'), await available(two, 'B-1')], [1, 0])
    await one.putGoods([goodsOf('A-1', 0, { price: 9999 })])
    t.is((await two.tag(id('t')))?.amount, 2050)
    t.deepEqual((await two.basket(id('bt')))?.tag, id('t'))
    const again = await one.finishBasket(finishOf(id('bt'), 'u'))
    t.deepEqual(again, { ok: false, reason: 'BASKET_FINISHED' })
  })

  both('a tag that cannot have everything takes nothing', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 3), goodsOf('B-1', 1), goodsOf('C-1', 1)])
    const basketId = await basketOf(one, 'a', { 'A-1': 2, 'B-1': 1, 'C-1': 1 })
    await two.changeStock('B-1', -1)
    await two.withdrawGoods('C-1', true)
    const finished = await one.finishBasket(finishOf(basketId, 't'))
    t.deepEqual(finished, { ok: false, reason: 'OUT_OF_STOCK', products: ['B-1', 'C-1'] })
    t.is(await available(two, 'A-1'), 3)
    t.is(await two.tag(id('t')), undefined)
  })

  both('empty and unknown baskets, and too many tags, are refused', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 9)])
    const empty = await basketOf(one, 'a', {})
    t.deepEqual(await one.finishBasket(finishOf(empty, 't')), { ok: false, reason: 'BASKET_EMPTY' })
    t.deepEqual(await one.finishBasket(finishOf(id('x'), 't')), { ok: false, reason: 'BASKET_UNKNOWN' })
    for (const name of ['1', '2', '3', '4']) await tagOf(one, name, { 'A-1': 1 })
    const fifth = await one.finishBasket(finishOf(await basketOf(one, 'e', { 'A-1': 1 }), '5'))
    t.deepEqual(fifth, { ok: false, reason: 'TOO_MANY_TAGS' })
    t.is(await available(one, 'A-1'), 5)
  })

  both('D-3: under an open tag items come and go, with amount and stock', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 3), goodsOf('B-1', 2, { price: 50 })])
    await tagOf(one, 't', { 'A-1': 1 })
    const set = async (product: string, quantity: number, at = NOW) => {
      const done = await two.setItem({ basketId: id('bt'), product, quantity, at })
      return done.ok ? (await one.tag(id('t')))?.amount : done.reason
    }
    t.is(await set('B-1', 2), 1100)
    t.is(await available(one, 'B-1'), 0)
    await one.putGoods([goodsOf('A-1', 0, { price: 7 })])
    t.is(await set('A-1', 3), 3100) // what is held keeps its price
    t.is(await set('A-1', 4), 'OUT_OF_STOCK')
    t.is(await set('B-1', 0), 3000)
    t.is(await available(one, 'B-1'), 2)
    t.is(await set('A-1', 0), 'TAG_EMPTY')
    t.is(await set('X-1', 1), 'GOODS_UNKNOWN')
    t.is(await set('B-1', 1, LATER), 'TAG_SEALED')
  })

  both('D-3: every refusal leaves tag, amount and stock as they were', async (t, one, two) => {
    const many = Array.from({ length: 20 }, (_, n) => goodsOf(`P-${n}`, 2, { price: 1 }))
    await one.putGoods([...many, goodsOf('Q-1', 2), goodsOf('Y-1', 2, { currency: 'JPY' }), goodsOf('W-1', 2)])
    await one.withdrawGoods('W-1', true)
    await tagOf(one, 'f', Object.fromEntries(many.map(({ product }) => [product, 1])))
    await tagOf(one, 't', { 'P-0': 1 })
    await one.withdrawGoods('P-0', true)
    const before = [await one.tag(id('f')), await one.tag(id('t')), await one.goods()]
    for (const [basket, product, quantity, reason] of [
      ['bf', 'Q-1', 1, 'BASKET_FULL'],
      ['bt', 'Y-1', 1, 'CURRENCIES_MIXED'],
      ['bt', 'W-1', 1, 'GOODS_UNKNOWN'],
      ['bt', 'P-0', 2, 'GOODS_UNKNOWN'], // it holds one, but more of it is not offered any more
      ['bt', 'Q-1', 3, 'OUT_OF_STOCK'],
      ['bt', 'P-0', 0, 'TAG_EMPTY'],
    ] as const) {
      const done = await two.setItem({ basketId: id(basket), product, quantity, at: NOW })
      t.deepEqual(done, { ok: false, reason }, product)
    }
    const same = await two.setItem({ basketId: id('bt'), product: 'Q-1', quantity: 0, at: NOW })
    t.true(same.ok) // it is not under the tag anyway
    t.deepEqual([await one.tag(id('f')), await one.tag(id('t')), await one.goods()], before)
    await one.cancelTag(id('t'), NOW)
    const after = await two.setItem({ basketId: id('bt'), product: 'Q-1', quantity: 1, at: NOW })
    t.deepEqual(after, { ok: false, reason: 'TAG_SEALED' })
  })

  both('a cancelled or lapsed tag gives back what it held, once', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 5)])
    await tagOf(one, 't', { 'A-1': 2 })
    await tagOf(one, 'u', { 'A-1': 1 })
    t.true(await two.cancelTag(id('t'), NOW))
    t.false(await one.cancelTag(id('t'), NOW))
    t.is(await available(one, 'A-1'), 4)
    t.is(await one.lapseTags(LATER - 1), 0)
    t.is(await two.lapseTags(LATER), 1)
    t.is(await one.lapseTags(LATER), 0)
    t.is(await available(one, 'A-1'), 5)
    t.deepEqual([(await one.tag(id('t')))?.state, (await one.tag(id('u')))?.state], ['cancelled', 'lapsed'])
    t.is(await one.currentBasket('alice'), undefined)
  })

  both('old baskets without a tag are forgotten', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 5)])
    await basketOf(one, 'a', { 'A-1': 1 })
    await tagOf(one, 't', { 'A-1': 1 })
    t.is(await one.pruneBaskets(NOW), 0)
    t.is(await one.pruneBaskets(NOW + 1), 1)
    t.is(await one.basket(id('a')), undefined)
    t.truthy(await one.basket(id('bt')))
  })
}
