/* SPDX-License-Identifier: MIT */
/* Documents: a row with the product as it was put, narrow facts for filters and sorts, and its
 * words. The index keeps no texts of its own, so what is taken out of it is cut again from the
 * row. */
#include "adapters/search_fts/index.h"

#include <string.h>

static aurora_status run_words(sqlite3_stmt *statement, int64_t id,
                               const aurora__fts_columns *columns)
{
    size_t start = 0;
    sqlite3_bind_int64(statement, 1, id);
    for (int c = 0; c < AURORA__FTS_COLUMNS; c++) {
        const char *text = columns->text == NULL ? "" : columns->text + start;
        sqlite3_bind_text(statement, c + 2, text, (int)(columns->end[c] - start), SQLITE_STATIC);
        start = columns->end[c];
    }
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return aurora__fts_status(code);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* No text is null: NULL means that there was no memory for the NUL behind it. */
static const char *text_at(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

/* Names and values, each with a NUL behind it; the pairs point into the blob. */
static uint32_t read_attributes(const char *blob, size_t length, aurora_pair *pairs)
{
    uint32_t count = 0;
    if (blob == NULL)
        return 0;
    const char *end = blob + length;
    while (blob < end && count < AURORA_ATTRIBUTES_MAX) {
        const char *value = memchr(blob, '\0', (size_t)(end - blob));
        const char *next =
            value == NULL ? NULL : memchr(value + 1, '\0', (size_t)(end - value - 1));
        if (next == NULL)
            break;
        pairs[count++] = (aurora_pair){.name = blob, .value = value + 1};
        blob = next + 1;
    }
    return count;
}

/* The product of a row, as long as the row is not stepped on; pairs has room for all. False without
 * memory. */
static bool borrow_product(sqlite3_stmt *row, int first, aurora_pair *pairs, aurora_product *out)
{
    *out = (aurora_product){.size = sizeof *out,
                            .sku = text_at(row, first),
                            .name = text_at(row, first + 1),
                            .description = text_at(row, first + 2),
                            .brand = text_at(row, first + 3),
                            .category = text_at(row, first + 4),
                            .image_url = text_at(row, first + 5),
                            .currency = text_at(row, first + 6),
                            .price_minor = sqlite3_column_int64(row, first + 8),
                            .version = (uint64_t)sqlite3_column_int64(row, first + 9),
                            .created_at_ms = sqlite3_column_int64(row, first + 10),
                            .updated_at_ms = sqlite3_column_int64(row, first + 11),
                            .attributes = pairs};
    const char *blob = sqlite3_column_blob(row, first + 7);
    out->attribute_count =
        read_attributes(blob, (size_t)sqlite3_column_bytes(row, first + 7), pairs);
    return out->sku != NULL && out->name != NULL && out->description != NULL &&
           out->brand != NULL && out->category != NULL && out->image_url != NULL &&
           out->currency != NULL;
}

static bool copy_text(const aurora_arena_port *arena, const char **text)
{
    *text = aurora__fts_arena_text(arena, *text, strlen(*text));
    return *text != NULL;
}

aurora_status aurora__fts_product_read(sqlite3_stmt *row, int first, const aurora_arena_port *arena,
                                       aurora_product *out)
{
    aurora_pair borrowed[AURORA_ATTRIBUTES_MAX];
    if (!borrow_product(row, first, borrowed, out))
        return AURORA_ENOMEM;
    const char **const texts[] = {&out->sku,      &out->name,      &out->description, &out->brand,
                                  &out->category, &out->image_url, &out->currency};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!copy_text(arena, texts[i]))
            return AURORA_ENOMEM;
    }
    aurora_pair *pairs = aurora__fts_arena_take(arena, out->attribute_count * sizeof *pairs);
    if (pairs == NULL)
        return AURORA_ENOMEM;
    for (uint32_t i = 0; i < out->attribute_count; i++) {
        pairs[i] = borrowed[i];
        if (!copy_text(arena, &pairs[i].name) || !copy_text(arena, &pairs[i].value))
            return AURORA_ENOMEM;
    }
    out->attributes = pairs;
    return AURORA_OK;
}

/* --- statements ------------------------------------------------------------------------------- */

aurora_status aurora__fts_documents_begin(aurora__fts_documents *documents, sqlite3 *db,
                                          int64_t generation, const aurora_allocator *allocator)
{
    *documents = (aurora__fts_documents){.db = db, .columns = {.allocator = allocator}};
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&documents->find,
         "SELECT id, is_deleted, " AURORA__FTS_PRODUCT_COLUMNS " FROM documents_$ WHERE sku = ?1"},
        {&documents->insert,
         "INSERT INTO documents_$(id, sku, name, description, brand, category, image_url,"
         " currency, attributes, price_minor, version, created_at, updated_at, is_deleted)"
         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"},
        {&documents->update,
         "UPDATE documents_$ SET sku = ?2, name = ?3, description = ?4, brand = ?5, category = ?6,"
         " image_url = ?7, currency = ?8, attributes = ?9, price_minor = ?10, version = ?11,"
         " created_at = ?12, updated_at = ?13, is_deleted = ?14 WHERE id = ?1"},
        {&documents->forget_words,
         "INSERT INTO words_$(words_$, rowid, name, brand, category, description, attributes,"
         " codes) VALUES('delete', ?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
        {&documents->insert_words,
         "INSERT INTO words_$(rowid, name, brand, category, description, attributes, codes)"
         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
        {&documents->forget_facts, "DELETE FROM facts_$ WHERE id = ?1"},
        {&documents->insert_facts,
         "INSERT INTO facts_$ VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
        {&documents->insert_label, "INSERT OR IGNORE INTO labels_$(text) VALUES(?1)"},
        {&documents->find_label, "SELECT id FROM labels_$ WHERE text = ?1"},
    };
    aurora_status rc = AURORA_OK;
    for (size_t i = 0; rc == AURORA_OK && i < sizeof all / sizeof *all; i++)
        *all[i].statement = aurora__fts_prepare(db, all[i].sql, generation, &rc);
    return rc;
}

void aurora__fts_documents_end(aurora__fts_documents *documents)
{
    sqlite3_stmt *all[] = {
        documents->find,         documents->insert,       documents->update,
        documents->forget_words, documents->insert_words, documents->forget_facts,
        documents->insert_facts, documents->insert_label, documents->find_label};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    aurora__fts_columns_free(&documents->columns);
}

/* --- putting ---------------------------------------------------------------------------------- */

static aurora_status run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return aurora__fts_status(code);
}

/* The number of a category or brand; 0 for none. */
static aurora_status label_of(aurora__fts_documents *documents, const char *text, int64_t *out)
{
    *out = 0;
    if (text[0] == '\0')
        return AURORA_OK;
    for (int attempt = 0; attempt < 2; attempt++) {
        sqlite3_bind_text(documents->find_label, 1, text, -1, SQLITE_STATIC);
        int code = sqlite3_step(documents->find_label);
        if (code == SQLITE_ROW)
            *out = sqlite3_column_int64(documents->find_label, 0);
        sqlite3_reset(documents->find_label);
        if (code != SQLITE_DONE || attempt == 1)
            return aurora__fts_status(code);
        sqlite3_bind_text(documents->insert_label, 1, text, -1, SQLITE_STATIC);
        aurora_status rc = run(documents->insert_label);
        if (rc != AURORA_OK)
            return rc;
    }
    return AURORA_OK;
}

/* Takes the words of what is there out of the index. */
static aurora_status forget(aurora__fts_documents *documents, int64_t id)
{
    aurora_pair pairs[AURORA_ATTRIBUTES_MAX];
    aurora_product product;
    if (!borrow_product(documents->find, 2, pairs, &product) ||
        !aurora__fts_columns_cut(&documents->columns, &product))
        return AURORA_ENOMEM;
    aurora_status rc = run_words(documents->forget_words, id, &documents->columns);
    sqlite3_bind_int64(documents->forget_facts, 1, id);
    return rc == AURORA_OK ? run(documents->forget_facts) : rc;
}

static aurora_status add_words(aurora__fts_documents *documents, int64_t id,
                               const aurora_product *product)
{
    int64_t category;
    int64_t brand;
    if (!aurora__fts_columns_cut(&documents->columns, product))
        return AURORA_ENOMEM;
    aurora_status rc = run_words(documents->insert_words, id, &documents->columns);
    if (rc == AURORA_OK)
        rc = label_of(documents, product->category, &category);
    if (rc == AURORA_OK)
        rc = label_of(documents, product->brand, &brand);
    if (rc != AURORA_OK)
        return rc;
    sqlite3_stmt *facts = documents->insert_facts;
    sqlite3_bind_int64(facts, 1, id);
    sqlite3_bind_text(facts, 2, product->sku, -1, SQLITE_STATIC);
    sqlite3_bind_int64(facts, 3, category);
    sqlite3_bind_int64(facts, 4, brand);
    sqlite3_bind_int64(facts, 5, product->price_minor);
    sqlite3_bind_int64(facts, 6, product->created_at_ms);
    sqlite3_bind_int64(facts, 7, documents->columns.name_words);
    sqlite3_bind_int64(facts, 8, documents->columns.for_at);
    sqlite3_bind_int64(facts, 9, documents->columns.accessories);
    return run(facts);
}

/* id 0 = a new row. */
static aurora_status write_row(aurora__fts_documents *documents, int64_t id,
                               const aurora_search_change *change, int64_t *id_out)
{
    static const aurora_product nothing = {.name = "",
                                           .description = "",
                                           .brand = "",
                                           .category = "",
                                           .image_url = "",
                                           .currency = ""};
    const aurora_product *product = change->product == NULL ? &nothing : change->product;
    sqlite3_stmt *row = id == 0 ? documents->insert : documents->update;
    aurora__fts_columns *blob = &documents->columns;
    if (!aurora__fts_columns_pack(blob, product))
        return AURORA_ENOMEM;
    const char *const texts[] = {change->sku,      product->name,     product->description,
                                 product->brand,   product->category, product->image_url,
                                 product->currency};
    if (id == 0)
        sqlite3_bind_null(row, 1);
    else
        sqlite3_bind_int64(row, 1, id);
    for (int i = 0; i < 7; i++)
        sqlite3_bind_text(row, i + 2, texts[i], -1, SQLITE_STATIC);
    sqlite3_bind_blob(row, 9, blob->used == 0 ? "" : blob->text, (int)blob->used, SQLITE_STATIC);
    sqlite3_bind_int64(row, 10, product->price_minor);
    sqlite3_bind_int64(row, 11, (int64_t)change->version);
    sqlite3_bind_int64(row, 12, product->created_at_ms);
    sqlite3_bind_int64(row, 13, product->updated_at_ms);
    sqlite3_bind_int64(row, 14, change->product == NULL);
    aurora_status rc = run(row);
    *id_out = id == 0 ? sqlite3_last_insert_rowid(documents->db) : id;
    return rc;
}

aurora_status aurora__fts_documents_put(aurora__fts_documents *documents,
                                        const aurora_search_change *change)
{
    int64_t id = 0;
    sqlite3_bind_text(documents->find, 1, change->sku, -1, SQLITE_STATIC);
    int code = sqlite3_step(documents->find);
    aurora_status rc = aurora__fts_status(code);
    if (code == SQLITE_ROW) {
        id = sqlite3_column_int64(documents->find, 0);
        bool is_old = (uint64_t)sqlite3_column_int64(documents->find, 11) >= change->version;
        if (is_old || !sqlite3_column_int64(documents->find, 1))
            rc = is_old ? AURORA_ENOTFOUND : forget(documents, id);
    }
    sqlite3_reset(documents->find);
    if (rc != AURORA_OK)
        return rc == AURORA_ENOTFOUND ? AURORA_OK : rc;
    rc = write_row(documents, id, change, &id);
    if (rc == AURORA_OK && change->product != NULL)
        rc = add_words(documents, id, change->product);
    return rc;
}

/* --- listing ---------------------------------------------------------------------------------- */

static aurora_status list_rows(aurora__fts_connection *reader, int64_t generation,
                               const char *after, uint32_t limit, const aurora_arena_port *arena,
                               const aurora_product **items, uint32_t *count_out)
{
    aurora_status rc;
    sqlite3_stmt *row = aurora__fts_keep(reader, AURORA__FTS_LIST_DOCUMENTS,
                                         "SELECT " AURORA__FTS_PRODUCT_COLUMNS
                                         " FROM documents_$ WHERE sku > ?1 AND is_deleted = 0"
                                         " ORDER BY sku LIMIT ?2",
                                         generation, &rc);
    if (row == NULL)
        return rc;
    sqlite3_bind_text(row, 1, after == NULL ? "" : after, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, limit);
    int code = SQLITE_DONE;
    while (rc == AURORA_OK && (code = sqlite3_step(row)) == SQLITE_ROW) {
        aurora_product *item = aurora__fts_arena_take(arena, sizeof *item);
        rc = item == NULL ? AURORA_ENOMEM : aurora__fts_product_read(row, 0, arena, item);
        items[*count_out] = item;
        *count_out += rc == AURORA_OK;
    }
    aurora__fts_rest(row);
    return rc == AURORA_OK ? aurora__fts_status(code) : rc;
}

aurora_status aurora__fts_list(void *self, const char *after, uint32_t limit,
                               const aurora_arena_port *arena, const aurora_product ***items_out,
                               uint32_t *count_out)
{
    aurora__fts_index *index = self;
    aurora__fts_connection *reader;
    aurora__fts_meta meta;
    *count_out = 0;
    *items_out = aurora__fts_arena_take(arena, limit * sizeof **items_out);
    if (*items_out == NULL)
        return AURORA_ENOMEM;
    aurora_status rc = aurora__fts_reader_take(index, &reader);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__fts_read_begin(reader);
    if (rc == AURORA_OK)
        rc = aurora__fts_meta_read(reader, &meta);
    if (rc == AURORA_OK)
        rc = list_rows(reader, meta.generation, after, limit, arena, *items_out, count_out);
    aurora__fts_read_end(reader);
    aurora__fts_reader_give(index, reader, rc);
    return rc;
}
