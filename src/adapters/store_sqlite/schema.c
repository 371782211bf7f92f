/* SPDX-License-Identifier: MIT */
/* What is in the file: whose it is, which version, and whether its columns are the descriptors'. */
#include <stdio.h>
#include <string.h>

#include <aurora/handle.h>

#include "adapters/store_sqlite/instance.h"
#include "adapters/store_sqlite/migrations.h"

#define APPLICATION_ID 0x4155524f /* "AURO" */
#define LOCK_WAIT_MS 30000        /* another process may be migrating a large store */

static int newest_version(void)
{
    int version = 0;
    for (const aurora__migration *at = aurora__store_sqlite_migrations; at->version != 0; at++)
        version = at->version;
    return version;
}

static aurora_status not_read(aurora__sqlite_store *store, sqlite3 *db, aurora_status status,
                              aurora_error *err)
{
    return aurora__sqlite_error(err, status, "%s: %s", store->path, sqlite3_errmsg(db));
}

/* A newer schema says from which library on it can be worked on; one that says nothing cannot. */
static aurora_status check_newer(aurora__sqlite_store *store, sqlite3 *db, int64_t version,
                                 aurora_error *err)
{
    int64_t runs_from;
    aurora_status status = aurora__sqlite_number(
        db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'migrations'",
        &runs_from);
    if (status == AURORA_OK && runs_from > 0)
        status =
            aurora__sqlite_number(db,
                                  "SELECT max(runs_from) FROM migrations"
                                  " WHERE version = (SELECT user_version FROM pragma_user_version)",
                                  &runs_from);
    if (status != AURORA_OK)
        return not_read(store, db, status, err);
    if (runs_from > 0 && runs_from <= newest_version())
        return AURORA_OK;
    return aurora__sqlite_error(err, AURORA_ESCHEMA,
                                "%s has schema %lld, which needs a library of %lld, this one knows"
                                " %d: it is too old",
                                store->path, (long long)version,
                                (long long)(runs_from > 0 ? runs_from : version), newest_version());
}

aurora_status aurora__sqlite_schema_identify(aurora__sqlite_store *store, sqlite3 *db,
                                             aurora_error *err)
{
    int64_t id = 0;
    int64_t version = 0;
    int64_t tables = 0;
    aurora_status status = aurora__sqlite_number(db, "PRAGMA application_id", &id);
    if (status == AURORA_OK)
        status = aurora__sqlite_number(db, "PRAGMA user_version", &version);
    if (status == AURORA_OK)
        status = aurora__sqlite_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (status != AURORA_OK)
        return not_read(store, db, status, err);
    bool is_empty = id == 0 && version == 0 && tables == 0;
    if (!is_empty && id != APPLICATION_ID)
        return aurora__sqlite_error(err, AURORA_ESCHEMA, "%s is an SQLite file of another program",
                                    store->path);
    return version > newest_version() ? check_newer(store, db, version, err) : AURORA_OK;
}

/* One migration in one transaction. */
static aurora_status migrate_one(aurora__sqlite_store *store, const aurora__migration *migration,
                                 aurora_error *err)
{
    sqlite3 *db = store->writer->db;
    char sql[128];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
             APPLICATION_ID, migration->version);
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, migration->sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        aurora__sqlite_log(&store->options, AURORA_LOG_INFO, "sqlite: %s: schema is now %d",
                           store->path, migration->version);
        return AURORA_OK;
    }
    aurora__sqlite_error(err, aurora__sqlite_status(rc), "%s: migration to %d: %s", store->path,
                         migration->version, sqlite3_errmsg(db));
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc == SQLITE_ERROR ? AURORA_ESCHEMA : aurora__sqlite_status(rc);
}

/* Under FILE-aurora: the version is read again, another process may have been here before. */
static aurora_status migrate(aurora__sqlite_store *store, aurora_error *err)
{
    sqlite3 *db = store->writer->db;
    int64_t version;
    aurora_status status = aurora__sqlite_number(db, "PRAGMA user_version", &version);
    if (status != AURORA_OK)
        return not_read(store, db, status, err);
    if (version >= newest_version())
        return AURORA_OK;
    uint32_t flags = store->options.flags;
    if (flags & AURORA_STORE_READONLY || (version > 0 && flags & AURORA_STORE_NO_MIGRATE))
        return aurora__sqlite_error(err, AURORA_ESCHEMA,
                                    "%s has schema %d, this library wants %d: it must be migrated",
                                    store->path, (int)version, newest_version());
    for (const aurora__migration *at = aurora__store_sqlite_migrations; at->version != 0; at++) {
        if (at->version <= version)
            continue;
        status = migrate_one(store, at, err);
        if (status != AURORA_OK)
            return status;
    }
    return AURORA_OK;
}

static const char *type_of(uint32_t kind)
{
    switch (kind) {
    case AURORA_COLUMN_TEXT:
        return "TEXT";
    case AURORA_COLUMN_UUID:
    case AURORA_COLUMN_BYTES:
        return "BLOB";
    }
    return "INTEGER";
}

/* Compares the column that stmt stands on (name, type, notnull, pk) with table->columns[i]. An
 * INTEGER PRIMARY KEY is never null although the file does not say so. */
static aurora_status compare_column(aurora__sqlite_store *store, sqlite3_stmt *stmt,
                                    const aurora_table *table, uint32_t i, aurora_error *err)
{
    const aurora_column *column = &table->columns[i];
    const char *type = (const char *)sqlite3_column_text(stmt, 1);
    bool is_nullable = sqlite3_column_int(stmt, 2) == 0;
    uint32_t key = (uint32_t)sqlite3_column_int(stmt, 3);
    const char *what = NULL;
    if (type == NULL || strcmp(type, type_of(column->kind)) != 0)
        what = "type";
    else if (key != (i < table->key_count ? i + 1 : 0))
        what = "place in the key";
    else if (key == 0 && is_nullable != (column->is_nullable != 0))
        what = "nullability";
    if (what == NULL)
        return AURORA_OK;
    return aurora__sqlite_error(err, AURORA_ESCHEMA, "%s: column %s.%s has another %s", store->path,
                                table->name, column->name, what);
}

/* Columns beyond the descriptor's are let be: a later patch may have added them. */
static aurora_status compare_table(aurora__sqlite_store *store, const aurora_table *table,
                                   aurora_error *err)
{
    sqlite3 *db = store->writer->db;
    sqlite3_stmt *stmt = NULL;
    aurora_status status = aurora__sqlite_status(sqlite3_prepare_v2(
        db, "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) WHERE name = ?2", -1,
        &stmt, NULL));
    for (uint32_t i = 0; i < table->column_count && status == AURORA_OK; i++) {
        sqlite3_bind_text(stmt, 1, table->name, -1, SQLITE_STATIC);
        sqlite3_bind_text(stmt, 2, table->columns[i].name, -1, SQLITE_STATIC);
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW)
            status = compare_column(store, stmt, table, i, err);
        else if (rc == SQLITE_DONE)
            status = aurora__sqlite_error(err, AURORA_ESCHEMA, "%s: column %s.%s is missing",
                                          store->path, table->name, table->columns[i].name);
        else
            status = not_read(store, db, aurora__sqlite_status(rc), err);
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return status;
}

static aurora_status compare_index(aurora__sqlite_store *store, const aurora_table *table,
                                   const aurora_index *index, aurora_error *err)
{
    sqlite3_stmt *stmt = NULL;
    aurora_status status = aurora__sqlite_status(sqlite3_prepare_v2(
        store->writer->db, "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1", -1,
        &stmt, NULL));
    if (status != AURORA_OK)
        return not_read(store, store->writer->db, status, err);
    sqlite3_bind_text(stmt, 1, index->name, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) != SQLITE_ROW)
        status = aurora__sqlite_error(err, AURORA_ESCHEMA, "%s: index %s of %s is missing",
                                      store->path, index->name, table->name);
    sqlite3_finalize(stmt);
    return status;
}

static aurora_status compare(aurora__sqlite_store *store, aurora_error *err)
{
    aurora_status status = AURORA_OK;
    for (uint32_t i = 0; i < store->options.table_count && status == AURORA_OK; i++) {
        const aurora_table *table = store->options.tables[i];
        status = compare_table(store, table, err);
        for (uint32_t k = 0; k < table->index_count && status == AURORA_OK; k++)
            status = compare_index(store, table, &table->indexes[k], err);
    }
    return status;
}

aurora_status aurora__sqlite_schema_open(aurora__sqlite_store *store, aurora_error *err)
{
    aurora_status status = aurora__sqlite_locks_take_write(&store->locks, LOCK_WAIT_MS);
    if (status != AURORA_OK)
        return aurora__sqlite_error(err, status, "%s-aurora is locked by another process",
                                    store->path);
    status = aurora__sqlite_schema_identify(store, store->writer->db, err);
    if (status == AURORA_OK)
        status = migrate(store, err);
    aurora__sqlite_locks_give_write(&store->locks);
    return status == AURORA_OK ? compare(store, err) : status;
}
