/* SPDX-License-Identifier: MIT */
/* Ranges of an index over a list, in its order. */
#ifndef SORTED_SCAN_H
#define SORTED_SCAN_H

#include "sorted_rows.h"

/* Fills the scan from `list`, which may be NULL. */
aurora_status sorted_scan(sorted_memory *memory, const sorted_list *list, aurora_store_scan *scan,
                          const aurora_arena_port *arena);

/* Whether another row of `list` than that of the same key has the values of a unique index. */
bool sorted_is_taken(const sorted_list *list, const aurora_table *table,
                     const aurora_value *values);

#endif
