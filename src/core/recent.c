/* SPDX-License-Identifier: MIT */
#include "core/recent.h"

#include "core/internal.h"

static bool is_kept_table(uint32_t table)
{
    return table == AURORA__TABLE_order || table == AURORA__TABLE_payment ||
           table == AURORA__TABLE_reservation;
}

static bool is_under_way(const aurora__row *row)
{
    if (!row->is_found)
        return false;
    if (row->table == AURORA__TABLE_order)
        return ((const aurora__order_row *)row->data)->settled_at == 0;
    if (row->table == AURORA__TABLE_payment)
        return ((const aurora__payment_row *)row->data)->due_at != 0;
    return ((const aurora__reservation_row *)row->data)->held_at != 0;
}

/* Copies what a text or bytes column points to; false when memory is out. */
static bool copy_column(const aurora_column *column, char *field, aurora__arena *arena)
{
    if (column->kind == AURORA_COLUMN_TEXT) {
        const char *text;
        memcpy(&text, field, sizeof text);
        const char *copy = aurora__arena_text(arena, text);
        memcpy(field, &copy, sizeof copy);
        return text == NULL || copy != NULL;
    }
    if (column->kind == AURORA_COLUMN_BYTES) {
        aurora__bytes *bytes = (void *)field;
        if (bytes->data == NULL)
            return true;
        bytes->data =
            (const uint8_t *)aurora__arena_copy(arena, bytes->data, (size_t)bytes->length);
        return bytes->data != NULL;
    }
    return true;
}

static bool copy_row(const aurora__row *row, void *into, aurora__arena *arena)
{
    const aurora__table *table = &aurora__tables[row->table];
    memcpy(into, row->data, table->struct_size);
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        if (!copy_column(&table->table.columns[i], (char *)into + table->offsets[i], arena))
            return false;
    }
    return true;
}

void aurora__recent_find(aurora__rows *rows, const aurora__key *key, uint32_t hash,
                         aurora__row *row)
{
    if (rows->of_recent.count == 0 || !is_kept_table(key->table))
        return;
    const aurora__row *kept = aurora__row_slot_of(&rows->of_recent, hash, key)->row;
    if (kept == NULL || !kept->is_loaded)
        return;
    row->base = kept->base;
    row->data = kept->base;
    row->is_loaded = true;
    row->is_found_base = true;
    row->is_found = true;
}

void aurora__recent_note(aurora__rows *rows, const aurora__row *row)
{
    if (!is_kept_table(row->table))
        return;
    bool is_live = is_under_way(row);
    if (!is_live && rows->of_recent.count == 0)
        return;
    aurora__row_map *map = &rows->of_recent;
    aurora__key key = aurora__key_uuid(row->table, row->base);
    uint32_t hash = aurora__row_hash(&key);
    if (is_live && map->count * 2 >= map->capacity &&
        aurora__row_map_grow(map, 0, rows->recent) != AURORA_OK) {
        aurora__rows_forget_recent(rows);
        return;
    }
    aurora__row_slot *slot = aurora__row_slot_of(map, hash, &key);
    aurora__row *kept = slot->row;
    if (kept != NULL)
        kept->is_loaded = false;
    if (!is_live)
        return;
    size_t bytes = aurora__tables[row->table].struct_size;
    void *base = aurora__arena_take(rows->recent, bytes);
    if (kept == NULL)
        kept = aurora__arena_zero(rows->recent, sizeof *kept);
    if (kept == NULL || base == NULL || !copy_row(row, base, rows->recent))
        return;
    kept->table = row->table;
    kept->base = base;
    kept->is_loaded = true;
    if (slot->row == NULL) {
        *slot = (aurora__row_slot){.hash = hash, .table = row->table, .row = kept};
        map->count++;
    }
}

void aurora__rows_keep_recent(aurora__rows *rows, aurora__arena *recent)
{
    rows->recent = recent;
}

void aurora__rows_forget_recent(aurora__rows *rows)
{
    rows->of_recent = (aurora__row_map){0};
}
