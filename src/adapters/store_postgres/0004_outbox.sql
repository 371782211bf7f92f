-- SPDX-License-Identifier: MIT
-- Public events for whoever reads them out of the WAL (Debezium's outbox event router), where the
-- parameter `outbox` of the URL asks for it. `headers` has all of a message's; those that the router
-- is to place one by one have columns of their own, too. created_at is in Unix milliseconds.
CREATE TABLE {aurora}.outbox (
    id uuid NOT NULL PRIMARY KEY,
    aggregatetype text NOT NULL,
    aggregateid text NOT NULL,
    type text NOT NULL,
    payload jsonb NOT NULL,
    position bigint NOT NULL,
    topic text NOT NULL,
    headers jsonb NOT NULL,
    created_at bigint NOT NULL,
    ce_specversion text NOT NULL,
    ce_id text NOT NULL,
    ce_source text NOT NULL,
    ce_sequence text NOT NULL,
    ce_time text NOT NULL,
    content_type text NOT NULL,
    traceparent text
) WITH (autovacuum_vacuum_threshold = 1000);
CREATE UNIQUE INDEX outbox_position ON {aurora}.outbox (position);

INSERT INTO {aurora}.migrations (version, runs_from) VALUES (4, 1);
