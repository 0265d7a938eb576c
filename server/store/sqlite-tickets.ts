import { ADDRESS, TICKET } from './rows.ts'
import { addNote } from './sqlite-audit.ts'
import type { SqliteDatabase } from './sqlite-database.ts'
import type { EnrolmentCommit, TicketStore } from './store.ts'

export function ticketsIn(db: SqliteDatabase): TicketStore {
  return {
    issueTicket: async ({ cardId, ticketId, secret, issuedAt, expiresAt, addresses }) =>
      db.transaction(() => {
        db.run('DELETE FROM tickets WHERE card_id = ?', cardId)
        const sql = `INSERT INTO tickets (card_id, ticket_id, secret, state, issued_at, expires_at)
          VALUES (?, ?, ?, 'open', ?, ?)`
        db.run(sql, cardId, ticketId, secret.reveal(), issuedAt, expiresAt)
        for (const address of addresses) db.run('INSERT OR REPLACE INTO line_addresses VALUES (?)', address)
        addNote(db, { at: issuedAt, level: 'notice', event: 'ticket.issued', subject: cardId, detail: '' })
      }),
    ticket: async (cardId) =>
      db.get(
        TICKET,
        `SELECT card_id AS cardId, ticket_id AS ticketId, secret, state, expires_at AS expiresAt,
          request_hash AS requestHash, response FROM tickets WHERE card_id = ?`,
        cardId,
      ),
    revokeTicket: async (cardId, at) =>
      db.transaction(() => {
        const sql = "UPDATE tickets SET state = 'revoked' WHERE card_id = ? AND state = 'open'"
        if (db.run(sql, cardId) === 0) return false
        addNote(db, { at, level: 'notice', event: 'ticket.revoked', subject: cardId, detail: '' })
        return true
      }),
    eraseTicketSecrets: async (expiredBefore) =>
      db.run('UPDATE tickets SET secret = NULL WHERE secret IS NOT NULL AND expires_at < ?', expiredBefore),
    lineAddresses: async () =>
      db.all(ADDRESS, 'SELECT address FROM line_addresses ORDER BY rowid DESC').map(({ address }) => address),
    commitEnrolment: async (commit) => db.transaction(() => enrol(db, commit)),
  }
}

function enrol(db: SqliteDatabase, commit: EnrolmentCommit): boolean {
  const { cardId, cardPublic, ratchet, hint, requestHash, response, ticketId, at } = commit
  const use = `UPDATE tickets SET state = 'used', request_hash = ?, response = ?
    WHERE card_id = ? AND ticket_id = ? AND state = 'open' AND expires_at > ?`
  if (db.run(use, requestHash, response, cardId, ticketId, at) === 0) return false
  const replaced = db.run('DELETE FROM cards WHERE card_id = ?', cardId) > 0 // its sessions go with it
  const add = `INSERT INTO cards (card_id, public_key, current_ratchet, current_hint, enrolled_at)
    VALUES (?, ?, ?, ?, ?)`
  db.run(add, cardId, cardPublic, ratchet.reveal(), hint, at)
  const event = replaced ? 'card.re-enrolled' : 'card.enrolled'
  const detail = replaced ? 'its former keys were replaced and its sessions ended' : ''
  addNote(db, { at, level: 'notice', event, subject: cardId, detail })
  return true
}
