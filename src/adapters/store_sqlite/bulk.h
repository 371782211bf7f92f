/* SPDX-License-Identifier: MIT */
/* Inserting many rows of one table by one statement: INSERT ... SELECT from a virtual table that
 * reads the rows where they lie. Nothing is bound, the cursor stays at the end of the table between
 * rows, and SQLite is entered once, not once a row. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_BULK_H
#define AURORA_ADAPTERS_STORE_SQLITE_BULK_H

#include <sqlite3.h>

#include <aurora/port/store.h>

#define AURORA__SQLITE_BULK_MIN 4 /* fewer rows are inserted one by one */

/* What the virtual table of one connection shows now. */
typedef struct {
    const aurora_store_put *puts;
    uint32_t count;
    uint32_t at; /* the row that is read; after a failure the one to blame */
} aurora__sqlite_bulk;

/* Makes the virtual table of a connection; answers SQLite's code. `bulk` outlives the
 * connection. */
int aurora__sqlite_bulk_attach(sqlite3 *db, aurora__sqlite_bulk *bulk);

/* The name that statements select from, with columns c0, c1 and so on. */
#define AURORA__SQLITE_BULK_TABLE "aurora_rows"

#endif
