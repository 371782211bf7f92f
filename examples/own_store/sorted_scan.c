/* SPDX-License-Identifier: MIT */
#include "sorted_scan.h"

#include <string.h>

/* The columns of an index are followed by those of the key. */
static uint32_t column_at(const aurora_table *table, int32_t index, uint32_t place)
{
    if (index < 0)
        return place;
    const aurora_index *of = &table->indexes[index];
    return place < of->column_count ? of->columns[place] : place - of->column_count;
}

static int compare_bound(const sorted_row *row, const aurora_store_scan *scan,
                         const aurora_value *bound, uint32_t count)
{
    int order = 0;
    for (uint32_t i = 0; i < count && order == 0; i++)
        order = sorted_compare(&row->values[column_at(scan->table, scan->index, i)], &bound[i]);
    return order;
}

static bool is_in(const sorted_row *row, const aurora_store_scan *scan)
{
    if (scan->index >= 0) {
        int32_t partial = scan->table->indexes[scan->index].partial_column;
        if (partial >= 0 && row->values[partial].kind == 0)
            return false;
    }
    int low = compare_bound(row, scan, scan->lower, scan->lower_count);
    int high = compare_bound(row, scan, scan->upper, scan->upper_count);
    if (scan->lower_count > 0 && (low < 0 || (low == 0 && scan->flags & AURORA_SCAN_LOWER_OPEN)))
        return false;
    return scan->upper_count == 0 || high < 0 ||
           (high == 0 && (scan->flags & AURORA_SCAN_UPPER_OPEN) == 0);
}

static int compare_index(const aurora_store_scan *scan, const sorted_row *a, const sorted_row *b)
{
    const aurora_index *index = &scan->table->indexes[scan->index];
    int order = 0;
    for (uint32_t i = 0; i < index->column_count && order == 0; i++)
        order = sorted_compare(&a->values[index->columns[i]], &b->values[index->columns[i]]);
    return order;
}

/* A merge from below, which keeps the order of equal rows: that of the key. `spare` has room for
 * `count`. */
static void sort_by_index(const aurora_store_scan *scan, sorted_row **rows, sorted_row **spare,
                          uint32_t count)
{
    for (uint32_t width = 1; width < count; width *= 2) {
        for (uint32_t begin = 0; begin < count; begin += 2 * width) {
            uint32_t middle = begin + width < count ? begin + width : count;
            uint32_t end = begin + 2 * width < count ? begin + 2 * width : count;
            uint32_t left = begin, right = middle;
            for (uint32_t to = begin; to < end; to++) {
                bool is_left = left < middle &&
                               (right == end || compare_index(scan, rows[left], rows[right]) <= 0);
                spare[to] = is_left ? rows[left++] : rows[right++];
            }
        }
        memcpy(rows, spare, count * sizeof *rows);
    }
}

aurora_status sorted_scan(sorted_memory *memory, const sorted_list *list, aurora_store_scan *scan,
                          const aurora_arena_port *arena)
{
    scan->row_count_out = 0;
    if (list == NULL || list->count == 0)
        return AURORA_OK;
    const aurora_allocator *allocator = &memory->allocator;
    sorted_row **rows = allocator->allocate(allocator->self, 2 * list->count * sizeof *rows);
    if (rows == NULL)
        return AURORA_ENOMEM;
    uint32_t count = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (is_in(list->rows[i], scan))
            rows[count++] = list->rows[i];
    }
    if (scan->index >= 0)
        sort_by_index(scan, rows, rows + list->count, count);
    aurora_status rc = AURORA_OK;
    for (uint32_t i = 0; i < count && i < scan->limit && rc == AURORA_OK; i++) {
        const sorted_row *row = rows[scan->flags & AURORA_SCAN_DESCENDING ? count - 1 - i : i];
        rc = sorted_row_copy(row, scan->table, scan->columns, arena,
                             scan->values_out + (size_t)i * scan->table->column_count);
        scan->row_count_out = i + 1;
    }
    allocator->release(allocator->self, rows);
    return rc;
}

static bool has_same(const aurora_table *table, const aurora_index *index, const sorted_row *row,
                     const aurora_value *values)
{
    bool is_same_row = true;
    for (uint32_t i = 0; i < table->key_count; i++)
        is_same_row = is_same_row && sorted_compare(&row->values[i], &values[i]) == 0;
    if (is_same_row)
        return false;
    for (uint32_t i = 0; i < index->column_count; i++) {
        const aurora_value *value = &values[index->columns[i]];
        if (value->kind == 0 || sorted_compare(&row->values[index->columns[i]], value) != 0)
            return false;
    }
    return true;
}

bool sorted_is_taken(const sorted_list *list, const aurora_table *table, const aurora_value *values)
{
    for (uint32_t i = 0; i < table->index_count; i++) {
        const aurora_index *index = &table->indexes[i];
        if (!index->is_unique)
            continue;
        for (uint32_t row = 0; list != NULL && row < list->count; row++) {
            if (has_same(table, index, list->rows[row], values))
                return true;
        }
    }
    return false;
}
