import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { SimError } from '../fault.ts'

/** Nonces are remembered for so long, seconds: twice what clocks may differ. */
const NONCES_S = 600

const SCHEMA = `
CREATE TABLE IF NOT EXISTS payments (
  key TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('authorised', 'captured', 'voided', 'refused')),
  amount INTEGER NOT NULL, currency TEXT NOT NULL, brand TEXT NOT NULL, last_four TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- How often money moved: more than once would be a charge too many.
  charges INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, created INTEGER NOT NULL) STRICT;
`

const Row = z.strictObject({
  key: z.string(),
  state: z.enum(['authorised', 'captured', 'voided', 'refused']),
  amount: z.int(),
  currency: z.string(),
  brand: z.string(),
  last_four: z.string(),
  reason: z.string(),
  charges: z.int(),
})

export interface Payment {
  readonly key: string
  readonly state: 'authorised' | 'captured' | 'voided' | 'refused'
  readonly amount: number
  readonly currency: string
  readonly brand: string
  readonly lastFour: string
  readonly reason: string
  readonly charges: number
}

/** What is known when an authorisation is decided. */
export type NewPayment = Omit<Payment, 'key' | 'charges' | 'state'>

/** What the card company knows, in a file: what it answered once it still answers after kill -9. */
export class Ledger {
  readonly #db: DatabaseSync

  /** @throws SimError LEDGER_UNUSABLE */
  constructor(path: string) {
    try {
      this.#db = new DatabaseSync(path, { timeout: 5000 })
      this.#db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL')
      this.#db.exec(SCHEMA)
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause)
      throw new SimError('LEDGER_UNUSABLE', `The ledger ${path} cannot be used: ${what}.`, 'Name another --data.', {
        cause,
      })
    }
  }

  /** Runs `work` with a nonce that was never used, all or nothing. @param now Unix seconds @returns undefined for a replay */
  once<T>(nonce: string, now: number, work: () => T): T | undefined {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      this.#db.prepare('DELETE FROM nonces WHERE created < ?').run(now - NONCES_S)
      const fresh = this.#db.prepare('INSERT OR IGNORE INTO nonces VALUES (?, ?)').run(nonce, now).changes > 0
      const result = fresh ? work() : undefined
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      this.#db.exec('ROLLBACK')
      throw error
    }
  }

  look(key: string): Payment | undefined {
    const row = this.#db.prepare('SELECT * FROM payments WHERE key = ?').get(key)
    return row === undefined ? undefined : paymentOf(row)
  }

  /** The first one decides; @returns undefined when this key was used for another payment */
  authorise(key: string, asked: NewPayment): Payment | undefined {
    const { amount, currency, brand, lastFour, reason } = asked
    this.#insert(key, reason === '' ? 'authorised' : 'refused', amount, currency, brand, lastFour, reason)
    const stands = this.look(key)
    const same = stands?.amount === amount && stands.currency === currency && stands.lastFour === lastFour
    return same || stands?.state === 'voided' ? stands : undefined
  }

  capture(key: string): Payment | undefined {
    const sql = "UPDATE payments SET state = 'captured', charges = charges + 1 WHERE key = ? AND state = 'authorised'"
    this.#db.prepare(sql).run(key)
    return this.look(key)
  }

  /** Also of a key that nobody knows yet: a late authorisation of it is too late. */
  void(key: string): Payment | undefined {
    this.#insert(key, 'voided', 0, '', '', '', '')
    this.#db.prepare("UPDATE payments SET state = 'voided' WHERE key = ? AND state = 'authorised'").run(key)
    return this.look(key)
  }

  payments(): readonly Payment[] {
    return this.#db.prepare('SELECT * FROM payments ORDER BY rowid').all().map(paymentOf)
  }

  close(): void {
    this.#db.close()
  }

  #insert(...values: readonly [string, Payment['state'], number, string, string, string, string]): void {
    const sql = `INSERT OR IGNORE INTO payments (key, state, amount, currency, brand, last_four, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?)`
    this.#db.prepare(sql).run(...values)
  }
}

function paymentOf(row: unknown): Payment {
  const { last_four: lastFour, ...rest } = Row.parse(row)
  return { ...rest, lastFour }
}
