/* SPDX-License-Identifier: MIT */
#include "store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/store_memory/store_memory.h"
#include "adapters/store_sqlite/store_sqlite.h"
#include "heap.h"
#include "own_store/sorted_store.h"
#ifdef AURORA_HAVE_POSTGRES
#include "adapters/store_postgres/store_postgres.h"
#include "postgres_place.h"
#endif

const store_adapter store_adapters[] = {
    {.name = "memory", .open = aurora__store_memory_open},
    {.name = "sorted", .open = sorted_store_open}, /* examples/own_store */
    {.name = "sqlite", .open = aurora__store_sqlite_open, .is_file = true, .has_backup = true},
#ifdef AURORA_HAVE_POSTGRES
    {.name = "postgresql",
     .open = aurora__store_postgres_open,
     .is_file = true,
     .tells_late = true,
     .make = postgres_program_database,
     .missing = postgres_database_missing},
#endif
};

int store_adapter_count(void)
{
    int count = sizeof store_adapters / sizeof store_adapters[0];
#ifdef AURORA_HAVE_POSTGRES
    char address[256];
    if (!postgres_is_there())
        return count - 1;
    postgres_program_database(address, sizeof address); /* before Check forks */
#endif
    return count;
}

/* --- memory --------------------------------------------------------------------------------- */

typedef struct block {
    struct block *next;
    uint64_t bytes[];
} block;

/* A block of its own for each request, so that sanitizers see what runs over. */
static void *arena_allocate(void *self, size_t bytes)
{
    store_fixture *fixture = self;
    if (fixture->blocks_max == 0)
        return NULL;
    fixture->blocks_max--;
    block *taken = malloc(sizeof *taken + bytes);
    ck_assert_ptr_nonnull(taken);
    taken->next = fixture->blocks;
    fixture->blocks = taken;
    return taken->bytes;
}

aurora_arena_port store_arena(store_fixture *fixture)
{
    return (aurora_arena_port){.self = fixture, .allocate = arena_allocate};
}

void store_arena_free(store_fixture *fixture)
{
    while (fixture->blocks != NULL) {
        block *taken = fixture->blocks;
        fixture->blocks = taken->next;
        free(taken);
    }
}

/* --- life cycle ----------------------------------------------------------------------------- */

static void log_nothing(void *self, int32_t level, const char *message)
{
    (void)self;
    (void)level;
    (void)message;
}

aurora_status store_attach(const store_fixture *fixture, const char *address, uint32_t flags,
                           aurora_store *out)
{
    /* Static: the port does not say that adapters copy the list. */
    static const aurora_table *tables[AURORA__TABLE_COUNT];
    for (uint32_t i = 0; i < AURORA__TABLE_COUNT; i++)
        tables[i] = store_table(i);
    const aurora_store_options options = {.size = sizeof options,
                                          .flags = flags,
                                          .address = address,
                                          .tables = tables,
                                          .table_count = AURORA__TABLE_COUNT,
                                          .allocator = &heap,
                                          .log = log_nothing};
    aurora_error err = AURORA_ERROR_INIT;
    aurora_status rc = fixture->adapter->open(&options, out, &err);
    ck_assert_msg(rc == AURORA_OK || err.message[0] != 0, "%d without a message", (int)rc);
    return rc;
}

store_fixture *store_open(int adapter)
{
    store_fixture *fixture = calloc(1, sizeof *fixture);
    ck_assert_ptr_nonnull(fixture);
    fixture->adapter = &store_adapters[adapter];
    fixture->blocks_max = -1;
    fixture->folder = aurora_tempdir_new();
    if (fixture->adapter->make != NULL)
        fixture->adapter->make(fixture->address, sizeof fixture->address);
    else
        aurora_test_path(fixture->address, sizeof fixture->address, fixture->folder, "store");
    aurora_assert_ok(store_attach(fixture, fixture->address, 0, &fixture->port));
    return fixture;
}

void store_missing(const store_fixture *fixture, char *address_out, size_t capacity)
{
    if (fixture->adapter->missing != NULL)
        fixture->adapter->missing(address_out, capacity);
    else
        aurora_test_path(address_out, capacity, fixture->folder, "missing");
}

void store_attach_again(store_fixture *fixture)
{
    aurora_assert_ok(store_attach(fixture, fixture->address, 0, &fixture->port));
}

void store_reopen(store_fixture *fixture)
{
    fixture->port.close(fixture->port.self);
    store_attach_again(fixture);
}

void store_close(store_fixture *fixture)
{
    fixture->port.close(fixture->port.self);
    store_arena_free(fixture);
    aurora_tempdir_remove(fixture->folder);
    free(fixture);
}

/* --- transactions --------------------------------------------------------------------------- */

aurora_store_txn *store_write(store_fixture *fixture)
{
    aurora_store_txn *txn = NULL;
    fixture->batches++;
    fixture->batch = store_id(1, 0);
    memcpy(fixture->batch.bytes + 4, &fixture->batches, sizeof fixture->batches);
    aurora_assert_ok(fixture->port.begin(fixture->port.self, AURORA_TXN_WRITE, fixture->batch, 5000,
                                         &fixture->epoch, &txn));
    return txn;
}

aurora_store_txn *store_read(store_fixture *fixture)
{
    aurora_store_txn *txn = NULL;
    const aurora_id none = {{0}};
    uint64_t epoch;
    aurora_assert_ok(
        fixture->port.begin(fixture->port.self, AURORA_TXN_READ, none, 5000, &epoch, &txn));
    return txn;
}

void store_commit(store_fixture *fixture, aurora_store_txn *txn)
{
    aurora_assert_ok(fixture->port.commit(fixture->port.self, txn));
}

void store_rollback(store_fixture *fixture, aurora_store_txn *txn)
{
    fixture->port.rollback(fixture->port.self, txn);
}

/* --- rows ----------------------------------------------------------------------------------- */

const aurora_table *store_table(uint32_t table)
{
    return &aurora__tables[table].table;
}

static aurora_status put(store_fixture *fixture, aurora_store_txn *txn, uint32_t table,
                         const void *row, aurora_store_put put)
{
    aurora_value values[64];
    aurora__table_pack(&aurora__tables[table], row, values);
    put.table = store_table(table);
    put.values = values;
    fixture->failed = UINT32_MAX;
    return fixture->port.save(fixture->port.self, txn, &put, 1, &fixture->failed);
}

aurora_status store_put(store_fixture *fixture, aurora_store_txn *txn, uint32_t kind,
                        uint32_t table, const void *row)
{
    return put(fixture, txn, table, row, (aurora_store_put){.kind = kind});
}

aurora_status store_update(store_fixture *fixture, aurora_store_txn *txn, uint32_t table,
                           const void *row, int64_t version_loaded)
{
    return put(fixture, txn, table, row,
               (aurora_store_put){.kind = AURORA_PUT_UPDATE, .version_loaded = version_loaded});
}

void store_refused(store_fixture *fixture, aurora_store_txn *txn, aurora_status answer,
                   uint32_t failed)
{
    if (answer == AURORA_OK && fixture->adapter->tells_late) {
        aurora_assert_status(fixture->port.commit(fixture->port.self, txn), AURORA_ECONFLICT);
        return;
    }
    aurora_assert_status(answer, AURORA_ECONFLICT);
    ck_assert_uint_eq(fixture->failed, failed);
    store_rollback(fixture, txn);
}

void store_put_committed(store_fixture *fixture, uint32_t kind, uint32_t table, const void *row)
{
    aurora_store_txn *txn = store_write(fixture);
    aurora_assert_ok(store_put(fixture, txn, kind, table, row));
    store_commit(fixture, txn);
}

bool store_find(store_fixture *fixture, aurora_store_txn *txn, uint32_t table, void *row_io)
{
    aurora_value key[64];
    aurora_value values[64];
    aurora__table_pack(&aurora__tables[table], row_io, key);
    aurora_store_load load = {.table = store_table(table), .key = key, .values_out = values};
    aurora_arena_port arena = store_arena(fixture);
    load.is_found_out = 7;
    aurora_assert_ok(fixture->port.load(fixture->port.self, txn, &load, 1, false, &arena));
    ck_assert_uint_le(load.is_found_out, 1);
    if (load.is_found_out)
        aurora_assert_ok(aurora__table_unpack(&aurora__tables[table], values, row_io));
    return load.is_found_out;
}

bool store_find_committed(store_fixture *fixture, uint32_t table, void *row_io)
{
    aurora_store_txn *txn = store_read(fixture);
    bool is_found = store_find(fixture, txn, table, row_io);
    store_rollback(fixture, txn);
    return is_found;
}

const aurora_log_row *store_append(store_fixture *fixture, aurora_store_txn *txn, uint32_t count,
                                   const char *body)
{
    fixture->appended = (aurora_log_row){.at_ms = 1000 + fixture->batches,
                                         .count = count,
                                         .format = 3,
                                         .body = body,
                                         .body_length = strlen(body)};
    aurora_assert_ok(fixture->port.append(fixture->port.self, txn, &fixture->appended));
    return &fixture->appended;
}

/* --- values --------------------------------------------------------------------------------- */

aurora_value store_int64(int64_t number)
{
    return (aurora_value){.kind = AURORA_COLUMN_INT64, .number = number};
}

aurora_value store_text(const char *text)
{
    return (aurora_value){
        .kind = AURORA_COLUMN_TEXT, .length = (uint32_t)strlen(text), .bytes = text};
}

aurora_value store_time(int64_t ms)
{
    return (aurora_value){.kind = AURORA_COLUMN_TIME, .number = ms};
}

aurora_value store_uuid(const aurora_id *id)
{
    return (aurora_value){.kind = AURORA_COLUMN_UUID, .length = 16, .bytes = id->bytes};
}

aurora_id store_id(uint8_t first, uint8_t last)
{
    aurora_id id = {{0}};
    id.bytes[0] = first;
    id.bytes[15] = last;
    return id;
}
