/* SPDX-License-Identifier: MIT */
/* What is in the database: which version, and whether its columns are the descriptors'. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <aurora/handle.h>

#include "adapters/store_postgres/instance.h"
#include "adapters/store_postgres/migrations.h"
#include "adapters/store_postgres/words.h"

#define MIGRATION_LOCK 4707205971206041185 /* any number, the same for all; "ASTORE.." */
#define OPEN_CONNECT_MS 10000
#define SQL_BYTES 1024
#define MIGRATE_MS 600000 /* for a statement that changes tables */

static int newest_version(void)
{
    int version = 0;
    for (const aurora__pg_migration *at = aurora__store_postgres_migrations; at->version != 0; at++)
        version = at->version;
    return version;
}

/* The first row's first two columns as numbers, 0 without a row. */
static aurora_status numbers(aurora__pg_connection *connection, const char *sql, int64_t *first_out,
                             int64_t *second_out, aurora_error *err)
{
    PGresult *result;
    aurora_status status = aurora__pg_query(connection, sql, &result, err);
    *first_out = *second_out = 0;
    if (status != AURORA_OK)
        return status;
    if (PQntuples(result) > 0) {
        *first_out = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        if (PQnfields(result) > 1)
            *second_out = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    }
    PQclear(result);
    return AURORA_OK;
}

/* The newest migration that was done, 0 = none; and the oldest library that can work on it. */
static aurora_status read_version(aurora__pg_connection *connection, int64_t *version_out,
                                  int64_t *runs_from_out, aurora_error *err)
{
    char sql[SQL_BYTES];
    int64_t is_there;
    int64_t nothing;
    const char *home = connection->layout->home;
    *version_out = *runs_from_out = 0;
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_tables WHERE schemaname='%s' AND"
             " tablename='migrations'",
             home);
    aurora_status status = numbers(connection, sql, &is_there, &nothing, err);
    if (status != AURORA_OK || is_there == 0)
        return status;
    snprintf(sql, sizeof sql,
             "SELECT version, runs_from FROM %s.migrations ORDER BY version DESC LIMIT 1", home);
    return numbers(connection, sql, version_out, runs_from_out, err);
}

static aurora_status check_version(aurora__pg_store *store, int64_t version, int64_t runs_from,
                                   aurora_error *err)
{
    if (version > newest_version() && runs_from > newest_version())
        return aurora__pg_error(
            err, AURORA_ESCHEMA,
            "postgresql: %s, schema %s is at %lld, which needs a library of %lld,"
            " this one knows %d: it is too old",
            store->address.name, store->layout.home, (long long)version, (long long)runs_from,
            newest_version());
    uint32_t flags = store->options.flags;
    if (version == 0 && flags & (AURORA_STORE_NO_CREATE | AURORA_STORE_READONLY))
        return aurora__pg_error(err, AURORA_ENOTFOUND, "postgresql: %s has no schema %s",
                                store->address.name, store->layout.home);
    if (version < newest_version() &&
        (flags & AURORA_STORE_READONLY || (version > 0 && flags & AURORA_STORE_NO_MIGRATE)))
        return aurora__pg_error(err, AURORA_ESCHEMA,
                                "postgresql: %s, schema %s is at %lld, this library wants %d: it"
                                " must be migrated",
                                store->address.name, store->layout.home, (long long)version,
                                newest_version());
    return AURORA_OK;
}

/* --- migrating -------------------------------------------------------------------------------- */

/* Only what is missing is made: a role that owns its schemas need not be allowed to make any. */
static aurora_status make_schema(aurora__pg_connection *connection, const char *schema,
                                 aurora_error *err)
{
    char sql[SQL_BYTES];
    int64_t is_there;
    int64_t nothing;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM pg_namespace WHERE nspname='%s'", schema);
    aurora_status status = numbers(connection, sql, &is_there, &nothing, err);
    if (status != AURORA_OK || is_there > 0)
        return status;
    snprintf(sql, sizeof sql, "CREATE SCHEMA %s", schema);
    return aurora__pg_run(connection, sql, err);
}

static aurora_status make_schemas(aurora__pg_connection *connection, aurora_error *err)
{
    const aurora__pg_layout *layout = connection->layout;
    aurora_status status = make_schema(connection, layout->home, err);
    for (uint32_t i = 0; i < AURORA__PG_MODULES && status == AURORA_OK && !layout->is_single; i++) {
        char schema[AURORA__PG_SCHEMA_BYTES];
        aurora__pg_layout_schema(layout, i, schema, sizeof schema);
        status = make_schema(connection, schema, err);
    }
    return status;
}

static aurora_status migrate_one(aurora__pg_store *store, aurora__pg_connection *connection,
                                 const aurora__pg_migration *migration, aurora_error *err)
{
    const aurora_allocator *allocator = store->options.allocator;
    size_t length = aurora__pg_layout_fill(&store->layout, migration->sql, NULL, 0);
    char *sql = allocator->allocate(allocator->self, length + 1);
    if (sql == NULL)
        return AURORA_ENOMEM;
    aurora__pg_layout_fill(&store->layout, migration->sql, sql, length + 1);
    aurora_status status = aurora__pg_run(connection, sql, err);
    allocator->release(allocator->self, sql);
    if (status == AURORA_OK)
        aurora__pg_log(&store->options, AURORA_LOG_INFO, "postgresql: %s: schema %s is now at %d",
                       store->address.name, store->layout.home, migration->version);
    return status;
}

/* In one transaction under one lock: of several that open at once, one migrates and the others find
 * it done. */
static aurora_status migrate_locked(aurora__pg_store *store, aurora__pg_connection *connection,
                                    aurora_error *err)
{
    int64_t version;
    int64_t runs_from;
    aurora_status status = read_version(connection, &version, &runs_from, err);
    if (status == AURORA_OK)
        status = check_version(store, version, runs_from, err);
    if (status == AURORA_OK && version < newest_version())
        status = make_schemas(connection, err);
    for (const aurora__pg_migration *at = aurora__store_postgres_migrations;
         at->version != 0 && status == AURORA_OK; at++) {
        if (at->version > version)
            status = migrate_one(store, connection, at, err);
    }
    return status;
}

static aurora_status migrate(aurora__pg_store *store, aurora__pg_connection *connection,
                             aurora_error *err)
{
    char sql[SQL_BYTES];
    connection->run_ms = MIGRATE_MS;
    snprintf(sql, sizeof sql, "BEGIN;SELECT pg_advisory_xact_lock(%lld)",
             (long long)MIGRATION_LOCK);
    aurora_status status = aurora__pg_run(connection, sql, err);
    if (status == AURORA_OK)
        status = migrate_locked(store, connection, err);
    if (status == AURORA_OK)
        status = aurora__pg_run(connection, "COMMIT", err);
    else
        aurora__pg_run(connection, "ROLLBACK", NULL);
    connection->run_ms = AURORA__PG_WAIT_MS;
    /* A syntax or privilege error in a migration is no failure of the disk. */
    return status;
}

/* --- comparing -------------------------------------------------------------------------------- */

static const char *type_of(uint32_t kind)
{
    switch (kind) {
    case AURORA_COLUMN_TEXT:
        return "text";
    case AURORA_COLUMN_UUID:
        return "uuid";
    case AURORA_COLUMN_BYTES:
        return "bytea";
    case AURORA_COLUMN_BOOL:
        return "boolean";
    }
    return "bigint";
}

/* All columns of a table: name, type, whether it may be null, its collation, its place in the
 * key. */
static aurora_status read_columns(aurora__pg_connection *connection, const char *schema,
                                  const char *table, PGresult **result_out, aurora_error *err)
{
    char sql[SQL_BYTES];
    snprintf(sql, sizeof sql,
             "SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,"
             " coalesce(c.collname, ''), coalesce(array_position(i.indkey::int2[], a.attnum) -"
             " array_lower(i.indkey::int2[], 1) + 1, 0) FROM pg_attribute AS a JOIN pg_class AS t"
             " ON t.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace LEFT JOIN"
             " pg_collation AS c ON c.oid = a.attcollation LEFT JOIN pg_index AS i ON i.indrelid ="
             " t.oid AND i.indisprimary WHERE n.nspname = '%s' AND t.relname = '%s' AND a.attnum >"
             " 0 AND NOT a.attisdropped",
             schema, table);
    return aurora__pg_query(connection, sql, result_out, err);
}

static aurora_status compare_column(aurora__pg_store *store, const PGresult *columns,
                                    const aurora_table *table, uint32_t i, aurora_error *err)
{
    const aurora_column *column = &table->columns[i];
    int row = 0;
    while (row < PQntuples(columns) && strcmp(PQgetvalue(columns, row, 0), column->name) != 0)
        row++;
    if (row == PQntuples(columns))
        return aurora__pg_error(err, AURORA_ESCHEMA, "postgresql: %s: column %s.%s is missing",
                                store->address.name, table->name, column->name);
    const char *what = NULL;
    bool is_nullable = PQgetvalue(columns, row, 2)[0] == 't';
    if (strcmp(PQgetvalue(columns, row, 1), type_of(column->kind)) != 0)
        what = "type";
    else if (strtoul(PQgetvalue(columns, row, 4), NULL, 10) != (i < table->key_count ? i + 1 : 0))
        what = "place in the key";
    else if (is_nullable != (column->is_nullable != 0))
        what = "nullability";
    else if (column->kind == AURORA_COLUMN_TEXT && strcmp(PQgetvalue(columns, row, 3), "C") != 0)
        what = "collation";
    if (what == NULL)
        return AURORA_OK;
    return aurora__pg_error(err, AURORA_ESCHEMA, "postgresql: %s: column %s.%s has another %s",
                            store->address.name, table->name, column->name, what);
}

static aurora_status compare_index(aurora__pg_store *store, aurora__pg_connection *connection,
                                   const char *schema, const aurora_index *index, aurora_error *err)
{
    char sql[SQL_BYTES];
    int64_t is_there;
    int64_t nothing;
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_indexes WHERE schemaname = '%s' AND indexname = '%s'", schema,
             index->name);
    aurora_status status = numbers(connection, sql, &is_there, &nothing, err);
    if (status == AURORA_OK && is_there == 0)
        return aurora__pg_error(err, AURORA_ESCHEMA, "postgresql: %s: index %s.%s is missing",
                                store->address.name, schema, index->name);
    return status;
}

/* Columns beyond the descriptor's are let be: a later release may have added them. */
static aurora_status compare(aurora__pg_store *store, aurora__pg_connection *connection,
                             aurora_error *err)
{
    aurora_status status = AURORA_OK;
    for (uint32_t i = 0; i < store->options.table_count && status == AURORA_OK; i++) {
        const aurora_table *table = store->options.tables[i];
        char schema[AURORA__PG_SCHEMA_BYTES];
        PGresult *columns;
        aurora__pg_layout_of(&store->layout, table->name, schema, sizeof schema);
        status = read_columns(connection, schema, table->name, &columns, err);
        for (uint32_t k = 0; k < table->column_count && status == AURORA_OK; k++)
            status = compare_column(store, columns, table, k, err);
        PQclear(columns);
        for (uint32_t k = 0; k < table->index_count && status == AURORA_OK; k++)
            status = compare_index(store, connection, schema, &table->indexes[k], err);
    }
    return status;
}

/* Marks of instances that are gone (0003_last_batch.sql): nobody asks for them after so long. What
 * cannot be deleted now is another one's to delete. */
static void forget_marks(aurora__pg_connection *connection)
{
    char sql[SQL_BYTES];
    snprintf(sql, sizeof sql,
             "DELETE FROM %s.last_batch WHERE at < (extract(epoch FROM clock_timestamp() -"
             " interval '1 day') * 1000)::bigint",
             connection->layout->home);
    aurora__pg_run(connection, sql, NULL);
}

aurora_status aurora__pg_schema_open(aurora__pg_store *store, aurora_error *err)
{
    aurora__pg_connection *connection;
    int64_t version;
    int64_t runs_from;
    aurora_status status =
        aurora__pg_connection_open(&store->options, &store->address, &store->layout,
                                   AURORA__PG_MIGRATOR, OPEN_CONNECT_MS, &connection, err);
    if (status != AURORA_OK)
        return status;
    status = read_version(connection, &version, &runs_from, err);
    if (status == AURORA_OK)
        status = check_version(store, version, runs_from, err);
    if (status == AURORA_OK && version < newest_version())
        status = migrate(store, connection, err);
    if (status == AURORA_OK)
        status = compare(store, connection, err);
    if (status == AURORA_OK && (store->options.flags & AURORA_STORE_READONLY) == 0)
        forget_marks(connection);
    aurora__pg_connection_close(connection, false);
    return status;
}
