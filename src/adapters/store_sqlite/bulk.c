/* SPDX-License-Identifier: MIT */
#include "adapters/store_sqlite/bulk.h"

#include <stdio.h>

#define COLUMNS 64

typedef struct {
    sqlite3_vtab base;
    aurora__sqlite_bulk *bulk;
} table;

typedef struct {
    sqlite3_vtab_cursor base;
    aurora__sqlite_bulk *bulk;
} cursor;

static int on_connect(sqlite3 *db, void *argument, int count, const char *const *words,
                      sqlite3_vtab **out, char **error_out)
{
    (void)count;
    (void)words;
    (void)error_out;
    char sql[16 + COLUMNS * 5];
    int length = snprintf(sql, sizeof sql, "CREATE TABLE x(c0");
    for (int i = 1; i < COLUMNS; i++)
        length += snprintf(sql + length, sizeof sql - (size_t)length, ",c%d", i);
    snprintf(sql + length, sizeof sql - (size_t)length, ")");
    int rc = sqlite3_declare_vtab(db, sql);
    if (rc != SQLITE_OK)
        return rc;
    table *made = sqlite3_malloc(sizeof *made);
    if (made == NULL)
        return SQLITE_NOMEM;
    *made = (table){.bulk = argument};
    *out = &made->base;
    return SQLITE_OK;
}

static int on_disconnect(sqlite3_vtab *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

static int on_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    (void)base;
    info->estimatedCost = 1024;
    info->estimatedRows = 1024;
    return SQLITE_OK;
}

static int on_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    cursor *made = sqlite3_malloc(sizeof *made);
    if (made == NULL)
        return SQLITE_NOMEM;
    *made = (cursor){.bulk = ((table *)base)->bulk};
    *out = &made->base;
    return SQLITE_OK;
}

static int on_close(sqlite3_vtab_cursor *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

static int on_filter(sqlite3_vtab_cursor *base, int index, const char *text, int count,
                     sqlite3_value **values)
{
    (void)index;
    (void)text;
    (void)count;
    (void)values;
    ((cursor *)base)->bulk->at = 0;
    return SQLITE_OK;
}

static int on_next(sqlite3_vtab_cursor *base)
{
    ((cursor *)base)->bulk->at++;
    return SQLITE_OK;
}

static int on_eof(sqlite3_vtab_cursor *base)
{
    const aurora__sqlite_bulk *bulk = ((cursor *)base)->bulk;
    return bulk->at >= bulk->count;
}

static int on_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    const aurora__sqlite_bulk *bulk = ((cursor *)base)->bulk;
    const aurora_value *value = &bulk->puts[bulk->at].values[number];
    switch (value->kind) {
    case AURORA_COLUMN_INT64:
    case AURORA_COLUMN_BOOL:
    case AURORA_COLUMN_TIME:
        sqlite3_result_int64(context, value->number);
        break;
    case AURORA_COLUMN_TEXT:
        sqlite3_result_text(context, value->length ? value->bytes : "", (int)value->length,
                            SQLITE_STATIC);
        break;
    case AURORA_COLUMN_UUID:
    case AURORA_COLUMN_BYTES:
        sqlite3_result_blob(context, value->length ? value->bytes : "", (int)value->length,
                            SQLITE_STATIC);
        break;
    default:
        break; /* null is what a result is when nothing is said */
    }
    return SQLITE_OK;
}

static int on_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid_out)
{
    *rowid_out = ((cursor *)base)->bulk->at;
    return SQLITE_OK;
}

/* Without xCreate it is there by its name alone, and no schema mentions it. */
static const sqlite3_module module = {.xConnect = on_connect,
                                      .xBestIndex = on_best_index,
                                      .xDisconnect = on_disconnect,
                                      .xOpen = on_open,
                                      .xClose = on_close,
                                      .xFilter = on_filter,
                                      .xNext = on_next,
                                      .xEof = on_eof,
                                      .xColumn = on_column,
                                      .xRowid = on_rowid};

int aurora__sqlite_bulk_attach(sqlite3 *db, aurora__sqlite_bulk *bulk)
{
    return sqlite3_create_module_v2(db, AURORA__SQLITE_BULK_TABLE, &module, bulk, NULL);
}
