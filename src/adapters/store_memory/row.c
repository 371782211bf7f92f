/* SPDX-License-Identifier: MIT */
#include "row.h"

#include <string.h>

/* Behind the key, aligned: the null bits, then a word per column: a number, or where the bytes
 * begin (counted from the cells) and how many they are. Texts and bytes have a NUL behind them. */
typedef struct {
    uint64_t nulls;
    uint64_t words[];
} cells;

static size_t cells_at(uint32_t key_length)
{
    return (sizeof(aurora__memory_item) + key_length + 7) & ~(size_t)7;
}

static const cells *cells_of(const aurora__memory_item *row)
{
    return (const cells *)(const void *)((const char *)row + cells_at(row->key_length));
}

static bool has_bytes(const aurora_column *column)
{
    return column->kind == AURORA_COLUMN_TEXT || column->kind == AURORA_COLUMN_UUID ||
           column->kind == AURORA_COLUMN_BYTES;
}

aurora__memory_item *aurora__memory_row_new(aurora__memory_changes *changes,
                                            const aurora_table *table,
                                            const aurora__memory_key *key,
                                            const aurora_value *values)
{
    size_t at = sizeof(cells) + table->column_count * sizeof(uint64_t);
    size_t size = at;
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (values[i].kind != 0 && has_bytes(&table->columns[i]))
            size += (size_t)values[i].length + 1;
    }
    if (size > UINT32_MAX || key->length > UINT32_MAX / 2)
        return NULL;
    uint32_t key_length = (uint32_t)key->length;
    aurora__memory_item *row = aurora__memory_object_new(changes, cells_at(key_length) + size);
    if (row == NULL)
        return NULL;
    row->key_length = key_length;
    row->row_key_at = 0;
    memcpy(row->key, key->bytes, key_length);

    cells *to = (cells *)(void *)((char *)row + cells_at(key_length));
    to->nulls = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        const aurora_value *value = &values[i];
        to->words[i] = (uint64_t)value->number;
        if (value->kind == 0) {
            to->nulls |= (uint64_t)1 << i;
        } else if (has_bytes(&table->columns[i])) {
            to->words[i] = (uint64_t)at << 32 | value->length;
            if (value->length > 0)
                memcpy((char *)to + at, value->bytes, value->length);
            at += value->length;
            ((char *)to)[at++] = 0;
        }
    }
    return row;
}

static aurora_value view(const cells *from, const aurora_column *column, uint32_t i)
{
    if (from->nulls >> i & 1)
        return (aurora_value){0};
    uint64_t word = from->words[i];
    if (!has_bytes(column))
        return (aurora_value){.kind = column->kind, .number = (int64_t)word};
    return (aurora_value){
        .kind = column->kind, .length = (uint32_t)word, .bytes = (const char *)from + (word >> 32)};
}

void aurora__memory_row_view(const aurora__memory_item *row, const aurora_table *table,
                             aurora_value *values_out)
{
    const cells *from = cells_of(row);
    for (uint32_t i = 0; i < table->column_count; i++)
        values_out[i] = view(from, &table->columns[i], i);
}

aurora_status aurora__memory_row_copy(const aurora__memory_item *row, const aurora_table *table,
                                      uint64_t columns, const aurora_arena_port *arena,
                                      aurora_value *values_out)
{
    const cells *from = cells_of(row);
    size_t size = 0;
    for (uint32_t i = 0; i < table->column_count; i++) {
        bool is_wanted = columns == 0 || (columns >> i & 1);
        values_out[i] = is_wanted ? view(from, &table->columns[i], i) : (aurora_value){0};
        if (values_out[i].bytes != NULL)
            size += (size_t)values_out[i].length + 1;
    }
    if (size == 0)
        return AURORA_OK;
    char *to = arena->allocate(arena->self, size);
    if (to == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < table->column_count; i++) {
        aurora_value *value = &values_out[i];
        if (value->bytes == NULL)
            continue;
        memcpy(to, value->bytes, (size_t)value->length + 1);
        value->bytes = to;
        to += (size_t)value->length + 1;
    }
    return AURORA_OK;
}

aurora_status aurora__memory_row_key(const aurora_table *table, const aurora_value *values,
                                     aurora__memory_key *key)
{
    return aurora__memory_bound_key(table, NULL, values, table->key_count, key);
}

uint32_t aurora__memory_index_column(const aurora_index *index, uint32_t i)
{
    if (index == NULL)
        return i;
    return i < index->column_count ? index->columns[i] : i - index->column_count;
}

bool aurora__memory_index_has_nulls(const aurora_table *table, const aurora_index *index,
                                    uint32_t column)
{
    return index != NULL && column >= table->key_count && table->columns[column].is_nullable &&
           index->partial_column != (int32_t)column;
}

aurora_status aurora__memory_bound_key(const aurora_table *table, const aurora_index *index,
                                       const aurora_value *values, uint32_t count,
                                       aurora__memory_key *key)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t column = aurora__memory_index_column(index, i);
        bool has_nulls = aurora__memory_index_has_nulls(table, index, column);
        aurora_status rc = aurora__memory_key_add(key, &values[i], has_nulls);
        if (rc != AURORA_OK)
            return rc;
    }
    aurora__memory_key_finish(key);
    return AURORA_OK;
}
