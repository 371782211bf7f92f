/* SPDX-License-Identifier: MIT */
/* The log: one row per batch, and the one row of log_head that the last statement of a batch
 * advances. Whoever holds that row commits next, so positions are in the order of the commits. */
#include <string.h>

#include "adapters/store_postgres/instance.h"

aurora__pg_head aurora__pg_log_head(const PGresult *result)
{
    return (aurora__pg_head){.first = aurora__pg_int64(result, 0, 0),
                             .position = aurora__pg_int64(result, 0, 1),
                             .bytes = aurora__pg_int64(result, 0, 2)};
}

/* Runs one statement of fixed.c with connection->params and hands out its result. */
static aurora_status ask(aurora_store_txn *txn, int number, const char *what, PGresult **result_out)
{
    aurora__pg_connection *connection = txn->connection;
    *result_out = NULL;
    aurora_status status = txn->is_failed ? AURORA_EIO : AURORA_OK;
    if (status == AURORA_OK)
        status = aurora__pg_send_fixed(connection, number);
    if (status == AURORA_OK)
        status = aurora__pg_sync(connection);
    aurora_status settled = status == AURORA_OK ? aurora__pg_settle(txn) : AURORA_OK;
    if (status == AURORA_OK)
        status = aurora__pg_next(connection, result_out);
    if (status == AURORA_OK) {
        status = settled != AURORA_OK ? settled
                                      : aurora__pg_result_status(connection, *result_out, what);
        aurora_status skipped = aurora__pg_skip(connection);
        if (status == AURORA_OK)
            status = skipped;
    }
    if (status == AURORA_OK)
        return status;
    PQclear(*result_out);
    *result_out = NULL;
    return aurora__pg_fail(txn, status);
}

aurora_status aurora__pg_log_mark(aurora__pg_store *store, aurora_store_txn *txn)
{
    if (txn->is_marked)
        return AURORA_OK;
    int64_t now_ms = aurora__pg_now_ms(store, txn);
    if (txn->is_failed)
        return AURORA_EIO;
    aurora__pg_params *params = &txn->connection->params;
    aurora_value id = {.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = store->instance.bytes};
    aurora__pg_params_clear(params);
    aurora__pg_param_value(params, &id);
    id.bytes = txn->batch.bytes;
    aurora__pg_param_value(params, &id);
    aurora__pg_param_int64(params, now_ms);
    txn->connection->what = "last_batch";
    aurora_status status = aurora__pg_send_fixed(txn->connection, AURORA__PG_MARK);
    txn->connection->what = NULL;
    txn->is_marked = status == AURORA_OK;
    txn->put_count += txn->is_marked;
    return status;
}

/* Queued only: it is sent with the COMMIT, so that the head's lock is held for as short as can
 * be. */
aurora_status aurora__pg_log_append(void *self, aurora_store_txn *txn, aurora_log_row *row)
{
    if (txn->kind != AURORA_TXN_WRITE || txn->is_appended || row->count == 0)
        return AURORA_EINVAL;
    if (txn->is_failed)
        return AURORA_EIO;
    aurora_status status = aurora__pg_log_mark(self, txn);
    if (status != AURORA_OK)
        return aurora__pg_fail(txn, status);
    aurora__pg_params *params = &txn->connection->params;
    aurora__pg_params_clear(params);
    aurora__pg_param_int64(params, row->count);
    aurora__pg_param_int64(params, row->format);
    aurora__pg_param_int64(params, row->at_ms);
    aurora__pg_param_int64(params, (int64_t)row->body_length);
    aurora__pg_param_text(params, row->body, row->body_length);
    status = aurora__pg_send_fixed(txn->connection, AURORA__PG_APPEND);
    if (status != AURORA_OK)
        return aurora__pg_fail(txn, status);
    txn->is_dirty = 1;
    txn->is_appended = 1;
    txn->event_count = row->count;
    txn->pending = row;
    return AURORA_OK;
}

aurora_status aurora__pg_log_appended(aurora_store_txn *txn, const PGresult *result)
{
    aurora_log_row *row = txn->pending;
    txn->pending = NULL;
    if (PQntuples(result) != 1)
        return AURORA_ECORRUPT; /* log_head has lost its row */
    row->position = aurora__pg_int64(result, 0, 0);
    txn->is_overtaken = row->position != txn->begun_at + 1;
    txn->head.position = row->position + row->count - 1;
    return AURORA_OK;
}

static aurora_status read_log_row(const PGresult *result, int at, aurora_log_row *row,
                                  const aurora_arena_port *arena)
{
    *row = (aurora_log_row){.position = aurora__pg_int64(result, at, 0),
                            .at_ms = aurora__pg_int64(result, at, 1),
                            .count = (uint32_t)aurora__pg_int64(result, at, 2),
                            .format = (uint32_t)aurora__pg_int64(result, at, 3),
                            .body_length = (size_t)PQgetlength(result, at, 4)};
    char *body = arena->allocate(arena->self, row->body_length + 1);
    if (body == NULL)
        return AURORA_ENOMEM;
    memcpy(body, PQgetvalue(result, at, 4), row->body_length);
    body[row->body_length] = 0;
    row->body = body;
    return AURORA_OK;
}

aurora_status aurora__pg_log_read(void *self, aurora_store_txn *txn, int64_t from, size_t bytes_max,
                                  aurora_log_row *rows_out, uint32_t capacity, uint32_t *count_out,
                                  const aurora_arena_port *arena)
{
    (void)self;
    PGresult *result;
    *count_out = 0;
    aurora__pg_params *params = &txn->connection->params;
    aurora__pg_params_clear(params);
    aurora__pg_param_int64(params, from);
    aurora__pg_param_int64(params, capacity);
    aurora__pg_param_int64(params, bytes_max > INT64_MAX ? INT64_MAX : (int64_t)bytes_max);
    aurora_status status = ask(txn, AURORA__PG_LOG_READ, "log", &result);
    if (status != AURORA_OK)
        return status;
    int rows = PQntuples(result);
    for (int i = 0; i < rows && status == AURORA_OK; i++) {
        status = read_log_row(result, i, &rows_out[i], arena);
        *count_out += status == AURORA_OK;
    }
    PQclear(result);
    return status == AURORA_OK ? status : aurora__pg_fail(txn, status);
}

/* The head of a write transaction is read anew: others advance it all the time. */
aurora_status aurora__pg_log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out)
{
    (void)self;
    PGresult *result;
    aurora_status status = txn->is_failed ? AURORA_EIO : AURORA_OK;
    if (status == AURORA_OK && txn->kind == AURORA_TXN_WRITE) {
        aurora__pg_params_clear(&txn->connection->params);
        status = ask(txn, AURORA__PG_HEAD, "log_head", &result);
        if (status == AURORA_OK)
            txn->head = aurora__pg_log_head(result);
        PQclear(result);
    }
    *out = (aurora_log_bounds){
        .first = txn->head.first, .head = txn->head.position, .bytes = txn->head.bytes};
    if (status != AURORA_OK || out->first > out->head)
        return status;
    aurora__pg_params_clear(&txn->connection->params);
    aurora__pg_param_int64(&txn->connection->params, out->first);
    status = ask(txn, AURORA__PG_LOG_FIRST_AT, "log", &result);
    if (status == AURORA_OK && PQntuples(result) == 1)
        out->first_at_ms = aurora__pg_int64(result, 0, 0);
    PQclear(result);
    return status;
}

aurora_status aurora__pg_log_trim(void *self, aurora_store_txn *txn, int64_t position,
                                  uint32_t rows_max)
{
    (void)self;
    PGresult *result;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    aurora__pg_params *params = &txn->connection->params;
    aurora__pg_params_clear(params);
    aurora__pg_param_int64(params, position);
    aurora__pg_param_int64(params, rows_max);
    aurora_status status = ask(txn, AURORA__PG_LOG_TRIM, "log", &result);
    if (status != AURORA_OK)
        return status;
    txn->is_dirty = 1;
    if (PQntuples(result) == 1)
        txn->head = aurora__pg_log_head(result);
    PQclear(result);
    return AURORA_OK;
}
