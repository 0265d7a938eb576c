import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { keyPair } from '../../../keys/x25519.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from '../../../server/store/sqlite-schema.ts'
import { folder, hex } from '../world.ts'
import { exchangeOf } from './contract.ts'
import { goodsOf, tagOf } from './shop-contract.ts'

/** Of the text of version 1, which files in use were made by. */
const FIRST_SHA256 = 'f8203a1f158174a8ef8d29f51c53b9f86f068138d9df24d0bf155b903c980ddf'
const LATER = 2_000_000
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const own = keyPair(filled(32, 9))

/** A file as version 1 left it, with something in each of its tables. */
function fileOfVersion1(path: string): void {
  const db = new DatabaseSync(path, { enableForeignKeyConstraints: true })
  db.exec(`PRAGMA journal_mode=WAL; BEGIN; ${MIGRATIONS[0]};
    PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=1; COMMIT`)
  const put = (table: string, ...values: readonly (string | number | null | Uint8Array)[]): void => {
    db.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join(', ')})`).run(...values)
  }
  put('identity', 1, own.publicKey, own.secretKey)
  put('accounts', 'alice', 'hashed', 5)
  put('attempts', filled(32, 1), 3, LATER, 7)
  put('tickets', 'card-1', filled(16, 2), null, 'used', 1, 2, filled(32, 3), filled(80, 4))
  put('tickets', 'card-2', filled(16, 5), filled(32, 6), 'open', 1, LATER, null, null)
  put('line_addresses', '+81312345678')
  put('seen_enrolments', filled(32, 7), 'card-1', filled(16, 2), 3)
  put('cards', 'card-1', own.publicKey, filled(32, 8), filled(8, 9), null, null, null, null, null, 4)
  put('sessions', 'psk-1', filled(32, 10), 'group', 0, 'alice', 'card-1', 'main', 1, LATER)
  put('notes', 1, 6, 'alarm', 'card.locked', 'card-1', 'cloned')
  db.close()
}

function inFile<T>(path: string, read: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path)
  try {
    return read(db)
  } finally {
    db.close()
  }
}

const version = (path: string): unknown => inFile(path, (db) => db.prepare('PRAGMA user_version').get()?.user_version)
const tables = (path: string): unknown[] =>
  inFile(path, (db) => db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()).map(
    ({ name }) => name,
  )

function openAt(t: ExecutionContext, path: string) {
  const store = openSqliteStore(path)
  t.teardown(() => store.close())
  return store
}

test('version 1 is what it was: files in use were made by this text', (t) => {
  t.is(
    createHash('sha256')
      .update(MIGRATIONS[0] ?? '')
      .digest('hex'),
    FIRST_SHA256,
  )
})

test('a file of version 1 is taken to the newest one, with all that it holds', async (t) => {
  const path = join(folder(t), 'server.db')
  fileOfVersion1(path)
  const store = openAt(t, path)
  t.is(hex((await store.identity()).publicKey), hex(own.publicKey))
  t.deepEqual(await store.accounts(), [{ userId: 'alice', password: 'hashed', createdAt: 5 }])
  t.deepEqual(await store.attempts(filled(32, 1)), { failures: 3, lockedUntil: LATER, lastAt: 7 })
  t.like(await store.ticket('card-1'), { state: 'used', secret: undefined })
  t.is(hex((await store.ticket('card-2'))?.secret?.reveal()), hex(filled(32, 6)))
  t.deepEqual(await store.lineAddresses(), ['+81312345678'])
  t.is((await store.cardByHint(filled(8, 9)))?.card.cardId, 'card-1')
  t.like(await store.session('psk-1', 0), { userId: 'alice', cardId: 'card-1', opened: true })
  t.is(hex(await store.psk('psk-1', 0)), hex(filled(32, 10)))
  t.like(await store.notes('alarm', 9), [{ event: 'card.locked', subject: 'card-1', detail: 'cloned' }])
  t.is(version(path), SCHEMA_VERSION)
  t.false(tables(path).includes('seen_enrolments'))
  // It is used as if it had always been new.
  t.true(await store.commitExchange(exchangeOf('card-1', filled(8, 9), { ids: ['k'] })))
  await store.shop.putGoods([goodsOf('A-1', 1)])
  t.is((await tagOf(store.shop, 't', { 'A-1': 1 })).amount, 1000)
})

test('a migrated file and a new one have the same schema', (t) => {
  const both = folder(t)
  const [old, fresh] = [join(both, 'old.db'), join(both, 'new.db')]
  fileOfVersion1(old)
  for (const path of [old, fresh]) openAt(t, path)
  const schema = (path: string) =>
    inFile(path, (db) => db.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY type, name').all())
  t.deepEqual(schema(old), schema(fresh))
})

test('opening a migrated file again changes nothing', async (t) => {
  const path = join(folder(t), 'server.db')
  fileOfVersion1(path)
  const first = openSqliteStore(path)
  await first.shop.putGoods([goodsOf('A-1', 3)])
  await first.close()
  t.is((await openAt(t, path).shop.good('A-1'))?.available, 3)
})

test('a migration that fails in the middle leaves the file as version 1, to be opened when the cause is gone', async (t) => {
  const path = join(folder(t), 'server.db')
  fileOfVersion1(path)
  // In the way of the shop's last table: what was done before it must be taken back.
  inFile(path, (db) => db.exec('CREATE TABLE order_items (a)'))
  const before = tables(path)
  t.throws(() => openSqliteStore(path), { message: /order_items/ })
  t.is(version(path), 1)
  t.deepEqual(tables(path), before)
  inFile(path, (db) => db.exec('DROP TABLE order_items'))
  t.is((await openAt(t, path).accounts()).length, 1)
  t.is(version(path), SCHEMA_VERSION)
})

test('four processes open a file of version 1 at once: one migrates it, all can use it', async (t) => {
  t.timeout(60_000)
  const path = join(folder(t), 'server.db')
  fileOfVersion1(path)
  const module = fileURLToPath(new URL('../../../server/store/sqlite.ts', import.meta.url))
  const script = (n: number) => `
    import { openSqliteStore } from ${JSON.stringify(module)}
    const store = openSqliteStore(${JSON.stringify(path)})
    await store.addAccount({ userId: 'user${n}', password: 'p', createdAt: 0 })
    await store.shop.openBasket({ basketId: '${n}'.padEnd(22, '-'), userId: 'alice', access: 'open', at: 1 })
    await store.close()
  `
  const run = promisify(execFile)
  const args = (n: number) => ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script(n)]
  await Promise.all([1, 2, 3, 4].map((n) => run(process.execPath, args(n))))
  const store = openAt(t, path)
  t.is((await store.accounts()).length, 5)
  const numbers = await Promise.all([1, 2, 3, 4].map((n) => store.shop.basket(`${n}`.padEnd(22, '-'))))
  t.deepEqual(numbers.map((basket) => basket?.number).sort(), [1, 2, 3, 4])
})
