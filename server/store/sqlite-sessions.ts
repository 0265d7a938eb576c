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
    openSession: async (id, now) =>
      db.run('UPDATE sessions SET opened = 1 WHERE psk_id = ? AND expires_at > ?', id, now) > 0,
    rekeySession: async (id, now) =>
      db.transaction(() => {
        const session = find(id, now)
        if (session === undefined) return false
        const { groupId, index } = session
        const open = 'SELECT count(*) AS count FROM sessions WHERE group_id = ? AND opened = 1 AND position <= ?'
        if (!db.get(COUNT, open, groupId, index)?.count) return false
        db.run('DELETE FROM sessions WHERE group_id = ? AND position < ?', groupId, index)
        db.run('UPDATE sessions SET opened = 1 WHERE psk_id = ?', id)
        return true
      }),
    eraseGroup: async (groupId) => db.run('DELETE FROM sessions WHERE group_id = ?', groupId),
    eraseNode: async (node) => db.run('DELETE FROM sessions WHERE node = ?', node),
    eraseExpired: async (now) => db.run('DELETE FROM sessions WHERE expires_at <= ?', now),
  }
}
