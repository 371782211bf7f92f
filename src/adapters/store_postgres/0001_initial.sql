-- SPDX-License-Identifier: MIT
-- The tables of src/core/tables.h: same columns, same order. Times are Unix milliseconds, lists
-- JSON text; text is compared bytewise. {order} and so on are schemas, see layout.h.

-- What was done to these schemas. A library that knows `runs_from` or newer can work on this
-- version: migrations only add, so that the release before runs beside the new one.
CREATE TABLE {aurora}.migrations (
    version bigint NOT NULL PRIMARY KEY,
    runs_from bigint NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The log: one row per batch, holding events position ... position + count - 1. `bytes` is the
-- body's length, so that trimming need not read it.
CREATE TABLE {aurora}.log (
    position bigint NOT NULL PRIMARY KEY,
    count bigint NOT NULL CHECK (count >= 1),
    format bigint NOT NULL,
    at bigint NOT NULL,
    bytes bigint NOT NULL,
    body text COLLATE "C" NOT NULL
);

-- Batches are longer than a page's share and are compressed: lz4 at a third of the time, where the
-- server was built with it.
DO $do$ BEGIN
    ALTER TABLE {aurora}.log ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN NULL;
END $do$;

-- One row. The last statement of a batch advances it, so that positions are dense and in the order
-- of the commits.
CREATE TABLE {aurora}.log_head (
    id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    first bigint NOT NULL,
    position bigint NOT NULL,
    bytes bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000);
INSERT INTO {aurora}.log_head (id, first, position, bytes) VALUES (1, 1, 0, 0);

CREATE TABLE IF NOT EXISTS {order}.orders (
    id uuid NOT NULL PRIMARY KEY,
    status bigint NOT NULL,
    reason bigint NOT NULL,
    parked bigint NOT NULL,
    answers bigint NOT NULL,
    version bigint NOT NULL,
    created_version bigint NOT NULL,
    resend_count bigint NOT NULL,
    total_minor bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C",
    payment_method text COLLATE "C",
    contact text COLLATE "C",
    reference text COLLATE "C",
    key_scope text COLLATE "C",
    key_text text COLLATE "C",
    key_hash bytea,
    traceparent text COLLATE "C",
    placed_at bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deadline_at bigint NOT NULL,
    settled_at bigint,
    parked_at bigint,
    resend_at bigint,
    due_at bigint,
    lines text COLLATE "C" NOT NULL,
    charges text COLLATE "C",
    metadata text COLLATE "C",
    transitions text COLLATE "C" NOT NULL,
    decline_code text COLLATE "C"
);
CREATE INDEX IF NOT EXISTS orders_due ON {order}.orders (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS orders_parked ON {order}.orders (parked_at, id) WHERE parked_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS {order}.order_references (
    reference text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id uuid NOT NULL
);

CREATE TABLE IF NOT EXISTS {payment}.payments (
    order_id uuid NOT NULL PRIMARY KEY,
    state bigint NOT NULL,
    reason bigint NOT NULL,
    answered bigint NOT NULL,
    verb bigint NOT NULL,
    call bigint NOT NULL,
    attempts bigint NOT NULL,
    is_inline boolean NOT NULL,
    version bigint NOT NULL,
    amount_minor bigint NOT NULL,
    currency text COLLATE "C",
    payment_method text COLLATE "C",
    provider_reference text COLLATE "C",
    decline_code text COLLATE "C",
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    deadline_at bigint,
    first_attempt_at bigint,
    parked_at bigint,
    due_at bigint,
    saga text COLLATE "C"
);
CREATE INDEX IF NOT EXISTS payments_due ON {payment}.payments (due_at, order_id) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS {payment}.ledger (
    id uuid NOT NULL PRIMARY KEY,
    state bigint NOT NULL,
    amount_minor bigint NOT NULL,
    captured_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    captures bigint NOT NULL,
    version bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    decline_code text COLLATE "C",
    updated_at bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS {inventory}.reservations (
    order_id uuid NOT NULL PRIMARY KEY,
    state bigint NOT NULL,
    reason bigint NOT NULL,
    answered bigint NOT NULL,
    parked_kind bigint NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    held_at bigint,
    lines text COLLATE "C",
    short_lines text COLLATE "C"
);
CREATE INDEX IF NOT EXISTS reservations_held ON {inventory}.reservations (held_at, order_id) WHERE held_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS {inventory}.holds (
    scope text COLLATE "C" NOT NULL,
    key_text text COLLATE "C" NOT NULL,
    state bigint NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    due_at bigint,
    request_hash bytea NOT NULL,
    lines text COLLATE "C" NOT NULL,
    PRIMARY KEY (scope, key_text)
);
CREATE INDEX IF NOT EXISTS holds_due ON {inventory}.holds (due_at, scope, key_text) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS {product}.products (
    sku text COLLATE "C" NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    brand text COLLATE "C",
    category text COLLATE "C",
    image_url text COLLATE "C",
    price_minor bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    attributes text COLLATE "C",
    version bigint NOT NULL,
    is_deleted boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS products_category ON {product}.products (category, sku) WHERE category IS NOT NULL;

CREATE TABLE IF NOT EXISTS {order}.prices (
    sku text COLLATE "C" NOT NULL PRIMARY KEY,
    price_minor bigint NOT NULL,
    currency text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    is_deleted boolean NOT NULL
);

CREATE TABLE IF NOT EXISTS {inventory}.skus (
    sku text COLLATE "C" NOT NULL PRIMARY KEY,
    id bigint NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS skus_id ON {inventory}.skus (id);

CREATE TABLE IF NOT EXISTS {inventory}.stock_movements (
    scope text COLLATE "C" NOT NULL,
    key_text text COLLATE "C" NOT NULL,
    sku_id bigint NOT NULL,
    kind bigint NOT NULL,
    quantity bigint NOT NULL,
    stock_version bigint NOT NULL,
    at bigint NOT NULL,
    reason text COLLATE "C",
    PRIMARY KEY (scope, key_text)
);

CREATE TABLE IF NOT EXISTS {inventory}.stock (
    id bigint NOT NULL PRIMARY KEY,
    available bigint NOT NULL CHECK (available >= 0),
    reserved bigint NOT NULL CHECK (reserved >= 0),
    sold bigint NOT NULL CHECK (sold >= 0),
    received bigint NOT NULL CHECK (received >= 0),
    written_off bigint NOT NULL CHECK (written_off >= 0),
    version bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS {notification}.notifications (
    order_id uuid NOT NULL,
    kind bigint NOT NULL,
    state bigint NOT NULL,
    attempts bigint NOT NULL,
    order_version bigint NOT NULL,
    at bigint NOT NULL,
    updated_at bigint NOT NULL,
    due_at bigint,
    saga text COLLATE "C",
    detail text COLLATE "C",
    PRIMARY KEY (order_id, kind)
);
CREATE INDEX IF NOT EXISTS notifications_due ON {notification}.notifications (due_at, order_id, kind) WHERE due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS {aurora}.watermarks (
    consumer text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    topic text COLLATE "C" NOT NULL,
    partition bigint NOT NULL,
    position bigint NOT NULL,
    next_offset bigint NOT NULL,
    seen_at bigint NOT NULL,
    PRIMARY KEY (consumer, source, topic, partition)
);

CREATE TABLE IF NOT EXISTS {aurora}.parked_keys (
    consumer text COLLATE "C" NOT NULL,
    key_text text COLLATE "C" NOT NULL,
    events bigint NOT NULL,
    version bigint NOT NULL,
    parked_at bigint NOT NULL,
    error text COLLATE "C",
    PRIMARY KEY (consumer, key_text)
);

CREATE TABLE IF NOT EXISTS {aurora}.parked_events (
    consumer text COLLATE "C" NOT NULL,
    key_text text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    kind bigint NOT NULL,
    format bigint NOT NULL,
    at bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    error text COLLATE "C",
    PRIMARY KEY (consumer, key_text, sequence)
);

CREATE TABLE IF NOT EXISTS {aurora}.cursors (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    kind bigint NOT NULL,
    position bigint NOT NULL,
    seen_at bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS {recommendation}.sketches (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    position bigint NOT NULL,
    body bytea NOT NULL
);

CREATE TABLE IF NOT EXISTS {order}.customer_orders (
    slice bigint NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    order_id uuid NOT NULL,
    PRIMARY KEY (slice, customer_id, order_id)
);

CREATE TABLE IF NOT EXISTS {order}.customer_slices (
    slice bigint NOT NULL PRIMARY KEY,
    position bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS {aurora}.counters (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    value bigint NOT NULL,
    version bigint NOT NULL
);

CREATE TABLE IF NOT EXISTS {aurora}.meta (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    value text COLLATE "C" NOT NULL
);

CREATE TABLE IF NOT EXISTS {aurora}.log_epochs (
    first_position bigint NOT NULL PRIMARY KEY,
    log_id uuid NOT NULL,
    at bigint NOT NULL
);

-- Found by its key, not by a map in memory: any instance may have taken the first request.
CREATE TABLE IF NOT EXISTS {order}.order_keys (
    scope text COLLATE "C" NOT NULL,
    key_text text COLLATE "C" NOT NULL,
    order_id uuid NOT NULL,
    request_hash bytea NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (scope, key_text)
);
CREATE INDEX IF NOT EXISTS order_keys_created ON {order}.order_keys (created_at, scope, key_text);

-- Who does what only one process may do at a time, as the relay of the log, and until when.
CREATE TABLE IF NOT EXISTS {aurora}.leases (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    owner uuid NOT NULL,
    until bigint NOT NULL,
    version bigint NOT NULL
);

-- Rows that are updated in place find room on their own page, and are vacuumed by their number of
-- changes, not by a share of the table.
ALTER TABLE {inventory}.stock SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE {order}.orders SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE {payment}.payments SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE {payment}.ledger SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE {inventory}.reservations SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE {aurora}.counters SET (fillfactor = 50);
ALTER TABLE {aurora}.watermarks SET (fillfactor = 50);
ALTER TABLE {aurora}.cursors SET (fillfactor = 50);

INSERT INTO {aurora}.migrations (version, runs_from) VALUES (1, 1);
