/* SPDX-License-Identifier: MIT */
#include "sorted_rows.h"

#include <string.h>

#define ROWS_MIN 8

static bool has_bytes(const aurora_value *value)
{
    return value->kind == AURORA_COLUMN_TEXT || value->kind == AURORA_COLUMN_UUID ||
           value->kind == AURORA_COLUMN_BYTES;
}

int sorted_compare(const aurora_value *a, const aurora_value *b)
{
    if (a->kind == 0 || b->kind == 0)
        return (a->kind != 0) - (b->kind != 0);
    if (!has_bytes(a))
        return (a->number > b->number) - (a->number < b->number);
    uint32_t shared = a->length < b->length ? a->length : b->length;
    int order = shared == 0 ? 0 : memcmp(a->bytes, b->bytes, shared);
    return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

/* --- rows ------------------------------------------------------------------------------------- */

sorted_row *sorted_row_new(sorted_memory *memory, const aurora_table *table,
                           const aurora_value *values)
{
    size_t bytes = sizeof(sorted_row) + table->column_count * sizeof(aurora_value);
    for (uint32_t i = 0; i < table->column_count; i++)
        bytes += has_bytes(&values[i]) ? (size_t)values[i].length + 1 : 0;
    if (bytes > UINT32_MAX)
        return NULL;
    sorted_row *row = memory->allocator.allocate(memory->allocator.self, bytes);
    if (row == NULL)
        return NULL;
    atomic_init(&row->holders, 1);
    row->bytes = (uint32_t)bytes;
    char *to = (char *)&row->values[table->column_count];
    for (uint32_t i = 0; i < table->column_count; i++) {
        row->values[i] = values[i];
        if (!has_bytes(&values[i]))
            continue;
        if (values[i].length > 0)
            memcpy(to, values[i].bytes, values[i].length);
        to[values[i].length] = 0;
        row->values[i].bytes = to;
        to += values[i].length + 1;
    }
    atomic_fetch_add(&memory->bytes, row->bytes);
    return row;
}

void sorted_row_release(sorted_memory *memory, sorted_row *row)
{
    if (row == NULL || atomic_fetch_sub(&row->holders, 1) > 1)
        return;
    atomic_fetch_sub(&memory->bytes, row->bytes);
    memory->allocator.release(memory->allocator.self, row);
}

aurora_status sorted_row_copy(const sorted_row *row, const aurora_table *table, uint64_t columns,
                              const aurora_arena_port *arena, aurora_value *values_out)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        const aurora_value *value = &row->values[i];
        if (columns != 0 && (columns >> i & 1) == 0) {
            values_out[i] = (aurora_value){.kind = 0};
            continue;
        }
        values_out[i] = *value;
        if (!has_bytes(value))
            continue;
        char *copy = arena->allocate(arena->self, (size_t)value->length + 1);
        if (copy == NULL)
            return AURORA_ENOMEM;
        memcpy(copy, value->bytes, (size_t)value->length + 1);
        values_out[i].bytes = copy;
    }
    return AURORA_OK;
}

/* --- lists ------------------------------------------------------------------------------------ */

void sorted_list_hold(sorted_list *list)
{
    if (list != NULL)
        atomic_fetch_add(&list->holders, 1);
}

void sorted_list_release(sorted_memory *memory, sorted_list *list)
{
    if (list == NULL || atomic_fetch_sub(&list->holders, 1) > 1)
        return;
    for (uint32_t i = 0; i < list->count; i++)
        sorted_row_release(memory, list->rows[i]);
    memory->allocator.release(memory->allocator.self, list);
}

bool sorted_list_find(const sorted_list *list, const aurora_table *table, const aurora_value *key,
                      uint32_t *at_out)
{
    uint32_t low = 0, high = list == NULL ? 0 : list->count;
    bool is_found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = 0;
        for (uint32_t i = 0; i < table->key_count && order == 0; i++)
            order = sorted_compare(&list->rows[middle]->values[i], &key[i]);
        is_found = is_found || order == 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at_out = low;
    return is_found;
}

/* Nobody else can come to hold a list that only we hold: a snapshot is taken of what is published,
 * and what is published has a holder of its own. */
aurora_status sorted_list_own(sorted_memory *memory, sorted_list **list)
{
    sorted_list *old = *list;
    uint32_t count = old == NULL ? 0 : old->count;
    if (old != NULL && atomic_load(&old->holders) == 1 && count < old->capacity)
        return AURORA_OK;
    uint32_t capacity = count < ROWS_MIN ? ROWS_MIN : count + count / 2;
    size_t bytes = sizeof(sorted_list) + capacity * sizeof(sorted_row *);
    sorted_list *made = memory->allocator.allocate(memory->allocator.self, bytes);
    if (made == NULL)
        return AURORA_ENOMEM;
    atomic_init(&made->holders, 1);
    made->count = count;
    made->capacity = capacity;
    for (uint32_t i = 0; i < count; i++) {
        made->rows[i] = old->rows[i];
        atomic_fetch_add(&made->rows[i]->holders, 1);
    }
    sorted_list_release(memory, old);
    *list = made;
    return AURORA_OK;
}

void sorted_list_replace(sorted_memory *memory, sorted_list *list, uint32_t at, sorted_row *row)
{
    sorted_row_release(memory, list->rows[at]);
    list->rows[at] = row;
}

void sorted_list_insert(sorted_list *list, uint32_t at, sorted_row *row)
{
    memmove(&list->rows[at + 1], &list->rows[at], (list->count - at) * sizeof(sorted_row *));
    list->rows[at] = row;
    list->count++;
}

void sorted_list_remove(sorted_memory *memory, sorted_list *list, uint32_t at)
{
    sorted_row_release(memory, list->rows[at]);
    list->count--;
    memmove(&list->rows[at], &list->rows[at + 1], (list->count - at) * sizeof(sorted_row *));
}
