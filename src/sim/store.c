/* SPDX-License-Identifier: MIT */
/* Durable rows in memory: what a save wrote stays until it is written over; what was not saved when
 * a crash came is gone. */
#include "sim/world.h"

#include <aurora/event.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ (hash >> 32);
}

static uint64_t mix_bytes(uint64_t hash, const char *bytes, size_t length)
{
    uint64_t word;
    for (; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        hash = mix(hash, word);
    }
    word = length;
    memcpy(&word, bytes, length);
    return mix(hash, word);
}

static uint64_t hash_values(uint32_t table, const aurora_value *values)
{
    uint64_t hash = 0xCBF29CE484222325u + table;
    for (uint32_t i = 0; i < aurora__tables[table].table.key_count; i++) {
        const aurora_value *value = &values[i];
        hash = value->bytes == NULL ? mix(hash, (uint64_t)value->number)
                                    : mix_bytes(hash, value->bytes, value->length);
    }
    return hash == 0 ? 1 : hash ^ (hash >> 31);
}

/* Of the columns that make a row's key. */
static uint64_t hash_row(uint32_t table, const void *row)
{
    aurora_value values[AURORA__KEY_VALUES_MAX] = {0};
    const aurora__table *of = &aurora__tables[table];
    for (uint32_t i = 0; i < of->table.key_count; i++) {
        const char *field = (const char *)row + of->offsets[i];
        values[i].kind = of->table.columns[i].kind;
        if (values[i].kind == AURORA_COLUMN_TEXT) {
            const char *text;
            memcpy(&text, field, sizeof text);
            values[i] = aurora__value_text(text);
        } else if (values[i].kind == AURORA_COLUMN_UUID) {
            values[i] = aurora__value_uuid((const void *)field);
        } else {
            memcpy(&values[i].number, field, sizeof values[i].number);
        }
    }
    return hash_values(table, values);
}

/* --- the map ------------------------------------------------------------------------------ */

/* Entries are told apart by 64 bits of hash: a collision within one seed is out of reach. */
static aurora__sim_entry **slot_of(const aurora__sim_store *store, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (store->capacity - 1);
    while (store->slots[at] != NULL && store->slots[at]->hash != hash)
        at = (at + 1) & (store->capacity - 1);
    return &store->slots[at];
}

static const aurora__sim_entry *find(const aurora__sim_store *store, uint64_t hash)
{
    return store->capacity == 0 ? NULL : *slot_of(store, hash);
}

static void widen(aurora__sim_world *world, aurora__sim_store *store)
{
    aurora__sim_store wider = *store;
    wider.capacity = store->capacity == 0 ? 256 : store->capacity * 2;
    wider.slots = aurora__sim_take(world, wider.capacity * sizeof *wider.slots);
    for (uint32_t i = 0; i < store->capacity; i++) {
        if (store->slots[i] != NULL)
            *slot_of(&wider, store->slots[i]->hash) = store->slots[i];
    }
    *store = wider;
}

static aurora__sim_entry *find_or_add(aurora__sim_world *world, aurora__sim_store *store,
                                      uint32_t table, uint64_t hash)
{
    if (2 * store->count >= store->capacity)
        widen(world, store);
    aurora__sim_entry **slot = slot_of(store, hash);
    if (*slot != NULL)
        return *slot;
    const aurora__table *of = &aurora__tables[table];
    aurora__sim_entries *of_table = &store->tables[table];
    aurora__sim_entry *entry =
        aurora__sim_take(world, sizeof *entry + (size_t)2 * of->struct_size +
                                    of->table.column_count * sizeof(aurora_value));
    *entry = (aurora__sim_entry){.hash = hash, .table = table, .index = of_table->count};
    entry->values = (aurora_value *)(entry + 1);
    entry->places[0] = (char *)(entry->values + of->table.column_count);
    entry->places[1] = entry->places[0] + of->struct_size;
    of_table->items = aurora__sim_room(world, of_table->items, of_table->count, &of_table->capacity,
                                       sizeof *of_table->items);
    of_table->due_at = aurora__sim_room(world, of_table->due_at, of_table->count,
                                        &of_table->due_capacity, sizeof *of_table->due_at);
    of_table->due_at[of_table->count] = 0;
    of_table->items[of_table->count++] = entry;
    store->count++;
    *slot = entry;
    return entry;
}

const void *aurora__sim_store_get(const aurora__sim_store *store, const aurora__key *key)
{
    const aurora__sim_entry *entry = find(store, hash_values(key->table, key->values));
    return entry == NULL ? NULL : entry->row;
}

const void *aurora__sim_row_of(const aurora__sim_service *service, uint32_t table,
                               const aurora_id *id)
{
    aurora__key key = aurora__key_uuid(table, id);
    return aurora__sim_store_get(&service->store, &key);
}

/* --- load and save ------------------------------------------------------------------------ */

void aurora__sim_store_load(aurora__sim_service *service)
{
    aurora__rows *rows = &service->rows;
    uint32_t count = rows->wanted.count;
    rows->wanted.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        aurora__row *row = rows->wanted.items[i];
        if (row->is_loaded)
            continue;
        const aurora__sim_entry *entry = find(&service->store, hash_row(row->table, row->base));
        bool is_found = entry != NULL && entry->row != NULL;
        aurora__rows_loaded(rows, row, is_found ? entry->values : NULL);
    }
}

/* What the row that it takes the place of has already needs no second copy. */
static const void *keep_bytes(aurora__sim_world *world, const aurora_value *value,
                              const char *before)
{
    const void *old = NULL;
    if (before != NULL)
        memcpy(&old, before, sizeof old);
    return old == value->bytes
               ? old
               : aurora__arena_copy(&world->memory.arena, value->bytes, value->length);
}

/* Makes the row what a load finds. Its two places change with each save, so that the row before it
 * can still be looked at. */
static void keep(aurora__sim_service *service, aurora__sim_entry *entry, const aurora_value *values,
                 const void *row)
{
    const aurora__table *table = &aurora__tables[entry->table];
    aurora__sim_world *world = service->world;
    const char *before = entry->row;
    char *copy = entry->places[entry->turn ^= 1];
    memcpy(copy, row, table->struct_size);
    memcpy(entry->values, values, table->table.column_count * sizeof *values);
    for (uint32_t i = 0; i < table->table.column_count; i++) {
        aurora_value *value = &entry->values[i];
        char *field = copy + table->offsets[i];
        if (value->bytes == NULL)
            continue;
        if (value->kind == AURORA_COLUMN_TEXT || value->kind == AURORA_COLUMN_BYTES) {
            value->bytes =
                keep_bytes(world, value, before == NULL ? NULL : before + table->offsets[i]);
            memcpy(field, &value->bytes, sizeof value->bytes);
        } else {
            value->bytes = field;
        }
    }
    entry->row = copy;
}

static void plant(aurora__sim_world *world, aurora__sim_entry *entry)
{
    if (!AURORA_PLANT(STOCK_DRIFT) || entry->table != AURORA__TABLE_stock ||
        aurora__sim_below(world, 16) != 0)
        return;
    aurora__stock_row *row = (void *)entry->places[entry->turn];
    row->available++;
    aurora__table_pack(&aurora__tables[entry->table], row, entry->values);
}

static int64_t due_at(uint32_t table, const void *row)
{
    switch (table) {
    case AURORA__TABLE_order:
        return ((const aurora__order_row *)row)->due_at;
    case AURORA__TABLE_payment:
        return ((const aurora__payment_row *)row)->due_at;
    case AURORA__TABLE_hold:
        return ((const aurora__hold_row *)row)->due_at;
    default:
        return 0;
    }
}

static void save_one(aurora__sim_service *service, const aurora__row *row)
{
    aurora_value values[64];
    aurora_store_put put;
    aurora__sim_world *world = service->world;
    if (!aurora__rows_put(row, values, &put))
        return;
    uint64_t hash = hash_values(row->table, values);
    aurora__sim_entry *entry = find_or_add(world, &service->store, row->table, hash);
    const void *before = entry->row;
    if (put.kind == AURORA_PUT_DELETE) {
        entry->row = NULL;
        service->store.tables[row->table].due_at[entry->index] = 0;
    } else {
        keep(service, entry, values, row->data);
        plant(world, entry);
        service->store.tables[row->table].due_at[entry->index] = due_at(row->table, entry->row);
    }
    aurora__sim_hash(world, hash);
    aurora__sim_check_put(service, entry, before, put.kind);
}

void aurora__sim_store_save(aurora__sim_service *service, uint32_t part)
{
    uint32_t count = service->rows.touched.count * part / 256;
    for (uint32_t i = 0; i < count; i++)
        save_one(service, service->rows.touched.items[i]);
}

void aurora__sim_store_save_table(aurora__sim_service *service, uint32_t table)
{
    for (uint32_t i = 0; i < service->rows.touched.count; i++) {
        if (service->rows.touched.items[i]->table == table)
            save_one(service, service->rows.touched.items[i]);
    }
}
