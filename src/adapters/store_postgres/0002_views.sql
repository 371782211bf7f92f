-- SPDX-License-Identifier: MIT
-- What people read with psql: times as text, numbers by their names, lists as rows. The library
-- itself reads none of it, so that a later migration may change all of it.
CREATE TABLE {aurora}.names (
    enumeration text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (enumeration, number)
);
INSERT INTO {aurora}.names (enumeration, number, name) VALUES
    ('order_status', 1, 'PENDING'),
    ('order_status', 2, 'RESERVED'),
    ('order_status', 3, 'COMPLETED'),
    ('order_status', 4, 'FAILED'),
    ('order_status', 5, 'CANCELLED'),
    ('order_status', 6, 'PARKED');
INSERT INTO {aurora}.names (enumeration, number, name) VALUES
    ('reason', 1, 'out_of_stock'),
    ('reason', 2, 'payment_declined'),
    ('reason', 3, 'deadline'),
    ('reason', 4, 'late'),
    ('reason', 5, 'customer'),
    ('reason', 6, 'operator'),
    ('reason', 7, 'unknown_order');
INSERT INTO {aurora}.names (enumeration, number, name) VALUES
    ('reservation_state', 1, 'RESERVED'),
    ('reservation_state', 2, 'REJECTED'),
    ('reservation_state', 3, 'COMMITTED'),
    ('reservation_state', 4, 'RELEASED'),
    ('reservation_state', 5, 'RETURNED'),
    ('reservation_state', 6, 'EXPIRED');
INSERT INTO {aurora}.names (enumeration, number, name) VALUES
    ('payment_state', 1, 'AUTHORIZING'),
    ('payment_state', 2, 'AUTHORIZED'),
    ('payment_state', 3, 'DECLINED'),
    ('payment_state', 4, 'CAPTURING'),
    ('payment_state', 5, 'CAPTURED'),
    ('payment_state', 6, 'ABORTING'),
    ('payment_state', 7, 'VOIDING'),
    ('payment_state', 8, 'VOIDED'),
    ('payment_state', 9, 'UNCHARGED'),
    ('payment_state', 10, 'RETURNING'),
    ('payment_state', 11, 'REFUNDING'),
    ('payment_state', 12, 'REFUNDED'),
    ('payment_state', 13, 'REVERSING'),
    ('payment_state', 14, 'RECLAIMING'),
    ('payment_state', 15, 'REVERSED'),
    ('payment_state', 16, 'ORPHANED');
INSERT INTO {aurora}.names (enumeration, number, name) VALUES
    ('event_kind', 1, 'order.created'),
    ('event_kind', 2, 'inventory.reserved'),
    ('event_kind', 3, 'inventory.rejected'),
    ('event_kind', 4, 'payment.authorized'),
    ('event_kind', 5, 'payment.declined'),
    ('event_kind', 6, 'order.completed'),
    ('event_kind', 7, 'order.failed'),
    ('event_kind', 8, 'order.cancelled'),
    ('event_kind', 9, 'inventory.committed'),
    ('event_kind', 10, 'inventory.released'),
    ('event_kind', 11, 'inventory.returned'),
    ('event_kind', 12, 'payment.captured'),
    ('event_kind', 13, 'payment.voided'),
    ('event_kind', 14, 'payment.refunded'),
    ('event_kind', 15, 'inventory.parked'),
    ('event_kind', 16, 'payment.parked'),
    ('event_kind', 17, 'order.repair'),
    ('event_kind', 18, 'order.updated'),
    ('event_kind', 19, 'product.upserted'),
    ('event_kind', 20, 'product.deleted'),
    ('event_kind', 21, 'product.viewed');

CREATE FUNCTION {aurora}.name_of(enumeration text, number bigint) RETURNS text
LANGUAGE sql STABLE
AS $$ SELECT n.name FROM {aurora}.names AS n WHERE n.enumeration = $1 AND n.number = $2 $$;

CREATE FUNCTION {aurora}.utc(ms bigint) RETURNS text
LANGUAGE sql STABLE
AS $$ SELECT to_char(to_timestamp(ms / 1000.0) AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

CREATE VIEW {aurora}.readable_orders AS
SELECT
    id,
    CASE WHEN parked <> 0 THEN 'PARKED'
        ELSE {aurora}.name_of('order_status', status) END AS status,
    CASE WHEN status >= 3 THEN {aurora}.name_of('order_status', status) END AS outcome,
    {aurora}.name_of('reason', reason) AS reason,
    total_minor, currency, customer_id, reference, contact, payment_method, decline_code,
    {aurora}.utc(placed_at) AS placed_at,
    {aurora}.utc(created_at) AS created_at,
    {aurora}.utc(updated_at) AS updated_at,
    {aurora}.utc(settled_at) AS settled_at,
    {aurora}.utc(deadline_at) AS deadline_at,
    version, lines::jsonb AS lines, charges::jsonb AS charges, metadata::jsonb AS metadata
FROM {order}.orders;

CREATE VIEW {aurora}.readable_order_lines AS
SELECT
    orders.id AS order_id,
    line.number AS line,
    line.value ->> 0 AS sku,
    (line.value ->> 1)::bigint AS quantity,
    (line.value ->> 2)::bigint AS unit_price_minor,
    currency
FROM {order}.orders, jsonb_array_elements(lines::jsonb) WITH ORDINALITY AS line (value, number);

-- The first element counts dropped transitions; the others leave zeroes at their end out.
CREATE VIEW {aurora}.readable_order_history AS
SELECT
    orders.id AS order_id,
    (entry.value ->> 0)::bigint AS version,
    {aurora}.name_of('order_status', (entry.value ->> 1)::bigint) AS status,
    {aurora}.utc(created_at + coalesce((entry.value ->> 2)::bigint, 0)) AS at,
    {aurora}.name_of('event_kind', (entry.value ->> 3)::bigint) AS event,
    {aurora}.name_of('reason', (entry.value ->> 4)::bigint) AS reason,
    coalesce((entry.value ->> 5)::bigint, 0) AS parked,
    coalesce((entry.value ->> 6)::bigint, 0) AS is_settled,
    entry.value ->> 7 AS actor,
    entry.value ->> 8 AS note
FROM {order}.orders,
    jsonb_array_elements(transitions::jsonb) WITH ORDINALITY AS entry (value, number)
WHERE entry.number > 1;

CREATE VIEW {aurora}.readable_payments AS
SELECT
    order_id,
    {aurora}.name_of('payment_state', state) AS state,
    {aurora}.name_of('reason', reason) AS reason,
    {aurora}.name_of('event_kind', answered) AS answered,
    amount_minor, currency, payment_method, provider_reference, decline_code, attempts,
    {aurora}.utc(created_at) AS created_at,
    {aurora}.utc(updated_at) AS updated_at,
    {aurora}.utc(due_at) AS due_at,
    {aurora}.utc(parked_at) AS parked_at,
    version
FROM {payment}.payments;

CREATE VIEW {aurora}.readable_reservations AS
SELECT
    order_id,
    {aurora}.name_of('reservation_state', state) AS state,
    {aurora}.name_of('reason', reason) AS reason,
    {aurora}.name_of('event_kind', answered) AS answered,
    {aurora}.name_of('event_kind', parked_kind) AS parked,
    (SELECT jsonb_agg(jsonb_build_array(skus.sku, line.value -> 1))
     FROM jsonb_array_elements(reservations.lines::jsonb) AS line (value)
     JOIN {inventory}.skus ON skus.id = (line.value ->> 0)::bigint) AS lines,
    {aurora}.utc(created_at) AS created_at,
    {aurora}.utc(updated_at) AS updated_at,
    version
FROM {inventory}.reservations;

CREATE VIEW {aurora}.readable_stock AS
SELECT sku, available, reserved, sold, received, written_off, version
FROM {inventory}.stock JOIN {inventory}.skus USING (id);

-- Format 1 of the log: [base time, group, ...]; a group is [order id, events, ...] or one product's
-- event [kind, ...]. Positions are counted within the row.
CREATE VIEW {aurora}.readable_events AS
WITH parts AS (
    SELECT log.position AS base, (log.body::jsonb ->> 0)::bigint AS base_at, part.number AS part,
        part.value AS value, jsonb_typeof(part.value -> 0) AS head
    FROM {aurora}.log,
        jsonb_array_elements(log.body::jsonb) WITH ORDINALITY AS part (value, number)
    WHERE log.format = 1 AND part.number > 1
), events AS (
    SELECT base, base_at, part, event.number AS place,
        (parts.value ->> 0)::uuid::text AS subject, (event.value ->> 0)::bigint AS kind,
        (event.value ->> 3)::bigint AS at, (event.value ->> 4)::bigint AS reason,
        (event.value ->> 5)::bigint AS is_resend, (event.value ->> 1)::bigint AS version,
        event.value AS fields
    FROM parts, jsonb_array_elements(parts.value -> 1) WITH ORDINALITY AS event (value, number)
    WHERE head = 'string'
    UNION ALL
    SELECT base, base_at, part, 0, value ->> 3, (value ->> 0)::bigint, (value ->> 1)::bigint,
        NULL::bigint, (value ->> 2)::bigint, (value ->> 4)::bigint, value
    FROM parts
    WHERE head = 'number'
)
SELECT
    base - 1 + row_number() OVER (PARTITION BY base ORDER BY part, place) AS position,
    {aurora}.name_of('event_kind', kind) AS event,
    subject,
    {aurora}.utc(base_at + coalesce(at, 0)) AS at,
    {aurora}.name_of('reason', reason) AS reason,
    coalesce(is_resend, 0) AS is_resend,
    version,
    fields
FROM events;

INSERT INTO {aurora}.migrations (version, runs_from) VALUES (2, 1);
