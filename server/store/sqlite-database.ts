import { chmodSync, closeSync, constants, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { z } from 'zod'
import { ServerError } from '../errors.ts'
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from './sqlite-schema.ts'

/** How long a process waits for another one's transaction, milliseconds. */
const BUSY_MS = 5000
const PRIVATE = 0o600
/** SQLite's own name for a database without a file. */
const IN_MEMORY = ':memory:'

/** One open file; statements are prepared once, rows are checked on reading. */
export class SqliteDatabase {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** @throws ServerError DATA_UNUSABLE, STORE_VERSION, STORE_DAMAGED */
  constructor(path: string) {
    this.#db = open(path)
    try {
      this.#prepareSchema()
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** @returns rows changed */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...values).changes)
  }

  /** @throws ServerError STORE_DAMAGED when the row is not as the schema says */
  get<T>(schema: z.ZodType<T>, sql: string, ...values: SQLInputValue[]): T | undefined {
    const row = this.#statement(sql).get(...values)
    return row === undefined ? undefined : checked(schema, row)
  }

  all<T>(schema: z.ZodType<T>, sql: string, ...values: SQLInputValue[]): T[] {
    return this.#statement(sql)
      .all(...values)
      .map((row) => checked(schema, row))
  }

  /** All or nothing. Takes the writer's lock at once, so that what is read in it cannot change before it is written. */
  transaction<T>(run: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const result = run()
      this.#db.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    }
  }

  /** Moves the log into the file, where erased rows are zeros, and cuts the log. A busy reader makes it wait for next time. */
  scrub(): void {
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  }

  close(): void {
    if (!this.#db.isOpen) return
    this.#statements.clear()
    this.scrub()
    this.#db.close()
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #prepareSchema(): void {
    this.transaction(() => {
      const version = this.#pragma('user_version')
      const application = this.#pragma('application_id')
      if (application !== APPLICATION_ID && (version !== 0 || application !== 0)) {
        throw new ServerError('STORE_DAMAGED', 'this file is another program’s')
      }
      if (version > SCHEMA_VERSION) throw new ServerError('STORE_VERSION')
      if (version === SCHEMA_VERSION) return
      for (const step of MIGRATIONS.slice(version)) this.#db.exec(step)
      this.#db.exec(`PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${SCHEMA_VERSION}`)
    })
  }

  #pragma(name: 'user_version' | 'application_id'): number {
    return Number(this.#db.prepare(`PRAGMA ${name}`).get()?.[name])
  }
}

function open(path: string): DatabaseSync {
  try {
    if (path !== IN_MEMORY) {
      // Before SQLite makes it with the umask's mode; its -wal and -shm files take the mode of this one.
      closeSync(openSync(path, constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW, PRIVATE))
      chmodSync(path, PRIVATE)
    }
    const db = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: true })
    db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON')
    return db
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ServerError('DATA_UNUSABLE', `${path} cannot be opened: ${message}`, cause)
  }
}

function checked<T>(schema: z.ZodType<T>, row: unknown): T {
  const result = schema.safeParse(row)
  if (result.success) return result.data
  // The path names the column; the value may be a secret and is not told.
  const column = result.error.issues[0]?.path.join('.')
  throw new ServerError('STORE_DAMAGED', `a row of the database is not valid in ${column}`)
}
