-- SPDX-License-Identifier: MIT
-- The tables of src/core/tables.h: same columns, same order. Times are Unix milliseconds, ids the
-- 16 bytes of a UUIDv7, lists JSON text. The views of 0002 show them to people.

-- The log: one row per batch, holding events position ... position + count - 1.
CREATE TABLE log (
    position INTEGER PRIMARY KEY,
    count INTEGER NOT NULL CHECK (count >= 1),
    format INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;

-- One row. Every write transaction sets last_batch, so that an unknown commit can be looked up.
CREATE TABLE log_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    first INTEGER NOT NULL,
    position INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    last_batch BLOB NOT NULL CHECK (length(last_batch) = 16)
) STRICT;
INSERT INTO log_head (id, first, position, bytes, last_batch) VALUES (1, 1, 0, 0, zeroblob(16));

CREATE TABLE orders (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    status INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    parked INTEGER NOT NULL,
    answers INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_version INTEGER NOT NULL,
    resend_count INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    customer_id TEXT,
    payment_method TEXT,
    contact TEXT,
    reference TEXT,
    key_scope TEXT,
    key_text TEXT,
    key_hash BLOB,
    traceparent TEXT,
    placed_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deadline_at INTEGER NOT NULL,
    settled_at INTEGER,
    parked_at INTEGER,
    resend_at INTEGER,
    due_at INTEGER,
    lines TEXT NOT NULL,
    charges TEXT,
    metadata TEXT,
    transitions TEXT NOT NULL,
    decline_code TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX orders_due ON orders (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX orders_parked ON orders (parked_at, id) WHERE parked_at IS NOT NULL;

CREATE TABLE order_references (
    reference TEXT NOT NULL PRIMARY KEY,
    order_id BLOB NOT NULL CHECK (length(order_id) = 16)
) STRICT, WITHOUT ROWID;

CREATE TABLE payments (
    order_id BLOB NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    state INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    verb INTEGER NOT NULL,
    call INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    is_inline INTEGER NOT NULL CHECK (is_inline IN (0, 1)),
    version INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT,
    payment_method TEXT,
    provider_reference TEXT,
    decline_code TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deadline_at INTEGER,
    first_attempt_at INTEGER,
    parked_at INTEGER,
    due_at INTEGER,
    saga TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_due ON payments (due_at, order_id) WHERE due_at IS NOT NULL;

CREATE TABLE ledger (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    state INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    captured_minor INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL,
    captures INTEGER NOT NULL,
    version INTEGER NOT NULL,
    currency TEXT NOT NULL,
    decline_code TEXT,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reservations (
    order_id BLOB NOT NULL PRIMARY KEY CHECK (length(order_id) = 16),
    state INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    parked_kind INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    held_at INTEGER,
    lines TEXT,
    short_lines TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_held ON reservations (held_at, order_id) WHERE held_at IS NOT NULL;

CREATE TABLE holds (
    scope TEXT NOT NULL,
    key_text TEXT NOT NULL,
    state INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    due_at INTEGER,
    request_hash BLOB NOT NULL,
    lines TEXT NOT NULL,
    PRIMARY KEY (scope, key_text)
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_due ON holds (due_at, scope, key_text) WHERE due_at IS NOT NULL;

CREATE TABLE products (
    sku TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    brand TEXT,
    category TEXT,
    image_url TEXT,
    price_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    attributes TEXT,
    version INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX products_category ON products (category, sku) WHERE category IS NOT NULL;

CREATE TABLE prices (
    sku TEXT NOT NULL PRIMARY KEY,
    price_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    version INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE skus (
    sku TEXT NOT NULL PRIMARY KEY,
    id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX skus_id ON skus (id);

CREATE TABLE stock_movements (
    scope TEXT NOT NULL,
    key_text TEXT NOT NULL,
    sku_id INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    stock_version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (scope, key_text)
) STRICT, WITHOUT ROWID;

CREATE TABLE stock (
    id INTEGER PRIMARY KEY,
    available INTEGER NOT NULL CHECK (available >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    sold INTEGER NOT NULL CHECK (sold >= 0),
    received INTEGER NOT NULL CHECK (received >= 0),
    written_off INTEGER NOT NULL CHECK (written_off >= 0),
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE notifications (
    order_id BLOB NOT NULL CHECK (length(order_id) = 16),
    kind INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    order_version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    due_at INTEGER,
    saga TEXT,
    detail TEXT,
    PRIMARY KEY (order_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_due ON notifications (due_at, order_id, kind) WHERE due_at IS NOT NULL;

CREATE TABLE watermarks (
    consumer TEXT NOT NULL,
    source TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (consumer, source, topic, partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE parked_keys (
    consumer TEXT NOT NULL,
    key_text TEXT NOT NULL,
    events INTEGER NOT NULL,
    version INTEGER NOT NULL,
    parked_at INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (consumer, key_text)
) STRICT, WITHOUT ROWID;

CREATE TABLE parked_events (
    consumer TEXT NOT NULL,
    key_text TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    format INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    error TEXT,
    PRIMARY KEY (consumer, key_text, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
    name TEXT NOT NULL PRIMARY KEY,
    kind INTEGER NOT NULL,
    position INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sketches (
    name TEXT NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE customer_orders (
    slice INTEGER NOT NULL,
    customer_id TEXT NOT NULL,
    order_id BLOB NOT NULL CHECK (length(order_id) = 16),
    PRIMARY KEY (slice, customer_id, order_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customer_slices (
    slice INTEGER PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE log_epochs (
    first_position INTEGER PRIMARY KEY,
    log_id BLOB NOT NULL CHECK (length(log_id) = 16),
    at INTEGER NOT NULL
) STRICT;
