import { GOODS, PHOTO, POSITION } from './shop-rows.ts'
import type { Goods, GoodsStore, NewGoods } from './shop-store.ts'
import type { SqliteDatabase } from './sqlite-database.ts'

const SELECT = 'SELECT product, name, specification, price, currency, available, withdrawn FROM goods'

export function goodsIn(db: SqliteDatabase): GoodsStore {
  return {
    putGoods: async (goods) =>
      db.transaction(() => {
        for (const one of goods) put(db, one)
      }),
    goods: async () => db.all(GOODS, `${SELECT} WHERE withdrawn = 0 ORDER BY position`),
    good: async (product) => goodOf(db, product),
    photo: async (product) =>
      db.get(
        PHOTO,
        'SELECT photo_type AS type, photo AS bytes FROM goods WHERE product = ? AND photo IS NOT NULL',
        product,
      ),
    changeStock: async (product, by) => takeStock(db, product, -by),
    withdrawGoods: async (product, withdrawn) =>
      db.run('UPDATE goods SET withdrawn = ? WHERE product = ?', withdrawn ? 1 : 0, product) > 0,
  }
}

export function goodOf(db: SqliteDatabase, product: string): Goods | undefined {
  return db.get(GOODS, `${SELECT} WHERE product = ?`, product)
}

/** @param quantity may be negative: then it is given back @returns false when there is not so much, or no such product */
export function takeStock(db: SqliteDatabase, product: string, quantity: number): boolean {
  const sql = 'UPDATE goods SET available = available - ? WHERE product = ? AND available >= ?'
  return db.run(sql, quantity, product, quantity) > 0
}

function put(db: SqliteDatabase, { product, name, specification, price, currency, stock, photo }: NewGoods): void {
  const known = `UPDATE goods SET name = ?, specification = ?, price = ?, currency = ?, photo_type = ?, photo = ?
    WHERE product = ?`
  const picture = [photo?.type ?? null, photo?.bytes ?? null] as const
  if (db.run(known, name, specification, price, currency, ...picture, product) > 0) return
  const position = db.get(POSITION, 'SELECT coalesce(max(position), 0) + 1 AS next FROM goods')?.next ?? 1
  const add = `INSERT INTO goods (product, position, name, specification, price, currency, available, photo_type, photo)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
  db.run(add, product, position, name, specification, price, currency, stock, ...picture)
}
