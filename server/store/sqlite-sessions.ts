import { COUNT, PSK, SESSION } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { SessionStore } from './store.ts'

const SELECT = `SELECT psk_id AS id, group_id AS groupId, position AS "index", user_id AS userId, card_id AS cardId, node,
  opened, expires_at AS expiresAt FROM sessions`

export function sessionsIn(db: SqliteDatabase): SessionStore {
  const find = (id: string, now: number) => db.get(SESSION, `${SELECT} WHERE psk_id = ? AND expires_at > ?`, id, now)
  return {
    psk: async (id, now) => db.get(PSK, 'SELECT psk FROM sessions WHERE psk_id = ? AND expires_at > ?', id, now)?.psk,
    session: async (id, now) => find(id, now),
    group: async (groupId, now) =>
      db.all(SESSION, `${SELECT} WHERE group_id = ? AND expires_at > ? ORDER BY position`, groupId, now),
    openSession: async (id, now, expiresAt) => {
      const open = 'UPDATE sessions SET opened = 1, expires_at = ? WHERE psk_id = ? AND expires_at > ? AND opened = 0'
      return db.run(open, expiresAt, id, now) > 0
    },
    rekeySession: async (id, from, now) =>
      db.transaction(() => {
        const [next, current] = [find(id, now), find(from, now)]
        if (next === undefined || next.opened || !current?.opened || next.userId !== current.userId) return false
        db.run('DELETE FROM sessions WHERE psk_id = ?', from)
        const open = 'UPDATE sessions SET opened = 1, group_id = ?, expires_at = ? WHERE psk_id = ?'
        return db.run(open, current.groupId, current.expiresAt, id) > 0
      }),
    spareKeys: async (userId, cardId, now) => {
      const spare = 'SELECT count(*) AS count FROM sessions WHERE user_id = ? AND card_id = ? AND opened = 0'
      return db.get(COUNT, `${spare} AND expires_at > ?`, userId, cardId, now)?.count ?? 0
    },
    eraseGroup: async (groupId) => db.run('DELETE FROM sessions WHERE group_id = ?', groupId),
    eraseKeys: async (userId, cardId) =>
      db.run('DELETE FROM sessions WHERE user_id = ? AND card_id = ?', userId, cardId),
    eraseNode: async (node) => db.run('DELETE FROM sessions WHERE node = ?', node),
    eraseExpired: async (now) => db.run('DELETE FROM sessions WHERE expires_at <= ?', now),
  }
}
