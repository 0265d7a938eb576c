import type { ExecutionContext, TestFn } from 'ava'
import type { BeginOrder, ShopStore } from '../../../server/store/shop-store.ts'
import { basketOf, finishOf, goodsOf, id, LATER, NOW, orderOf, tagOf } from './shop-contract.ts'

/**
 * What every ShopStore must do with orders, whatever database stands behind it.
 * @param open two stores on one new, empty database: two nodes
 */
export function orderContract(
  test: TestFn,
  open: (t: ExecutionContext) => Promise<readonly [ShopStore, ShopStore]>,
): void {
  const both = (title: string, run: (t: ExecutionContext, one: ShopStore, two: ShopStore) => Promise<void>): void => {
    test(`shop store: ${title}`, async (t) => run(t, ...(await open(t))))
  }
  const available = async (store: ShopStore, product: string) => (await store.good(product))?.available

  both('a tag that is being paid for counts beyond its time, an open one does not', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 20)])
    const begun: number[] = []
    for (const name of ['1', '2', '3']) {
      const order = await one.beginOrder(orderOf(await tagOf(one, name, { 'A-1': 1 })))
      if (!order.ok) return t.fail(order.reason)
      begun.push(order.order.orderId)
    }
    await tagOf(one, '4', { 'A-1': 1 })
    const finish = async (name: string, at: number) => {
      const finished = await one.finishBasket({ ...finishOf(id(name), `t${name}`), at, lapsesAt: at + 1000 })
      return finished.ok ? 'ok' : finished.reason
    }
    for (const name of ['e', 'f', 'g']) await basketOf(one, name, { 'A-1': 1 })
    t.is(await finish('e', LATER - 1), 'TOO_MANY_TAGS')
    t.is(await finish('e', LATER), 'ok') // the fourth is over, the three that are being paid for are not
    t.is(await finish('f', LATER), 'TOO_MANY_TAGS')
    await one.orderVoided(begun[0] ?? 0, LATER)
    t.is(await finish('f', LATER), 'ok')
    t.is(await finish('g', LATER), 'TOO_MANY_TAGS')
  })

  both('refused cards hold the goods for an hour from the issue of the tag at most', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 5)])
    const tag = await tagOf(one, 't', { 'A-1': 1 })
    const begun = await one.beginOrder(orderOf(tag))
    if (!begun.ok) return t.fail(begun.reason)
    await one.orderRefused(begun.order.orderId, 'no', NOW + 10 * 3_600_000)
    t.is((await one.tag(tag.tag))?.lapsesAt, NOW + 3_600_000)
  })

  both('what no order has changes no order', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 5)])
    const begun = await one.beginOrder(orderOf(await tagOf(one, 't', { 'A-1': 1 })))
    if (!begun.ok) return t.fail(begun.reason)
    const { orderId } = begun.order
    for (const wrong of [0, -1, orderId + 1, 2 ** 53 - 1]) {
      t.is(await one.order(wrong), undefined)
      t.false(await one.orderAuthorised(wrong))
      t.false(await one.orderPaid(wrong, NOW, Uint8Array.of(1)))
      t.false(await one.orderRefused(wrong, 'no', LATER))
      t.false(await one.orderVoided(wrong, LATER))
      t.false(await one.shipOrder(wrong, NOW))
      t.false(await one.leaseOrder(wrong, 'a', NOW, LATER))
    }
    t.false(await one.shipOrder(orderId, NOW)) // not paid
    t.deepEqual(await one.order(orderId), begun.order)
    await one.orderAuthorised(orderId)
    t.true(await one.orderVoided(orderId, LATER))
    for (const done of [
      await one.orderAuthorised(orderId),
      await one.orderPaid(orderId, NOW, Uint8Array.of(1)),
      await one.orderRefused(orderId, 'no', LATER),
      await one.orderVoided(orderId, LATER),
      await one.leaseOrder(orderId, 'a', LATER, LATER + 1),
    ]) {
      t.false(done)
    }
    t.like(await one.order(orderId), { state: 'voided', refusal: '', shipment: 'none', receipt: undefined })
  })

  both('of one tag two nodes at once begin one order', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 5)])
    for (let n = 0; n < 20; n++) {
      const tag = await tagOf(one, `t${n}`, { 'A-1': 1 })
      const both = await Promise.all(
        [one, two].map((store, at) => store.beginOrder(orderOf(tag, { key: `${n} ${at}` }))),
      )
      t.deepEqual(both.map((begun) => (begun.ok ? 'begun' : begun.reason)).sort(), ['TAG_PENDING', 'begun'])
      const orderId = both.flatMap((begun) => (begun.ok ? [begun.order.orderId] : []))[0] ?? 0
      await two.orderVoided(orderId, LATER)
      t.true(await one.cancelTag(tag.tag, NOW))
    }
    t.is(await available(one, 'A-1'), 5)
  })

  both('an order seals its tag; a second one is refused', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 5)])
    const tag = await tagOf(one, 't', { 'A-1': 2 })
    const begun = await one.beginOrder(orderOf(tag))
    if (!begun.ok) return t.fail(begun.reason)
    t.deepEqual(begun.order.items, tag.items)
    t.is((await two.tag(tag.tag))?.state, 'paying')
    t.deepEqual(await two.beginOrder(orderOf(tag, { key: 'k2' })), { ok: false, reason: 'TAG_PENDING' })
    const changed = await two.setItem({ basketId: tag.basketId, product: 'A-1', quantity: 1, at: NOW })
    t.deepEqual(changed, { ok: false, reason: 'TAG_SEALED' })
    t.false(await two.cancelTag(tag.tag, NOW))
    t.is(await two.lapseTags(LATER * 2), 0)
  })

  both('an order is refused with its reason, and changes nothing', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 9)])
    const tag = await tagOf(one, 't', { 'A-1': 2 })
    const why = async (more: Partial<BeginOrder>) => {
      const begun = await one.beginOrder(orderOf(tag, more))
      return begun.ok ? 'ok' : begun.reason
    }
    t.is(await why({ tag: id('x') }), 'TAG_UNKNOWN')
    t.is(await why({ userId: 'bob' }), 'TAG_FOREIGN')
    t.is(await why({ cardId: 'card-2' }), 'TAG_FOREIGN')
    t.is(await why({ amount: 1999 }), 'AMOUNT_CHANGED')
    t.is(await why({ currency: 'JPY' }), 'AMOUNT_CHANGED')
    t.is(await why({ at: LATER }), 'TAG_LAPSED')
    t.deepEqual(await one.orders(undefined, 10), [])
    t.is((await one.tag(tag.tag))?.state, 'open')
    await one.cancelTag(tag.tag, NOW)
    t.is(await why({}), 'TAG_UNKNOWN')
  })

  both('authorised, paid: the tag is used, the goods are sold, the parcel waits', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 5)])
    const tag = await tagOf(one, 't', { 'A-1': 2 })
    const begun = await one.beginOrder(orderOf(tag))
    if (!begun.ok) return t.fail(begun.reason)
    const { orderId } = begun.order
    const receipt = Uint8Array.of(7)
    t.false(await one.orderPaid(orderId, NOW, receipt)) // not authorised yet
    t.true(await two.orderAuthorised(orderId))
    t.false(await one.orderAuthorised(orderId))
    t.false(await one.orderRefused(orderId, 'no', LATER))
    t.true(await one.orderPaid(orderId, NOW, receipt))
    t.false(await two.orderPaid(orderId, NOW, receipt))
    t.false(await two.orderVoided(orderId, LATER))
    const order = await two.order(orderId)
    t.like(order, { state: 'paid', shipment: 'pending', paidAt: NOW, lastFour: '4242', city: 'Town' })
    t.deepEqual([...(order?.receipt ?? [])], [7])
    t.is((await two.tag(tag.tag))?.state, 'used')
    t.is((await two.tag(tag.tag))?.orderId, orderId)
    t.is(await available(one, 'A-1'), 3)
    t.deepEqual(await one.beginOrder(orderOf(tag, { key: 'k2' })), { ok: false, reason: 'TAG_USED' })
    t.true(await one.shipOrder(orderId, NOW))
    t.false(await one.shipOrder(orderId, NOW))
  })

  both('refused and voided orders open the tag again; another one may follow', async (t, one) => {
    await one.putGoods([goodsOf('A-1', 5)])
    const tag = await tagOf(one, 't', { 'A-1': 2 })
    const begin = async (key: string): Promise<number> => {
      const begun = await one.beginOrder(orderOf(tag, { key }))
      return begun.ok ? begun.order.orderId : 0
    }
    const first = await begin('k1')
    t.true(await one.orderRefused(first, 'do-not-honour', LATER + 5))
    t.like(await one.tag(tag.tag), { state: 'open', lapsesAt: LATER + 5 })
    const second = await begin('k2')
    t.true(await one.orderAuthorised(second))
    t.true(await one.orderVoided(second, NOW)) // never shortens it
    t.like(await one.tag(tag.tag), { state: 'open', lapsesAt: LATER + 5 })
    t.true((await begin('k3')) > second)
    t.deepEqual(
      (await one.orders('alice', 10)).map(({ state }) => state),
      ['authorising', 'voided', 'refused'],
    )
    t.deepEqual(await one.orders('bob', 10), [])
    t.is((await one.order(first))?.refusal, 'do-not-honour')
    t.is(await available(one, 'A-1'), 3)
  })

  both('unsettled orders are their node’s, and anybody’s when the lease is over', async (t, one, two) => {
    await one.putGoods([goodsOf('A-1', 5)])
    const begun = await one.beginOrder(orderOf(await tagOf(one, 't', { 'A-1': 2 })))
    if (!begun.ok) return t.fail(begun.reason)
    const { orderId } = begun.order
    const who = async (node: string, at: number) => (await two.unsettled(node, at)).map((order) => order.orderId)
    t.deepEqual(await who('a', NOW), [orderId])
    t.deepEqual(await who('b', NOW), [])
    t.deepEqual(await who('b', NOW + 60_000), [orderId])
    t.false(await two.leaseOrder(orderId, 'b', NOW, NOW + 1))
    t.true(await two.leaseOrder(orderId, 'b', NOW + 60_000, NOW + 120_000))
    t.deepEqual(await who('a', NOW + 60_001), [])
    await one.orderVoided(orderId, LATER)
    t.deepEqual(await who('b', NOW), [])
  })
}
