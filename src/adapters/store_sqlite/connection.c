/* SPDX-License-Identifier: MIT */
#include "adapters/store_sqlite/connection.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <aurora/handle.h>

#define READER_BUSY_MS 2000
#define CACHE_BYTES (UINT64_C(64) << 20)

static const char *const fixed_sql[AURORA__SQLITE_FIXED_COUNT] = {
    [AURORA__SQLITE_BEGIN] = "BEGIN",
    [AURORA__SQLITE_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [AURORA__SQLITE_COMMIT] = "COMMIT",
    [AURORA__SQLITE_ROLLBACK] = "ROLLBACK",
    [AURORA__SQLITE_DATA_VERSION] = "PRAGMA data_version",
    [AURORA__SQLITE_HEAD_GET] = "SELECT first, position, bytes, last_batch FROM log_head",
    [AURORA__SQLITE_HEAD_PUT] = "UPDATE log_head SET first = ?1, position = ?2, bytes = ?3,"
                                " last_batch = ?4 WHERE id = 1",
    [AURORA__SQLITE_LOG_INSERT] = "INSERT INTO log (position, count, format, at, body)"
                                  " VALUES (?1, ?2, ?3, ?4, ?5)",
    /* Positions are dense, so the row that holds ?1 is the last one that starts at or before it. */
    [AURORA__SQLITE_LOG_READ] =
        "SELECT position, at, count, format, body FROM log WHERE position >= coalesce((SELECT"
        " max(position) FROM log WHERE position <= ?1), ?1) AND position + count > ?1"
        " ORDER BY position LIMIT ?2",
    [AURORA__SQLITE_LOG_FIRST_AT] = "SELECT at FROM log ORDER BY position LIMIT 1",
    [AURORA__SQLITE_LOG_TRIM_SUM] = "SELECT max(position + n), sum(size) FROM (SELECT position,"
                                    " count AS n, length(CAST(body AS BLOB)) AS size FROM log"
                                    " WHERE position < ?1 AND position + count <= ?1"
                                    " ORDER BY position LIMIT ?2)",
    [AURORA__SQLITE_LOG_TRIM] = "DELETE FROM log WHERE position < ?1",
};

aurora_status aurora__sqlite_status(int rc)
{
    switch (rc) {
    case SQLITE_IOERR_NOMEM:
        return AURORA_ENOMEM;
    case SQLITE_IOERR_CORRUPTFS:
        return AURORA_ECORRUPT;
    }
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return AURORA_OK;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return AURORA_EBUSY;
    case SQLITE_FULL:
        return AURORA_EFULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return AURORA_ECORRUPT;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return AURORA_ECONFLICT;
    case SQLITE_NOMEM:
        return AURORA_ENOMEM;
    case SQLITE_READONLY:
        return AURORA_EREADONLY;
    }
    return AURORA_EIO;
}

aurora_status aurora__sqlite_error(aurora_error *err, aurora_status status, const char *format, ...)
{
    if (err == NULL)
        return status;
    err->status = status;
    err->field[0] = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return status;
}

void aurora__sqlite_log(const aurora_store_options *options, int32_t level, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    options->log(options->log_self, level, message);
}

aurora_status aurora__sqlite_number(sqlite3 *db, const char *sql, int64_t *number_out)
{
    sqlite3_stmt *stmt = NULL;
    *number_out = 0;
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            *number_out = sqlite3_column_int64(stmt, 0);
    }
    aurora_status status = aurora__sqlite_status(rc);
    sqlite3_finalize(stmt);
    return status;
}

/* Settings of one connection. The WAL mode itself is a property of the file, set when it is made.
 * No mmap: an I/O error would arrive as SIGBUS in the host. */
static int configure(sqlite3 *db, bool is_reader, uint64_t cache_bytes)
{
    static const char writer[] = "PRAGMA synchronous=FULL; PRAGMA locking_mode=NORMAL;"
                                 "PRAGMA journal_size_limit=67108864;";
    static const char reader[] = "PRAGMA query_only=1;";
    char cache[64];
    uint64_t bytes = cache_bytes == 0 ? CACHE_BYTES : cache_bytes;
    snprintf(cache, sizeof cache, "PRAGMA cache_size=-%" PRIu64,
             (is_reader ? bytes / 4 : bytes) / 1024);
    sqlite3_extended_result_codes(db, 1);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(db, READER_BUSY_MS);
    int rc = sqlite3_wal_autocheckpoint(db, 0);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, is_reader ? reader : writer, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, cache, NULL, NULL, NULL);
    return rc;
}

aurora_status aurora__sqlite_connection_open(const aurora_store_options *options,
                                             const aurora__sqlite_place *place,
                                             aurora__sqlite_connection **out)
{
    const aurora_allocator *allocator = options->allocator;
    size_t statements_bytes = options->table_count * sizeof(aurora__sqlite_statements);
    size_t bytes = sizeof(aurora__sqlite_connection) + statements_bytes;
    *out = NULL;
    aurora__sqlite_connection *connection = allocator->allocate(allocator->self, bytes);
    if (connection == NULL)
        return AURORA_ENOMEM;
    memset(connection, 0, bytes);
    connection->allocator = allocator;
    connection->tables = options->tables;
    connection->table_count = options->table_count;
    connection->statements = (void *)(connection + 1);
    for (uint32_t i = 0; i < options->table_count; i++)
        connection->statements[i].table = options->tables[i];
    /* A connection is used by one thread at a time, which this file's callers see to. */
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
                (place->is_reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
    int rc = sqlite3_open_v2(place->path, &connection->db, flags, place->vfs);
    if (rc == SQLITE_OK)
        rc = configure(connection->db, place->is_reader, options->cache_bytes);
    if (rc == SQLITE_OK && !place->is_reader)
        rc = aurora__sqlite_bulk_attach(connection->db, &connection->bulk);
    if (rc != SQLITE_OK) {
        aurora__sqlite_log(options, AURORA_LOG_ERROR, "sqlite: %s: cannot open: %s (%d)",
                           place->path, connection->db ? sqlite3_errmsg(connection->db) : "memory",
                           rc);
        aurora__sqlite_connection_close(connection, false);
        return aurora__sqlite_status(rc);
    }
    *out = connection;
    return AURORA_OK;
}

static void finalize_table(aurora__sqlite_statements *statements)
{
    sqlite3_finalize(statements->load);
    sqlite3_finalize(statements->insert);
    sqlite3_finalize(statements->insert_many);
    sqlite3_finalize(statements->upsert);
    sqlite3_finalize(statements->drop);
    for (uint32_t i = 0; i < statements->update_count; i++)
        sqlite3_finalize(statements->updates[i]);
    for (uint32_t i = 0; i < statements->scan_count; i++)
        sqlite3_finalize(statements->scans[i]);
}

void aurora__sqlite_connection_close(aurora__sqlite_connection *connection, bool is_last)
{
    if (connection == NULL)
        return;
    for (uint32_t i = 0; i < connection->table_count; i++)
        finalize_table(&connection->statements[i]);
    for (int i = 0; i < AURORA__SQLITE_FIXED_COUNT; i++)
        sqlite3_finalize(connection->fixed[i]);
    if (connection->db != NULL) {
        sqlite3_db_config(connection->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !is_last, NULL);
        sqlite3_close_v2(connection->db);
    }
    connection->allocator->release(connection->allocator->self, connection);
}

sqlite3_stmt *aurora__sqlite_fixed(aurora__sqlite_connection *connection, int number,
                                   aurora_status *status_out)
{
    sqlite3_stmt **slot = &connection->fixed[number];
    *status_out = AURORA_OK;
    if (*slot == NULL)
        *status_out = aurora__sqlite_status(sqlite3_prepare_v3(
            connection->db, fixed_sql[number], -1, SQLITE_PREPARE_PERSISTENT, slot, NULL));
    return *slot;
}

int aurora__sqlite_run(aurora__sqlite_connection *connection, int number)
{
    aurora_status status;
    sqlite3_stmt *stmt = aurora__sqlite_fixed(connection, number, &status);
    if (stmt == NULL)
        return sqlite3_extended_errcode(connection->db);
    int rc = sqlite3_step(stmt);
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

aurora__sqlite_statements *aurora__sqlite_statements_of(aurora__sqlite_connection *connection,
                                                        const aurora_table *table)
{
    uint32_t last = connection->last_table;
    if (last < connection->table_count && connection->tables[last] == table)
        return &connection->statements[last];
    for (uint32_t i = 0; i < connection->table_count; i++) {
        if (connection->tables[i] == table) {
            connection->last_table = i;
            return &connection->statements[i];
        }
    }
    return NULL;
}
