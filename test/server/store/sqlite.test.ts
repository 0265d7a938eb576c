import { execFile } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { ServerError } from '../../../server/errors.ts'
import { openSqliteStore } from '../../../server/store/sqlite.ts'
import type { Store } from '../../../server/store/store.ts'
import { folder, hex } from '../world.ts'
import { exchangeOf, filled, newTicket, storeContract } from './contract.ts'

function openAt(t: ExecutionContext, path: string): Store {
  const store = openSqliteStore(path)
  t.teardown(() => store.close())
  return store
}

storeContract(test, async (t) => {
  const path = join(folder(t), 'server.db')
  return [openAt(t, path), openAt(t, path)]
})

/** A database that is not ours any more. */
function change(path: string, sql: string): void {
  const db = new DatabaseSync(path)
  db.exec(sql)
  db.close()
}

const code = (expected: string) => ({ instanceOf: ServerError, message: new RegExp(`^${expected}: `) })

test('its files are for this user alone, whatever the umask', async (t) => {
  const own = folder(t)
  const path = join(own, 'server.db')
  writeFileSync(path, '')
  chmodSync(path, 0o666)
  const store = openAt(t, path)
  await store.identity()
  const names = readdirSync(own)
  t.deepEqual(names.sort(), ['server.db', 'server.db-shm', 'server.db-wal'])
  for (const name of names) t.is(statSync(join(own, name)).mode & 0o777, 0o600, name)
  await store.close()
  t.deepEqual(readdirSync(own), ['server.db'])
})

test('everything is there after closing and opening', async (t) => {
  const path = join(folder(t), 'server.db')
  const first = openSqliteStore(path)
  const { publicKey } = await first.identity()
  await first.commitExchange(exchangeOf('card-1', await filled(first), { ids: ['k'] }))
  await first.close()
  await first.close()
  const second = openAt(t, path)
  t.is(hex((await second.identity()).publicKey), hex(publicKey))
  t.truthy(await second.session('k', 0))
})

test('erased keys are in none of its files after scrubbing', async (t) => {
  const own = folder(t)
  const store = openAt(t, join(own, 'server.db'))
  const commit = exchangeOf('card-1', await filled(store), { ids: ['k'] })
  const ticket = newTicket('card-2', { expiresAt: 1 })
  await store.commitExchange(commit)
  await store.issueTicket(ticket)
  const inFiles = (bytes: Uint8Array): boolean =>
    readdirSync(own).some((name) => readFileSync(join(own, name)).includes(Buffer.from(bytes)))
  const secrets = [commit.sessions?.keys[0]?.psk, ticket.secret].map((it) => it?.reveal() ?? new Uint8Array(1))
  for (const bytes of secrets) t.true(inFiles(bytes))
  await store.eraseGroup('group of k')
  await store.eraseTicketSecrets(2)
  await store.scrub()
  for (const bytes of secrets) t.false(inFiles(bytes))
})

test('a row that this program did not write is refused on reading', async (t) => {
  const path = join(folder(t), 'server.db')
  const store = openAt(t, path)
  const hint = await filled(store)
  await store.commitExchange(exchangeOf('card-1', hint, { ids: ['k'] }))
  change(path, "UPDATE sessions SET psk = x'00'; UPDATE cards SET public_key = x'0102'")
  await t.throwsAsync(store.psk('k', 0), code('STORE_DAMAGED'))
  await t.throwsAsync(store.cardByHint(hint), code('STORE_DAMAGED'))
  await store.identity()
  change(path, 'UPDATE identity SET public_key = zeroblob(32)')
  await t.throwsAsync(store.identity(), code('STORE_DAMAGED'))
})

test('another program’s file, a newer version, a folder, a link and garbage are not opened', (t) => {
  const own = folder(t)
  const other = join(own, 'other.db')
  change(other, 'CREATE TABLE t (a); PRAGMA application_id=7; PRAGMA user_version=1')
  t.throws(() => openSqliteStore(other), code('STORE_DAMAGED'))
  const newer = join(own, 'newer.db')
  openSqliteStore(newer).close()
  change(newer, 'PRAGMA user_version=99')
  t.throws(() => openSqliteStore(newer), code('STORE_VERSION'))
  t.throws(() => openSqliteStore(own), code('DATA_UNUSABLE'))
  t.throws(() => openSqliteStore(join(own, 'none', 'server.db')), code('DATA_UNUSABLE'))
  const link = join(own, 'link.db')
  symlinkSync(newer, link)
  t.throws(() => openSqliteStore(link), code('DATA_UNUSABLE'))
  const garbage = join(own, 'garbage.db')
  writeFileSync(garbage, 'this is no database at all, but long enough to be looked at by SQLite'.repeat(20))
  t.throws(() => openSqliteStore(garbage), code('DATA_UNUSABLE'))
})

test('a transaction that fails in the middle leaves nothing behind', async (t) => {
  const store = openAt(t, join(folder(t), 'server.db'))
  const hint = await filled(store)
  // The second key has the first one's id: its insertion fails after ratchet and first key were written.
  await t.throwsAsync(store.commitExchange(exchangeOf('card-1', hint, { ids: ['same', 'same'] })))
  t.is(await store.session('same', 0), undefined)
  t.is((await store.cardByHint(hint))?.uses, 'current')
  t.true(await store.commitExchange(exchangeOf('card-1', hint)))
})

test('several processes count on one file without losing any', async (t) => {
  const path = join(folder(t), 'server.db')
  const store = openAt(t, path)
  const module = fileURLToPath(new URL('../../../server/store/sqlite.ts', import.meta.url))
  const script = `
    import { openSqliteStore } from ${JSON.stringify(module)}
    const store = openSqliteStore(${JSON.stringify(path)})
    const key = new Uint8Array(32)
    for (let n = 0; n < 50; ) {
      const before = await store.attempts(key)
      const next = { failures: (before?.failures ?? 0) + 1, lockedUntil: 0, lastAt: 0 }
      if (await store.replaceAttempts(key, before, next)) n++
    }
    await store.close()
  `
  const run = promisify(execFile)
  const process_ = () =>
    run(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script])
  await Promise.all([process_(), process_(), process_()])
  t.is((await store.attempts(new Uint8Array(32)))?.failures, 150)
})

test('a process that is killed in the middle loses nothing that was committed', async (t) => {
  const path = join(folder(t), 'server.db')
  const module = fileURLToPath(new URL('../../../server/store/sqlite.ts', import.meta.url))
  const script = `
    import { openSqliteStore } from ${JSON.stringify(module)}
    const store = openSqliteStore(${JSON.stringify(path)})
    for (let n = 0; n < 20; n++) await store.addAccount({ userId: 'user' + n, password: 'p', createdAt: 0 })
    process.kill(process.pid, 'SIGKILL')
  `
  const run = promisify(execFile)
  const error = await t.throwsAsync(
    run(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]),
  )
  t.like(error, { signal: 'SIGKILL' })
  t.is((await openAt(t, path).accounts()).length, 20)
})
