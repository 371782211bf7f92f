/* SPDX-License-Identifier: MIT */
/* Loads, ranges and writes of rows. Values are bound where they lie (SQLITE_STATIC): a statement is
 * stepped before its caller's memory goes away, and all its parameters are bound anew each time. */
#include <string.h>

#include <aurora/handle.h>

#include "adapters/store_sqlite/instance.h"
#include "adapters/store_sqlite/statements.h"

static int bind_value(sqlite3_stmt *stmt, int parameter, const aurora_value *value)
{
    switch (value->kind) {
    case AURORA_COLUMN_INT64:
    case AURORA_COLUMN_BOOL:
    case AURORA_COLUMN_TIME:
        return sqlite3_bind_int64(stmt, parameter, value->number);
    case AURORA_COLUMN_TEXT:
        return sqlite3_bind_text(stmt, parameter, value->length ? value->bytes : "",
                                 (int)value->length, SQLITE_STATIC);
    case AURORA_COLUMN_UUID:
    case AURORA_COLUMN_BYTES:
        return sqlite3_bind_blob(stmt, parameter, value->length ? value->bytes : "",
                                 (int)value->length, SQLITE_STATIC);
    }
    return sqlite3_bind_null(stmt, parameter);
}

static int bind_values(sqlite3_stmt *stmt, int from, const aurora_value *values, uint32_t count)
{
    int rc = SQLITE_OK;
    for (uint32_t i = 0; i < count; i++)
        rc |= bind_value(stmt, from + (int)i, &values[i]);
    return rc;
}

/* A failure that is neither the data's nor another writer's goes to the log with SQLite's words. */
static aurora_status failed(aurora__sqlite_store *store, sqlite3 *db, int rc, const char *table)
{
    aurora_status status = aurora__sqlite_status(rc);
    if (status != AURORA_ECONFLICT && status != AURORA_EBUSY)
        aurora__sqlite_log(&store->options, AURORA_LOG_ERROR, "sqlite: %s: %s (%d)", table,
                           sqlite3_errmsg(db), rc);
    return status == AURORA_OK ? AURORA_EIO : status;
}

/* Reads one column; bytes still point into SQLite's memory. What a damaged file holds in a column
 * of another kind is handed out as what it is, for the engine to refuse. */
static aurora_value read_column(sqlite3_stmt *stmt, int number, uint32_t kind)
{
    aurora_value value = {.kind = kind};
    switch (sqlite3_column_type(stmt, number)) {
    case SQLITE_INTEGER:
        value.number = sqlite3_column_int64(stmt, number);
        if (kind != AURORA_COLUMN_BOOL && kind != AURORA_COLUMN_TIME)
            value.kind = AURORA_COLUMN_INT64;
        break;
    case SQLITE_NULL:
        value.kind = 0;
        break;
    case SQLITE_TEXT:
        value.kind = AURORA_COLUMN_TEXT;
        /* Not column_text, which would copy the text to put a NUL behind it. */
        value.bytes = sqlite3_column_blob(stmt, number);
        value.length = (uint32_t)sqlite3_column_bytes(stmt, number);
        break;
    default:
        value.bytes = sqlite3_column_blob(stmt, number);
        value.length = (uint32_t)sqlite3_column_bytes(stmt, number);
        if (kind != AURORA_COLUMN_UUID || value.length != 16)
            value.kind = AURORA_COLUMN_BYTES;
    }
    return value;
}

static size_t padded(const aurora_value *value)
{
    return ((size_t)value->length + 1 + 7) & ~(size_t)7;
}

static bool has_bytes(const aurora_value *value)
{
    return value->kind == AURORA_COLUMN_TEXT || value->kind == AURORA_COLUMN_UUID ||
           value->kind == AURORA_COLUMN_BYTES;
}

/* Copies the row that stmt stands on: one piece of the arena for all its bytes. */
static aurora_status read_row(sqlite3_stmt *stmt, const aurora_table *table, uint64_t columns,
                              aurora_value *values_out, const aurora_arena_port *arena)
{
    size_t bytes = 0;
    int number = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if ((columns >> i & 1) == 0) {
            values_out[i] = (aurora_value){.kind = 0};
            continue;
        }
        values_out[i] = read_column(stmt, number++, table->columns[i].kind);
        if (has_bytes(&values_out[i]))
            bytes += padded(&values_out[i]);
    }
    if (bytes == 0)
        return AURORA_OK;
    char *at = arena->allocate(arena->self, bytes);
    if (at == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < table->column_count; i++) {
        aurora_value *value = &values_out[i];
        if (!has_bytes(value))
            continue;
        if (value->length > 0)
            memcpy(at, value->bytes, value->length);
        at[value->length] = 0;
        value->bytes = at;
        at += padded(value);
    }
    return AURORA_OK;
}

static aurora_status load_one(aurora__sqlite_store *store, aurora__sqlite_connection *connection,
                              aurora_store_load *load, const aurora_arena_port *arena)
{
    const aurora_table *table = load->table;
    aurora__sqlite_statements *of = aurora__sqlite_statements_of(connection, table);
    if (of == NULL)
        return AURORA_EINVAL;
    sqlite3_stmt *stmt = aurora__sqlite_load(connection->db, of);
    load->is_found_out = 0;
    if (stmt == NULL)
        return failed(store, connection->db, sqlite3_extended_errcode(connection->db), table->name);
    aurora_status status = AURORA_OK;
    int rc = bind_values(stmt, 1, load->key, table->key_count);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        status = read_row(stmt, table, UINT64_MAX, load->values_out, arena);
        load->is_found_out = status == AURORA_OK;
    } else if (rc != SQLITE_DONE) {
        status = failed(store, connection->db, rc, table->name);
    }
    sqlite3_reset(stmt);
    return status;
}

aurora_status aurora__sqlite_rows_load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                                       uint32_t count, bool is_locked,
                                       const aurora_arena_port *arena)
{
    (void)is_locked; /* AURORA_STORE_SERIAL: nobody else writes */
    for (uint32_t i = 0; i < count; i++) {
        aurora_status status = load_one(self, txn->connection, &loads[i], arena);
        if (status != AURORA_OK)
            return status;
    }
    return AURORA_OK;
}

static aurora__sqlite_scan_shape shape_of(const aurora_store_scan *scan)
{
    aurora__sqlite_scan_shape shape = {.columns = scan->columns,
                                       .index = scan->index,
                                       .flags = scan->flags,
                                       .lower_count = scan->lower_count,
                                       .upper_count = scan->upper_count};
    uint32_t count = scan->table->column_count;
    uint64_t all = count == 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
    shape.columns &= all;
    if (shape.columns == 0)
        shape.columns = all;
    if (shape.lower_count == 0)
        shape.flags &= ~(uint32_t)AURORA_SCAN_LOWER_OPEN;
    if (shape.upper_count == 0)
        shape.flags &= ~(uint32_t)AURORA_SCAN_UPPER_OPEN;
    return shape;
}

aurora_status aurora__sqlite_rows_scan(void *self, aurora_store_txn *txn, aurora_store_scan *scan,
                                       const aurora_arena_port *arena)
{
    aurora__sqlite_connection *connection = txn->connection;
    const aurora_table *table = scan->table;
    aurora__sqlite_statements *of = aurora__sqlite_statements_of(connection, table);
    if (of == NULL || scan->index >= (int32_t)table->index_count)
        return AURORA_EINVAL;
    scan->row_count_out = 0;
    aurora__sqlite_scan_shape shape = shape_of(scan);
    sqlite3_stmt *stmt = aurora__sqlite_scan(connection->db, of, &shape);
    if (stmt == NULL)
        return failed(self, connection->db, sqlite3_extended_errcode(connection->db), table->name);
    int next = 1 + (int)scan->lower_count;
    int rc = bind_values(stmt, 1, scan->lower, scan->lower_count);
    rc |= bind_values(stmt, next, scan->upper, scan->upper_count);
    rc |= sqlite3_bind_int64(stmt, next + (int)scan->upper_count, scan->limit);
    aurora_status status = AURORA_OK;
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        aurora_value *values = scan->values_out + (size_t)scan->row_count_out * table->column_count;
        status = read_row(stmt, table, shape.columns, values, arena);
        if (status != AURORA_OK)
            break;
        scan->row_count_out++;
        rc = SQLITE_OK;
    }
    if (status == AURORA_OK && rc != SQLITE_DONE)
        status = failed(self, connection->db, rc, table->name);
    sqlite3_reset(stmt);
    return status;
}

static sqlite3_stmt *bind_update(sqlite3 *db, aurora__sqlite_statements *of,
                                 const aurora_store_put *put, int *rc_out)
{
    const aurora_table *table = put->table;
    uint64_t columns = put->columns;
    sqlite3_stmt *stmt = aurora__sqlite_update(db, of, &columns);
    if (stmt == NULL)
        return NULL;
    int parameter = 1;
    int rc = SQLITE_OK;
    for (uint32_t i = table->key_count; i < table->column_count; i++) {
        if (columns >> i & 1)
            rc |= bind_value(stmt, parameter++, &put->values[i]);
    }
    rc |= bind_values(stmt, parameter, put->values, table->key_count);
    if (table->version_column >= 0)
        rc |= sqlite3_bind_int64(stmt, parameter + (int)table->key_count, put->version_loaded);
    *rc_out = rc;
    return stmt;
}

/* Finds and binds the statement of a put; NULL when SQLite could not prepare it. */
static sqlite3_stmt *bind_put(sqlite3 *db, aurora__sqlite_statements *of,
                              const aurora_store_put *put, int *rc_out)
{
    const aurora_table *table = put->table;
    sqlite3_stmt *stmt;
    uint32_t count = table->column_count;
    switch (put->kind) {
    case AURORA_PUT_INSERT:
        stmt = aurora__sqlite_insert(db, of);
        break;
    case AURORA_PUT_UPDATE:
        return bind_update(db, of, put, rc_out);
    case AURORA_PUT_UPSERT:
        stmt = aurora__sqlite_upsert(db, of);
        break;
    default:
        stmt = aurora__sqlite_drop(db, of);
        count = table->key_count;
    }
    if (stmt != NULL)
        *rc_out = bind_values(stmt, 1, put->values, count);
    return stmt;
}

static aurora_status save_one(aurora__sqlite_store *store, aurora__sqlite_connection *connection,
                              const aurora_store_put *put)
{
    sqlite3 *db = connection->db;
    aurora__sqlite_statements *of = aurora__sqlite_statements_of(connection, put->table);
    if (of == NULL || put->kind < AURORA_PUT_INSERT || put->kind > AURORA_PUT_DELETE)
        return AURORA_EINVAL;
    int rc = SQLITE_OK;
    sqlite3_stmt *stmt = bind_put(db, of, put, &rc);
    if (stmt == NULL)
        return failed(store, db, sqlite3_extended_errcode(db), put->table->name);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    bool is_missing =
        rc == SQLITE_DONE && put->kind == AURORA_PUT_UPDATE && sqlite3_changes(db) == 0;
    aurora_status status = AURORA_OK;
    if (rc != SQLITE_DONE)
        status = failed(store, db, rc, put->table->name);
    sqlite3_reset(stmt);
    return is_missing ? AURORA_ECONFLICT : status;
}

/* How many inserts into one table begin here. */
static uint32_t run_of_inserts(const aurora_store_put *puts, uint32_t count)
{
    uint32_t run = 0;
    while (run < count && puts[run].kind == AURORA_PUT_INSERT && puts[run].table == puts[0].table)
        run++;
    return run;
}

static aurora_status insert_many(aurora__sqlite_store *store, aurora__sqlite_connection *connection,
                                 const aurora_store_put *puts, uint32_t count, uint32_t *failed_out)
{
    sqlite3 *db = connection->db;
    aurora__sqlite_statements *of = aurora__sqlite_statements_of(connection, puts[0].table);
    if (of == NULL)
        return AURORA_EINVAL;
    sqlite3_stmt *stmt = aurora__sqlite_insert_many(db, of);
    if (stmt == NULL)
        return failed(store, db, sqlite3_extended_errcode(db), puts[0].table->name);
    connection->bulk = (aurora__sqlite_bulk){.puts = puts, .count = count};
    int rc = sqlite3_step(stmt);
    aurora_status status = AURORA_OK;
    if (rc != SQLITE_DONE) {
        status = failed(store, db, rc, puts[0].table->name);
        *failed_out += connection->bulk.at < count ? connection->bulk.at : 0;
    }
    sqlite3_reset(stmt);
    connection->bulk = (aurora__sqlite_bulk){0};
    return status;
}

aurora_status aurora__sqlite_rows_save(void *self, aurora_store_txn *txn,
                                       const aurora_store_put *puts, uint32_t count,
                                       uint32_t *failed_out)
{
    if (txn->kind != AURORA_TXN_WRITE)
        return AURORA_EREADONLY;
    txn->is_dirty |= count > 0;
    for (uint32_t i = 0; i < count;) {
        uint32_t run = run_of_inserts(puts + i, count - i);
        bool is_bulk = run >= AURORA__SQLITE_BULK_MIN;
        *failed_out = i;
        aurora_status status = is_bulk
                                   ? insert_many(self, txn->connection, puts + i, run, failed_out)
                                   : save_one(self, txn->connection, &puts[i]);
        if (status != AURORA_OK)
            return status;
        i += is_bulk ? run : 1;
    }
    return AURORA_OK;
}
