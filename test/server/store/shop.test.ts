import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import type { ShopStore } from '../../../server/store/shop-store.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { seeded } from '../../random.ts'
import { folder } from '../world.ts'
import { orderContract } from './order-contract.ts'
import { goodsOf, id, orderOf, shopContract } from './shop-contract.ts'

const SEED = 20_000_526

function openAt(t: ExecutionContext, path: string): ShopStore {
  const store = openSqliteStore(path)
  t.teardown(() => store.close())
  return store.shop
}

const twoNodes = async (t: ExecutionContext): Promise<readonly [ShopStore, ShopStore]> => {
  const path = join(folder(t), 'server.db')
  return [openAt(t, path), openAt(t, path)]
}
shopContract(test, twoNodes)
orderContract(test, twoNodes)

test(`delivered = available + held + sold, after any history (seed ${SEED})`, async (t) => {
  t.log(`seed ${SEED}`)
  const random = seeded(SEED)
  const path = join(folder(t), 'server.db')
  const nodes = [openAt(t, path), openAt(t, path)]
  const delivered = new Map([
    ['A-1', 7],
    ['B-1', 3],
    ['C-1', 1],
  ])
  await nodes[0]?.putGoods([...delivered].map(([product, stock]) => goodsOf(product, stock)))
  const products = [...delivered.keys()]
  const tags: string[] = []
  const orders: number[] = []
  let now = 1000
  let paid = 0
  for (let n = 0; n < 5000; n++) {
    const store = nodes[random(2)]
    if (store === undefined) return t.fail()
    const product = products[random(3)] ?? ''
    const tag = await store.tag(tags.at(-1 - random(6)) ?? '')
    const orderId = orders.at(-1 - random(4)) ?? 0
    now += random(8)
    switch (random(9)) {
      case 0: {
        const basketId = id(`b${n}`)
        await store.openBasket({ basketId, userId: `u${random(50)}`, access: 'session', at: now })
        await store.setItem({ basketId, product, quantity: 1 + random(3), at: now })
        const finish = { basketId, tag: id(`t${n}`), cardId: undefined, at: now, lapsesAt: now + 300, tagsMax: 9 }
        if ((await store.finishBasket(finish)).ok) tags.push(id(`t${n}`))
        break
      }
      case 1:
        if (tag) await store.setItem({ basketId: tag.basketId, product, quantity: random(4), at: now })
        break
      case 2:
        if (tag && random(4) === 0) await store.cancelTag(tag.tag, now)
        break
      case 3:
        await store.lapseTags(now)
        break
      case 4:
      case 5: {
        if (tag === undefined) break
        const begun = await store.beginOrder(orderOf(tag, { key: `k${n}`, at: now }))
        if (begun.ok) orders.push(begun.order.orderId)
        break
      }
      case 6:
        await store.orderAuthorised(orderId)
        break
      case 7:
        if (random(4) !== 0) break
        await (random(2) === 0 ? store.orderRefused(orderId, 'no', now + 300) : store.orderVoided(orderId, now + 300))
        break
      default:
        if (await store.orderPaid(orderId, now, Uint8Array.of(1))) {
          paid++
          // The operator goes on delivering, or nothing would happen any more.
          for (const { product, quantity } of (await store.order(orderId))?.items ?? []) {
            await store.changeStock(product, quantity)
            delivered.set(product, (delivered.get(product) ?? 0) + quantity)
          }
        }
    }
    if (n % 50 === 0) {
      t.deepEqual(counted(path, products), Object.fromEntries(delivered))
      t.deepEqual(disagreeing(path), [])
    }
  }
  t.deepEqual(counted(path, products), Object.fromEntries(delivered))
  t.deepEqual(disagreeing(path), [])
  t.true(paid > 50, `only ${paid} orders were paid: the history says little`)
})

/** Per product: available, held by tags that are open or paying, and sold. */
function counted(path: string, products: readonly string[]): Readonly<Record<string, number>> {
  const db = new DatabaseSync(path, { readOnly: true })
  const sql = `SELECT (SELECT available FROM goods WHERE product = ?1)
    + coalesce((SELECT sum(quantity) FROM purchase_tag_items JOIN purchase_tags USING (tag)
      WHERE product = ?1 AND state IN ('open', 'paying')), 0)
    + coalesce((SELECT sum(quantity) FROM order_items JOIN orders USING (order_id)
      WHERE product = ?1 AND state = 'paid'), 0) AS n`
  const found = products.map((product) => [product, Number(db.prepare(sql).get(product)?.n)] as const)
  db.close()
  return Object.fromEntries(found)
}

/** Tags and orders whose amount is not that of their items, orders that are not their tag's, tags whose state is not their orders'. */
function disagreeing(path: string): readonly unknown[] {
  const db = new DatabaseSync(path, { readOnly: true })
  const live = 'SELECT 1 FROM orders o WHERE o.tag = t.tag AND o.state'
  const wrong = [
    'SELECT tag FROM purchase_tags JOIN purchase_tag_items USING (tag) GROUP BY tag HAVING sum(quantity * price) <> amount',
    'SELECT tag FROM purchase_tags WHERE tag NOT IN (SELECT tag FROM purchase_tag_items)',
    'SELECT order_id FROM orders JOIN order_items USING (order_id) GROUP BY order_id HAVING sum(quantity * price) <> amount',
    "SELECT order_id FROM orders JOIN purchase_tags USING (tag) WHERE orders.state = 'paid' AND orders.amount <> purchase_tags.amount",
    `SELECT tag FROM purchase_tags t WHERE (state = 'used') <> EXISTS (${live} = 'paid')`,
    `SELECT tag FROM purchase_tags t WHERE (state = 'paying') <> EXISTS (${live} IN ('authorising', 'authorised'))`,
  ].flatMap((sql) => db.prepare(sql).all())
  db.close()
  return wrong
}
