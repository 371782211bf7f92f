/* SPDX-License-Identifier: MIT */
/* Statements that no table decides. */
#include "adapters/store_postgres/connection.h"

#define INT8 AURORA__PG_INT8
#define TEXT AURORA__PG_TEXT
#define UUID AURORA__PG_UUID
#define INT8S 1016 /* arrays */
#define TEXTS 1009
#define SQL_BYTES_MAX 2048

static const struct {
    const char *sql;
    Oid types[10];
} fixed[AURORA__PG_FIXED_COUNT] = {
    [AURORA__PG_BEGIN_WRITE] = {"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", {0}},
    [AURORA__PG_BEGIN_READ] = {"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", {0}},
    [AURORA__PG_COMMIT] = {"COMMIT", {0}},
    [AURORA__PG_ROLLBACK] = {"ROLLBACK", {0}},
    [AURORA__PG_NOTIFY] = {"NOTIFY {aurora}", {0}},
    /* The number by which an unknown commit is asked for is known before anything is written. */
    [AURORA__PG_START] = {"SELECT first, position, bytes, pg_current_xact_id(),"
                          " (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
                          " FROM {aurora}.log_head WHERE id = 1",
                          {0}},
    [AURORA__PG_HEAD] = {"SELECT first, position, bytes FROM {aurora}.log_head WHERE id = 1", {0}},
    [AURORA__PG_APPEND] = {"WITH head AS (UPDATE {aurora}.log_head SET position = position + $1,"
                           " bytes = bytes + $4 WHERE id = 1 RETURNING position - $1 + 1 AS next)"
                           " INSERT INTO {aurora}.log (position, count, format, at, bytes, body)"
                           " SELECT next, $1, $2, $3, $4, $5 FROM head RETURNING position",
                           {INT8, INT8, INT8, INT8, TEXT}},
    [AURORA__PG_MARK] = {"INSERT INTO {aurora}.last_batch AS mark (instance, batch, at) VALUES"
                         " ($1, $2, $3) ON CONFLICT (instance) DO UPDATE SET batch ="
                         " excluded.batch, at = excluded.at",
                         {UUID, UUID, INT8}},
    [AURORA__PG_MARKED] = {"SELECT batch FROM {aurora}.last_batch WHERE instance = $1", {UUID}},
    /* Behind the append, whose lock keeps the head as it is. What depends on the position is made
     * here, as the relay makes it. */
    [AURORA__PG_OUTBOX] =
        {"WITH head AS (SELECT position - $1 + 1 AS first, coalesce((SELECT log_id FROM"
         " {aurora}.log_epochs WHERE first_position <= h.position - $1 + 1 ORDER BY first_position"
         " DESC LIMIT 1)::text, '00000000-0000-0000-0000-000000000000') AS log FROM"
         " {aurora}.log_head AS h WHERE id = 1), event AS (SELECT u.*, first + o AS position,"
         " log || '-' || (first + o) AS ce_id, '/aurora/' || kind || '/' || log AS ce_source FROM"
         " head, unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) AS u(o, kind, key, type, payload,"
         " topic, time, trace, at)) INSERT INTO {aurora}.outbox (id, aggregatetype, aggregateid,"
         " type, payload, position, topic, headers, created_at, ce_specversion, ce_id, ce_source,"
         " ce_sequence, ce_time, content_type, traceparent) SELECT overlay(overlay(md5(ce_id)"
         " PLACING '8' FROM 13) PLACING '8' FROM 17)::uuid, kind, key, type, payload::jsonb,"
         " position, topic, jsonb_strip_nulls(jsonb_build_object('ce_specversion', '1.0', 'ce_id',"
         " ce_id, 'ce_source', ce_source, 'ce_type', type, 'ce_sequence', position::text,"
         " 'ce_time', time, 'ce_subject', key, 'content-type', 'application/json', 'traceparent',"
         " trace)), at, '1.0', ce_id, ce_source, position::text, time, 'application/json', trace"
         " FROM event ORDER BY o",
         {INT8, INT8S, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, INT8S}},
    [AURORA__PG_OUTBOX_CLEAR] = {"DELETE FROM {aurora}.outbox WHERE position > (SELECT position -"
                                 " $1 FROM {aurora}.log_head WHERE id = 1)",
                                 {INT8}},
    /* Positions are dense, so the row that holds $1 is the last one that starts at or before it.
     * Sizes are summed before a body is read. */
    [AURORA__PG_LOG_READ] =
        {"SELECT position, at, count, format, body FROM (SELECT position, at, count, format, body,"
         " sum(bytes) OVER w AS total, row_number() OVER w AS number FROM (SELECT * FROM"
         " {aurora}.log WHERE position >= coalesce((SELECT max(position) FROM {aurora}.log WHERE"
         " position <= $1), $1) AND position + (count - 1) >= $1 ORDER BY position LIMIT $2) AS"
         " page WINDOW w AS (ORDER BY position)) AS sized WHERE number = 1 OR total <= $3"
         " ORDER BY position",
         {INT8, INT8, INT8}},
    [AURORA__PG_LOG_FIRST_AT] = {"SELECT at FROM {aurora}.log WHERE position = $1", {INT8}},
    [AURORA__PG_LOG_TRIM] =
        {"WITH gone AS (DELETE FROM {aurora}.log WHERE position IN (SELECT position FROM"
         " {aurora}.log WHERE position < $1 AND position + count <= $1 ORDER BY position LIMIT $2)"
         " RETURNING position + count AS next, bytes), total AS (SELECT max(next) AS next,"
         " sum(bytes)::bigint AS bytes FROM gone) UPDATE {aurora}.log_head SET first = total.next,"
         " bytes = log_head.bytes - total.bytes FROM total WHERE id = 1 AND total.next IS NOT NULL"
         " RETURNING first, position, log_head.bytes",
         {INT8, INT8}},
    [AURORA__PG_XACT_STATUS] = {"SELECT pg_xact_status($1::text::xid8)", {TEXT}},
    /* Only who holds what it waits for itself is no use to end; its own blocker is. */
    [AURORA__PG_END_BLOCKERS] =
        {"SELECT pid::bigint, pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
         " pid = ANY (pg_blocking_pids($1::int)) AND usename = current_user AND"
         " wait_event_type IS DISTINCT FROM 'Lock' AND"
         " xact_start < clock_timestamp() - interval '5 seconds'",
         {INT8}},
    [AURORA__PG_BYTES_USED] = {"SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM"
                               " pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                               " WHERE c.relkind = 'r' AND n.nspname = ANY"
                               " (string_to_array($1, ','))",
                               {TEXT}},
};

aurora_status aurora__pg_send_fixed(aurora__pg_connection *connection, int number)
{
    aurora__pg_statement *statement = &connection->fixed[number];
    char sql[SQL_BYTES_MAX] = "";
    if (!aurora__pg_is_prepared(statement))
        aurora__pg_layout_fill(connection->layout, fixed[number].sql, sql, sizeof sql);
    return aurora__pg_send(connection, statement, sql, fixed[number].types);
}
