import { ID, ORDER, PRICED_ITEM } from './shop-rows.ts'
import type { BeginOrder, BeginRefusal, OrderStore, StoredOrder } from './shop-store.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import { tagOf } from './sqlite-tags.ts'

const SELECT = `SELECT order_id AS orderId, tag, user_id AS userId, card_id AS cardId, state, amount, currency,
  idempotency_key AS key, refusal, brand, last_four AS lastFour, name, street, postal_code AS postalCode, city, country,
  contact, created_at AS createdAt, paid_at AS paidAt, receipt, shipment FROM orders`

type Begun = Awaited<ReturnType<OrderStore['beginOrder']>>

export function ordersIn(db: SqliteDatabase): OrderStore {
  const list = (rows: readonly Omit<StoredOrder, 'items'>[]): StoredOrder[] =>
    rows.map((row) => ({ ...row, items: itemsOf(db, row.orderId) }))
  return {
    beginOrder: async (order) => db.transaction(() => beginOrder(db, order)),
    orderAuthorised: async (orderId) =>
      db.run("UPDATE orders SET state = 'authorised' WHERE order_id = ? AND state = 'authorising'", orderId) > 0,
    orderPaid: async (orderId, at, receipt) =>
      db.transaction(() => {
        const sql = `UPDATE orders SET state = 'paid', paid_at = ?, receipt = ?, shipment = 'pending'
          WHERE order_id = ? AND state = 'authorised'`
        if (db.run(sql, at, receipt, orderId) === 0) return false
        setTag(db, orderId, 'used')
        return true
      }),
    orderRefused: async (orderId, reason, lapsesAt) =>
      db.transaction(() => {
        const sql = "UPDATE orders SET state = 'refused', refusal = ? WHERE order_id = ? AND state = 'authorising'"
        if (db.run(sql, reason, orderId) === 0) return false
        reopenTag(db, orderId, lapsesAt)
        return true
      }),
    orderVoided: async (orderId, lapsesAt) =>
      db.transaction(() => {
        const sql = `UPDATE orders SET state = 'voided'
          WHERE order_id = ? AND state IN ('authorising', 'authorised')`
        if (db.run(sql, orderId) === 0) return false
        reopenTag(db, orderId, lapsesAt)
        return true
      }),
    unsettled: async (node, at) =>
      db.transaction(() => {
        const sql = `${SELECT} WHERE state IN ('authorising', 'authorised') AND (node = ? OR lease_until <= ?)
          ORDER BY lease_until, order_id LIMIT 1000`
        return list(db.all(ORDER, sql, node, at))
      }),
    leaseOrder: async (orderId, node, at, leaseUntil) => {
      const sql = `UPDATE orders SET node = ?, lease_until = ?
        WHERE order_id = ? AND state IN ('authorising', 'authorised') AND (node = ? OR lease_until <= ?)`
      return db.run(sql, node, leaseUntil, orderId, node, at) > 0
    },
    order: async (orderId) => db.transaction(() => orderOf(db, orderId)),
    orders: async (userId, limit) =>
      db.transaction(() => {
        const sql = `${SELECT} WHERE (?1 IS NULL OR user_id = ?1) ORDER BY order_id DESC LIMIT ?2`
        return list(db.all(ORDER, sql, userId ?? null, limit))
      }),
    shipOrder: async (orderId, at) => {
      const sql = `UPDATE orders SET shipment = 'shipped', shipped_at = ? WHERE order_id = ? AND shipment = 'pending'`
      return db.run(sql, at, orderId) > 0
    },
  }
}

function orderOf(db: SqliteDatabase, orderId: number): StoredOrder | undefined {
  const found = db.get(ORDER, `${SELECT} WHERE order_id = ?`, orderId)
  return found && { ...found, items: itemsOf(db, orderId) }
}

function itemsOf(db: SqliteDatabase, orderId: number) {
  const sql = `SELECT i.product, i.quantity, i.price FROM order_items i JOIN goods g USING (product)
    WHERE order_id = ? ORDER BY g.position`
  return db.all(PRICED_ITEM, sql, orderId)
}

function beginOrder(db: SqliteDatabase, order: BeginOrder): Begun {
  const refuse = (reason: BeginRefusal['reason']): Begun => ({ ok: false, reason })
  const { userId, cardId, at } = order
  const tag = tagOf(db, order.tag)
  if (tag === undefined || tag.state === 'cancelled') return refuse('TAG_UNKNOWN')
  if (tag.userId !== userId || (tag.cardId !== undefined && tag.cardId !== cardId)) return refuse('TAG_FOREIGN')
  if (tag.state === 'used') return refuse('TAG_USED')
  if (tag.state === 'paying') return refuse('TAG_PENDING')
  if (tag.state === 'lapsed' || tag.lapsesAt <= at) return refuse('TAG_LAPSED')
  if (tag.amount !== order.amount || tag.currency !== order.currency) return refuse('AMOUNT_CHANGED')
  // From here on the tag is sealed (D-3).
  db.run("UPDATE purchase_tags SET state = 'paying' WHERE tag = ?", tag.tag)
  const { key, brand, lastFour, name, street, postalCode, city, country, contact, node, leaseUntil } = order
  const sql = `INSERT INTO orders (tag, user_id, card_id, amount, currency, idempotency_key, brand, last_four, name, street,
    postal_code, city, country, contact, node, lease_until, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING order_id AS id`
  const id = db.get(
    ID,
    sql,
    ...[tag.tag, userId, cardId, tag.amount, tag.currency, key, brand, lastFour, name, street],
    ...[postalCode, city, country, contact, node, leaseUntil, at],
  )?.id
  if (id === undefined) throw new RangeError('expected the number of the order that was just written')
  for (const { product, quantity, price } of tag.items) {
    db.run('INSERT INTO order_items VALUES (?, ?, ?, ?)', id, product, quantity, price)
  }
  const begun = orderOf(db, id)
  if (begun === undefined) throw new RangeError('expected the order that was just written')
  return { ok: true, order: begun }
}

function setTag(db: SqliteDatabase, orderId: number, state: 'used' | 'open'): void {
  const sql = `UPDATE purchase_tags SET state = ?
    WHERE state = 'paying' AND tag = (SELECT tag FROM orders WHERE order_id = ?)`
  db.run(sql, state, orderId)
}

/** From its issue on, milliseconds: refused payments must not hold goods for ever that others want. */
const HELD_MAX_MS = 3_600_000

/** Nothing was charged: the user may pay in another way, and has time for it. */
function reopenTag(db: SqliteDatabase, orderId: number, lapsesAt: number): void {
  setTag(db, orderId, 'open')
  const sql = `UPDATE purchase_tags SET lapses_at = max(lapses_at, min(?, issued_at + ${HELD_MAX_MS}))
    WHERE tag = (SELECT tag FROM orders WHERE order_id = ?)`
  db.run(sql, lapsesAt, orderId)
}
