import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import type { ShopStore } from '../../../server/store/shop-store.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from '../../../server/store/sqlite-schema.ts'
import { seeded } from '../../random.ts'
import { folder } from '../world.ts'
import { goodsOf, id, orderOf, shopContract, tagOf } from './shop-contract.ts'

const SEED = 20_000_526

function openAt(t: ExecutionContext, path: string): ShopStore {
  const store = openSqliteStore(path)
  t.teardown(() => store.close())
  return store.shop
}

shopContract(test, async (t) => {
  const path = join(folder(t), 'server.db')
  return [openAt(t, path), openAt(t, path)]
})

test('a database of version 1 is taken to the newest one, with what it holds', async (t) => {
  const path = join(folder(t), 'server.db')
  const old = new DatabaseSync(path)
  old.exec(MIGRATIONS[0] ?? '')
  old.exec(`PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=1`)
  old.exec("INSERT INTO accounts VALUES ('alice', 'hashed', 5)")
  old.close()
  const store = openSqliteStore(path)
  t.teardown(() => store.close())
  t.deepEqual(await store.accounts(), [{ userId: 'alice', password: 'hashed', createdAt: 5 }])
  await store.shop.putGoods([goodsOf('A-1', 1)])
  t.is((await store.shop.goods()).length, 1)
  const db = new DatabaseSync(path, { readOnly: true })
  t.is(db.prepare('PRAGMA user_version').get()?.user_version, SCHEMA_VERSION)
  t.is(db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'seen_enrolments'").get()?.n, 0)
  db.close()
})

test('the database itself refuses what must never be', async (t) => {
  const path = join(folder(t), 'server.db')
  const shop = openAt(t, path)
  await shop.putGoods([goodsOf('A-1', 5)])
  const tag = await tagOf(shop, 't', { 'A-1': 1 })
  await shop.beginOrder(orderOf(tag))
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  t.teardown(() => db.close())
  const order = `INSERT INTO orders (tag, user_id, card_id, amount, currency, idempotency_key, brand, last_four, name, street,
    postal_code, city, country, contact, node, lease_until, created_at)
    SELECT tag, user_id, card_id, amount, currency, 'k2', brand, last_four, name, street, postal_code, city, country, contact,
    node, lease_until, created_at FROM orders`
  const wrong = [
    'UPDATE goods SET available = -1',
    'UPDATE goods SET price = -1',
    "UPDATE goods SET product = 'a b'",
    "UPDATE goods SET currency = 'euro'",
    "UPDATE goods SET photo = x'00'",
    `INSERT INTO basket_items VALUES ('${id('bt')}', 'A-1', 0)`,
    `INSERT INTO basket_items VALUES ('${id('bt')}', 'X-1', 1)`,
    `INSERT INTO baskets VALUES ('${id('c')}', 1, 'alice', 'session', 0)`,
    `INSERT INTO purchase_tags SELECT '${id('v')}', basket_id, card_id, state, amount, currency, 1, 2 FROM purchase_tags`,
    "UPDATE purchase_tags SET state = 'sold'",
    'DELETE FROM goods',
    'DELETE FROM purchase_tags',
    order,
    "UPDATE orders SET state = 'paid'",
    "UPDATE orders SET last_four = '4242424242424242'",
    "UPDATE orders SET shipment = 'pending'",
  ]
  for (const sql of wrong) t.throws(() => db.exec(sql), { message: /constraint/ }, sql)
})

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
    if (n % 50 === 0) t.deepEqual(counted(path, products), Object.fromEntries(delivered))
  }
  t.deepEqual(counted(path, products), Object.fromEntries(delivered))
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
