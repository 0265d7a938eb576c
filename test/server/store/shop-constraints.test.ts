import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test, { type ExecutionContext } from 'ava'
import { SHOP_SCHEMA } from '../../../server/store/shop-schema.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { folder } from '../world.ts'
import { basketOf, finishOf, goodsOf, id, orderOf, tagOf } from './shop-contract.ts'

type Row = Readonly<Record<string, string | number | null>>

/** Good rows, one of each table, that the wrong ones below differ from in one thing. */
const GOOD: Readonly<Record<string, Row>> = {
  goods: { product: 'N-1', position: 99, name: 'New', specification: '', price: 0, currency: 'EUR', available: 0 },
  baskets: { basket_id: id('new'), number: 99, user_id: 'alice', access: 'open', touched_at: 0 },
  basket_items: { basket_id: id('free'), product: 'B-1', quantity: 1 },
  purchase_tags: { tag: id('new'), basket_id: id('free'), amount: 0, currency: 'EUR', issued_at: 0, lapses_at: 0 },
  purchase_tag_items: { tag: id('t'), product: 'B-1', quantity: 1, price: 0 },
  orders: {
    ...{ tag: id('u'), user_id: 'alice', card_id: 'card-1', amount: 0, currency: 'EUR', idempotency_key: 'new' },
    ...{ brand: 'Visa', last_four: '4242', name: '', street: '', postal_code: '', city: '', country: '', contact: '' },
    ...{ node: 'a', lease_until: 0, created_at: 0 },
  },
  order_items: { order_id: 1, product: 'B-1', quantity: 1, price: 0 },
}

const CHECK = 'CHECK constraint failed: '
const LONG = 'A'.repeat(17)
/** Table, what is wrong in its row, and the constraint that says so. */
const WRONG: readonly (readonly [table: string, change: Row, constraint: string])[] = [
  ...['', 'a', 'A B', LONG, "A';--", '<B>', 'Ä'].map(
    (product) => ['goods', { product }, 'CHECK constraint failed: length(product)'] as const,
  ),
  ['goods', { product: 'A-1' }, 'UNIQUE constraint failed: goods.product'],
  ['goods', { position: 1 }, 'UNIQUE constraint failed: goods.position'],
  ['goods', { name: '' }, "CHECK constraint failed: name <> ''"],
  ['goods', { price: -1 }, 'CHECK constraint failed: price >= 0'],
  ...['', 'eur', 'EURO', 'EU', 'E1R'].map(
    (currency) => ['goods', { currency }, 'CHECK constraint failed: currency GLOB'] as const,
  ),
  ['goods', { available: -1 }, 'CHECK constraint failed: available >= 0'],
  ['goods', { withdrawn: 2 }, 'CHECK constraint failed: withdrawn IN'],
  ['goods', { photo_type: 'image/svg+xml', photo: null }, 'CHECK constraint failed: photo_type IN'],
  ['goods', { photo_type: 'image/png' }, 'CHECK constraint failed: (photo IS NULL)'],

  ['baskets', { basket_id: 'short' }, 'CHECK constraint failed: length(basket_id)'],
  ['baskets', { basket_id: id('free') }, 'UNIQUE constraint failed: baskets.basket_id'],
  ['baskets', { number: 0 }, 'CHECK constraint failed: number > 0'],
  ['baskets', { number: 1 }, 'UNIQUE constraint failed: baskets.user_id, baskets.number'],
  ['baskets', { user_id: '' }, "CHECK constraint failed: user_id <> ''"],
  ['baskets', { access: 'line' }, 'CHECK constraint failed: access IN'],

  ['basket_items', { quantity: 0 }, 'CHECK constraint failed: quantity BETWEEN'],
  ['basket_items', { quantity: 100 }, 'CHECK constraint failed: quantity BETWEEN'],
  ['basket_items', { product: 'A-1' }, 'UNIQUE constraint failed: basket_items'],
  ['basket_items', { product: 'X-1' }, 'FOREIGN KEY constraint failed'],
  ['basket_items', { basket_id: id('none') }, 'FOREIGN KEY constraint failed'],

  ['purchase_tags', { tag: 'short' }, 'CHECK constraint failed: length(tag)'],
  ['purchase_tags', { tag: id('t') }, 'UNIQUE constraint failed: purchase_tags.tag'],
  ['purchase_tags', { basket_id: id('bt') }, 'UNIQUE constraint failed: purchase_tags.basket_id'],
  ['purchase_tags', { basket_id: id('none') }, 'FOREIGN KEY constraint failed'],
  ['purchase_tags', { state: 'sold' }, 'CHECK constraint failed: state IN'],
  ['purchase_tags', { amount: -1 }, 'CHECK constraint failed: amount >= 0'],
  ['purchase_tags', { currency: 'euro' }, 'CHECK constraint failed: currency GLOB'],

  ['purchase_tag_items', { quantity: 0 }, 'CHECK constraint failed: quantity BETWEEN'],
  ['purchase_tag_items', { quantity: 100 }, 'CHECK constraint failed: quantity BETWEEN'],
  ['purchase_tag_items', { price: -1 }, 'CHECK constraint failed: price >= 0'],
  ['purchase_tag_items', { product: 'A-1' }, 'UNIQUE constraint failed: purchase_tag_items'],
  ['purchase_tag_items', { product: 'X-1' }, 'FOREIGN KEY constraint failed'],
  ['purchase_tag_items', { tag: id('none') }, 'FOREIGN KEY constraint failed'],

  ['orders', { tag: id('none') }, 'FOREIGN KEY constraint failed'],
  // Its tag has a live order already, in whichever of the three states the new one would be.
  ['orders', { tag: id('t') }, 'UNIQUE constraint failed: orders.tag'],
  ['orders', { tag: id('t'), state: 'authorised' }, 'UNIQUE constraint failed: orders.tag'],
  ['orders', { state: 'unknown' }, 'CHECK constraint failed: state IN'],
  ['orders', { amount: -1 }, 'CHECK constraint failed: amount >= 0'],
  ['orders', { idempotency_key: `key of ${id('t')}` }, 'UNIQUE constraint failed: orders.idempotency_key'],
  ['orders', { last_four: '4242424242424242' }, 'CHECK constraint failed: length(last_four)'],
  ['orders', { last_four: '' }, 'CHECK constraint failed: length(last_four)'],
  ['orders', { shipment: 'lost' }, 'CHECK constraint failed: shipment IN'],
  ['orders', { paid_at: 1 }, "CHECK constraint failed: (state = 'paid') = (paid_at"],
  ['orders', { shipment: 'pending' }, "CHECK constraint failed: (state = 'paid') = (shipment"],
  [
    'orders',
    { state: 'paid', paid_at: 1, shipment: 'pending' },
    "CHECK constraint failed: (state = 'paid') = (receipt",
  ],

  ['order_items', { order_id: 99 }, 'FOREIGN KEY constraint failed'],
  ['order_items', { product: 'X-1' }, 'FOREIGN KEY constraint failed'],
  ['order_items', { product: 'A-1' }, 'UNIQUE constraint failed: order_items'],
  ['order_items', { quantity: 0 }, 'CHECK constraint failed: quantity BETWEEN'],
  ['order_items', { quantity: 100 }, 'CHECK constraint failed: quantity BETWEEN'],
  ['order_items', { price: -1 }, 'CHECK constraint failed: price >= 0'],
]

/** Goods A-1 and B-1, a basket `free` with A-1, a tag `t` that is being paid for (order 1), and an open tag `u`. */
async function opened(t: ExecutionContext): Promise<DatabaseSync> {
  const path = join(folder(t), 'server.db')
  const store = openSqliteStore(path)
  t.teardown(() => store.close())
  const { shop } = store
  await shop.putGoods([goodsOf('A-1', 9), goodsOf('B-1', 9)])
  await basketOf(shop, 'free', { 'A-1': 1 })
  await shop.beginOrder(orderOf(await tagOf(shop, 't', { 'A-1': 1 })))
  await shop.finishBasket(finishOf(await basketOf(shop, 'bu', { 'A-1': 1 }), 'u'))
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  t.teardown(() => db.close())
  return db
}

function insert(db: DatabaseSync, table: string, row: Row): void {
  const names = Object.keys(row)
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
  db.prepare(sql).run(...Object.values(row))
}

/** Tries it and takes it back. @returns why not, or `ok` */
function tried(db: DatabaseSync, change: () => void): string {
  db.exec('BEGIN')
  try {
    change()
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    db.exec('ROLLBACK')
  }
}

test('rows as they should be are taken: what is refused below is refused for its one fault', async (t) => {
  const db = await opened(t)
  for (const [table, row] of Object.entries(GOOD))
    t.is(
      tried(db, () => insert(db, table, row)),
      'ok',
      table,
    )
  const states = ['authorising', 'authorised', 'refused', 'voided']
  for (const state of states)
    t.is(
      tried(db, () => insert(db, 'orders', { ...GOOD.orders, state })),
      'ok',
      state,
    )
  // Beside a live order there may be any number of ended ones.
  const ended = { ...GOOD.orders, tag: id('t'), state: 'refused' }
  t.is(
    tried(db, () => insert(db, 'orders', ended)),
    'ok',
  )
})

test('each constraint of the shop refuses the row that breaks it', async (t) => {
  const db = await opened(t)
  for (const [table, change, constraint] of WRONG) {
    const why = tried(db, () => insert(db, table, { ...GOOD[table], ...change }))
    t.true(why.startsWith(constraint), `${table} ${JSON.stringify(change)}: ${why}`)
  }
})

test('no column takes nothing where something must be, nor text where a number must be', async (t) => {
  const db = await opened(t)
  let columns = 0
  for (const [table, row] of Object.entries(GOOD)) {
    for (const { name, type, notnull } of db.prepare(`PRAGMA table_info(${table})`).all()) {
      const column = String(name)
      if (notnull === 1) {
        const why = tried(db, () => insert(db, table, { ...row, [column]: null }))
        t.is(why, `NOT NULL constraint failed: ${table}.${column}`)
      }
      if (type === 'INTEGER') {
        const why = tried(db, () => insert(db, table, { ...row, [column]: "1'; DROP TABLE goods; --" }))
        // The row id has a name of its own for it.
        t.regex(why, /^cannot store TEXT value in INTEGER column|^datatype mismatch$/, `${table}.${column}`)
      }
      columns++
    }
  }
  t.true(columns > 50, `only ${columns} columns were found`)
})

test('what others stand on cannot be deleted; items go with their basket', async (t) => {
  const db = await opened(t)
  for (const sql of [
    "DELETE FROM goods WHERE product = 'A-1'",
    `DELETE FROM baskets WHERE basket_id = '${id('bt')}'`,
    `DELETE FROM purchase_tags WHERE tag = '${id('t')}'`,
    `DELETE FROM purchase_tags WHERE tag = '${id('u')}'`,
    'DELETE FROM orders',
  ]) {
    t.is(
      tried(db, () => db.exec(sql)),
      'FOREIGN KEY constraint failed',
      sql,
    )
  }
  db.exec(`DELETE FROM baskets WHERE basket_id = '${id('free')}'`)
  const left = db.prepare('SELECT count(*) AS n FROM basket_items WHERE basket_id = ?').get(id('free'))
  t.is(left?.n, 0)
})

test('every CHECK and UNIQUE of the schema has a row above that breaks it', (t) => {
  const tables = SHOP_SCHEMA.split('CREATE TABLE ').slice(1)
  let checks = 0
  for (const text of tables) {
    const table = /^\w+/.exec(text)?.[0] ?? ''
    const body = text.slice(0, text.indexOf('STRICT'))
    for (const [, expression = ''] of body.matchAll(/CHECK \((.*)\)/g)) {
      checks++
      const broken = WRONG.some(
        ([of, , why]) => of === table && why.startsWith(CHECK) && expression.startsWith(why.slice(CHECK.length)),
      )
      t.true(broken, `${table}: CHECK (${expression})`)
    }
    const keys = body.match(/UNIQUE|PRIMARY KEY (?!AUTOINCREMENT)/g)?.length ?? 0
    const own = new Set(WRONG.flatMap(([of, , why]) => (of === table && why.startsWith('UNIQUE') ? [why] : [])))
    // The live order of a tag is an index of its own.
    t.is(own.size, table === 'orders' ? keys + 1 : keys, `${table}: unique keys`)
  }
  t.is(tables.length, Object.keys(GOOD).length)
  t.true(checks > 25, `only ${checks} checks were found`)
})
