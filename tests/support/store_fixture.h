/* SPDX-License-Identifier: MIT */
/* What the store contract runs on: the adapters as a table, an open store per test, calls that
 * take the structs of core/tables.h. A new adapter is one line in store_fixture.c. */
#ifndef AURORA_TESTS_SUPPORT_STORE_FIXTURE_H
#define AURORA_TESTS_SUPPORT_STORE_FIXTURE_H

#include <aurora/port/store.h>

#include "core/tables.h"
#include "test.h"

typedef struct {
    const char *name;
    aurora_store_open_fn open;
    bool is_file;    /* what was stored is there after close and open */
    bool has_backup; /* else backup answers AURORA_ENOTSUP */
    bool tells_late; /* a refused put shows at the commit only */
    /* Writes an address at which there is nothing yet; NULL = a path in a folder. */
    void (*make)(char *address_out, size_t capacity);
    void (*missing)(char *address_out, size_t capacity);
} store_adapter;

extern const store_adapter store_adapters[];

/* The adapters that can be tested here: the last ones need an engine. */
int store_adapter_count(void);

typedef struct {
    const store_adapter *adapter;
    aurora_store port;
    char *folder;
    char address[512];
    uint32_t batches;        /* begun by store_write */
    aurora_id batch;         /* the newest of them */
    uint64_t epoch;          /* that it got */
    uint32_t failed;         /* failed_out of the newest conflict */
    aurora_log_row appended; /* by store_append, in the transaction that is open */
    int64_t blocks_max;      /* what the arena still hands out; negative = without end */
    void *blocks;            /* of the arena */
} store_fixture;

/* Opens adapter number `adapter` in a new folder; close removes both. */
store_fixture *store_open(int adapter);
void store_close(store_fixture *fixture);

/* Opens what was closed, at the same address. */
void store_attach_again(store_fixture *fixture);
/* Closes and opens again at the same address. */
void store_reopen(store_fixture *fixture);

/* An address like the fixture's at which there is nothing. */
void store_missing(const store_fixture *fixture, char *address_out, size_t capacity);

/* Another instance at an address, for which it answers what the adapter answered. */
aurora_status store_attach(const store_fixture *fixture, const char *address, uint32_t flags,
                           aurora_store *out);

/* The arena of the fixture: lives until close, counts blocks_max down. One thread at a time. */
aurora_arena_port store_arena(store_fixture *fixture);

/* Frees what the arena handed out so far. */
void store_arena_free(store_fixture *fixture);

/* Begin; a failure fails the test. */
aurora_store_txn *store_write(store_fixture *fixture);
aurora_store_txn *store_read(store_fixture *fixture);
void store_commit(store_fixture *fixture, aurora_store_txn *txn);
void store_rollback(store_fixture *fixture, aurora_store_txn *txn);

/* Table number of AURORA__TABLE_..., as the port wants it. */
const aurora_table *store_table(uint32_t table);

/* One put of a row struct. */
aurora_status store_put(store_fixture *fixture, aurora_store_txn *txn, uint32_t kind,
                        uint32_t table, const void *row);

/* An update that expects the stored version to be version_loaded. */
aurora_status store_update(store_fixture *fixture, aurora_store_txn *txn, uint32_t table,
                           const void *row, int64_t version_loaded);

/* What a put answered that must be refused, as number `failed` of its call: at once, or by an
 * adapter that tells late at the commit. The transaction is over then, without effect. */
void store_refused(store_fixture *fixture, aurora_store_txn *txn, aurora_status answer,
                   uint32_t failed);

/* One put in a transaction of its own, which must work. */
void store_put_committed(store_fixture *fixture, uint32_t kind, uint32_t table, const void *row);

/* Loads the row whose key the struct holds; true and the whole row if there is one. */
bool store_find(store_fixture *fixture, aurora_store_txn *txn, uint32_t table, void *row_io);

/* The same in a read transaction of its own. */
bool store_find_committed(store_fixture *fixture, uint32_t table, void *row_io);

/* Appends `count` events with this body, which must work. The position is there after the commit;
 * the row lasts until the next append. */
const aurora_log_row *store_append(store_fixture *fixture, aurora_store_txn *txn, uint32_t count,
                                   const char *body);

/* Values for keys and bounds. */
aurora_value store_int64(int64_t number);
aurora_value store_text(const char *text);
aurora_value store_time(int64_t ms);
aurora_value store_uuid(const aurora_id *id);

/* An id whose first byte is `first` and last `last`, zeros between. */
aurora_id store_id(uint8_t first, uint8_t last);

/* Adds a test that runs once for each adapter, under its name and number. */
#define store_add_test(tcase, test) tcase_add_loop_test(tcase, test, 0, store_adapter_count())

#endif
