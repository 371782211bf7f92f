/* SPDX-License-Identifier: MIT */
#include "core/rows.h"

#include "core/internal.h"
#include "core/recent.h"

#include <string.h>

static const aurora__table *table_of(uint32_t table)
{
    return &aurora__tables[table];
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 32);
}

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = mix(hash, word);
        at += 8;
        length -= 8;
    }
    uint64_t word = length;
    memcpy(&word, at, length);
    return mix(hash, word);
}

uint32_t aurora__row_hash(const aurora__key *key)
{
    uint64_t hash = mix(0x5AD5AD5AD5u, key->table);
    for (uint32_t i = 0; i < key->count; i++) {
        const aurora_value *value = &key->values[i];
        if (value->bytes == NULL)
            hash = mix(hash, (uint64_t)value->number);
        else
            hash = mix_bytes(hash, value->bytes, value->length);
    }
    return (uint32_t)(hash ^ (hash >> 29));
}

static bool is_column_equal(const aurora_value *value, const char *field)
{
    if (value->kind == AURORA_COLUMN_TEXT) {
        const char *text;
        memcpy(&text, field, sizeof text);
        return aurora__text_length(text) == value->length &&
               memcmp(text, value->bytes, value->length) == 0;
    }
    if (value->kind == AURORA_COLUMN_UUID)
        return memcmp(field, value->bytes, 16) == 0;
    return memcmp(field, &value->number, sizeof value->number) == 0;
}

static bool is_key_equal(const aurora__row *row, const aurora__key *key)
{
    const aurora__table *table = table_of(key->table);
    for (uint32_t i = 0; i < key->count; i++) {
        if (!is_column_equal(&key->values[i], (const char *)row->base + table->offsets[i]))
            return false;
    }
    return true;
}

void aurora__rows_init(aurora__rows *rows, aurora__arena *batch, aurora__arena *cache)
{
    memset(rows, 0, sizeof *rows);
    rows->batch = batch;
    rows->cache = cache;
    for (uint32_t i = 0; i < AURORA__TABLE_COUNT; i++)
        rows->kept |= (uint64_t)(table_of(i)->is_cacheable != 0) << i;
}

void aurora__rows_share(aurora__rows *rows)
{
    rows->is_shared = true;
    rows->kept = UINT64_C(1) << AURORA__TABLE_sku;
}

aurora__arena *aurora__rows_arena(const aurora__rows *rows, uint32_t table)
{
    return aurora__rows_are_kept(rows, table) ? rows->cache : rows->batch;
}

static aurora__row_map *map_of(aurora__rows *rows, uint32_t table)
{
    return aurora__rows_are_kept(rows, table) ? &rows->of_cache : &rows->of_batch;
}

aurora__row_slot *aurora__row_slot_of(const aurora__row_map *map, uint32_t hash,
                                      const aurora__key *key)
{
    uint32_t mask = map->capacity - 1;
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        aurora__row_slot *slot = &map->slots[i];
        if (slot->row == NULL)
            return slot;
        if (slot->hash == hash && slot->table == key->table && is_key_equal(slot->row, key))
            return slot;
    }
}

#define MAP_CAPACITY_MIN 256u

aurora_status aurora__row_map_grow(aurora__row_map *map, uint32_t hint, aurora__arena *arena)
{
    uint32_t capacity = map->capacity == 0 ? MAP_CAPACITY_MIN : map->capacity * 2;
    while (capacity < hint * 2)
        capacity *= 2;
    aurora__row_slot *slots = aurora__arena_zero(arena, capacity * sizeof *slots);
    if (slots == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].row == NULL)
            continue;
        uint32_t at = map->slots[i].hash & (capacity - 1);
        while (slots[at].row != NULL)
            at = (at + 1) & (capacity - 1);
        slots[at] = map->slots[i];
    }
    map->slots = slots;
    map->capacity = capacity;
    return AURORA_OK;
}

static aurora_status list_add(aurora__row_list *list, aurora__row *row, aurora__arena *arena)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        aurora__row **items = aurora__arena_take(arena, capacity * sizeof(aurora__row *));
        if (items == NULL)
            return AURORA_ENOMEM;
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof(aurora__row *));
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = row;
    return AURORA_OK;
}

/* Fills the key's columns of a struct; texts are copied into the arena. */
static aurora_status fill_key(const aurora__key *key, void *data, aurora__arena *arena)
{
    const aurora__table *table = table_of(key->table);
    for (uint32_t i = 0; i < key->count; i++) {
        const aurora_value *value = &key->values[i];
        char *field = (char *)data + table->offsets[i];
        if (value->kind == AURORA_COLUMN_TEXT) {
            const char *text = aurora__arena_copy(arena, value->bytes, value->length);
            if (text == NULL)
                return AURORA_ENOMEM;
            memcpy(field, &text, sizeof text);
        } else if (value->kind == AURORA_COLUMN_UUID) {
            memcpy(field, value->bytes, 16);
        } else {
            memcpy(field, &value->number, sizeof value->number);
        }
    }
    return AURORA_OK;
}

/* The row of this key, made if it is not there; NULL when memory is out. */
static aurora__row *row_of(aurora__rows *rows, const aurora__key *key)
{
    const aurora__table *table = table_of(key->table);
    bool is_kept = aurora__rows_are_kept(rows, key->table);
    aurora__row_map *map = is_kept ? &rows->of_cache : &rows->of_batch;
    aurora__arena *arena = is_kept ? rows->cache : rows->batch;
    uint32_t hint = is_kept ? 0 : rows->batch_hint;
    if (map->count * 2 >= map->capacity && aurora__row_map_grow(map, hint, arena) != AURORA_OK)
        return NULL;
    uint32_t hash = aurora__row_hash(key);
    aurora__row_slot *slot = aurora__row_slot_of(map, hash, key);
    if (slot->row != NULL)
        return slot->row;
    aurora__row *row = aurora__arena_zero(arena, sizeof *row + table->struct_size);
    if (row == NULL || fill_key(key, row + 1, arena) != AURORA_OK)
        return NULL;
    row->table = key->table;
    row->base = row + 1;
    row->data = row->base;
    aurora__recent_find(rows, key, hash, row);
    *slot = (aurora__row_slot){.hash = hash, .table = key->table, .row = row};
    map->count++;
    return row;
}

static aurora_status want(aurora__rows *rows, aurora__row *row)
{
    if (row->is_loaded || row->is_wanted)
        return AURORA_OK;
    aurora_status rc = list_add(&rows->wanted, row, rows->batch);
    row->is_wanted = rc == AURORA_OK;
    return rc;
}

aurora_status aurora__rows_want(aurora__rows *rows, const aurora__key *key)
{
    aurora__row *row = row_of(rows, key);
    return row == NULL ? AURORA_ENOMEM : want(rows, row);
}

aurora_status aurora__rows_assume_absent(aurora__rows *rows, const aurora__key *key)
{
    aurora__row *row = row_of(rows, key);
    if (row == NULL)
        return AURORA_ENOMEM;
    row->is_loaded = true;
    return AURORA_OK;
}

/* A row that a decision may look at. */
static aurora_status loaded_row(aurora__rows *rows, const aurora__key *key, aurora__row **out)
{
    aurora__row *row = row_of(rows, key);
    if (row == NULL)
        return AURORA_ENOMEM;
    *out = row;
    if (row->is_loaded)
        return row->status;
    aurora_status rc = want(rows, row);
    return rc == AURORA_OK ? AURORA__NEED_KEYS : rc;
}

aurora_status aurora__rows_read(aurora__rows *rows, const aurora__key *key, const void **row_out)
{
    aurora__row *row;
    aurora_status rc = loaded_row(rows, key, &row);
    *row_out = rc == AURORA_OK && row->is_found ? row->data : NULL;
    return rc;
}

static aurora_status journal(aurora__rows *rows, aurora__row *row)
{
    if (rows->journal_count == rows->journal_capacity) {
        uint32_t capacity = rows->journal_capacity == 0 ? 256 : rows->journal_capacity * 2;
        aurora__journal_entry *entries =
            aurora__arena_take(rows->batch, capacity * sizeof(aurora__journal_entry));
        if (entries == NULL)
            return AURORA_ENOMEM;
        if (rows->journal_count > 0)
            memcpy(entries, rows->journal, rows->journal_count * sizeof *entries);
        rows->journal = entries;
        rows->journal_capacity = capacity;
    }
    rows->journal[rows->journal_count++] =
        (aurora__journal_entry){row, row->data, row->is_found, row->journal};
    row->journal = rows->journal_count;
    return AURORA_OK;
}

/* Makes row->data a copy that belongs to the current mark. */
static aurora_status touch(aurora__rows *rows, aurora__row *row)
{
    if (row->journal > rows->mark)
        return AURORA_OK;
    size_t bytes = table_of(row->table)->struct_size;
    void *copy = aurora__arena_take(rows->batch, bytes);
    if (copy == NULL)
        return AURORA_ENOMEM;
    if (!row->is_touched) {
        aurora_status rc = list_add(&rows->touched, row, rows->batch);
        if (rc != AURORA_OK)
            return rc;
        row->is_touched = true;
    }
    aurora_status rc = journal(rows, row);
    if (rc != AURORA_OK)
        return rc;
    memcpy(copy, row->data, bytes);
    row->data = copy;
    return AURORA_OK;
}

aurora_status aurora__rows_write(aurora__rows *rows, const aurora__key *key, void **row_out)
{
    aurora__row *row;
    *row_out = NULL;
    aurora_status rc = loaded_row(rows, key, &row);
    if (rc != AURORA_OK || !row->is_found)
        return rc;
    rc = touch(rows, row);
    if (rc == AURORA_OK)
        *row_out = row->data;
    return rc;
}

aurora_status aurora__rows_insert(aurora__rows *rows, const aurora__key *key, void **row_out)
{
    aurora__row *row;
    *row_out = NULL;
    aurora_status rc = loaded_row(rows, key, &row);
    if (rc != AURORA_OK)
        return rc;
    if (row->is_found)
        return AURORA_ECONFLICT;
    rc = touch(rows, row);
    if (rc != AURORA_OK)
        return rc;
    memset(row->data, 0, table_of(row->table)->struct_size);
    rc = fill_key(key, row->data, rows->batch);
    if (rc != AURORA_OK)
        return rc;
    row->is_found = true;
    *row_out = row->data;
    return AURORA_OK;
}

aurora_status aurora__rows_delete(aurora__rows *rows, const aurora__key *key)
{
    aurora__row *row;
    aurora_status rc = loaded_row(rows, key, &row);
    if (rc != AURORA_OK || !row->is_found)
        return rc;
    rc = touch(rows, row);
    if (rc == AURORA_OK)
        row->is_found = false;
    return rc;
}

uint32_t aurora__rows_mark(aurora__rows *rows)
{
    uint32_t outer = rows->mark;
    rows->mark = rows->journal_count;
    return outer;
}

void aurora__rows_undo(aurora__rows *rows, uint32_t outer)
{
    while (rows->journal_count > rows->mark) {
        const aurora__journal_entry *entry = &rows->journal[--rows->journal_count];
        entry->row->data = entry->data;
        entry->row->is_found = entry->is_found;
        entry->row->journal = entry->journal;
    }
    rows->mark = outer;
}

void aurora__rows_keep(aurora__rows *rows, uint32_t outer)
{
    rows->mark = outer;
}

void aurora__rows_tell(aurora__rows *rows, const aurora__key *key)
{
    const aurora__row_map *map = map_of(rows, key->table);
    if (map->capacity == 0)
        return;
    aurora__row *row = aurora__row_slot_of(map, aurora__row_hash(key), key)->row;
    if (row != NULL)
        row->is_told = true;
}

/* Saves the key's columns, or puts them back: their texts stand right behind the row, where looking
 * it up finds them in the cache. */
static void keep_key(const aurora__table *table, void *base,
                     uint64_t keys[AURORA__KEY_VALUES_MAX][2], bool is_saving)
{
    for (uint32_t i = 0; i < table->table.key_count; i++) {
        void *field = (char *)base + table->offsets[i];
        size_t bytes = table->table.columns[i].kind == AURORA_COLUMN_UUID ? 16 : 8;
        memcpy(is_saving ? (void *)keys[i] : field, is_saving ? field : (void *)keys[i], bytes);
    }
}

aurora__key aurora__row_key(const aurora__row *row)
{
    const aurora__table *table = table_of(row->table);
    aurora_value values[64];
    aurora__key key = {.table = row->table, .count = table->table.key_count};
    aurora__table_pack(table, row->base, values);
    memcpy(key.values, values, key.count * sizeof *values);
    return key;
}

void aurora__rows_unwant(aurora__rows *rows, uint32_t from)
{
    for (uint32_t i = from; i < rows->wanted.count; i++)
        rows->wanted.items[i]->is_wanted = false;
    rows->wanted.count = from;
}

void aurora__rows_loaded(aurora__rows *rows, aurora__row *row, const aurora_value *values)
{
    row->is_wanted = false;
    row->is_loaded = true;
    if (values == NULL && rows->is_shared && aurora__rows_are_kept(rows, row->table) &&
        list_add(&rows->absent, row, rows->batch) != AURORA_OK)
        rows->has_lost_absent = true;
    row->status = AURORA_OK;
    row->is_found_base = values != NULL;
    row->is_found = values != NULL;
    row->data = row->base;
    if (values == NULL)
        return;
    const aurora__table *table = table_of(row->table);
    uint64_t keys[AURORA__KEY_VALUES_MAX][2];
    keep_key(table, row->base, keys, true);
    row->status = aurora__table_unpack(table, values, row->base);
    keep_key(table, row->base, keys, false);
}

static uint64_t changed_columns(const aurora__table *table, const aurora__row *row)
{
    uint64_t columns = 0;
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        const aurora_column *column = &table->table.columns[i];
        const char *before = (const char *)row->base + table->offsets[i];
        const char *after = (const char *)row->data + table->offsets[i];
        size_t bytes = column->kind == AURORA_COLUMN_UUID    ? 16
                       : column->kind == AURORA_COLUMN_BYTES ? sizeof(aurora__bytes)
                                                             : 8;
        if (memcmp(before, after, bytes) != 0)
            columns |= (uint64_t)1 << i;
    }
    return columns;
}

bool aurora__rows_put(const aurora__row *row, aurora_value *values, aurora_store_put *put_out)
{
    const aurora__table *table = table_of(row->table);
    if (row->data == row->base || (!row->is_found && !row->is_found_base))
        return false;
    *put_out = (aurora_store_put){.table = &table->table, .values = values};
    if (!row->is_found) {
        put_out->kind = AURORA_PUT_DELETE;
        aurora__table_pack(table, row->base, values);
        return true;
    }
    aurora__table_pack(table, row->data, values);
    if (!row->is_found_base) {
        put_out->kind = AURORA_PUT_INSERT;
        return true;
    }
    put_out->columns = changed_columns(table, row);
    put_out->kind = AURORA_PUT_UPDATE;
    int32_t version = table->table.version_column;
    if (version >= 0)
        memcpy(&put_out->version_loaded, (const char *)row->base + table->offsets[version], 8);
    return put_out->columns != 0;
}

/* A cached row takes over what was committed where that needs no memory, else it is read again. */
static void end_cached(aurora__row *row, bool is_committed)
{
    const aurora__table *table = table_of(row->table);
    row->is_touched = false;
    row->journal = 0;
    if (is_committed && row->data != row->base) {
        if (table->has_pointers) {
            row->is_loaded = false;
        } else {
            memcpy(row->base, row->data, table->struct_size);
            row->is_found_base = row->is_found;
        }
    }
    row->data = row->base;
    row->is_found = row->is_found_base;
}

/* Others may have made them by the next batch. */
static void forget_absent(aurora__rows *rows)
{
    if (rows->has_lost_absent)
        rows->of_cache = (aurora__row_map){0};
    for (uint32_t i = 0; i < rows->absent.count; i++)
        rows->absent.items[i]->is_loaded = false;
    rows->absent = (aurora__row_list){0};
    rows->has_lost_absent = false;
}

void aurora__rows_end(aurora__rows *rows, bool is_committed)
{
    for (uint32_t i = 0; i < rows->touched.count; i++) {
        aurora__row *row = rows->touched.items[i];
        if (aurora__rows_are_kept(rows, row->table))
            end_cached(row, is_committed);
        else if (is_committed && rows->recent != NULL && row->data != row->base)
            aurora__recent_note(rows, row);
    }
    for (uint32_t i = 0; i < rows->wanted.count; i++)
        rows->wanted.items[i]->is_wanted = false;
    forget_absent(rows);
    rows->batch_hint = rows->of_batch.count;
    rows->of_batch = (aurora__row_map){0};
    rows->wanted = (aurora__row_list){0};
    rows->touched = (aurora__row_list){0};
    rows->journal = NULL;
    rows->journal_count = 0;
    rows->journal_capacity = 0;
    rows->mark = 0;
}

void aurora__rows_forget(aurora__rows *rows)
{
    aurora__rows_forget_recent(rows);
    rows->of_cache = (aurora__row_map){0};
}
