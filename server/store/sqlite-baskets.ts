import { COUNT } from './rows.ts'
import { BASKET, ITEM, POSITION } from './shop-rows.ts'
import { type Basket, type BasketStore, type ChangeRefusal, PRODUCTS_MAX } from './shop-store.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import { goodOf } from './sqlite-goods.ts'
import { changeTagItem, tagItems, tagsIn } from './sqlite-tags.ts'

const SELECT = `SELECT b.basket_id AS basketId, b.number, b.user_id AS userId, b.access, t.tag
  FROM baskets b LEFT JOIN purchase_tags t ON t.basket_id = b.basket_id`
const UNTAGGED = 'basket_id NOT IN (SELECT basket_id FROM purchase_tags)'
/*
 * Baskets without a tag that are kept: of one user, and of all in the open shop, so that strangers cannot fill the disk. There anybody may
 * give anybody's user ID: the two ways are counted apart, and what strangers do costs no session its basket.
 */
const OF_ONE_MAX = 50
const OF_ALL_MAX = 100_000

type Changed = Awaited<ReturnType<BasketStore['setItem']>>

export function basketsIn(db: SqliteDatabase): BasketStore {
  return {
    ...tagsIn(db),
    openBasket: async ({ basketId, userId, access, at }) =>
      db.transaction(() => {
        const highest = 'SELECT coalesce(max(number), 0) + 1 AS next FROM baskets WHERE user_id = ?'
        const number = db.get(POSITION, highest, userId)?.next ?? 1
        db.run('INSERT INTO baskets VALUES (?, ?, ?, ?, ?)', basketId, number, userId, access, at)
        const old = `SELECT basket_id FROM baskets WHERE user_id = ? AND access = ? AND ${UNTAGGED}
          ORDER BY number DESC LIMIT -1 OFFSET ?`
        db.run(`DELETE FROM baskets WHERE basket_id IN (${old})`, userId, access, OF_ONE_MAX)
        return { basketId, number, userId, access, items: [], tag: undefined }
      }),
    basket: async (basketId) => db.transaction(() => basketOf(db, basketId)),
    currentBasket: async (userId) =>
      db.transaction(() => {
        // An empty one, which a look at the shop makes, does not hide a tag that is open again after a refused card.
        const sql = `${SELECT} WHERE b.user_id = ? AND b.access = 'session' AND (t.state IS NULL OR t.state = 'open')
          ORDER BY t.tag IS NULL AND NOT EXISTS (SELECT 1 FROM basket_items i WHERE i.basket_id = b.basket_id),
          b.number DESC LIMIT 1`
        const found = db.get(BASKET, sql, userId)
        return found && { ...found, items: itemsOf(db, found) }
      }),
    setItem: async (change) => db.transaction(() => setItem(db, change)),
    pruneBaskets: async (before) =>
      db.transaction(() => {
        const late = db.run(`DELETE FROM baskets WHERE touched_at < ? AND ${UNTAGGED}`, before)
        const old = `SELECT basket_id FROM baskets WHERE access = 'open' AND ${UNTAGGED}
          ORDER BY touched_at DESC LIMIT -1 OFFSET ?`
        return late + db.run(`DELETE FROM baskets WHERE basket_id IN (${old})`, OF_ALL_MAX)
      }),
  }
}

export function basketOf(db: SqliteDatabase, basketId: string): Basket | undefined {
  const found = db.get(BASKET, `${SELECT} WHERE b.basket_id = ?`, basketId)
  return found && { ...found, items: itemsOf(db, found) }
}

function itemsOf(db: SqliteDatabase, { basketId, tag }: { basketId: string; tag?: string | undefined }) {
  if (tag !== undefined) return tagItems(db, tag).map(({ product, quantity }) => ({ product, quantity }))
  const sql = `SELECT i.product, i.quantity FROM basket_items i JOIN goods g USING (product)
    WHERE basket_id = ? ORDER BY g.position`
  return db.all(ITEM, sql, basketId)
}

function setItem(db: SqliteDatabase, change: Parameters<BasketStore['setItem']>[0]): Changed {
  const { basketId, product, quantity, at } = change
  const basket = basketOf(db, basketId)
  if (basket === undefined) return refuse('BASKET_UNKNOWN')
  db.run('UPDATE baskets SET touched_at = ? WHERE basket_id = ?', at, basketId)
  if (basket.tag !== undefined) {
    const refusal = changeTagItem(db, basket.tag, product, quantity, at)
    if (refusal !== undefined) return refuse(refusal)
  } else if (quantity === 0) {
    db.run('DELETE FROM basket_items WHERE basket_id = ? AND product = ?', basketId, product)
  } else {
    const refusal = putItem(db, basket, product, quantity)
    if (refusal !== undefined) return refuse(refusal)
  }
  return { ok: true, basket: basketOf(db, basketId) ?? basket }
}

function putItem(
  db: SqliteDatabase,
  { basketId, items }: Basket,
  product: string,
  quantity: number,
): ChangeRefusal['reason'] | undefined {
  const good = goodOf(db, product)
  if (good === undefined || good.withdrawn) return 'GOODS_UNKNOWN'
  if (good.available < quantity) return 'OUT_OF_STOCK'
  const known = items.some((item) => item.product === product)
  if (!known && items.length >= PRODUCTS_MAX) return 'BASKET_FULL'
  const mixed = `SELECT count(*) AS count FROM basket_items JOIN goods USING (product)
    WHERE basket_id = ? AND currency <> ?`
  if (db.get(COUNT, mixed, basketId, good.currency)?.count) return 'CURRENCIES_MIXED'
  db.run('INSERT OR REPLACE INTO basket_items VALUES (?, ?, ?)', basketId, product, quantity)
  return undefined
}

function refuse(reason: ChangeRefusal['reason']): Changed {
  return { ok: false, reason }
}
