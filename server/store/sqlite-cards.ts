import { SPARE_KEYS_MAX } from '../../wire/limits.ts'
import { CARD, CARD_SUMMARY, COUNT } from './rows.ts'
import { addNote } from './sqlite-audit.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { CardStore, ExchangeCommit } from './store.ts'

const SELECT = `SELECT card_id AS cardId, public_key AS publicKey, current_ratchet AS currentRatchet,
  current_hint AS currentHint, previous_ratchet AS previousRatchet, previous_hint AS previousHint,
  request_hash AS requestHash, response, lock_reason AS lockReason, enrolled_at AS enrolledAt FROM cards`

const SUMMARY = 'SELECT card_id AS cardId, lock_reason AS lockReason, enrolled_at AS enrolledAt FROM cards'

export function cardsIn(db: SqliteDatabase): CardStore {
  return {
    cardByHint: async (hint) => {
      const current = db.get(CARD, `${SELECT} WHERE current_hint = ?`, hint)
      if (current !== undefined) return { card: current, uses: 'current' }
      const previous = db.get(CARD, `${SELECT} WHERE previous_hint = ?`, hint)
      return previous && { card: previous, uses: 'previous' }
    },
    cards: async () => db.all(CARD_SUMMARY, `${SUMMARY} ORDER BY card_id`),
    commitExchange: async (commit) => db.transaction(() => exchange(db, commit)),
    lockCard: async (cardId, reason, at) =>
      db.transaction(() => {
        const sql = 'UPDATE cards SET lock_reason = ? WHERE card_id = ? AND lock_reason IS NULL'
        if (db.run(sql, reason, cardId) === 0) return false
        db.run('DELETE FROM sessions WHERE card_id = ?', cardId)
        addNote(db, { at, level: 'alarm', event: 'card.locked', subject: cardId, detail: reason })
        return true
      }),
    unlockCard: async (cardId, at) =>
      db.transaction(() => {
        const sql = 'UPDATE cards SET lock_reason = NULL WHERE card_id = ? AND lock_reason IS NOT NULL'
        if (db.run(sql, cardId) === 0) return false
        addNote(db, { at, level: 'notice', event: 'card.unlocked', subject: cardId, detail: '' })
        return true
      }),
    removeCard: async (cardId, at) =>
      db.transaction(() => {
        if (db.run('DELETE FROM cards WHERE card_id = ?', cardId) === 0) return false
        db.run('DELETE FROM tickets WHERE card_id = ?', cardId)
        addNote(db, { at, level: 'notice', event: 'card.removed', subject: cardId, detail: '' })
        return true
      }),
  }
}

function exchange(db: SqliteDatabase, commit: ExchangeCommit): boolean {
  const { cardId, expectedHint, nextRatchet, nextHint, requestHash, response, locked, sessions } = commit
  if (sessions !== undefined) {
    const known = db.get(COUNT, 'SELECT count(*) AS count FROM accounts WHERE user_id = ?', sessions.userId)
    if (known?.count !== 1) return false
  }
  const advance = `UPDATE cards SET previous_ratchet = current_ratchet, previous_hint = current_hint,
    current_ratchet = ?, current_hint = ?, request_hash = ?, response = ?
    WHERE card_id = ? AND current_hint = ? AND (lock_reason IS NOT NULL) = ?`
  const next = [nextRatchet.reveal(), nextHint, requestHash, response]
  if (db.run(advance, ...next, cardId, expectedHint, locked ? 1 : 0) === 0) return false
  if (sessions !== undefined) addKeys(db, cardId, sessions)
  return true
}

function addKeys(db: SqliteDatabase, cardId: string, made: NonNullable<ExchangeCommit['sessions']>): void {
  const { userId, node, expiresAt, keys } = made
  for (const { id, psk, index, groupId } of keys) {
    const add = `INSERT INTO sessions (psk_id, psk, group_id, position, user_id, card_id, node, expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
    db.run(add, id, psk.reveal(), groupId, index, userId, cardId, node, expiresAt)
  }
  // rowid: in the order in which they were made, and of one call the first key first, as the terminal counts them.
  const beyond = `SELECT psk_id FROM sessions WHERE user_id = ? AND card_id = ? AND opened = 0
    ORDER BY rowid DESC LIMIT -1 OFFSET ?`
  db.run(`DELETE FROM sessions WHERE psk_id IN (${beyond})`, userId, cardId, SPARE_KEYS_MAX)
}
