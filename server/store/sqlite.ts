import { keyPair } from '../../keys/x25519.ts'
import { ServerError } from '../errors.ts'
import { IDENTITY } from './rows.ts'
import { accountsIn } from './sqlite-accounts.ts'
import { auditIn } from './sqlite-audit.ts'
import { basketsIn } from './sqlite-baskets.ts'
import { cardsIn } from './sqlite-cards.ts'
import { SqliteDatabase } from './sqlite-database.ts'
import { goodsIn } from './sqlite-goods.ts'
import { ordersIn } from './sqlite-orders.ts'
import { sessionsIn } from './sqlite-sessions.ts'
import { ticketsIn } from './sqlite-tickets.ts'
import type { Store } from './store.ts'

/**
 * The store in one file of SQLite, which several processes of one machine may share.
 * @param path of the file; made with mode 0600 when it is not there
 * @throws ServerError DATA_UNUSABLE, STORE_VERSION, STORE_DAMAGED; every method: STORE_DAMAGED
 */
export function openSqliteStore(path: string): Store {
  const db = new SqliteDatabase(path)
  return {
    ...accountsIn(db),
    ...ticketsIn(db),
    ...cardsIn(db),
    ...sessionsIn(db),
    ...auditIn(db),
    shop: { ...goodsIn(db), ...basketsIn(db), ...ordersIn(db) },
    identity: async () => identity(db),
    scrub: async () => db.scrub(),
    close: async () => db.close(),
  }
}

function identity(db: SqliteDatabase) {
  return db.transaction(() => {
    const known = db.get(IDENTITY, 'SELECT public_key AS publicKey, secret_key AS secretKey FROM identity')
    if (known === undefined) {
      const made = keyPair()
      db.run('INSERT INTO identity VALUES (1, ?, ?)', made.publicKey, made.secretKey)
      return made
    }
    const pair = keyPair(known.secretKey)
    if (Buffer.compare(pair.publicKey, known.publicKey) !== 0) {
      throw new ServerError('STORE_DAMAGED', 'the server’s key pair in the database is not one pair')
    }
    return pair
  })
}
