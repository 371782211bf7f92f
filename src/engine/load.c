/* SPDX-License-Identifier: MIT */
#include "engine/internal.h"

#include <string.h>

/* One call to the store; what the rows borrow is copied to `arena`. */
static aurora_status load_into(aurora__engine *engine, aurora_store_txn *txn,
                               aurora__row *const *items, uint32_t count, bool is_locked,
                               aurora__arena *arena)
{
    aurora__rows *rows = &engine->rows;
    aurora__arena *batch = rows->batch;
    aurora_store_load *loads = aurora__arena_take(batch, count * sizeof *loads);
    if (loads == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const aurora__table *table = &aurora__tables[items[i]->table];
        aurora_value *values =
            aurora__arena_take(batch, table->table.column_count * sizeof *values);
        aurora_value *key = aurora__arena_take(batch, table->table.column_count * sizeof *key);
        if (values == NULL || key == NULL)
            return AURORA_ENOMEM;
        aurora__table_pack(table, items[i]->base, key);
        loads[i] = (aurora_store_load){.table = &table->table, .key = key, .values_out = values};
    }
    aurora_arena_port port = aurora__arena_port(arena);
    aurora_status rc = engine->store.load(engine->store.self, txn, loads, count, is_locked, &port);
    aurora__counter_add(engine->counters.rows_loaded, count);
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++)
        aurora__rows_loaded(rows, items[i], loads[i].is_found_out ? loads[i].values_out : NULL);
    return rc;
}

/* What is kept on a shared store borrows nothing but its key, which stands behind the row: one call
 * loads everything. */
aurora_status aurora__load_rows(aurora__engine *engine, aurora_store_txn *txn,
                                aurora__row *const *items, uint32_t count, bool is_locked)
{
    return count == 0 ? AURORA_OK
                      : load_into(engine, txn, items, count, is_locked, engine->rows.batch);
}

/* Rows of cached tables are loaded into the cache's arena, so that their texts outlive the
 * batch. */
static aurora_status load_some(aurora__engine *engine, aurora_store_txn *txn, bool is_kept)
{
    aurora__rows *rows = &engine->rows;
    aurora__row **items = aurora__arena_take(rows->batch, rows->wanted.count * sizeof *items);
    uint32_t count = 0;
    if (items == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < rows->wanted.count; i++) {
        if (aurora__rows_are_kept(rows, rows->wanted.items[i]->table) == is_kept)
            items[count++] = rows->wanted.items[i];
    }
    return count == 0
               ? AURORA_OK
               : load_into(engine, txn, items, count, true, is_kept ? rows->cache : rows->batch);
}

aurora_status aurora__load_wanted(aurora__engine *engine, aurora_store_txn *txn)
{
    aurora_status rc = load_some(engine, txn, true);
    if (rc == AURORA_OK)
        rc = load_some(engine, txn, false);
    if (rc == AURORA_OK)
        engine->rows.wanted.count = 0;
    return rc;
}

/* The touched rows, table by table, so that each statement runs many times in a row. */
static aurora__row **sort_by_table(aurora__rows *rows)
{
    uint32_t starts[AURORA__TABLE_COUNT + 1] = {0};
    aurora__row **sorted = aurora__arena_take(rows->batch, rows->touched.count * sizeof *sorted);
    if (sorted == NULL)
        return NULL;
    for (uint32_t i = 0; i < rows->touched.count; i++)
        starts[rows->touched.items[i]->table + 1]++;
    for (uint32_t i = 0; i < AURORA__TABLE_COUNT; i++)
        starts[i + 1] += starts[i];
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        aurora__row *row = rows->touched.items[i];
        sorted[starts[row->table]++] = row;
    }
    return sorted;
}

aurora_status aurora__save_touched(aurora__engine *engine, aurora_store_txn *txn)
{
    aurora__rows *rows = &engine->rows;
    uint32_t count = rows->touched.count;
    if (count == 0)
        return AURORA_OK;
    aurora__row **sorted = sort_by_table(rows);
    aurora_store_put *puts = aurora__arena_take(rows->batch, count * sizeof *puts);
    if (sorted == NULL || puts == NULL)
        return AURORA_ENOMEM;
    /* Two instances that insert the same keys in one order cannot wait for each other. */
    if (rows->is_shared)
        aurora__shared_sort(sorted, count);
    uint32_t put_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const aurora__row *row = sorted[i];
        uint32_t columns = aurora__tables[row->table].table.column_count;
        aurora_value *values = aurora__arena_take(rows->batch, columns * sizeof *values);
        if (values == NULL)
            return AURORA_ENOMEM;
        if (!aurora__rows_put(row, values, &puts[put_count]))
            continue;
        put_count++;
        if (row->is_found)
            aurora__timer_note(engine, row);
    }
    if (put_count == 0)
        return AURORA_OK;
    uint32_t failed = 0;
    aurora_status rc = engine->store.save(engine->store.self, txn, puts, put_count, &failed);
    if (rc == AURORA_ECONFLICT)
        aurora__engine_log(engine, AURORA_LOG_WARNING, "engine", "a row of %s was refused",
                           failed < put_count ? puts[failed].table->name : "?");
    else if (rc == AURORA_OK)
        aurora__counter_add(engine->counters.rows_saved, put_count);
    return rc;
}
