/* SPDX-License-Identifier: MIT */
/* A folder with one SQLite store, opened as often as a test likes, and the few writes and reads
 * that tests of its rules need: prices by SKU, one log event per write. */
#ifndef AURORA_TESTS_SUPPORT_SQLITE_PLACE_H
#define AURORA_TESTS_SUPPORT_SQLITE_PLACE_H

#include <sqlite3.h>

#include "adapters/store_sqlite/store_sqlite.h"
#include "core/tables.h"

typedef struct {
    char *folder;
    char path[4096];
    const aurora_table *tables[AURORA__TABLE_COUNT];
    aurora_allocator allocator;
    aurora_store_options options;
    aurora__store_sqlite_faults faults;
    _Atomic int64_t blocks;      /* taken from the allocator and not given back */
    _Atomic int64_t blocks_left; /* the allocator gives this many more, any number when negative */
} sqlite_place;

sqlite_place *sqlite_place_new(void);
void sqlite_place_free(sqlite_place *place);

/* Opens with the faults of the place; the store's memory is counted in `blocks`. */
aurora_status sqlite_place_try(sqlite_place *place, aurora_store *out, aurora_error *err);

/* The same, and it must work. */
aurora_store sqlite_place_open(sqlite_place *place);

/* Runs SQL on a connection of its own. */
void sqlite_place_exec(sqlite_place *place, const char *sql);

/* A batch id that differs in one number. */
aurora_id sqlite_batch(int number);

/* One write transaction: begin, one upsert (none for a NULL sku), one log event, commit; the first
 * status that is not AURORA_OK. */
aurora_status sqlite_put_price(aurora_store *store, const char *sku, int64_t price, int batch);

/* The price in a read of its own, 0 when there is no row. */
int64_t sqlite_get_price(aurora_store *store, const char *sku);

/* The price as an open transaction sees it. */
aurora_status sqlite_load_price(aurora_store *store, aurora_store_txn *txn, const char *sku,
                                int64_t *price_out);

#endif
