/* SPDX-License-Identifier: MIT */
/* Whether SQLite and the place of the file can be trusted with a store. */
#ifndef AURORA_ADAPTERS_STORE_SQLITE_ENVIRONMENT_H
#define AURORA_ADAPTERS_STORE_SQLITE_ENVIRONMENT_H

#include <aurora/port/store.h>

/* The SQLite that is linked, as sqlite3_libversion_number, sqlite3_threadsafe and
 * sqlite3_compileoption_used tell it. */
typedef struct {
    int version;
    int is_threadsafe;
    int has_fts5;
} aurora__sqlite_library;

/* AURORA_ENOTSUP and what is missing. */
aurora_status aurora__sqlite_library_check(const aurora__sqlite_library *library,
                                           aurora_error *err);

/* Whether statfs's f_type is of a file system whose locks or syncs cannot be relied on. */
bool aurora__sqlite_is_network(uint64_t file_system);

/* Checks options->address, makes an empty file where one is missing and allowed, and writes the
 * absolute path without links, from options->allocator. */
aurora_status aurora__sqlite_place_check(const aurora_store_options *options, char **path_out,
                                         aurora_error *err);

#endif
