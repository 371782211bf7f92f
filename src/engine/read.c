/* SPDX-License-Identifier: MIT */
/* Queries: one snapshot each, on any thread, beside the driver. */
#include "engine/internal.h"

#include <string.h>

const aurora_store *aurora__engine_store(const aurora__engine *engine)
{
    return &engine->store;
}

aurora_status aurora__engine_read_begin(aurora__engine *engine, aurora_store_txn **out)
{
    static const aurora_id none = {{0}};
    return engine->store.begin(engine->store.self, AURORA_TXN_READ, none, 0, NULL, out);
}

void aurora__engine_read_end(aurora__engine *engine, aurora_store_txn *txn)
{
    engine->store.rollback(engine->store.self, txn);
}

aurora_status aurora__engine_load(aurora__engine *engine, aurora_store_txn *txn,
                                  const aurora__key *key, aurora__query_arena *arena, void *row_out)
{
    const aurora__table *table = &aurora__tables[key->table];
    aurora_value *values =
        aurora__arena_take(&arena->arena, table->table.column_count * sizeof *values);
    if (values == NULL)
        return AURORA_ENOMEM;
    aurora_store_load load = {.table = &table->table, .key = key->values, .values_out = values};
    aurora_arena_port port = aurora__arena_port(&arena->arena);
    aurora_status rc = engine->store.load(engine->store.self, txn, &load, 1, false, &port);
    if (rc != AURORA_OK)
        return rc;
    return load.is_found_out ? aurora__table_unpack(table, values, row_out) : AURORA_ENOTFOUND;
}

aurora_status aurora__engine_scan(aurora__engine *engine, aurora_store_txn *txn,
                                  const aurora__range *range, aurora__query_arena *arena,
                                  void *rows_out, uint32_t *count_out)
{
    const aurora__table *table = &aurora__tables[range->table];
    size_t bytes = (size_t)range->limit * table->table.column_count * sizeof(aurora_value);
    aurora_value *values = aurora__arena_take(&arena->arena, bytes);
    *count_out = 0;
    if (values == NULL)
        return AURORA_ENOMEM;
    aurora_store_scan scan = {.table = &table->table,
                              .index = range->index,
                              .flags = range->flags,
                              .lower = range->lower,
                              .upper = range->upper,
                              .lower_count = range->lower_count,
                              .upper_count = range->upper_count,
                              .columns = range->columns,
                              .limit = range->limit,
                              .values_out = values};
    aurora_arena_port port = aurora__arena_port(&arena->arena);
    uint64_t columns = range->columns == 0 ? UINT64_MAX : range->columns;
    aurora_status rc = engine->store.scan(engine->store.self, txn, &scan, &port);
    for (uint32_t i = 0; rc == AURORA_OK && i < scan.row_count_out; i++)
        rc = aurora__table_unpack_some(table, values + (size_t)i * table->table.column_count,
                                       columns, (char *)rows_out + (size_t)i * table->struct_size);
    if (rc == AURORA_OK)
        *count_out = scan.row_count_out;
    return rc;
}
