import { NOTE } from './rows.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { AuditStore, Note } from './store.ts'

export function auditIn(db: SqliteDatabase): AuditStore {
  return {
    addNote: async (note) => addNote(db, note),
    notes: async (level, limit) =>
      level === undefined
        ? db.all(NOTE, 'SELECT * FROM notes ORDER BY id DESC LIMIT ?', limit)
        : db.all(NOTE, 'SELECT * FROM notes WHERE level = ? ORDER BY id DESC LIMIT ?', level, limit),
    pruneNotes: async (keep) =>
      db.run('DELETE FROM notes WHERE id <= (SELECT id FROM notes ORDER BY id DESC LIMIT 1 OFFSET ?)', keep),
  }
}

/** Within the transaction of what it is about. */
export function addNote(db: SqliteDatabase, { at, level, event, subject, detail }: Note): void {
  const sql = 'INSERT INTO notes (at, level, event, subject, detail) VALUES (?, ?, ?, ?, ?)'
  db.run(sql, at, level, event, subject, detail)
}
