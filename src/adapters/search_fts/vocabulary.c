/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/vocabulary.h"

#include "adapters/search_fts/distance.h"
#include "adapters/search_fts/outcome.h"
#include "adapters/search_fts/words.h"

#include <stdio.h>
#include <string.h>

/* --- reading ---------------------------------------------------------------------------------- */

static aurora_status add(aurora__fts_vocabulary *self, const char *text, size_t length,
                         int64_t documents)
{
    const aurora_allocator *allocator = self->allocator;
    if (length == 0 || length > AURORA__FTS_WORD_BYTES_MAX)
        return AURORA_OK;
    if (self->count == self->capacity) {
        uint32_t capacity = self->capacity == 0 ? 1024 : self->capacity * 2;
        aurora__fts_term *terms =
            allocator->reallocate(allocator->self, self->terms, capacity * sizeof *terms);
        if (terms == NULL)
            return AURORA_ENOMEM;
        self->terms = terms;
        self->capacity = capacity;
    }
    if (self->used + length > self->size) {
        size_t size = self->size == 0 ? 8192 : self->size * 2;
        char *bytes = allocator->reallocate(allocator->self, self->bytes, size);
        if (bytes == NULL)
            return AURORA_ENOMEM;
        self->bytes = bytes;
        self->size = size;
    }
    memcpy(self->bytes + self->used, text, length);
    self->terms[self->count++] = (aurora__fts_term){
        .at = (uint32_t)self->used,
        .documents = documents > UINT32_MAX ? UINT32_MAX : (uint32_t)documents,
        .length = (uint8_t)length,
    };
    self->used += length;
    return AURORA_OK;
}

static aurora_status read_terms(aurora__fts_vocabulary *self, sqlite3 *db, const char *table)
{
    char sql[128];
    sqlite3_stmt *statement;
    aurora_status rc = AURORA_OK;
    int code;
    snprintf(sql, sizeof sql, "SELECT term, doc FROM %s", table);
    code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return aurora__fts_status(code);
    while (rc == AURORA_OK && self->count < AURORA__FTS_TERMS_MAX &&
           (code = sqlite3_step(statement)) == SQLITE_ROW) {
        /* Not column_text, which needs memory for a NUL behind a term. */
        const char *text = sqlite3_column_blob(statement, 0);
        size_t length = (size_t)sqlite3_column_bytes(statement, 0);
        rc = add(self, text, length, sqlite3_column_int64(statement, 1));
    }
    sqlite3_finalize(statement);
    if (rc == AURORA_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        rc = aurora__fts_status(code);
    return rc;
}

aurora_status aurora__fts_vocabulary_read(const aurora_allocator *allocator, sqlite3 *db,
                                          const char *table, aurora__fts_vocabulary **out)
{
    aurora__fts_vocabulary *self = allocator->allocate(allocator->self, sizeof *self);
    *out = NULL;
    if (self == NULL)
        return AURORA_ENOMEM;
    memset(self, 0, sizeof *self);
    self->allocator = allocator;
    atomic_init(&self->references, 1);
    aurora_status rc = read_terms(self, db, table);
    if (rc == AURORA_OK)
        *out = self;
    else
        aurora__fts_vocabulary_release(self);
    return rc;
}

void aurora__fts_vocabulary_release(aurora__fts_vocabulary *self)
{
    if (self == NULL || atomic_fetch_sub(&self->references, 1) != 1)
        return;
    const aurora_allocator *allocator = self->allocator;
    allocator->release(allocator->self, self->terms);
    allocator->release(allocator->self, self->bytes);
    allocator->release(allocator->self, self);
}

/* --- looking up ------------------------------------------------------------------------------- */

static const char *text_of(const aurora__fts_vocabulary *self, const aurora__fts_term *term)
{
    return self->bytes + term->at;
}

static int compare(const aurora__fts_vocabulary *self, uint32_t index, const char *word,
                   uint32_t length)
{
    const aurora__fts_term *term = &self->terms[index];
    size_t both = term->length < length ? term->length : length;
    int order = memcmp(text_of(self, term), word, both);
    return order != 0 ? order : (term->length > length) - (term->length < length);
}

/* The first term that is not before the word. */
static uint32_t find(const aurora__fts_vocabulary *self, const char *word, uint32_t length)
{
    uint32_t low = 0;
    uint32_t high = self->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(self, middle, word, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t aurora__fts_vocabulary_count(const aurora__fts_vocabulary *self, const char *word,
                                      uint32_t length)
{
    uint32_t index = find(self, word, length);
    return index < self->count && compare(self, index, word, length) == 0
               ? self->terms[index].documents
               : 0;
}

static bool is_better(const aurora__fts_neighbour *a, const aurora__fts_neighbour *b)
{
    return a->distance != b->distance ? a->distance < b->distance : a->documents > b->documents;
}

static uint32_t insert(aurora__fts_neighbour *list, uint32_t count, uint32_t capacity,
                       const aurora__fts_neighbour *item)
{
    uint32_t at = count;
    while (at > 0 && is_better(item, &list[at - 1]))
        at--;
    if (at == capacity)
        return count;
    uint32_t kept = count < capacity ? count : capacity - 1;
    memmove(list + at + 1, list + at, (kept - at) * sizeof *list);
    list[at] = *item;
    return kept + 1;
}

static bool agrees(const char *word, uint32_t length, const char *term, uint32_t term_length)
{
    if (word[0] == term[0])
        return true;
    return length > 1 && term_length > 1 && word[0] == term[1] && word[1] == term[0];
}

uint32_t aurora__fts_vocabulary_near(const aurora__fts_vocabulary *self, const char *word,
                                     uint32_t length, uint32_t distance, aurora__fts_neighbour *out,
                                     uint32_t capacity)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const aurora__fts_term *term = &self->terms[i];
        const char *text = text_of(self, term);
        if (term->length + distance < length || term->length > length + distance ||
            !agrees(word, length, text, term->length))
            continue;
        uint32_t found = aurora__fts_distance(word, length, text, term->length, distance);
        if (found == 0 || found > distance)
            continue;
        aurora__fts_neighbour item = {text, term->length, term->documents, found};
        count = insert(out, count, capacity, &item);
    }
    return count;
}

uint32_t aurora__fts_vocabulary_begin(const aurora__fts_vocabulary *self, const char *word,
                                      uint32_t length, aurora__fts_neighbour *out,
                                      uint32_t capacity)
{
    uint32_t count = 0;
    for (uint32_t i = find(self, word, length); i < self->count; i++) {
        const aurora__fts_term *term = &self->terms[i];
        if (term->length < length || memcmp(text_of(self, term), word, length) != 0)
            break;
        if (term->length == length)
            continue;
        aurora__fts_neighbour item = {text_of(self, term), term->length, term->documents, 0};
        count = insert(out, count, capacity, &item);
    }
    return count;
}

uint32_t aurora__fts_vocabulary_begin_near(const aurora__fts_vocabulary *self, const char *word,
                                           uint32_t length, uint32_t distance,
                                           aurora__fts_neighbour *out, uint32_t capacity)
{
    uint32_t count = 0;
    for (uint32_t i = find(self, word, 1); i < self->count; i++) {
        const aurora__fts_term *term = &self->terms[i];
        const char *text = text_of(self, term);
        if (text[0] != word[0])
            break;
        uint32_t found = aurora__fts_prefix_distance(word, length, text, term->length, distance);
        if (found > distance)
            continue;
        aurora__fts_neighbour item = {text, term->length, term->documents, found};
        count = insert(out, count, capacity, &item);
    }
    return count;
}
