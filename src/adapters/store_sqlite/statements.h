/* SPDX-License-Identifier: MIT */
/* SQL out of table descriptors, prepared once per connection. Parameters are numbered in the order
 * that each comment gives. NULL means that preparing failed: SQLite's error code says why. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_STATEMENTS_H
#define AURORA_ADAPTERS_STORE_SQLITE_STATEMENTS_H

#include "adapters/store_sqlite/connection.h"

/* All columns of one row; parameters: the key. */
sqlite3_stmt *aurora__sqlite_load(sqlite3 *db, aurora__sqlite_statements *of);

/* Parameters: all columns. An upsert replaces the row of the same key, never another one. */
sqlite3_stmt *aurora__sqlite_insert(sqlite3 *db, aurora__sqlite_statements *of);
sqlite3_stmt *aurora__sqlite_upsert(sqlite3 *db, aurora__sqlite_statements *of);

/* Inserts what the connection's bulk shows. */
sqlite3_stmt *aurora__sqlite_insert_many(sqlite3 *db, aurora__sqlite_statements *of);

/* Parameters: the key. */
sqlite3_stmt *aurora__sqlite_drop(sqlite3 *db, aurora__sqlite_statements *of);

/* Parameters: the columns of *columns in order, the key, the version that the row must hold where
 * the table has one. *columns (0 = any) becomes the set that the statement writes, which is a
 * superset of what was asked. */
sqlite3_stmt *aurora__sqlite_update(sqlite3 *db, aurora__sqlite_statements *of, uint64_t *columns);

/* The columns of shape->columns of the rows in a range; parameters: lower, upper, limit. */
sqlite3_stmt *aurora__sqlite_scan(sqlite3 *db, aurora__sqlite_statements *of,
                                  const aurora__sqlite_scan_shape *shape);

#endif
