/* SPDX-License-Identifier: MIT */
/* A search: the strictest level of the plan that finds enough, one pass over what matches, then the
 * products of one page. */
#include "adapters/search_fts/index.h"

#include "adapters/search_fts/highlight.h"
#include "adapters/search_fts/hits.h"

#include <stdio.h>
#include <string.h>

#define ENOUGH 5 /* hits: with fewer, words are also taken for what they may begin or mean */
#define VOCABULARY_AGE_MS 2000
#define AFTER_FORMAT 2

typedef struct {
    aurora__fts_index *index;
    aurora__fts_connection *reader;
    const aurora_query *query;
    const aurora_arena_port *arena;
    aurora__fts_meta meta;
    aurora__fts_vocabulary *vocabulary;
    aurora__fts_plan *plan; /* NULL = without a text */
    aurora__fts_filter filter;
    int32_t sort;
    aurora__fts_hits hits;
} search;

/* What `after` holds. */
typedef struct {
    uint32_t format;
    uint32_t level;
    uint32_t is_open; /* of the plan */
    aurora__fts_mark mark;
} position;

/* --- vocabulary ------------------------------------------------------------------------------- */

static aurora_status count_documents(sqlite3 *db, int64_t generation, uint64_t *out)
{
    aurora_status rc;
    sqlite3_stmt *row = aurora__fts_prepare(db, "SELECT count(*) FROM facts_$", generation, &rc);
    if (row == NULL)
        return rc;
    int code = sqlite3_step(row);
    *out = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(row, 0) : 0;
    sqlite3_finalize(row);
    return aurora__fts_status(code);
}

static aurora__fts_vocabulary *read_vocabulary(aurora__fts_index *index,
                                               aurora__fts_connection *reader,
                                               const aurora__fts_meta *meta)
{
    aurora__fts_vocabulary *fresh = NULL;
    char table[] = "terms_1";
    table[6] = (char)('0' + meta->generation);
    if (aurora__fts_vocabulary_read(index->options.allocator, reader->db, table, &fresh) !=
            AURORA_OK ||
        count_documents(reader->db, meta->generation, &fresh->documents) != AURORA_OK) {
        aurora__fts_vocabulary_release(fresh);
        return NULL;
    }
    fresh->generation = meta->generation;
    fresh->changes = meta->changes;
    fresh->read_ms = aurora__fts_clock_ms();
    return fresh;
}

aurora__fts_vocabulary *aurora__fts_vocabulary_take(aurora__fts_index *index,
                                                    aurora__fts_connection *reader,
                                                    const aurora__fts_meta *meta)
{
    pthread_mutex_lock(&index->mutex);
    aurora__fts_vocabulary *now = index->vocabulary;
    bool is_same = now != NULL && now->generation == meta->generation;
    bool is_fresh = is_same && (now->changes == meta->changes ||
                                aurora__fts_clock_ms() - now->read_ms < VOCABULARY_AGE_MS);
    bool is_mine = !is_fresh && (now == NULL || !index->is_reading_vocabulary);
    index->is_reading_vocabulary |= is_mine;
    if (now != NULL)
        atomic_fetch_add(&now->references, 1);
    pthread_mutex_unlock(&index->mutex);
    if (!is_mine)
        return now;
    aurora__fts_vocabulary *fresh = read_vocabulary(index, reader, meta);
    pthread_mutex_lock(&index->mutex);
    index->is_reading_vocabulary = false;
    aurora__fts_vocabulary *old = NULL;
    if (fresh != NULL && reader->incarnation == index->incarnation) {
        old = index->vocabulary;
        index->vocabulary = fresh;
        atomic_fetch_add(&fresh->references, 1);
    }
    pthread_mutex_unlock(&index->mutex);
    aurora__fts_vocabulary_release(old);
    if (fresh == NULL)
        return now;
    aurora__fts_vocabulary_release(now);
    return fresh;
}

/* --- what matches ----------------------------------------------------------------------------- */

static aurora_status find_label(const search *self, const char *text, int64_t *out)
{
    aurora_status rc;
    *out = 0;
    if (text == NULL)
        return AURORA_OK;
    sqlite3_stmt *row =
        aurora__fts_keep(self->reader, AURORA__FTS_FIND_LABEL,
                         "SELECT id FROM labels_$ WHERE text = ?1", self->meta.generation, &rc);
    if (row == NULL)
        return rc;
    sqlite3_bind_text(row, 1, text, -1, SQLITE_STATIC);
    int code = sqlite3_step(row);
    *out = code == SQLITE_ROW ? sqlite3_column_int64(row, 0) : -1;
    aurora__fts_rest(row);
    return aurora__fts_status(code);
}

static aurora_status take_row(search *self, sqlite3_stmt *from)
{
    aurora__fts_row row = {.id = sqlite3_column_int64(from, 0),
                           .score = sqlite3_column_double(from, 1),
                           .category = sqlite3_column_int64(from, 3),
                           .brand = sqlite3_column_int64(from, 4),
                           .price_minor = sqlite3_column_int64(from, 5),
                           .created_at = sqlite3_column_int64(from, 6)};
    if (row.score < 0)
        return AURORA_OK;
    row.sku = aurora__fts_column_copy(from, 2, self->arena);
    return row.sku == NULL ? AURORA_ENOMEM : aurora__fts_hits_add(&self->hits, &self->filter, &row);
}

static aurora_status scan(search *self)
{
    static const char with_text[] =
        "SELECT w.rowid, aurora_rank(words_$, f.name_words, f.for_at, f.accessories), f.sku, "
        "f.category, f.brand,"
        " f.price_minor, f.created_at FROM words_$ w CROSS JOIN facts_$ f ON f.id = w.rowid"
        " WHERE words_$ MATCH ?1";
    static const char without[] =
        "SELECT id, 0.0, sku, category, brand, price_minor, created_at FROM facts_$";
    aurora_status rc;
    aurora__fts_hits_clear(&self->hits);
    sqlite3_stmt *row = self->plan == NULL
                            ? aurora__fts_keep(self->reader, AURORA__FTS_SCAN_ALL, without,
                                               self->meta.generation, &rc)
                            : aurora__fts_keep(self->reader, AURORA__FTS_SCAN_WORDS, with_text,
                                               self->meta.generation, &rc);
    if (row == NULL)
        return rc;
    if (self->plan != NULL)
        sqlite3_bind_text(row, 1, self->plan->expression, -1, SQLITE_STATIC);
    int code = SQLITE_DONE;
    for (uint32_t i = 0; rc == AURORA_OK && i < AURORA__FTS_SCAN_MAX; i++) {
        code = sqlite3_step(row);
        if (code != SQLITE_ROW)
            break;
        rc = take_row(self, row);
    }
    aurora__fts_rest(row);
    return rc == AURORA_OK ? aurora__fts_status(code) : rc;
}

/* The first page tries levels until enough is found; the pages behind it keep its level. */
static aurora_status find(search *self, const position *after)
{
    aurora_status rc = AURORA_OK;
    bool is_open = false;
    /* By price or time a hit that misses a word may come first: then only where nothing has all. */
    uint32_t enough = self->sort == AURORA_SORT_RELEVANCE ? ENOUGH : 1;
    if (self->plan == NULL)
        return scan(self);
    self->reader->plan = self->plan;
    if (after != NULL) {
        self->plan->is_open = after->is_open != 0;
        if (!aurora__fts_plan_level(self->plan, after->level))
            return AURORA_OK;
        rc = scan(self);
    }
    for (uint32_t level = 0; after == NULL && rc == AURORA_OK && level < AURORA__FTS_LEVELS;
         level++) {
        bool was_open = self->plan->is_open;
        self->plan->is_open = is_open;
        if (!aurora__fts_plan_level(self->plan, level)) {
            self->plan->is_open = was_open;
            continue;
        }
        rc = scan(self);
        if (self->hits.total >= enough)
            break;
        is_open = self->hits.total == 0;
    }
    return rc;
}

/* --- the page --------------------------------------------------------------------------------- */

static aurora_status read_hits(search *self, uint32_t count, aurora_search_result *out)
{
    aurora_status rc;
    aurora_hit *hits = aurora__fts_arena_take(self->arena, count * sizeof *hits);
    sqlite3_stmt *row =
        aurora__fts_keep(self->reader, AURORA__FTS_READ_HIT,
                         "SELECT " AURORA__FTS_PRODUCT_COLUMNS " FROM documents_$ WHERE id = ?1",
                         self->meta.generation, &rc);
    if (row == NULL || hits == NULL)
        return row == NULL ? rc : AURORA_ENOMEM;
    for (uint32_t i = 0; rc == AURORA_OK && i < count; i++) {
        aurora_product *product = aurora__fts_arena_take(self->arena, sizeof *product);
        sqlite3_bind_int64(row, 1, self->hits.rows[i].id);
        int code = sqlite3_step(row);
        if (product == NULL || code != SQLITE_ROW)
            rc = product == NULL       ? AURORA_ENOMEM
                 : code == SQLITE_DONE ? AURORA_ECORRUPT
                                       : aurora__fts_status(code);
        if (rc == AURORA_OK)
            rc = aurora__fts_product_read(row, 0, self->arena, product);
        sqlite3_reset(row);
        hits[i] = (aurora_hit){.size = sizeof hits[i], .product = product};
        hits[i].score = self->hits.rows[i].score;
        hits[i].highlight = "";
        if (rc == AURORA_OK && self->plan != NULL)
            hits[i].highlight = aurora__fts_highlight(self->plan, product, self->arena);
        if (hits[i].highlight == NULL)
            rc = AURORA_ENOMEM;
    }
    aurora__fts_rest(row);
    out->hits = hits;
    out->count = count;
    return rc;
}

static aurora_status read_facets(search *self, const aurora__fts_tally *tally, int32_t kind,
                                 aurora_facet *facets, uint32_t *count)
{
    aurora__fts_count top[AURORA__FTS_FACETS_MAX + 1];
    aurora_status rc;
    uint32_t tops = aurora__fts_tally_top(tally, top);
    sqlite3_stmt *row =
        aurora__fts_keep(self->reader, AURORA__FTS_READ_LABEL,
                         "SELECT text FROM labels_$ WHERE id = ?1", self->meta.generation, &rc);
    for (uint32_t i = 0; rc == AURORA_OK && i < tops; i++) {
        sqlite3_bind_int64(row, 1, top[i].label);
        int code = sqlite3_step(row);
        rc = code == SQLITE_DONE ? AURORA_ECORRUPT : aurora__fts_status(code);
        aurora_facet facet = {.size = sizeof facet, .kind = kind, .count = top[i].count};
        if (rc == AURORA_OK)
            facet.value = aurora__fts_column_copy(row, 0, self->arena);
        sqlite3_reset(row);
        if (rc == AURORA_OK && facet.value == NULL)
            rc = AURORA_ENOMEM;
        facets[(*count)++] = facet;
    }
    aurora__fts_rest(row);
    return rc;
}

static aurora_status read_page(search *self, const aurora_search_request *request,
                               const position *after, aurora_search_result *out)
{
    bool has_more;
    uint32_t count = aurora__fts_hits_page(
        &self->hits, self->sort, after == NULL ? NULL : &after->mark, request->limit, &has_more);
    aurora_status rc = read_hits(self, count, out);
    out->total = self->hits.total;
    if (rc == AURORA_OK && has_more) {
        position next;
        memset(&next, 0, sizeof next);
        next.format = AFTER_FORMAT;
        next.level = self->plan == NULL ? 0 : self->plan->level;
        next.is_open = self->plan != NULL && self->plan->is_open;
        aurora__fts_mark_of(&self->hits.rows[count - 1], self->sort, &next.mark);
        memcpy(out->after, &next, sizeof next);
        out->after_length = sizeof next;
    }
    if (rc != AURORA_OK || after != NULL)
        return rc;
    aurora_facet *facets =
        aurora__fts_arena_take(self->arena, sizeof *facets * AURORA__FTS_FACETS_MAX * 2);
    if (facets == NULL)
        return AURORA_ENOMEM;
    out->facets = facets;
    rc =
        read_facets(self, &self->hits.categories, AURORA_FACET_CATEGORY, facets, &out->facet_count);
    if (rc == AURORA_OK)
        rc = read_facets(self, &self->hits.brands, AURORA_FACET_BRAND, facets, &out->facet_count);
    return rc;
}

/* --- the whole -------------------------------------------------------------------------------- */

static aurora_status prepare(search *self)
{
    const aurora_allocator *allocator = self->index->options.allocator;
    const aurora_query *query = self->query;
    aurora_status rc = aurora__fts_meta_read(self->reader, &self->meta);
    if (rc == AURORA_OK)
        rc = find_label(self, query->category, &self->filter.category);
    if (rc == AURORA_OK)
        rc = find_label(self, query->brand, &self->filter.brand);
    if (rc != AURORA_OK)
        return rc;
    self->filter.price_min_minor = query->price_min_minor;
    self->filter.price_max_minor = query->price_max_minor;
    self->sort = query->sort == 0 ? AURORA_SORT_RELEVANCE : query->sort;
    if (query->text == NULL)
        return AURORA_OK;
    self->vocabulary = aurora__fts_vocabulary_take(self->index, self->reader, &self->meta);
    self->plan = allocator->allocate(allocator->self, sizeof *self->plan);
    if (self->plan == NULL)
        return AURORA_ENOMEM;
    if (!aurora__fts_plan_begin(self->plan, query->text, self->index->weights, self->vocabulary)) {
        /* Nothing but signs is like nothing. */
        allocator->release(allocator->self, self->plan);
        self->plan = NULL;
    }
    return AURORA_OK;
}

/* Where the last page ended, by the score that its last hit has now: what others wrote moves all
 * scores a little. Where it is gone, by the score that it had. */
static void find_mark(const search *self, position *after)
{
    if (self->sort != AURORA_SORT_RELEVANCE)
        return;
    for (uint32_t i = 0; i < self->hits.count; i++) {
        if (strcmp(self->hits.rows[i].sku, after->mark.sku) == 0) {
            after->mark.score = self->hits.rows[i].score;
            return;
        }
    }
}

static aurora_status run(search *self, const aurora_search_request *request,
                         aurora_search_result *out)
{
    position after;
    bool has_after = request->after != NULL;
    if (has_after) {
        if (request->after_length != sizeof after)
            return AURORA_EINVAL;
        memcpy(&after, request->after, sizeof after);
        after.mark.sku[AURORA_SKU_BYTES_MAX] = '\0';
        if (after.format != AFTER_FORMAT || after.level >= AURORA__FTS_LEVELS)
            return AURORA_EINVAL;
    }
    aurora_status rc = prepare(self);
    if (rc == AURORA_OK)
        rc = find(self, has_after ? &after : NULL);
    if (rc != AURORA_OK)
        return rc;
    if (has_after)
        find_mark(self, &after);
    return read_page(self, request, has_after ? &after : NULL, out);
}

aurora_status aurora__fts_query(void *self, const aurora_search_request *request,
                                const aurora_arena_port *arena, aurora_search_result *out)
{
    search now = {.index = self, .query = request->query, .arena = arena};
    const aurora_allocator *allocator = now.index->options.allocator;
    memset(out, 0, sizeof *out);
    aurora_status rc = aurora__fts_reader_take(now.index, &now.reader);
    if (rc != AURORA_OK)
        return rc;
    aurora__fts_hits_init(&now.hits, allocator);
    rc = aurora__fts_read_begin(now.reader);
    if (rc == AURORA_OK)
        rc = run(&now, request, out);
    aurora__fts_read_end(now.reader);
    aurora__fts_reader_give(now.index, now.reader, rc);
    aurora__fts_hits_free(&now.hits);
    aurora__fts_vocabulary_release(now.vocabulary);
    allocator->release(allocator->self, now.plan);
    return rc;
}
