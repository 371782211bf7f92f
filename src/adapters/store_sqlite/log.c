/* SPDX-License-Identifier: MIT */
/* The log: one row per batch, and the one row of log_head that every commit writes. */
#include <string.h>

#include <aurora/handle.h>

#include "adapters/store_sqlite/instance.h"

aurora_status aurora__sqlite_head_get(aurora__sqlite_connection *connection,
                                      aurora__sqlite_head *head_out, aurora_id *batch_out)
{
    aurora_status status;
    sqlite3_stmt *stmt = aurora__sqlite_fixed(connection, AURORA__SQLITE_HEAD_GET, &status);
    if (stmt == NULL)
        return status;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *head_out = (aurora__sqlite_head){.first = sqlite3_column_int64(stmt, 0),
                                          .position = sqlite3_column_int64(stmt, 1),
                                          .bytes = sqlite3_column_int64(stmt, 2)};
        if (batch_out != NULL && sqlite3_column_bytes(stmt, 3) == (int)sizeof *batch_out)
            memcpy(batch_out, sqlite3_column_blob(stmt, 3), sizeof *batch_out);
        else if (batch_out != NULL)
            rc = SQLITE_CORRUPT;
    } else if (rc == SQLITE_DONE) {
        rc = SQLITE_CORRUPT;
    }
    sqlite3_reset(stmt);
    return aurora__sqlite_status(rc);
}

aurora_status aurora__sqlite_head_put(aurora__sqlite_connection *connection,
                                      const aurora__sqlite_head *head, const aurora_id *batch)
{
    aurora_status status;
    sqlite3_stmt *stmt = aurora__sqlite_fixed(connection, AURORA__SQLITE_HEAD_PUT, &status);
    if (stmt == NULL)
        return status;
    int rc = sqlite3_bind_int64(stmt, 1, head->first);
    rc |= sqlite3_bind_int64(stmt, 2, head->position);
    rc |= sqlite3_bind_int64(stmt, 3, head->bytes);
    rc |= sqlite3_bind_blob(stmt, 4, batch, sizeof *batch, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return aurora__sqlite_status(rc);
}

aurora_status aurora__sqlite_log_append(void *self, aurora_store_txn *txn, aurora_log_row *row)
{
    (void)self;
    if (txn->kind != AURORA_TXN_WRITE || txn->is_appended || row->count == 0)
        return AURORA_EINVAL;
    aurora_status status;
    sqlite3_stmt *stmt = aurora__sqlite_fixed(txn->connection, AURORA__SQLITE_LOG_INSERT, &status);
    if (stmt == NULL)
        return status;
    txn->is_dirty = 1;
    txn->is_appended = 1;
    row->position = txn->head.position + 1;
    int rc = sqlite3_bind_int64(stmt, 1, row->position);
    rc |= sqlite3_bind_int64(stmt, 2, row->count);
    rc |= sqlite3_bind_int64(stmt, 3, row->format);
    rc |= sqlite3_bind_int64(stmt, 4, row->at_ms);
    rc |= sqlite3_bind_text64(stmt, 5, row->body_length ? row->body : "", row->body_length,
                              SQLITE_STATIC, SQLITE_UTF8);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    txn->head.position += row->count;
    txn->head.bytes += (int64_t)row->body_length;
    return aurora__sqlite_status(rc);
}

static aurora_status copy_body(sqlite3_stmt *stmt, aurora_log_row *row,
                               const aurora_arena_port *arena)
{
    char *body = arena->allocate(arena->self, row->body_length + 1);
    if (body == NULL)
        return AURORA_ENOMEM;
    if (row->body_length > 0)
        memcpy(body, sqlite3_column_blob(stmt, 4), row->body_length);
    body[row->body_length] = 0;
    row->body = body;
    return AURORA_OK;
}

aurora_status aurora__sqlite_log_read(void *self, aurora_store_txn *txn, int64_t from,
                                      size_t bytes_max, aurora_log_row *rows_out, uint32_t capacity,
                                      uint32_t *count_out, const aurora_arena_port *arena)
{
    (void)self;
    aurora_status status;
    size_t bytes = 0;
    *count_out = 0;
    sqlite3_stmt *stmt = aurora__sqlite_fixed(txn->connection, AURORA__SQLITE_LOG_READ, &status);
    if (stmt == NULL)
        return status;
    int rc = sqlite3_bind_int64(stmt, 1, from);
    rc |= sqlite3_bind_int64(stmt, 2, capacity);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        aurora_log_row *row = &rows_out[*count_out];
        *row = (aurora_log_row){.position = sqlite3_column_int64(stmt, 0),
                                .at_ms = sqlite3_column_int64(stmt, 1),
                                .count = (uint32_t)sqlite3_column_int64(stmt, 2),
                                .format = (uint32_t)sqlite3_column_int64(stmt, 3),
                                .body_length = (size_t)sqlite3_column_bytes(stmt, 4)};
        bytes += row->body_length;
        if (*count_out > 0 && bytes > bytes_max)
            break;
        status = copy_body(stmt, row, arena);
        if (status != AURORA_OK)
            break;
        ++*count_out;
        rc = SQLITE_OK;
    }
    sqlite3_reset(stmt);
    return status != AURORA_OK ? status : aurora__sqlite_status(rc);
}

aurora_status aurora__sqlite_log_bounds(void *self, aurora_store_txn *txn, aurora_log_bounds *out)
{
    (void)self;
    *out = (aurora_log_bounds){
        .first = txn->head.first, .head = txn->head.position, .bytes = txn->head.bytes};
    if (out->first > out->head)
        return AURORA_OK;
    aurora_status status;
    sqlite3_stmt *stmt =
        aurora__sqlite_fixed(txn->connection, AURORA__SQLITE_LOG_FIRST_AT, &status);
    if (stmt == NULL)
        return status;
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        out->first_at_ms = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return aurora__sqlite_status(rc);
}

aurora_status aurora__sqlite_log_trim(void *self, aurora_store_txn *txn, int64_t position,
                                      uint32_t rows_max)
{
    (void)self;
    aurora_status status;
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    sqlite3_stmt *sum = aurora__sqlite_fixed(txn->connection, AURORA__SQLITE_LOG_TRIM_SUM, &status);
    if (sum == NULL)
        return status;
    int rc = sqlite3_bind_int64(sum, 1, position);
    rc |= sqlite3_bind_int64(sum, 2, rows_max);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(sum);
    bool has_rows = rc == SQLITE_ROW && sqlite3_column_type(sum, 0) != SQLITE_NULL;
    int64_t first = sqlite3_column_int64(sum, 0);
    int64_t bytes = sqlite3_column_int64(sum, 1);
    sqlite3_reset(sum);
    if (!has_rows)
        return aurora__sqlite_status(rc);
    sqlite3_stmt *trim = aurora__sqlite_fixed(txn->connection, AURORA__SQLITE_LOG_TRIM, &status);
    if (trim == NULL)
        return status;
    txn->is_dirty = 1;
    rc = sqlite3_bind_int64(trim, 1, first);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(trim);
    sqlite3_reset(trim);
    txn->head.first = first;
    txn->head.bytes -= bytes;
    return aurora__sqlite_status(rc);
}
