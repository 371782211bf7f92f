/* SPDX-License-Identifier: MIT */
#include "adapters/store_postgres/statements.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The longest text is the upsert of a table with 64 columns. */
#define SQL_BYTES_MAX 16384

typedef struct {
    size_t length; /* beyond the array when the text did not fit */
    uint32_t type_count;
    Oid types[AURORA__PG_PARAMS_MAX];
    char text[SQL_BYTES_MAX];
} sql_text;

__attribute__((format(printf, 2, 3))) static void add(sql_text *sql, const char *format, ...)
{
    if (sql->length >= sizeof sql->text)
        return;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(sql->text + sql->length, sizeof sql->text - sql->length, format, args);
    va_end(args);
    sql->length += length < 0 ? sizeof sql->text : (size_t)length;
}

/* The next parameter, of this type. */
static uint32_t parameter(sql_text *sql, Oid type)
{
    if (sql->type_count < AURORA__PG_PARAMS_MAX)
        sql->types[sql->type_count] = type;
    return ++sql->type_count;
}

static aurora_status send(aurora__pg_connection *connection, aurora__pg_statement *statement,
                          const sql_text *sql)
{
    if (sql->length >= sizeof sql->text || sql->type_count > AURORA__PG_PARAMS_MAX)
        return AURORA_EINVAL;
    return aurora__pg_send(connection, statement, sql->text, sql->types);
}

static uint64_t all_columns(const aurora_table *table)
{
    return table->column_count == 64 ? UINT64_MAX : (UINT64_C(1) << table->column_count) - 1;
}

static uint64_t key_columns(const aurora_table *table)
{
    return (UINT64_C(1) << table->key_count) - 1;
}

/* "a", "b" of the columns in the set, each behind `prefix`. */
static void add_names(sql_text *sql, const aurora_table *table, const char *prefix,
                      uint64_t columns)
{
    const char *comma = "";
    for (uint32_t i = 0; i < table->column_count; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        add(sql, "%s%s\"%s\"", comma, prefix, table->columns[i].name);
        comma = ",";
    }
}

/* $n, $m: arrays of the columns in the set. */
static void add_arrays(sql_text *sql, const aurora_table *table, uint64_t columns,
                       const char *comma)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        add(sql, "%s$%u", comma, parameter(sql, aurora__pg_array_type(table->columns[i].kind)));
        comma = ",";
    }
}

/* c0, c1 as unnest's columns are called, of the columns in the set. */
static void add_columns(sql_text *sql, const aurora_table *table, uint64_t columns)
{
    const char *comma = "";
    for (uint32_t i = 0; i < table->column_count; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        add(sql, "%sc%u", comma, i);
        comma = ",";
    }
}

/* t."key"=u.c0 AND ... */
static void add_key_match(sql_text *sql, const aurora_table *table)
{
    for (uint32_t i = 0; i < table->key_count; i++)
        add(sql, "%st.\"%s\"=u.c%u", i == 0 ? "" : " AND ", table->columns[i].name, i);
}

/* The rows are locked after the sort, hence in key order. */
aurora_status aurora__pg_send_load(aurora__pg_connection *connection, aurora__pg_statements *of,
                                   bool is_locked)
{
    aurora__pg_statement *statement = is_locked ? &of->lock : &of->load;
    const aurora_table *table = of->table;
    sql_text sql;
    sql.length = sql.type_count = 0;
    if (aurora__pg_is_prepared(statement))
        return send(connection, statement, &sql);
    add(&sql, "SELECT u.o,");
    add_names(&sql, table, "t.", all_columns(table));
    add(&sql, " FROM unnest(");
    add_arrays(&sql, table, key_columns(table), "");
    add(&sql, ",$%u) AS u(", parameter(&sql, aurora__pg_array_type(AURORA_COLUMN_INT64)));
    add_columns(&sql, table, key_columns(table));
    add(&sql, ",o) JOIN %s.\"%s\" AS t ON ", of->schema, table->name);
    add_key_match(&sql, table);
    if (is_locked) {
        add(&sql, " ORDER BY ");
        add_names(&sql, table, "t.", key_columns(table));
        add(&sql, " FOR UPDATE OF t");
    }
    return send(connection, statement, &sql);
}

static void add_insert(sql_text *sql, const aurora__pg_statements *of)
{
    const aurora_table *table = of->table;
    add(sql, "INSERT INTO %s.\"%s\" (", of->schema, table->name);
    add_names(sql, table, "", all_columns(table));
    add(sql, ") SELECT * FROM unnest(");
    add_arrays(sql, table, all_columns(table), "");
    add(sql, ")");
}

aurora_status aurora__pg_send_insert(aurora__pg_connection *connection, aurora__pg_statements *of)
{
    sql_text sql;
    sql.length = sql.type_count = 0;
    if (!aurora__pg_is_prepared(&of->insert))
        add_insert(&sql, of);
    return send(connection, &of->insert, &sql);
}

aurora_status aurora__pg_send_upsert(aurora__pg_connection *connection, aurora__pg_statements *of)
{
    const aurora_table *table = of->table;
    sql_text sql;
    sql.length = sql.type_count = 0;
    if (aurora__pg_is_prepared(&of->upsert))
        return send(connection, &of->upsert, &sql);
    add_insert(&sql, of);
    add(&sql, " ON CONFLICT (");
    add_names(&sql, table, "", key_columns(table));
    add(&sql, ") DO %s", table->key_count == table->column_count ? "NOTHING" : "UPDATE SET ");
    for (uint32_t i = table->key_count; i < table->column_count; i++)
        add(&sql, "%s\"%s\"=excluded.\"%s\"", i == table->key_count ? "" : ",",
            table->columns[i].name, table->columns[i].name);
    return send(connection, &of->upsert, &sql);
}

aurora_status aurora__pg_send_drop(aurora__pg_connection *connection, aurora__pg_statements *of)
{
    const aurora_table *table = of->table;
    sql_text sql;
    sql.length = sql.type_count = 0;
    if (aurora__pg_is_prepared(&of->drop))
        return send(connection, &of->drop, &sql);
    add(&sql, "DELETE FROM %s.\"%s\" AS t USING unnest(", of->schema, table->name);
    add_arrays(&sql, table, key_columns(table), "");
    add(&sql, ") AS u(");
    add_columns(&sql, table, key_columns(table));
    add(&sql, ") WHERE ");
    add_key_match(&sql, table);
    return send(connection, &of->drop, &sql);
}

uint64_t aurora__pg_update_columns(aurora__pg_statements *of, uint64_t columns)
{
    const aurora_table *table = of->table;
    uint64_t settable = all_columns(table) & ~key_columns(table);
    uint64_t wanted = columns == 0 ? settable : columns & settable;
    if (table->version_column >= 0)
        wanted |= UINT64_C(1) << table->version_column;
    for (uint32_t i = 0; i < of->update_count; i++) {
        if (of->update_columns[i] == wanted)
            return wanted;
    }
    /* The last slot is kept for the set of all columns, which serves every set without a slot. */
    if (of->update_count >= AURORA__PG_UPDATES_MAX - 1)
        wanted = settable;
    for (uint32_t i = 0; i < of->update_count; i++) {
        if (of->update_columns[i] == wanted)
            return wanted;
    }
    of->update_columns[of->update_count++] = wanted;
    return wanted;
}

aurora_status aurora__pg_send_update(aurora__pg_connection *connection, aurora__pg_statements *of,
                                     uint64_t columns)
{
    const aurora_table *table = of->table;
    uint32_t slot = 0;
    while (of->update_columns[slot] != columns)
        slot++;
    sql_text sql;
    sql.length = sql.type_count = 0;
    if (aurora__pg_is_prepared(&of->updates[slot]))
        return send(connection, &of->updates[slot], &sql);
    /* An update that met fewer rows than it was given met another version, or none. Nobody reads
     * that before the COMMIT is sent, so the statement itself must fail: by a division by zero. */
    add(&sql, "WITH done AS (UPDATE %s.\"%s\" AS t SET ", of->schema, table->name);
    const char *comma = "";
    for (uint32_t i = table->key_count; i < table->column_count; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        add(&sql, "%s\"%s\"=u.c%u", comma, table->columns[i].name, i);
        comma = ",";
    }
    /* A table of keys alone has nothing to set; the statement then only tells what exists. */
    if (columns == 0)
        add(&sql, "\"%s\"=u.c0", table->columns[0].name);
    add(&sql, " FROM unnest(");
    add_arrays(&sql, table, key_columns(table) | columns, "");
    if (table->version_column >= 0)
        add(&sql, ",$%u", parameter(&sql, aurora__pg_array_type(AURORA_COLUMN_INT64)));
    add(&sql, ") AS u(");
    add_columns(&sql, table, key_columns(table) | columns);
    add(&sql, "%s) WHERE ", table->version_column >= 0 ? ",loaded" : "");
    add_key_match(&sql, table);
    if (table->version_column >= 0)
        add(&sql, " AND t.\"%s\"=u.loaded", table->columns[table->version_column].name);
    add(&sql, " RETURNING 1) SELECT 1/(count(*)=$%u)::int FROM done",
        parameter(&sql, AURORA__PG_INT8));
    return send(connection, &of->updates[slot], &sql);
}

/* The i-th column of a range's order: the index's columns, then the key. */
static const aurora_column *range_column(const aurora_table *table, int32_t index, uint32_t i)
{
    if (index < 0)
        return &table->columns[i];
    const aurora_index *of = &table->indexes[index];
    if (i < of->column_count)
        return &table->columns[of->columns[i]];
    return &table->columns[i - of->column_count];
}

static void add_bound(sql_text *sql, const aurora_table *table, int32_t index, uint32_t count,
                      const char *compare)
{
    for (uint32_t i = 0; i < count; i++)
        add(sql, "%s\"%s\"", i == 0 ? "(" : ",", range_column(table, index, i)->name);
    add(sql, ")%s", compare);
    for (uint32_t i = 0; i < count; i++)
        add(sql, "%s$%u", i == 0 ? "(" : ",",
            parameter(sql, aurora__pg_type(range_column(table, index, i)->kind)));
    add(sql, ")");
}

static void add_scan(sql_text *sql, const aurora__pg_statements *of,
                     const aurora__pg_scan_shape *shape)
{
    const aurora_table *table = of->table;
    uint32_t count = table->key_count;
    const char *where = " WHERE ";
    add(sql, "SELECT ");
    add_names(sql, table, "", shape->columns);
    add(sql, " FROM %s.\"%s\"", of->schema, table->name);
    if (shape->index >= 0) {
        const aurora_index *index = &table->indexes[shape->index];
        count += index->column_count;
        if (index->partial_column >= 0) {
            add(sql, "%s\"%s\" IS NOT NULL", where, table->columns[index->partial_column].name);
            where = " AND ";
        }
    }
    if (shape->lower_count > 0) {
        add(sql, "%s", where);
        add_bound(sql, table, shape->index, shape->lower_count,
                  shape->flags & AURORA_SCAN_LOWER_OPEN ? ">" : ">=");
        where = " AND ";
    }
    if (shape->upper_count > 0) {
        add(sql, "%s", where);
        add_bound(sql, table, shape->index, shape->upper_count,
                  shape->flags & AURORA_SCAN_UPPER_OPEN ? "<" : "<=");
    }
    for (uint32_t i = 0; i < count; i++)
        add(sql, "%s\"%s\"%s", i == 0 ? " ORDER BY " : ",",
            range_column(table, shape->index, i)->name,
            shape->flags & AURORA_SCAN_DESCENDING ? " DESC" : "");
    add(sql, " LIMIT $%u", parameter(sql, AURORA__PG_INT8));
}

static bool is_same_shape(const aurora__pg_scan_shape *a, const aurora__pg_scan_shape *b)
{
    return a->columns == b->columns && a->index == b->index && a->flags == b->flags &&
           a->lower_count == b->lower_count && a->upper_count == b->upper_count;
}

/* A shape that comes when all slots are in use is prepared anew each time. */
aurora_status aurora__pg_send_scan(aurora__pg_connection *connection, aurora__pg_statements *of,
                                   const aurora__pg_scan_shape *shape)
{
    aurora__pg_statement *statement = NULL;
    for (uint32_t i = 0; i < of->scan_count && statement == NULL; i++) {
        if (is_same_shape(&of->scan_shapes[i], shape))
            statement = &of->scans[i];
    }
    if (statement == NULL && of->scan_count < AURORA__PG_SCANS_MAX) {
        of->scan_shapes[of->scan_count] = *shape;
        statement = &of->scans[of->scan_count++];
    }
    sql_text sql;
    sql.length = sql.type_count = 0;
    if (!aurora__pg_is_prepared(statement))
        add_scan(&sql, of, shape);
    return send(connection, statement, &sql);
}
