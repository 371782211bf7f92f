/* SPDX-License-Identifier: MIT */
/* The tables. Each generation has its own, with its number behind their names, so that a new one is
 * filled beside the one that answers. */
#include "adapters/search_fts/index.h"

#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x41757246 /* "AurF" */
#define FORMAT 2                  /* grows whenever words are cut or stored in another way */
#define SQL_BYTES_MAX 2048

static const char make_meta[] =
    "PRAGMA application_id=1098216006; PRAGMA user_version=2;"
    "CREATE TABLE meta(id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, next INTEGER NOT NULL,"
    " rebuild INTEGER NOT NULL, position INTEGER NOT NULL, changes INTEGER NOT NULL,"
    " log_id BLOB NOT NULL, rebuild_after TEXT NOT NULL) STRICT;"
    "INSERT INTO meta VALUES(1, 1, 0, 0, -1, 0, zeroblob(16), '')";

/* `words` keeps no texts: they follow from the documents. The ascii tokenizer only has to cut at
 * blanks, the rest was done before. */
static const char make_generation[] =
    "CREATE TABLE documents_$(id INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE,"
    " version INTEGER NOT NULL, is_deleted INTEGER NOT NULL, price_minor INTEGER NOT NULL,"
    " created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, currency TEXT NOT NULL,"
    " name TEXT NOT NULL, brand TEXT NOT NULL, category TEXT NOT NULL, image_url TEXT NOT NULL,"
    " attributes BLOB NOT NULL, description TEXT NOT NULL) STRICT;"
    "CREATE TABLE facts_$(id INTEGER PRIMARY KEY, sku TEXT NOT NULL, category INTEGER NOT NULL,"
    " brand INTEGER NOT NULL, price_minor INTEGER NOT NULL, created_at INTEGER NOT NULL,"
    " name_words INTEGER NOT NULL, for_at INTEGER NOT NULL, accessories INTEGER NOT NULL) STRICT;"
    "CREATE TABLE labels_$(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE VIRTUAL TABLE words_$ USING fts5(name, brand, category, description, attributes, codes,"
    " content='', tokenize=\"ascii tokenchars '.+#'\");"
    "CREATE VIRTUAL TABLE terms_$ USING fts5vocab(words_$, row)";

static const char drop_generation[] =
    "DROP TABLE IF EXISTS terms_$; DROP TABLE IF EXISTS words_$; DROP TABLE IF EXISTS labels_$;"
    "DROP TABLE IF EXISTS facts_$; DROP TABLE IF EXISTS documents_$";

static bool expand(char *out, size_t size, const char *sql, int64_t generation)
{
    size_t used = 0;
    for (const char *at = sql; *at != '\0'; at++) {
        if (used + 2 > size)
            return false;
        out[used++] = *at == '$' ? (char)('0' + generation) : *at;
    }
    out[used] = '\0';
    return true;
}

aurora_status aurora__fts_run(sqlite3 *db, const char *sql, int64_t generation)
{
    char text[SQL_BYTES_MAX];
    if (!expand(text, sizeof text, sql, generation))
        return AURORA_ENOMEM;
    return aurora__fts_status(sqlite3_exec(db, text, NULL, NULL, NULL));
}

/* --- statements ------------------------------------------------------------------------------- */

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, int64_t generation, unsigned flags,
                             aurora_status *status_out)
{
    char text[SQL_BYTES_MAX];
    sqlite3_stmt *statement = NULL;
    if (!expand(text, sizeof text, sql, generation)) {
        *status_out = AURORA_ENOMEM;
        return NULL;
    }
    *status_out = aurora__fts_status(sqlite3_prepare_v3(db, text, -1, flags, &statement, NULL));
    return statement;
}

sqlite3_stmt *aurora__fts_prepare(sqlite3 *db, const char *sql, int64_t generation,
                                  aurora_status *status_out)
{
    return prepare(db, sql, generation, 0, status_out);
}

sqlite3_stmt *aurora__fts_keep(aurora__fts_connection *connection, int number, const char *sql,
                               int64_t generation, aurora_status *status_out)
{
    aurora__fts_kept *kept = &connection->kept[number];
    *status_out = AURORA_OK;
    if (kept->statement != NULL && kept->generation == generation)
        return kept->statement;
    sqlite3_finalize(kept->statement); /* its tables are dropped, or will be */
    kept->generation = generation;
    kept->statement =
        prepare(connection->db, sql, generation, SQLITE_PREPARE_PERSISTENT, status_out);
    return kept->statement;
}

/* Texts are bound without a copy, and their owner is about to free them. */
void aurora__fts_rest(sqlite3_stmt *statement)
{
    if (statement == NULL)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

void aurora__fts_forget(aurora__fts_connection *connection)
{
    for (int i = 0; i < AURORA__FTS_KEPT_MAX; i++) {
        sqlite3_finalize(connection->kept[i].statement);
        connection->kept[i].statement = NULL;
    }
}

static aurora_status run_kept(aurora__fts_connection *connection, int number, const char *sql)
{
    aurora_status rc;
    sqlite3_stmt *statement = aurora__fts_keep(connection, number, sql, 0, &rc);
    if (statement == NULL)
        return rc;
    rc = aurora__fts_status(sqlite3_step(statement));
    aurora__fts_rest(statement);
    return rc;
}

aurora_status aurora__fts_read_begin(aurora__fts_connection *connection)
{
    return run_kept(connection, AURORA__FTS_BEGIN, "BEGIN");
}

void aurora__fts_read_end(aurora__fts_connection *connection)
{
    run_kept(connection, AURORA__FTS_ROLLBACK, "ROLLBACK");
}

/* --- tables ----------------------------------------------------------------------------------- */

aurora_status aurora__fts_generation_make(sqlite3 *db, int64_t generation)
{
    return aurora__fts_run(db, make_generation, generation);
}

aurora_status aurora__fts_generation_drop(sqlite3 *db, int64_t generation)
{
    return aurora__fts_run(db, drop_generation, generation);
}

static aurora_status read_number(sqlite3 *db, const char *sql, int64_t *out)
{
    aurora_status rc;
    sqlite3_stmt *statement = aurora__fts_prepare(db, sql, 0, &rc);
    if (statement == NULL)
        return rc;
    int code = sqlite3_step(statement);
    *out = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return aurora__fts_status(code);
}

static aurora_status create(sqlite3 *db)
{
    aurora_status rc = aurora__fts_run(db, "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE", 0);
    if (rc == AURORA_OK)
        rc = aurora__fts_run(db, make_meta, 0);
    if (rc == AURORA_OK)
        rc = aurora__fts_generation_make(db, 1);
    if (rc == AURORA_OK)
        return aurora__fts_run(db, "COMMIT", 0);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

/* A file that has no table yet is not damaged: somebody is making it, or died over that. With the
 * change to WAL it has a page before it has a table. */
static aurora_status look(aurora__fts_connection *connection, bool *is_new_out)
{
    sqlite3 *db = connection->db;
    int64_t tables = 0;
    int64_t application = 0;
    int64_t format = 0;
    aurora_status rc = read_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rc == AURORA_OK)
        rc = read_number(db, "PRAGMA application_id", &application);
    if (rc == AURORA_OK)
        rc = read_number(db, "PRAGMA user_version", &format);
    if (rc != AURORA_OK)
        return rc;
    *is_new_out = tables == 0 && application == 0 && format == 0;
    if (*is_new_out)
        return AURORA_OK;
    if (application != APPLICATION_ID || format != FORMAT)
        return AURORA_ECORRUPT;
    aurora__fts_meta meta;
    return aurora__fts_meta_read(connection, &meta);
}

/* One state is looked at: a commit between two of the reads would make the file look foreign. */
aurora_status aurora__fts_schema_open(aurora__fts_connection *connection, bool may_create)
{
    sqlite3 *db = connection->db;
    bool is_new = false;
    aurora_status rc = aurora__fts_run(db, "BEGIN", 0);
    if (rc != AURORA_OK)
        return rc;
    rc = look(connection, &is_new);
    aurora_status end = aurora__fts_run(db, "ROLLBACK", 0);
    if (rc == AURORA_OK)
        rc = end;
    if (rc != AURORA_OK || !is_new)
        return rc;
    return may_create ? create(db) : AURORA_ENOTFOUND;
}

aurora_status aurora__fts_meta_read(aurora__fts_connection *connection, aurora__fts_meta *out)
{
    aurora_status rc;
    sqlite3_stmt *row = aurora__fts_keep(connection, AURORA__FTS_READ_META,
                                         "SELECT generation, next, rebuild, position, changes,"
                                         " log_id, rebuild_after FROM meta WHERE id = 1",
                                         0, &rc);
    if (row == NULL)
        return rc == AURORA_EIO ? AURORA_ECORRUPT : rc; /* no such table */
    int code = sqlite3_step(row);
    rc = code == SQLITE_ROW    ? AURORA_OK
         : code == SQLITE_DONE ? AURORA_ECORRUPT
                               : aurora__fts_status(code);
    if (rc == AURORA_OK) {
        *out = (aurora__fts_meta){.generation = sqlite3_column_int64(row, 0),
                                  .next = sqlite3_column_int64(row, 1),
                                  .rebuild = sqlite3_column_int64(row, 2),
                                  .position = sqlite3_column_int64(row, 3),
                                  .changes = sqlite3_column_int64(row, 4)};
        const void *id = sqlite3_column_blob(row, 5);
        const char *after = (const char *)sqlite3_column_text(row, 6);
        bool is_sound = id != NULL && sqlite3_column_bytes(row, 5) == 16 && after != NULL &&
                        sqlite3_column_bytes(row, 6) <= AURORA_SKU_BYTES_MAX &&
                        (out->generation == 1 || out->generation == 2) &&
                        (out->next == 0 || out->next == 3 - out->generation);
        if (is_sound) {
            memcpy(out->log_id.bytes, id, 16);
            snprintf(out->rebuild_after, sizeof out->rebuild_after, "%s", after);
        } else {
            rc = AURORA_ECORRUPT;
        }
    }
    aurora__fts_rest(row);
    return rc;
}

aurora_status aurora__fts_meta_write(sqlite3 *db, const aurora__fts_meta *meta)
{
    aurora_status rc;
    sqlite3_stmt *row =
        aurora__fts_prepare(db,
                            "UPDATE meta SET generation = ?1, next = ?2, rebuild = ?3,"
                            " position = ?4, changes = changes + 1, log_id = ?5,"
                            " rebuild_after = ?6 WHERE id = 1",
                            0, &rc);
    if (row == NULL)
        return rc;
    sqlite3_bind_int64(row, 1, meta->generation);
    sqlite3_bind_int64(row, 2, meta->next);
    sqlite3_bind_int64(row, 3, meta->rebuild);
    sqlite3_bind_int64(row, 4, meta->position);
    sqlite3_bind_blob(row, 5, meta->log_id.bytes, 16, SQLITE_STATIC);
    sqlite3_bind_text(row, 6, meta->rebuild_after, -1, SQLITE_STATIC);
    rc = aurora__fts_status(sqlite3_step(row));
    sqlite3_finalize(row);
    return rc;
}
