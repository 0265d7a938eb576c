import { ACCOUNT, ATTEMPTS } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { AccountStore } from './store.ts'

const SELECT = 'SELECT user_id AS userId, password, created_at AS createdAt FROM accounts'

export function accountsIn(db: SqliteDatabase): AccountStore {
  return {
    addAccount: async ({ userId, password, createdAt }) =>
      db.run('INSERT INTO accounts VALUES (?, ?, ?) ON CONFLICT DO NOTHING', userId, password, createdAt) > 0,
    setPassword: async (userId, password) =>
      db.transaction(() => {
        db.run('DELETE FROM sessions WHERE user_id = ?', userId)
        return db.run('UPDATE accounts SET password = ? WHERE user_id = ?', password, userId) > 0
      }),
    account: async (userId) => db.get(ACCOUNT, `${SELECT} WHERE user_id = ?`, userId),
    accounts: async () => db.all(ACCOUNT, `${SELECT} ORDER BY user_id`),
    removeAccount: async (userId) => db.run('DELETE FROM accounts WHERE user_id = ?', userId) > 0,
    attempts: async (key) =>
      db.get(
        ATTEMPTS,
        'SELECT failures, locked_until AS lockedUntil, last_at AS lastAt FROM attempts WHERE key = ?',
        key,
      ),
    replaceAttempts: async (key, expected, { failures, lockedUntil, lastAt }) => {
      if (expected === undefined) {
        const sql = 'INSERT INTO attempts VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
        return db.run(sql, key, failures, lockedUntil, lastAt) > 0
      }
      const sql = `UPDATE attempts SET failures = ?, locked_until = ?, last_at = ?
        WHERE key = ? AND failures = ? AND locked_until = ? AND last_at = ?`
      const old = [expected.failures, expected.lockedUntil, expected.lastAt]
      return db.run(sql, failures, lockedUntil, lastAt, key, ...old) > 0
    },
    clearAttempts: async (key) => db.run('DELETE FROM attempts WHERE key = ?', key) > 0,
    pruneAttempts: async (now, before, keep) =>
      db.transaction(() => {
        const old = db.run('DELETE FROM attempts WHERE last_at < ? AND locked_until <= ?', before, now)
        const oldest = 'SELECT key FROM attempts ORDER BY last_at DESC, key LIMIT -1 OFFSET ?'
        return old + db.run(`DELETE FROM attempts WHERE key IN (${oldest})`, keep)
      }),
  }
}
