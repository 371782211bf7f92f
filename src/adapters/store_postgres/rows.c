/* SPDX-License-Identifier: MIT */
/* Loads and ranges of rows. */
#include <string.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/statements.h"

static bool has_bytes(const aurora_value *value)
{
    return value->kind == AURORA_COLUMN_TEXT || value->kind == AURORA_COLUMN_UUID ||
           value->kind == AURORA_COLUMN_BYTES;
}

static size_t padded(const aurora_value *value)
{
    return ((size_t)value->length + 1 + 7) & ~(size_t)7;
}

/* Copies a row of a result, whose columns begin at `column`: one piece of the arena for all its
 * bytes. */
static aurora_status read_row(const PGresult *result, int row, int column,
                              const aurora_table *table, uint64_t columns, aurora_value *values_out,
                              const aurora_arena_port *arena)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        values_out[i] = (aurora_value){.kind = 0};
        if ((columns >> i & 1) == 0)
            continue;
        values_out[i] = aurora__pg_value(result, row, column++, table->columns[i].kind);
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
        memcpy(at, value->bytes, value->length);
        at[value->length] = 0;
        value->bytes = at;
        at += padded(value);
    }
    return AURORA_OK;
}

/* --- load ------------------------------------------------------------------------------------- */

typedef struct {
    aurora_store_load *loads;
    uint32_t count;
    const aurora_arena_port *arena;
} load_set;

/* Tables that are never locked come last: what is locked guards their rows. */
static uint32_t rank_of(const aurora_table *table)
{
    return table->lock_rank - 1;
}

/* Which of the tables comes next in the lock order behind `last`; NULL when none does. Tables of
 * one rank go by the place of their descriptors. */
static const aurora_table *next_table(const load_set *set, const aurora_table *last)
{
    const aurora_table *next = NULL;
    const aurora_table *seen = NULL;
    for (uint32_t i = 0; i < set->count; i++) {
        const aurora_table *table = set->loads[i].table;
        if (table == seen)
            continue;
        seen = table;
        bool is_behind = last == NULL || rank_of(table) > rank_of(last) ||
                         (rank_of(table) == rank_of(last) && table > last);
        bool is_before = next == NULL || rank_of(table) < rank_of(next) ||
                         (rank_of(table) == rank_of(next) && table < next);
        if (is_behind && is_before)
            next = table;
    }
    return next;
}

static aurora_status send_table(aurora__pg_connection *connection, const load_set *set,
                                const aurora_table *table, bool is_locked)
{
    aurora__pg_params *params = &connection->params;
    aurora__pg_statements *of = aurora__pg_statements_of(connection, table);
    if (of == NULL)
        return AURORA_EINVAL;
    aurora__pg_params_clear(params);
    for (uint32_t k = 0; k < table->key_count; k++) {
        aurora__pg_array_begin(params, table->columns[k].kind);
        for (uint32_t i = 0; i < set->count; i++) {
            if (set->loads[i].table == table)
                aurora__pg_array_value(params, &set->loads[i].key[k]);
        }
        aurora__pg_array_end(params);
    }
    aurora__pg_array_begin(params, AURORA_COLUMN_INT64);
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->loads[i].table == table)
            aurora__pg_array_int64(params, i);
    }
    aurora__pg_array_end(params);
    return aurora__pg_send_load(connection, of, is_locked && table->lock_rank > 0);
}

static aurora_status read_table(aurora__pg_connection *connection, const load_set *set,
                                const aurora_table *table)
{
    PGresult *result;
    aurora_status status = aurora__pg_next(connection, &result);
    if (status != AURORA_OK)
        return status;
    status = aurora__pg_result_status(connection, result, table->name);
    int rows = status == AURORA_OK ? PQntuples(result) : 0;
    for (int row = 0; row < rows && status == AURORA_OK; row++) {
        int64_t number = aurora__pg_int64(result, row, 0);
        if (number < 0 || number >= set->count || set->loads[number].table != table) {
            status = AURORA_ECORRUPT;
            break;
        }
        aurora_store_load *load = &set->loads[number];
        status = read_row(result, row, 1, table, UINT64_MAX, load->values_out, set->arena);
        load->is_found_out = status == AURORA_OK;
    }
    PQclear(result);
    return status;
}

/* One SELECT per table, all sent at once. After a failure what is still to come is taken too, so
 * that the connection is at rest. */
aurora_status aurora__pg_rows_load(void *self, aurora_store_txn *txn, aurora_store_load *loads,
                                   uint32_t count, bool is_locked, const aurora_arena_port *arena)
{
    (void)self;
    aurora__pg_connection *connection = txn->connection;
    const load_set set = {.loads = loads, .count = count, .arena = arena};
    aurora_status status = txn->is_failed ? AURORA_EIO : AURORA_OK;
    bool is_locking = is_locked && txn->kind == AURORA_TXN_WRITE;
    for (uint32_t i = 0; i < count; i++)
        loads[i].is_found_out = 0;
    if (count == 0 || status != AURORA_OK)
        return status;
    const aurora_table *table = NULL;
    uint32_t sent = 0;
    while (status == AURORA_OK && (table = next_table(&set, table)) != NULL) {
        status = send_table(connection, &set, table, is_locking);
        sent += status == AURORA_OK;
    }
    aurora_status synced = aurora__pg_sync(connection);
    if (status == AURORA_OK)
        status = synced;
    if (status == AURORA_OK)
        status = aurora__pg_settle(txn);
    table = NULL;
    for (uint32_t i = 0; i < sent && status == AURORA_OK; i++) {
        table = next_table(&set, table);
        status = read_table(connection, &set, table);
    }
    aurora_status skipped = aurora__pg_skip(connection);
    if (status == AURORA_OK)
        status = skipped;
    return status == AURORA_OK ? status : aurora__pg_fail(txn, status);
}

/* --- scan ------------------------------------------------------------------------------------- */

static aurora__pg_scan_shape shape_of(const aurora_store_scan *scan)
{
    aurora__pg_scan_shape shape = {.columns = scan->columns,
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

static aurora_status send_range(aurora__pg_connection *connection, aurora__pg_statements *of,
                                const aurora_store_scan *scan, const aurora__pg_scan_shape *shape)
{
    aurora__pg_params *params = &connection->params;
    aurora__pg_params_clear(params);
    for (uint32_t i = 0; i < scan->lower_count; i++)
        aurora__pg_param_value(params, &scan->lower[i]);
    for (uint32_t i = 0; i < scan->upper_count; i++)
        aurora__pg_param_value(params, &scan->upper[i]);
    aurora__pg_param_int64(params, scan->limit);
    aurora_status status = aurora__pg_send_scan(connection, of, shape);
    return status == AURORA_OK ? aurora__pg_sync(connection) : status;
}

static aurora_status read_range(const PGresult *result, aurora_store_scan *scan, uint64_t columns,
                                const aurora_arena_port *arena)
{
    int rows = PQntuples(result);
    for (int row = 0; row < rows; row++) {
        aurora_value *values = scan->values_out + (size_t)row * scan->table->column_count;
        aurora_status status = read_row(result, row, 0, scan->table, columns, values, arena);
        if (status != AURORA_OK)
            return status;
        scan->row_count_out++;
    }
    return AURORA_OK;
}

aurora_status aurora__pg_rows_scan(void *self, aurora_store_txn *txn, aurora_store_scan *scan,
                                   const aurora_arena_port *arena)
{
    (void)self;
    aurora__pg_connection *connection = txn->connection;
    aurora__pg_statements *of = aurora__pg_statements_of(connection, scan->table);
    scan->row_count_out = 0;
    if (of == NULL || scan->index >= (int32_t)scan->table->index_count)
        return AURORA_EINVAL;
    if (txn->is_failed)
        return AURORA_EIO;
    aurora__pg_scan_shape shape = shape_of(scan);
    PGresult *result = NULL;
    aurora_status status = send_range(connection, of, scan, &shape);
    if (status != AURORA_OK)
        return aurora__pg_fail(txn, status);
    status = aurora__pg_settle(txn);
    if (status == AURORA_OK)
        status = aurora__pg_next(connection, &result);
    if (status == AURORA_OK)
        status = aurora__pg_result_status(connection, result, scan->table->name);
    if (status == AURORA_OK)
        status = read_range(result, scan, shape.columns, arena);
    PQclear(result);
    aurora_status skipped = aurora__pg_skip(connection);
    if (status == AURORA_OK)
        status = skipped;
    return status == AURORA_OK ? status : aurora__pg_fail(txn, status);
}
