import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Searched } from './tap.ts'
import type { World } from './world.ts'

/** The server's secrets while a session lives: what a recording must not hold. */
export function storedSecrets(world: World): Searched[] {
  return withStore(world, (store) => {
    const column = (sql: string): Uint8Array[] =>
      store
        .prepare(sql)
        .all()
        .flatMap(({ it }) => (it instanceof Uint8Array ? [it] : []))
    return [
      ...column('SELECT psk AS it FROM sessions').map((bytes) => ({ name: 'PSK', bytes })),
      ...column('SELECT secret_key AS it FROM identity').map((bytes) => ({ name: 'server key', bytes })),
      ...column('SELECT current_ratchet AS it FROM cards').map((bytes) => ({ name: 'ratchet', bytes })),
      ...column('SELECT previous_ratchet AS it FROM cards').map((bytes) => ({ name: 'ratchet before', bytes })),
    ]
  })
}

export function storedSessions(world: World): number {
  return withStore(world, (store) => Number(store.prepare('SELECT count(*) AS n FROM sessions').get()?.n))
}

/** What nobody holds or has bought. @throws Error when it is not sold */
export function inStock(world: World, product: string): number {
  return withStore(world, (store) => {
    const row = store.prepare('SELECT available AS it FROM goods WHERE product = ?').get(product)
    if (row === undefined) throw new Error(`expected ${product} in the shop`)
    return Number(row.it)
  })
}

/** By which names the card company knows what was paid for a tag. */
export function paymentKeys(world: World, tag: string): string[] {
  return withStore(world, (store) => {
    const rows = store.prepare('SELECT idempotency_key AS it FROM orders WHERE tag = ?').all(tag)
    return rows.map(({ it }) => String(it))
  })
}

function withStore<T>(world: World, read: (store: DatabaseSync) => T): T {
  const store = new DatabaseSync(join(world.serverData, 'server.db'), { readOnly: true })
  try {
    return read(store)
  } finally {
    store.close()
  }
}
