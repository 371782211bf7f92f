/* SPDX-License-Identifier: MIT */
#include "adapters/store_sqlite/statements.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The longest text is the upsert of a table with 64 columns. */
#define SQL_BYTES_MAX 16384

typedef struct {
    size_t length; /* beyond the array when the text did not fit */
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

static sqlite3_stmt *prepare(sqlite3 *db, const sql_text *sql)
{
    sqlite3_stmt *stmt = NULL;
    if (sql->length < sizeof sql->text)
        sqlite3_prepare_v3(db, sql->text, (int)sql->length + 1, SQLITE_PREPARE_PERSISTENT, &stmt,
                           NULL);
    return stmt;
}

static uint64_t all_columns(const aurora_table *table)
{
    return table->column_count == 64 ? UINT64_MAX : (UINT64_C(1) << table->column_count) - 1;
}

/* "a", "b" of the columns in the set. */
static void add_names(sql_text *sql, const aurora_table *table, uint64_t columns)
{
    const char *comma = "";
    for (uint32_t i = 0; i < table->column_count; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        add(sql, "%s\"%s\"", comma, table->columns[i].name);
        comma = ",";
    }
}

/* WHERE "k"=?n AND ... with parameters from `from` on. */
static void add_key(sql_text *sql, const aurora_table *table, uint32_t from)
{
    for (uint32_t i = 0; i < table->key_count; i++)
        add(sql, "%s\"%s\"=?%u", i == 0 ? " WHERE " : " AND ", table->columns[i].name, from + i);
}

static void add_insert(sql_text *sql, const aurora_table *table)
{
    add(sql, "INSERT INTO \"%s\" (", table->name);
    add_names(sql, table, all_columns(table));
    add(sql, ") VALUES (");
    for (uint32_t i = 0; i < table->column_count; i++)
        add(sql, i == 0 ? "?" : ",?");
    add(sql, ")");
}

sqlite3_stmt *aurora__sqlite_load(sqlite3 *db, aurora__sqlite_statements *of)
{
    if (of->load != NULL)
        return of->load;
    sql_text sql = {.length = 0};
    add(&sql, "SELECT ");
    add_names(&sql, of->table, all_columns(of->table));
    add(&sql, " FROM \"%s\"", of->table->name);
    add_key(&sql, of->table, 1);
    return of->load = prepare(db, &sql);
}

sqlite3_stmt *aurora__sqlite_insert(sqlite3 *db, aurora__sqlite_statements *of)
{
    if (of->insert != NULL)
        return of->insert;
    sql_text sql = {.length = 0};
    add_insert(&sql, of->table);
    return of->insert = prepare(db, &sql);
}

/* OR FAIL: what stands before a refused row is left to the transaction, so that SQLite keeps no
 * journal of the statement. */
sqlite3_stmt *aurora__sqlite_insert_many(sqlite3 *db, aurora__sqlite_statements *of)
{
    if (of->insert_many != NULL)
        return of->insert_many;
    sql_text sql = {.length = 0};
    add(&sql, "INSERT OR FAIL INTO \"%s\" (", of->table->name);
    add_names(&sql, of->table, all_columns(of->table));
    add(&sql, ") SELECT ");
    for (uint32_t i = 0; i < of->table->column_count; i++)
        add(&sql, "%sc%u", i == 0 ? "" : ",", i);
    add(&sql, " FROM " AURORA__SQLITE_BULK_TABLE);
    return of->insert_many = prepare(db, &sql);
}

sqlite3_stmt *aurora__sqlite_upsert(sqlite3 *db, aurora__sqlite_statements *of)
{
    if (of->upsert != NULL)
        return of->upsert;
    const aurora_table *table = of->table;
    sql_text sql = {.length = 0};
    add_insert(&sql, table);
    add(&sql, " ON CONFLICT (");
    add_names(&sql, table, (UINT64_C(1) << table->key_count) - 1);
    add(&sql, ") DO %s", table->key_count == table->column_count ? "NOTHING" : "UPDATE SET ");
    for (uint32_t i = table->key_count; i < table->column_count; i++)
        add(&sql, "%s\"%s\"=excluded.\"%s\"", i == table->key_count ? "" : ",",
            table->columns[i].name, table->columns[i].name);
    return of->upsert = prepare(db, &sql);
}

sqlite3_stmt *aurora__sqlite_drop(sqlite3 *db, aurora__sqlite_statements *of)
{
    if (of->drop != NULL)
        return of->drop;
    sql_text sql = {.length = 0};
    add(&sql, "DELETE FROM \"%s\"", of->table->name);
    add_key(&sql, of->table, 1);
    return of->drop = prepare(db, &sql);
}

static sqlite3_stmt *prepare_update(sqlite3 *db, const aurora_table *table, uint64_t columns)
{
    sql_text sql = {.length = 0};
    uint32_t parameter = 1;
    add(&sql, "UPDATE \"%s\"", table->name);
    for (uint32_t i = table->key_count; i < table->column_count; i++) {
        if ((columns >> i & 1) == 0)
            continue;
        add(&sql, "%s\"%s\"=?%u", parameter == 1 ? " SET " : ",", table->columns[i].name,
            parameter);
        parameter++;
    }
    /* A table of keys alone has nothing to set; the statement then only tells whether it exists. */
    if (parameter == 1)
        add(&sql, " SET \"%s\"=\"%s\"", table->columns[0].name, table->columns[0].name);
    add_key(&sql, table, parameter);
    if (table->version_column >= 0)
        add(&sql, " AND \"%s\"=?%u", table->columns[table->version_column].name,
            parameter + table->key_count);
    return prepare(db, &sql);
}

sqlite3_stmt *aurora__sqlite_update(sqlite3 *db, aurora__sqlite_statements *of, uint64_t *columns)
{
    const aurora_table *table = of->table;
    uint64_t settable = all_columns(table) & ~((UINT64_C(1) << table->key_count) - 1);
    uint64_t wanted = *columns == 0 ? settable : *columns & settable;
    if (table->version_column >= 0)
        wanted |= UINT64_C(1) << table->version_column;
    for (uint32_t i = 0; i < of->update_count; i++) {
        if (of->update_columns[i] == wanted) {
            *columns = wanted;
            return of->updates[i];
        }
    }
    /* The last slot is kept for the set of all columns, which serves every set without a slot. */
    if (of->update_count >= AURORA__SQLITE_UPDATES_MAX - 1)
        wanted = settable;
    for (uint32_t i = of->update_count; i-- > 0;) {
        if (of->update_columns[i] == wanted) {
            *columns = wanted;
            return of->updates[i];
        }
    }
    sqlite3_stmt *stmt = prepare_update(db, table, wanted);
    if (stmt == NULL)
        return NULL;
    of->update_columns[of->update_count] = wanted;
    of->updates[of->update_count++] = stmt;
    *columns = wanted;
    return stmt;
}

/* The i-th column of a range's order: the index's columns, then the key. */
static const char *range_column(const aurora_table *table, int32_t index, uint32_t i)
{
    if (index < 0)
        return table->columns[i].name;
    const aurora_index *of = &table->indexes[index];
    if (i < of->column_count)
        return table->columns[of->columns[i]].name;
    return table->columns[i - of->column_count].name;
}

static void add_bound(sql_text *sql, const aurora_table *table, int32_t index, uint32_t count)
{
    add(sql, "(");
    for (uint32_t i = 0; i < count; i++)
        add(sql, "%s\"%s\"", i == 0 ? "" : ",", range_column(table, index, i));
}

static void add_parameters(sql_text *sql, const char *compare, uint32_t count, uint32_t from)
{
    add(sql, ")%s(", compare);
    for (uint32_t i = 0; i < count; i++)
        add(sql, "%s?%u", i == 0 ? "" : ",", from + i);
    add(sql, ")");
}

static sqlite3_stmt *prepare_scan(sqlite3 *db, const aurora_table *table,
                                  const aurora__sqlite_scan_shape *shape)
{
    sql_text sql = {.length = 0};
    uint32_t lower = shape->lower_count;
    uint32_t upper = shape->upper_count;
    uint32_t count = table->key_count;
    const char *where = " WHERE ";
    add(&sql, "SELECT ");
    add_names(&sql, table, shape->columns);
    add(&sql, " FROM \"%s\"", table->name);
    if (shape->index >= 0) {
        const aurora_index *index = &table->indexes[shape->index];
        count += index->column_count;
        add(&sql, " INDEXED BY \"%s\"", index->name);
        if (index->partial_column >= 0) {
            add(&sql, "%s\"%s\" IS NOT NULL", where, table->columns[index->partial_column].name);
            where = " AND ";
        }
    }
    if (lower > 0) {
        add(&sql, "%s", where);
        add_bound(&sql, table, shape->index, lower);
        add_parameters(&sql, shape->flags & AURORA_SCAN_LOWER_OPEN ? ">" : ">=", lower, 1);
        where = " AND ";
    }
    if (upper > 0) {
        add(&sql, "%s", where);
        add_bound(&sql, table, shape->index, upper);
        add_parameters(&sql, shape->flags & AURORA_SCAN_UPPER_OPEN ? "<" : "<=", upper, lower + 1);
    }
    for (uint32_t i = 0; i < count; i++)
        add(&sql, "%s\"%s\"%s", i == 0 ? " ORDER BY " : ",", range_column(table, shape->index, i),
            shape->flags & AURORA_SCAN_DESCENDING ? " DESC" : "");
    add(&sql, " LIMIT ?%u", lower + upper + 1);
    return prepare(db, &sql);
}

static bool is_same_shape(const aurora__sqlite_scan_shape *a, const aurora__sqlite_scan_shape *b)
{
    return a->columns == b->columns && a->index == b->index && a->flags == b->flags &&
           a->lower_count == b->lower_count && a->upper_count == b->upper_count;
}

sqlite3_stmt *aurora__sqlite_scan(sqlite3 *db, aurora__sqlite_statements *of,
                                  const aurora__sqlite_scan_shape *shape)
{
    for (uint32_t i = 0; i < of->scan_count; i++) {
        if (is_same_shape(&of->scan_shapes[i], shape))
            return of->scans[i];
    }
    sqlite3_stmt *stmt = prepare_scan(db, of->table, shape);
    if (stmt == NULL)
        return NULL;
    uint32_t slot = of->scan_count;
    if (slot == AURORA__SQLITE_SCANS_MAX) {
        slot = of->scan_next++ % AURORA__SQLITE_SCANS_MAX;
        sqlite3_finalize(of->scans[slot]);
    } else {
        of->scan_count++;
    }
    of->scans[slot] = stmt;
    of->scan_shapes[slot] = *shape;
    return stmt;
}
