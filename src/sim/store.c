/* SPDX-License-Identifier: MIT */
/* Durable rows in memory: what a save wrote stays until it is written over; what was not saved when
 * a crash came is gone. */
#include "sim/world.h"

#include <aurora/event.h>

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 0x100000001B3u;
    return (hash ^ length) * 0x9E3779B97F4A7C15u;
}

static uint64_t hash_values(uint32_t table, const aurora_value *values)
{
    uint64_t hash = 0xCBF29CE484222325u + table;
    for (uint32_t i = 0; i < aurora__tables[table].table.key_count; i++) {
        const aurora_value *value = &values[i];
        hash = value->bytes == NULL ? mix(hash, &value->number, sizeof value->number)
                                    : mix(hash, value->bytes, value->length);
    }
    return hash == 0 ? 1 : hash ^ (hash >> 31);
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
    aurora__sim_entry *entry = aurora__sim_take(world, sizeof *entry);
    aurora__sim_entries *of_table = &store->tables[table];
    *entry = (aurora__sim_entry){.hash = hash, .table = table};
    of_table->items = aurora__sim_room(world, of_table->items, of_table->count, &of_table->capacity,
                                       sizeof *of_table->items);
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
    aurora_value values[64];
    aurora__rows *rows = &service->rows;
    uint32_t count = rows->wanted.count;
    rows->wanted.count = 0;
    for (uint32_t i = 0; i < count; i++) {
        aurora__row *row = rows->wanted.items[i];
        if (row->is_loaded)
            continue;
        const aurora__table *table = &aurora__tables[row->table];
        aurora__table_pack(table, row->base, values);
        const aurora__sim_entry *entry = find(&service->store, hash_values(row->table, values));
        if (entry == NULL || entry->row == NULL) {
            aurora__rows_loaded(rows, row, NULL);
            continue;
        }
        aurora__table_pack(table, entry->row, values);
        aurora__rows_loaded(rows, row, values);
    }
}

static void *copy_row(aurora__sim_world *world, const aurora__table *table, const void *row)
{
    aurora__arena *arena = &world->memory.arena;
    char *copy = aurora__sim_take(world, table->struct_size);
    memcpy(copy, row, table->struct_size);
    for (uint32_t i = 0; table->has_pointers != 0 && i < table->table.column_count; i++) {
        char *field = copy + table->offsets[i];
        if (table->table.columns[i].kind == AURORA_COLUMN_TEXT) {
            const char *text;
            memcpy(&text, field, sizeof text);
            text = aurora__arena_text(arena, text);
            memcpy(field, &text, sizeof text);
        } else if (table->table.columns[i].kind == AURORA_COLUMN_BYTES) {
            aurora__bytes bytes;
            memcpy(&bytes, field, sizeof bytes);
            if (bytes.data != NULL)
                bytes.data = (uint8_t *)aurora__arena_copy(arena, bytes.data, bytes.length);
            memcpy(field, &bytes, sizeof bytes);
        }
    }
    return copy;
}

static bool is_kept_back(aurora__sim_service *service, uint32_t table)
{
    bool is_compensated = table == AURORA__TABLE_reservation || table == AURORA__TABLE_stock;
    return is_compensated && service->is_compensation_dropped;
}

static void plant(aurora__sim_world *world, uint32_t table, void *row, const void *before)
{
    if (world->request->plant == AURORA__PLANT_STOCK_DRIFT && table == AURORA__TABLE_stock &&
        aurora__sim_below(world, 16) == 0)
        ((aurora__stock_row *)row)->available++;
    if (world->request->plant == AURORA__PLANT_STALE_VERSION && table == AURORA__TABLE_order &&
        before != NULL && aurora__sim_below(world, 16) == 0)
        ((aurora__order_row *)row)->version = ((const aurora__order_row *)before)->version;
}

static void save_one(aurora__sim_service *service, const aurora__row *row)
{
    aurora_value values[64];
    aurora_store_put put;
    aurora__sim_world *world = service->world;
    if (!aurora__rows_put(row, values, &put) || is_kept_back(service, row->table))
        return;
    uint64_t hash = hash_values(row->table, values);
    aurora__sim_entry *entry = find_or_add(world, &service->store, row->table, hash);
    const void *before = entry->row;
    if (put.kind == AURORA_PUT_DELETE) {
        entry->row = NULL;
    } else {
        void *copy = copy_row(world, &aurora__tables[row->table], row->data);
        plant(world, row->table, copy, before);
        entry->row = copy;
    }
    aurora__sim_hash(world, hash);
    aurora__sim_check_put(service, row->table, before, entry->row, &put);
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
