-- SPDX-License-Identifier: MIT
-- Where only one process writes at a time idempotency keys are found by a map in memory: here the
-- table stays empty. It is there because a store has every table.
CREATE TABLE order_keys (
    scope TEXT NOT NULL,
    key_text TEXT NOT NULL,
    order_id BLOB NOT NULL CHECK (length(order_id) = 16),
    request_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (scope, key_text)
) STRICT, WITHOUT ROWID;
CREATE INDEX order_keys_created ON order_keys (created_at);
