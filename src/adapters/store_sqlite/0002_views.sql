-- SPDX-License-Identifier: MIT
-- What people read with the sqlite3 shell: ids and times as text, numbers by their names, lists as
-- rows. The library itself reads none of it, so that a later migration may change all of it.
CREATE TABLE names (
    enumeration TEXT NOT NULL,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (enumeration, number)
) STRICT, WITHOUT ROWID;
INSERT INTO names (enumeration, number, name) VALUES
    ('order_status', 1, 'PENDING'),
    ('order_status', 2, 'RESERVED'),
    ('order_status', 3, 'COMPLETED'),
    ('order_status', 4, 'FAILED'),
    ('order_status', 5, 'CANCELLED'),
    ('order_status', 6, 'PARKED');
INSERT INTO names (enumeration, number, name) VALUES
    ('reason', 1, 'out_of_stock'),
    ('reason', 2, 'payment_declined'),
    ('reason', 3, 'deadline'),
    ('reason', 4, 'late'),
    ('reason', 5, 'customer'),
    ('reason', 6, 'operator'),
    ('reason', 7, 'unknown_order');
INSERT INTO names (enumeration, number, name) VALUES
    ('reservation_state', 1, 'RESERVED'),
    ('reservation_state', 2, 'REJECTED'),
    ('reservation_state', 3, 'COMMITTED'),
    ('reservation_state', 4, 'RELEASED'),
    ('reservation_state', 5, 'RETURNED'),
    ('reservation_state', 6, 'EXPIRED');
INSERT INTO names (enumeration, number, name) VALUES
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
INSERT INTO names (enumeration, number, name) VALUES
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

CREATE VIEW readable_orders AS
SELECT
    lower(hex(substr(id, 1, 4)) || '-' || hex(substr(id, 5, 2)) || '-'
        || hex(substr(id, 7, 2)) || '-' || hex(substr(id, 9, 2)) || '-'
        || hex(substr(id, 11))) AS id,
    CASE WHEN parked <> 0 THEN 'PARKED' ELSE
        (SELECT name FROM names WHERE enumeration = 'order_status'
        AND number = status) END AS status,
    CASE WHEN status >= 3 THEN
        (SELECT name FROM names WHERE enumeration = 'order_status'
        AND number = status) END AS outcome,
    (SELECT name FROM names WHERE enumeration = 'reason' AND number = reason) AS reason,
    total_minor, currency, customer_id, reference, contact, payment_method, decline_code,
    strftime('%Y-%m-%dT%H:%M:%f', placed_at / 1000.0, 'unixepoch') || '000Z' AS placed_at,
    strftime('%Y-%m-%dT%H:%M:%f', created_at / 1000.0, 'unixepoch') || '000Z' AS created_at,
    strftime('%Y-%m-%dT%H:%M:%f', updated_at / 1000.0, 'unixepoch') || '000Z' AS updated_at,
    strftime('%Y-%m-%dT%H:%M:%f', settled_at / 1000.0, 'unixepoch') || '000Z' AS settled_at,
    strftime('%Y-%m-%dT%H:%M:%f', deadline_at / 1000.0, 'unixepoch') || '000Z' AS deadline_at,
    version, lines, charges, metadata
FROM orders;

CREATE VIEW readable_order_lines AS
SELECT
    lower(hex(substr(orders.id, 1, 4)) || '-' || hex(substr(orders.id, 5, 2)) || '-'
        || hex(substr(orders.id, 7, 2)) || '-' || hex(substr(orders.id, 9, 2)) || '-'
        || hex(substr(orders.id, 11))) AS order_id,
    line.key + 1 AS line,
    line.value ->> 0 AS sku,
    line.value ->> 1 AS quantity,
    line.value ->> 2 AS unit_price_minor,
    currency
FROM orders, json_each(lines) AS line;

-- The first element counts dropped transitions; the others leave zeroes at their end out.
CREATE VIEW readable_order_history AS
SELECT
    lower(hex(substr(orders.id, 1, 4)) || '-' || hex(substr(orders.id, 5, 2)) || '-'
        || hex(substr(orders.id, 7, 2)) || '-' || hex(substr(orders.id, 9, 2)) || '-'
        || hex(substr(orders.id, 11))) AS order_id,
    entry.value ->> 0 AS version,
    (SELECT name FROM names WHERE enumeration = 'order_status'
        AND number = entry.value ->> 1) AS status,
    strftime('%Y-%m-%dT%H:%M:%f', (created_at + coalesce(entry.value ->> 2, 0)) / 1000.0,
        'unixepoch') || '000Z' AS at,
    (SELECT name FROM names WHERE enumeration = 'event_kind'
        AND number = entry.value ->> 3) AS event,
    (SELECT name FROM names WHERE enumeration = 'reason' AND number = entry.value ->> 4) AS reason,
    coalesce(entry.value ->> 5, 0) AS parked,
    coalesce(entry.value ->> 6, 0) AS is_settled,
    entry.value ->> 7 AS actor,
    entry.value ->> 8 AS note
FROM orders, json_each(transitions) AS entry
WHERE entry.key > 0;

CREATE VIEW readable_payments AS
SELECT
    lower(hex(substr(order_id, 1, 4)) || '-' || hex(substr(order_id, 5, 2)) || '-'
        || hex(substr(order_id, 7, 2)) || '-' || hex(substr(order_id, 9, 2)) || '-'
        || hex(substr(order_id, 11))) AS order_id,
    (SELECT name FROM names WHERE enumeration = 'payment_state' AND number = state) AS state,
    (SELECT name FROM names WHERE enumeration = 'reason' AND number = reason) AS reason,
    (SELECT name FROM names WHERE enumeration = 'event_kind' AND number = answered) AS answered,
    amount_minor, currency, payment_method, provider_reference, decline_code, attempts,
    strftime('%Y-%m-%dT%H:%M:%f', created_at / 1000.0, 'unixepoch') || '000Z' AS created_at,
    strftime('%Y-%m-%dT%H:%M:%f', updated_at / 1000.0, 'unixepoch') || '000Z' AS updated_at,
    strftime('%Y-%m-%dT%H:%M:%f', due_at / 1000.0, 'unixepoch') || '000Z' AS due_at,
    strftime('%Y-%m-%dT%H:%M:%f', parked_at / 1000.0, 'unixepoch') || '000Z' AS parked_at,
    version
FROM payments;

CREATE VIEW readable_reservations AS
SELECT
    lower(hex(substr(order_id, 1, 4)) || '-' || hex(substr(order_id, 5, 2)) || '-'
        || hex(substr(order_id, 7, 2)) || '-' || hex(substr(order_id, 9, 2)) || '-'
        || hex(substr(order_id, 11))) AS order_id,
    (SELECT name FROM names WHERE enumeration = 'reservation_state' AND number = state) AS state,
    (SELECT name FROM names WHERE enumeration = 'reason' AND number = reason) AS reason,
    (SELECT name FROM names WHERE enumeration = 'event_kind' AND number = answered) AS answered,
    (SELECT name FROM names WHERE enumeration = 'event_kind' AND number = parked_kind) AS parked,
    (SELECT json_group_array(json_array(sku, line.value ->> 1))
     FROM json_each(reservations.lines) AS line JOIN skus ON skus.id = line.value ->> 0) AS lines,
    strftime('%Y-%m-%dT%H:%M:%f', created_at / 1000.0, 'unixepoch') || '000Z' AS created_at,
    strftime('%Y-%m-%dT%H:%M:%f', updated_at / 1000.0, 'unixepoch') || '000Z' AS updated_at,
    version
FROM reservations;

CREATE VIEW readable_stock AS
SELECT sku, available, reserved, sold, received, written_off, version
FROM stock JOIN skus USING (id);

-- Format 1 of the log: [base time, group, ...]; a group is [order id, events, ...] or one product's
-- event [kind, ...]. Positions are counted within the row.
CREATE VIEW readable_events AS
WITH parts AS (
    SELECT log.position AS base, log.body ->> 0 AS base_at, part.key AS part, part.value AS value,
        json_type(part.value, '$[0]') AS head
    FROM log, json_each(log.body) AS part
    WHERE log.format = 1 AND part.key > 0
), events AS (
    SELECT base, base_at, part, event.key AS place,
        substr(parts.value ->> 0, 1, 8) || '-' || substr(parts.value ->> 0, 9, 4) || '-'
        || substr(parts.value ->> 0, 13, 4) || '-' || substr(parts.value ->> 0, 17, 4) || '-'
        || substr(parts.value ->> 0, 21) AS subject, event.value ->> 0 AS kind,
        event.value ->> 3 AS at, event.value ->> 4 AS reason, event.value ->> 5 AS is_resend,
        event.value ->> 1 AS version, event.value AS fields
    FROM parts, json_each(parts.value, '$[1]') AS event
    WHERE head = 'text'
    UNION ALL
    SELECT base, base_at, part, 0, value ->> 3, value ->> 0, value ->> 1, NULL, value ->> 2,
        value ->> 4, value
    FROM parts
    WHERE head = 'integer'
)
SELECT
    base - 1 + row_number() OVER (PARTITION BY base ORDER BY part, place) AS position,
    (SELECT name FROM names WHERE enumeration = 'event_kind' AND number = kind) AS event,
    subject,
    strftime('%Y-%m-%dT%H:%M:%f', (base_at + coalesce(at, 0)) / 1000.0,
        'unixepoch') || '000Z' AS at,
    (SELECT name FROM names WHERE enumeration = 'reason' AND number = reason) AS reason,
    coalesce(is_resend, 0) AS is_resend,
    version,
    fields
FROM events;
