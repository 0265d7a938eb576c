import { COUNT } from './rows.ts'
import { NAME, PRICED_ITEM, TAG } from './shop-rows.ts'
import {
  type BasketStore,
  type ChangeRefusal,
  type FinishRefusal,
  PRODUCTS_MAX,
  type StoredTag,
  type TagItem,
} from './shop-store.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import { goodOf, takeStock } from './sqlite-goods.ts'

const SELECT = `SELECT t.tag, t.basket_id AS basketId, b.number AS basketNumber, b.user_id AS userId, b.access,
  t.card_id AS cardId, t.state, t.amount, t.currency, t.issued_at AS issuedAt, t.lapses_at AS lapsesAt,
  (SELECT order_id FROM orders o WHERE o.tag = t.tag AND o.state IN ('authorising', 'authorised', 'paid')) AS orderId
  FROM purchase_tags t JOIN baskets b USING (basket_id)`

type TagStore = Pick<BasketStore, 'finishBasket' | 'tag' | 'cancelTag' | 'lapseTags'>
type Finished = Awaited<ReturnType<BasketStore['finishBasket']>>

export function tagsIn(db: SqliteDatabase): TagStore {
  return {
    finishBasket: async (finish) => {
      // What was taken before it turned out that one product is short goes back with the transaction.
      try {
        return db.transaction(() => finishBasket(db, finish))
      } catch (error) {
        if (error instanceof OutOfStock) return { ok: false, reason: 'OUT_OF_STOCK', products: error.products }
        throw error
      }
    },
    tag: async (tag) => db.transaction(() => tagOf(db, tag)),
    cancelTag: async (tag) => db.transaction(() => endTag(db, tag, 'cancelled')),
    lapseTags: async (at) =>
      db.transaction(() => {
        const over = db.all(
          NAME,
          "SELECT tag AS name FROM purchase_tags WHERE state = 'open' AND lapses_at <= ? LIMIT 1000",
          at,
        )
        for (const { name } of over) endTag(db, name, 'lapsed')
        return over.length
      }),
  }
}

export function tagOf(db: SqliteDatabase, tag: string): StoredTag | undefined {
  const found = db.get(TAG, `${SELECT} WHERE t.tag = ?`, tag)
  return found && { ...found, items: tagItems(db, tag) }
}

export function tagItems(db: SqliteDatabase, tag: string): TagItem[] {
  const sql = `SELECT i.product, i.quantity, i.price FROM purchase_tag_items i JOIN goods g USING (product)
    WHERE tag = ? ORDER BY g.position`
  return db.all(PRICED_ITEM, sql, tag)
}

class OutOfStock extends Error {
  readonly products: readonly string[]
  constructor(products: readonly string[]) {
    super('out of stock')
    this.products = products
  }
}

function finishBasket(db: SqliteDatabase, finish: Parameters<BasketStore['finishBasket']>[0]): Finished {
  const { basketId, tag, cardId, at, lapsesAt, tagsMax } = finish
  const refuse = (reason: Exclude<FinishRefusal['reason'], 'OUT_OF_STOCK'>): Finished => ({ ok: false, reason })
  const known = 'SELECT count(*) AS count FROM baskets WHERE basket_id = ?'
  if (!db.get(COUNT, known, basketId)?.count) return refuse('BASKET_UNKNOWN')
  const finished = 'SELECT count(*) AS count FROM purchase_tags WHERE basket_id = ?'
  if (db.get(COUNT, finished, basketId)?.count) return refuse('BASKET_FINISHED')
  // One that is being paid for holds its goods beyond its time, as long as the acquirer does not answer.
  const held = `SELECT count(*) AS count FROM baskets own JOIN baskets b USING (user_id, access)
    JOIN purchase_tags t ON t.basket_id = b.basket_id
    WHERE own.basket_id = ? AND (t.state = 'paying' OR t.state = 'open' AND t.lapses_at > ?)`
  if ((db.get(COUNT, held, basketId, at)?.count ?? 0) >= tagsMax) return refuse('TOO_MANY_TAGS')
  const wanted = `SELECT i.product, i.quantity, g.price FROM basket_items i JOIN goods g USING (product)
    WHERE basket_id = ? ORDER BY g.position`
  const items = db.all(PRICED_ITEM, wanted, basketId)
  if (items.length === 0) return refuse('BASKET_EMPTY')
  const goods = items.map(({ product }) => goodOf(db, product))
  const currency = goods[0]?.currency
  if (currency === undefined || goods.some((good) => good?.currency !== currency)) return refuse('CURRENCIES_MIXED')
  const short = items.filter(({ product, quantity }, n) => goods[n]?.withdrawn || !takeStock(db, product, quantity))
  if (short.length > 0) throw new OutOfStock(short.map(({ product }) => product))
  const sql = `INSERT INTO purchase_tags (tag, basket_id, card_id, amount, currency, issued_at, lapses_at)
    VALUES (?, ?, ?, ?, ?, ?, ?)`
  db.run(sql, tag, basketId, cardId ?? null, sum(items), currency, at, lapsesAt)
  for (const { product, quantity, price } of items) {
    db.run('INSERT INTO purchase_tag_items VALUES (?, ?, ?, ?)', tag, product, quantity, price)
  }
  const issued = tagOf(db, tag)
  if (issued === undefined) throw new RangeError('expected the tag that was just written')
  return { ok: true, tag: issued }
}

/** D-3: within the caller's transaction. @returns why not, with nothing changed */
export function changeTagItem(
  db: SqliteDatabase,
  tag: string,
  product: string,
  quantity: number,
  at: number,
): ChangeRefusal['reason'] | undefined {
  const stored = tagOf(db, tag)
  if (stored === undefined) return 'TAG_UNKNOWN'
  if (stored.state !== 'open' || stored.lapsesAt <= at) return 'TAG_SEALED'
  const held = stored.items.find((item) => item.product === product)
  const good = goodOf(db, product)
  if (good === undefined) return 'GOODS_UNKNOWN'
  const more = quantity - (held?.quantity ?? 0)
  if (more === 0) return undefined
  if (more > 0 && good.withdrawn) return 'GOODS_UNKNOWN'
  if (held === undefined && stored.items.length >= PRODUCTS_MAX) return 'BASKET_FULL'
  if (good.currency !== stored.currency && held === undefined) return 'CURRENCIES_MIXED'
  if (quantity === 0 && stored.items.length === 1) return 'TAG_EMPTY'
  if (!takeStock(db, product, more)) return 'OUT_OF_STOCK'
  if (quantity === 0) db.run('DELETE FROM purchase_tag_items WHERE tag = ? AND product = ?', tag, product)
  else {
    // The price of what is held already stays.
    const sql = `INSERT INTO purchase_tag_items VALUES (?, ?, ?, ?)
      ON CONFLICT (tag, product) DO UPDATE SET quantity = excluded.quantity`
    db.run(sql, tag, product, quantity, good.price)
  }
  db.run('UPDATE purchase_tags SET amount = ? WHERE tag = ?', sum(tagItems(db, tag)), tag)
  return undefined
}

/** Gives back what an open tag holds. @returns false when it is not open */
function endTag(db: SqliteDatabase, tag: string, state: 'lapsed' | 'cancelled'): boolean {
  if (db.run("UPDATE purchase_tags SET state = ? WHERE tag = ? AND state = 'open'", state, tag) === 0) return false
  for (const { product, quantity } of tagItems(db, tag)) takeStock(db, product, -quantity)
  return true
}

function sum(items: readonly TagItem[]): number {
  return items.reduce((total, { quantity, price }) => total + quantity * price, 0)
}
