/* SPDX-License-Identifier: MIT */
/* Loads by key and scans of ranges. */
#include <string.h>

#include "store.h"

uint32_t aurora__memory_table_root(const aurora__memory_store *store, const aurora_table *table)
{
    for (uint32_t at = aurora__memory_table_hash(table);; at++) {
        const aurora__memory_table *entry = &store->tables[at & store->table_mask];
        if (entry->table == table)
            return entry->root;
        if (entry->table == NULL)
            return 0;
    }
}

static aurora_status load_one(aurora__memory_store *store, aurora__memory_txn *txn,
                              aurora_store_load *load, const aurora_arena_port *arena)
{
    uint32_t root = aurora__memory_table_root(store, load->table);
    if (root == 0)
        return AURORA_EINVAL;
    aurora__memory_key key;
    aurora__memory_key_init(&key, &store->allocator);
    aurora_status rc = aurora__memory_row_key(load->table, load->key, &key);
    if (rc == AURORA_OK) {
        const aurora__memory_item *row = aurora__memory_tree_find(txn->state.roots[root], &key);
        load->is_found_out = row != NULL;
        if (row != NULL)
            rc = aurora__memory_row_copy(row, load->table, 0, arena, load->values_out);
    }
    aurora__memory_key_deinit(&key);
    return rc;
}

aurora_status aurora__memory_load(void *self, aurora_store_txn *opaque, aurora_store_load *loads,
                                  uint32_t count, bool is_locked, const aurora_arena_port *arena)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    aurora__memory_store *store = self;
    (void)is_locked; /* the only writer needs no locks */
    aurora_status rc = aurora__memory_fault_take(&store->faults.load);
    for (uint32_t i = 0; i < count && rc == AURORA_OK; i++)
        rc = load_one(store, txn, &loads[i], arena);
    return rc;
}

/* --- scan ----------------------------------------------------------------------------------- */

/* A scan under way; index is NULL when the rows themselves are walked. */
typedef struct {
    const aurora_store_scan *scan;
    const aurora_index *index;
    const aurora__memory_node *tree;
    const aurora__memory_node *rows;
    aurora__memory_key lower;
    aurora__memory_key upper;
    aurora__memory_cursor cursor;
    uint32_t null_count; /* columns of the upper bound where rows may hold a null, */
    size_t nulls_at[AURORA__MEMORY_COLUMNS_MAX]; /* and where the key says so */
} scan_range;

/* -1, 0, 1 as the leading columns of the item are below, equal to or above the bound. */
static int compare_bound(const aurora__memory_item *item, const aurora__memory_key *bound)
{
    size_t length = item->key_length < bound->length ? item->key_length : bound->length;
    return memcmp(item->key, bound->bytes, length);
}

/* Nulls sort below all values, so the lower bound keeps them out. Against the upper bound such a
 * row would pass, although comparing it meets a null before the comparison is decided. */
static bool is_undecided(const scan_range *range, const aurora__memory_item *item)
{
    for (uint32_t i = 0; i < range->null_count; i++) {
        size_t at = range->nulls_at[i];
        if (item->key[at] == 0 && memcmp(item->key, range->upper.bytes, at) == 0)
            return true;
    }
    return false;
}

static aurora_status set_bounds(scan_range *range)
{
    const aurora_store_scan *scan = range->scan;
    aurora_status rc = aurora__memory_bound_key(scan->table, range->index, scan->lower,
                                                scan->lower_count, &range->lower);
    for (uint32_t i = 0; i < scan->upper_count && rc == AURORA_OK; i++) {
        uint32_t column = aurora__memory_index_column(range->index, i);
        bool has_nulls = aurora__memory_index_has_nulls(scan->table, range->index, column);
        if (has_nulls)
            range->nulls_at[range->null_count++] = range->upper.length;
        rc = aurora__memory_key_add(&range->upper, &scan->upper[i], has_nulls);
    }
    aurora__memory_key_finish(&range->upper);
    return rc;
}

/* The next item of the range in the scan's direction, or NULL. */
static const aurora__memory_item *range_step(scan_range *range)
{
    uint32_t flags = range->scan->flags;
    const aurora__memory_item *item = NULL;
    do {
        if (flags & AURORA_SCAN_DESCENDING) {
            item = aurora__memory_cursor_previous(&range->cursor);
            if (item == NULL)
                return NULL;
            int order = compare_bound(item, &range->lower);
            if (order < 0 ||
                (order == 0 && flags & AURORA_SCAN_LOWER_OPEN && range->scan->lower_count > 0))
                return NULL;
        } else {
            item = aurora__memory_cursor_next(&range->cursor);
            if (item == NULL)
                return NULL;
            int order = compare_bound(item, &range->upper);
            if (order > 0 ||
                (order == 0 && flags & AURORA_SCAN_UPPER_OPEN && range->scan->upper_count > 0))
                return NULL;
        }
    } while (is_undecided(range, item));
    return item;
}

static void range_start(scan_range *range)
{
    uint32_t flags = range->scan->flags;
    if (flags & AURORA_SCAN_DESCENDING) {
        bool is_after = range->scan->upper_count == 0 || !(flags & AURORA_SCAN_UPPER_OPEN);
        aurora__memory_cursor_seek(&range->cursor, range->tree, &range->upper, is_after);
    } else {
        bool is_after = range->scan->lower_count > 0 && flags & AURORA_SCAN_LOWER_OPEN;
        aurora__memory_cursor_seek(&range->cursor, range->tree, &range->lower, is_after);
    }
}

static aurora_status copy_range(scan_range *range, aurora_store_scan *scan,
                                const aurora_arena_port *arena)
{
    range_start(range);
    while (scan->row_count_out < scan->limit) {
        const aurora__memory_item *item = range_step(range);
        if (item == NULL)
            return AURORA_OK;
        if (range->index != NULL) {
            aurora__memory_key key;
            aurora__memory_key_borrow(&key, item->key + item->row_key_at,
                                      item->key_length - item->row_key_at);
            item = aurora__memory_tree_find(range->rows, &key);
            if (item == NULL)
                return AURORA_ECORRUPT;
        }
        aurora_value *values =
            scan->values_out + (size_t)scan->row_count_out * scan->table->column_count;
        aurora_status rc = aurora__memory_row_copy(item, scan->table, scan->columns, arena, values);
        if (rc != AURORA_OK)
            return rc;
        scan->row_count_out++;
    }
    return AURORA_OK;
}

aurora_status aurora__memory_scan(void *self, aurora_store_txn *opaque, aurora_store_scan *scan,
                                  const aurora_arena_port *arena)
{
    aurora__memory_txn *txn = (aurora__memory_txn *)opaque;
    aurora__memory_store *store = self;
    aurora_status rc = aurora__memory_fault_take(&store->faults.scan);
    if (rc != AURORA_OK)
        return rc;
    uint32_t root = aurora__memory_table_root(store, scan->table);
    if (root == 0 || scan->limit == 0 || scan->limit > 65536 || scan->index < -1 ||
        scan->index >= (int32_t)scan->table->index_count)
        return AURORA_EINVAL;
    scan_range range = {.scan = scan, .rows = txn->state.roots[root], .null_count = 0};
    range.tree = txn->state.roots[root + (uint32_t)(scan->index + 1)];
    range.index = scan->index < 0 ? NULL : &scan->table->indexes[scan->index];
    aurora__memory_key_init(&range.lower, &store->allocator);
    aurora__memory_key_init(&range.upper, &store->allocator);
    scan->row_count_out = 0;
    rc = set_bounds(&range);
    if (rc == AURORA_OK)
        rc = copy_range(&range, scan, arena);
    aurora__memory_key_deinit(&range.lower);
    aurora__memory_key_deinit(&range.upper);
    return rc;
}
