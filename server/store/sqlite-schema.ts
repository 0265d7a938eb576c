import { SHOP_SCHEMA } from './shop-schema.ts'

/** "KEYL": tells our file from another program's. */
export const APPLICATION_ID = 0x4b45594c

/*
 * Sessions go with their user and their card by themselves. A card's ratchets: `current` is what its next request must use,
 * `previous` what its last one used, kept with the answer in case that was lost on the line.
 */
const FIRST_SCHEMA = `
CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  public_key BLOB NOT NULL,
  secret_key BLOB NOT NULL
) STRICT;
CREATE TABLE accounts (
  user_id TEXT PRIMARY KEY,
  password TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
  key BLOB PRIMARY KEY,
  failures INTEGER NOT NULL,
  locked_until INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_age ON attempts (last_at);
CREATE TABLE tickets (
  card_id TEXT PRIMARY KEY,
  ticket_id BLOB NOT NULL,
  secret BLOB,
  state TEXT NOT NULL CHECK (state IN ('open', 'used', 'revoked')),
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  request_hash BLOB,
  response BLOB
) STRICT;
CREATE TABLE line_addresses (address TEXT PRIMARY KEY) STRICT;
CREATE TABLE seen_enrolments (
  request_hash BLOB PRIMARY KEY,
  card_id TEXT NOT NULL,
  ticket_id BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_enrolments_card ON seen_enrolments (card_id, at);
CREATE TABLE cards (
  card_id TEXT PRIMARY KEY,
  public_key BLOB NOT NULL,
  current_ratchet BLOB NOT NULL,
  current_hint BLOB NOT NULL,
  previous_ratchet BLOB,
  previous_hint BLOB,
  request_hash BLOB,
  response BLOB,
  lock_reason TEXT,
  enrolled_at INTEGER NOT NULL
) STRICT;
CREATE INDEX cards_current ON cards (current_hint);
CREATE INDEX cards_previous ON cards (previous_hint);
CREATE TABLE sessions (
  psk_id TEXT PRIMARY KEY,
  psk BLOB NOT NULL,
  group_id TEXT NOT NULL,
  position INTEGER NOT NULL,
  user_id TEXT NOT NULL REFERENCES accounts ON DELETE CASCADE,
  card_id TEXT NOT NULL REFERENCES cards ON DELETE CASCADE,
  node TEXT NOT NULL,
  opened INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_group ON sessions (group_id, position);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_card ON sessions (card_id);
CREATE INDEX sessions_node ON sessions (node);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE TABLE notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('alarm', 'notice')),
  event TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
`

/** What leads from each version to the next; a new file takes all of them. A step that was released is never changed again. */
export const MIGRATIONS: readonly string[] = [FIRST_SCHEMA, SHOP_SCHEMA]
export const SCHEMA_VERSION = MIGRATIONS.length
