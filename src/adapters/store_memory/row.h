/* SPDX-License-Identifier: MIT */
/* A stored row: one block with the key, a cell per column and the texts behind them. */
#ifndef AURORA_ADAPTERS_STORE_MEMORY_ROW_H
#define AURORA_ADAPTERS_STORE_MEMORY_ROW_H

#include "tree.h"

#define AURORA__MEMORY_COLUMNS_MAX 64

/* A row of these values under this key, or NULL when there is no memory. */
aurora__memory_item *aurora__memory_row_new(aurora__memory_changes *changes,
                                            const aurora_table *table,
                                            const aurora__memory_key *key,
                                            const aurora_value *values);

/* All columns, their bytes borrowed from the row. */
void aurora__memory_row_view(const aurora__memory_item *row, const aurora_table *table,
                             aurora_value *values_out);

/* The wanted columns, their bytes copied to the arena; the others come out null. */
aurora_status aurora__memory_row_copy(const aurora__memory_item *row, const aurora_table *table,
                                      uint64_t columns, const aurora_arena_port *arena,
                                      aurora_value *values_out);

/* The primary key out of a row's values. */
aurora_status aurora__memory_row_key(const aurora_table *table, const aurora_value *values,
                                     aurora__memory_key *key);

/* The leading columns of an index key (of the primary key with index NULL): `count` values in the
 * index's order, as bounds come. */
aurora_status aurora__memory_bound_key(const aurora_table *table, const aurora_index *index,
                                       const aurora_value *values, uint32_t count,
                                       aurora__memory_key *key);

/* The column that is number `i` in the order of the index, the key columns last. */
uint32_t aurora__memory_index_column(const aurora_index *index, uint32_t i);

/* Whether nulls of this column can stand in the index. */
bool aurora__memory_index_has_nulls(const aurora_table *table, const aurora_index *index,
                                    uint32_t column);

#endif
