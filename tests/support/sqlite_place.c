/* SPDX-License-Identifier: MIT */
#include "sqlite_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void *take(void *self, size_t bytes)
{
    sqlite_place *place = self;
    int64_t left = place->blocks_left;
    if (left == 0)
        return NULL;
    if (left > 0)
        place->blocks_left--;
    place->blocks++;
    return malloc(bytes);
}

static void *retake(void *self, void *memory, size_t bytes)
{
    ((sqlite_place *)self)->blocks += memory == NULL;
    return realloc(memory, bytes);
}

static void give(void *self, void *memory)
{
    ((sqlite_place *)self)->blocks -= memory != NULL;
    free(memory);
}

static void hear(void *self, int32_t level, const char *message)
{
    (void)self;
    if (getenv("AURORA_TEST_LOG") != NULL)
        fprintf(stderr, "%d %s\n", (int)level, message);
}

sqlite_place *sqlite_place_new(void)
{
    sqlite_place *place = calloc(1, sizeof *place);
    ck_assert_ptr_nonnull(place);
    place->blocks_left = -1;
    place->folder = aurora_tempdir_new();
    aurora_test_path(place->path, sizeof place->path, place->folder, "shop.db");
    for (int i = 0; i < AURORA__TABLE_COUNT; i++)
        place->tables[i] = &aurora__tables[i].table;
    place->allocator = (aurora_allocator){sizeof place->allocator, place, take, retake, give};
    place->options = (aurora_store_options){
        .size = sizeof place->options,
        .address = place->path,
        .tables = place->tables,
        .table_count = AURORA__TABLE_COUNT,
        .allocator = &place->allocator,
        .log = hear,
    };
    return place;
}

void sqlite_place_free(sqlite_place *place)
{
    aurora_tempdir_remove(place->folder);
    free(place);
}

aurora_status sqlite_place_try(sqlite_place *place, aurora_store *out, aurora_error *err)
{
    return aurora__store_sqlite_open_with(&place->options, &place->faults, out, err);
}

aurora_store sqlite_place_open(sqlite_place *place)
{
    aurora_store store;
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = sqlite_place_try(place, &store, &err);
    ck_assert_msg(rc == AURORA_OK, "open is %d: %s", (int)rc, err.message);
    return store;
}

void sqlite_place_exec(sqlite_place *place, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    ck_assert_int_eq(sqlite3_open(place->path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 1000);
    int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
    ck_assert_msg(rc == SQLITE_OK, "%s: %s", sql, message != NULL ? message : "");
    sqlite3_close(db);
}

aurora_id sqlite_batch(int number)
{
    aurora_id id = {{0x01}};
    memcpy(id.bytes + 8, &number, sizeof number);
    return id;
}

static void put_of(const char *sku, int64_t price, aurora_value *values_out,
                   aurora_store_put *put_out)
{
    const aurora__table *table = &aurora__tables[AURORA__TABLE_price];
    aurora__price_row row = {.sku = sku, .price_minor = price, .currency = "EUR", .version = 1};
    aurora__table_pack(table, &row, values_out);
    *put_out =
        (aurora_store_put){.table = &table->table, .values = values_out, .kind = AURORA_PUT_UPSERT};
}

aurora_status sqlite_put_price(aurora_store *store, const char *sku, int64_t price, int batch)
{
    aurora_value values[64];
    aurora_store_put put;
    aurora_store_txn *txn;
    uint64_t epoch;
    uint32_t failed;
    aurora_log_row row = {.at_ms = 1, .count = 1, .format = 1, .body = "[[1]]", .body_length = 5};
    if (sku != NULL)
        put_of(sku, price, values, &put);
    aurora_status rc =
        store->begin(store->self, AURORA_TXN_WRITE, sqlite_batch(batch), 0, &epoch, &txn);
    if (rc != AURORA_OK)
        return rc;
    rc = sku == NULL ? AURORA_OK : store->save(store->self, txn, &put, 1, &failed);
    if (rc == AURORA_OK)
        rc = store->append(store->self, txn, &row);
    if (rc == AURORA_OK)
        return store->commit(store->self, txn);
    store->rollback(store->self, txn);
    return rc;
}

typedef struct {
    char bytes[4096];
    size_t used;
} row_memory;

static void *take_row(void *self, size_t bytes)
{
    row_memory *memory = self;
    void *at = memory->bytes + memory->used;
    memory->used += (bytes + 7) & ~(size_t)7;
    return memory->used <= sizeof memory->bytes ? at : NULL;
}

aurora_status sqlite_load_price(aurora_store *store, aurora_store_txn *txn, const char *sku,
                                int64_t *price_out)
{
    row_memory memory = {.used = 0};
    aurora_arena_port arena = {&memory, take_row};
    aurora_value values[64];
    aurora_value key = {.kind = AURORA_COLUMN_TEXT, .length = (uint32_t)strlen(sku), .bytes = sku};
    aurora_store_load load = {
        .table = &aurora__tables[AURORA__TABLE_price].table, .key = &key, .values_out = values};
    aurora_status rc = store->load(store->self, txn, &load, 1, false, &arena);
    *price_out = rc == AURORA_OK && load.is_found_out ? values[1].number : 0;
    return rc;
}

int64_t sqlite_get_price(aurora_store *store, const char *sku)
{
    aurora_store_txn *txn;
    int64_t price;
    aurora_assert_ok(store->begin(store->self, AURORA_TXN_READ, sqlite_batch(0), 0, NULL, &txn));
    aurora_assert_ok(sqlite_load_price(store, txn, sku, &price));
    store->rollback(store->self, txn);
    return price;
}
