/*
 * Schema version 2: the shop (shop-store.ts). What must never be false is a constraint: no stock below nothing, no second live order for a tag,
 * no tag twice for a basket. Baskets of the open shop may name a user who has no account: whether he has one is never told over the Internet.
 */
export const SHOP_SCHEMA = `
DROP TABLE seen_enrolments;
CREATE TABLE goods (
  product TEXT PRIMARY KEY CHECK (length(product) BETWEEN 1 AND 16 AND product NOT GLOB '*[^A-Z0-9-]*'),
  position INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL CHECK (name <> ''),
  specification TEXT NOT NULL,
  price INTEGER NOT NULL CHECK (price >= 0),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  available INTEGER NOT NULL CHECK (available >= 0),
  withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn IN (0, 1)),
  photo_type TEXT CHECK (photo_type IN ('image/jpeg', 'image/png', 'image/webp')),
  photo BLOB,
  CHECK ((photo IS NULL) = (photo_type IS NULL))
) STRICT;
CREATE TABLE baskets (
  basket_id TEXT PRIMARY KEY CHECK (length(basket_id) = 22),
  number INTEGER NOT NULL CHECK (number > 0),
  user_id TEXT NOT NULL CHECK (user_id <> ''),
  access TEXT NOT NULL CHECK (access IN ('open', 'session')),
  touched_at INTEGER NOT NULL,
  UNIQUE (user_id, number)
) STRICT;
CREATE INDEX baskets_age ON baskets (touched_at);
CREATE TABLE basket_items (
  basket_id TEXT NOT NULL REFERENCES baskets ON DELETE CASCADE,
  product TEXT NOT NULL REFERENCES goods,
  quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  PRIMARY KEY (basket_id, product)
) STRICT, WITHOUT ROWID;
CREATE INDEX basket_items_product ON basket_items (product);
CREATE TABLE purchase_tags (
  tag TEXT PRIMARY KEY CHECK (length(tag) = 22),
  basket_id TEXT NOT NULL UNIQUE REFERENCES baskets,
  card_id TEXT,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paying', 'used', 'lapsed', 'cancelled')),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  currency TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  issued_at INTEGER NOT NULL,
  lapses_at INTEGER NOT NULL
) STRICT;
CREATE INDEX purchase_tags_lapse ON purchase_tags (lapses_at) WHERE state = 'open';
CREATE TABLE purchase_tag_items (
  tag TEXT NOT NULL REFERENCES purchase_tags,
  product TEXT NOT NULL REFERENCES goods,
  quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  price INTEGER NOT NULL CHECK (price >= 0),
  PRIMARY KEY (tag, product)
) STRICT, WITHOUT ROWID;
CREATE TABLE orders (
  order_id INTEGER PRIMARY KEY AUTOINCREMENT,
  tag TEXT NOT NULL REFERENCES purchase_tags,
  user_id TEXT NOT NULL,
  card_id TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'authorising' CHECK (state IN ('authorising', 'authorised', 'paid', 'refused', 'voided')),
  amount INTEGER NOT NULL CHECK (amount >= 0),
  currency TEXT NOT NULL,
  idempotency_key TEXT NOT NULL UNIQUE,
  refusal TEXT NOT NULL DEFAULT '',
  brand TEXT NOT NULL,
  last_four TEXT NOT NULL CHECK (length(last_four) = 4),
  name TEXT NOT NULL,
  street TEXT NOT NULL,
  postal_code TEXT NOT NULL,
  city TEXT NOT NULL,
  country TEXT NOT NULL,
  contact TEXT NOT NULL,
  node TEXT NOT NULL,
  lease_until INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  paid_at INTEGER,
  receipt BLOB,
  shipment TEXT NOT NULL DEFAULT 'none' CHECK (shipment IN ('none', 'pending', 'shipped')),
  shipped_at INTEGER,
  CHECK ((state = 'paid') = (paid_at IS NOT NULL)),
  CHECK ((state = 'paid') = (receipt IS NOT NULL)),
  CHECK ((state = 'paid') = (shipment <> 'none'))
) STRICT;
CREATE UNIQUE INDEX orders_live ON orders (tag) WHERE state IN ('authorising', 'authorised', 'paid');
CREATE INDEX orders_unsettled ON orders (lease_until) WHERE state IN ('authorising', 'authorised');
CREATE INDEX orders_user ON orders (user_id, order_id);
CREATE TABLE order_items (
  order_id INTEGER NOT NULL REFERENCES orders,
  product TEXT NOT NULL REFERENCES goods,
  quantity INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 99),
  price INTEGER NOT NULL CHECK (price >= 0),
  PRIMARY KEY (order_id, product)
) STRICT, WITHOUT ROWID;
`
