/* SPDX-License-Identifier: MIT */
/* Rows that never change once they are made, and sorted arrays of them; both are shared by whoever
 * holds them. Knows nothing of transactions. */
#ifndef SORTED_ROWS_H
#define SORTED_ROWS_H

#include <stdatomic.h>

#include <aurora/port/store.h>

typedef struct {
    aurora_allocator allocator;
    _Atomic int64_t bytes; /* of all rows that somebody holds */
} sorted_memory;

typedef struct {
    _Atomic uint32_t holders;
    uint32_t bytes; /* of this allocation */
    aurora_value values[];
} sorted_row;

/* `count` rows in the order of their table's key. */
typedef struct {
    _Atomic uint32_t holders;
    uint32_t count;
    uint32_t capacity;
    sorted_row *rows[];
} sorted_list;

/* Nulls come first; texts and bytes compare bytewise. */
int sorted_compare(const aurora_value *a, const aurora_value *b);

/* A row that holds copies of `values`; NULL = no memory. The caller holds it. */
sorted_row *sorted_row_new(sorted_memory *memory, const aurora_table *table,
                           const aurora_value *values);
void sorted_row_release(sorted_memory *memory, sorted_row *row);

/* Copies the wanted columns (bit i; 0 = all) into the caller's arena. */
aurora_status sorted_row_copy(const sorted_row *row, const aurora_table *table, uint64_t columns,
                              const aurora_arena_port *arena, aurora_value *values_out);

void sorted_list_hold(sorted_list *list);
void sorted_list_release(sorted_memory *memory, sorted_list *list);

/* Where the row of this key stands, or would stand. `list` may be NULL: an empty one. */
bool sorted_list_find(const sorted_list *list, const aurora_table *table, const aurora_value *key,
                      uint32_t *at_out);

/* Makes *list one that nobody else holds, with room for one more row. */
aurora_status sorted_list_own(sorted_memory *memory, sorted_list **list);

/* On a list that is owned: the row goes to `at`, in place of the one there or before it. */
void sorted_list_replace(sorted_memory *memory, sorted_list *list, uint32_t at, sorted_row *row);
void sorted_list_insert(sorted_list *list, uint32_t at, sorted_row *row);
void sorted_list_remove(sorted_memory *memory, sorted_list *list, uint32_t at);

#endif
