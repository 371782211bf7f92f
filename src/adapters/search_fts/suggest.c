/* SPDX-License-Identifier: MIT */
/* Completions of what is being typed, cut out of the names, brands and categories of products that
 * have it: what more of them say comes first. */
#include "adapters/search_fts/index.h"

#include "adapters/search_fts/fold.h"

#include <stdio.h>
#include <string.h>

#define SAMPLE_ROWS 400 /* products that are looked at */
#define TYPED_MAX 8     /* words before the one that is being typed */
#define ENDINGS_MAX 12  /* words that may be meant */
#define TEXT_BYTES 192
#define PHRASES_MAX 512
#define NAME_WORDS_MAX 48

typedef struct {
    char key[TEXT_BYTES]; /* folded: one entry for headphone and Headphones */
    char text[TEXT_BYTES];
    uint32_t count;
    uint32_t words;
} phrase;

typedef struct {
    aurora__fts_index *index;
    aurora__fts_connection *reader;
    aurora__fts_meta meta;
    aurora__fts_vocabulary *vocabulary;
    char typed[TYPED_MAX][AURORA__FTS_WORD_BYTES_MAX + 1];
    uint32_t typed_count;
    char last[AURORA__FTS_WORD_BYTES_MAX + 1];
    bool is_exact; /* endings begin with `last`; else they are what is close to it */
    aurora__fts_neighbour endings[ENDINGS_MAX + 1];
    uint32_t ending_count;
    phrase *phrases;
    uint32_t phrase_count;
} suggestion;

/* --- what may be meant ------------------------------------------------------------------------ */

static bool read_prefix(suggestion *self, const char *prefix)
{
    aurora__fts_reader reader;
    aurora__fts_word word;
    bool has_last = false;
    aurora__fts_words(&reader, prefix, strlen(prefix));
    while (aurora__fts_next_word(&reader, &word)) {
        if (word.length == 0)
            continue;
        if (has_last) {
            if (self->typed_count == TYPED_MAX)
                return false;
            memcpy(self->typed[self->typed_count++], self->last, sizeof self->last);
        }
        memcpy(self->last, word.text, word.length + 1);
        has_last = true;
    }
    return has_last;
}

/* A typed word that nothing has is replaced by the one that is nearest. */
static void correct_typed(suggestion *self)
{
    for (uint32_t i = 0; i < self->typed_count; i++) {
        aurora__fts_neighbour near;
        char *word = self->typed[i];
        uint32_t length = (uint32_t)strlen(word);
        if (length < 4 || aurora__fts_vocabulary_count(self->vocabulary, word, length) > 0)
            continue;
        if (aurora__fts_vocabulary_near(self->vocabulary, word, length, length < 8 ? 1 : 2, &near,
                                        1) == 1 &&
            near.length <= AURORA__FTS_WORD_BYTES_MAX)
            snprintf(word, sizeof self->typed[i], "%.*s", (int)near.length, near.text);
    }
}

static void find_endings(suggestion *self)
{
    uint32_t length = (uint32_t)strlen(self->last);
    uint32_t documents = aurora__fts_vocabulary_count(self->vocabulary, self->last, length);
    self->ending_count = aurora__fts_vocabulary_begin(self->vocabulary, self->last, length,
                                                      self->endings, ENDINGS_MAX);
    if (documents > 0)
        self->endings[self->ending_count++] =
            (aurora__fts_neighbour){self->last, length, documents, 0};
    self->is_exact = self->ending_count > 0;
    if (self->is_exact || length < 4)
        return;
    self->ending_count = aurora__fts_vocabulary_begin_near(
        self->vocabulary, self->last, length, length < 8 ? 1 : 2, self->endings, ENDINGS_MAX / 2);
    uint32_t nearest = self->ending_count > 0 ? self->endings[0].distance : 0;
    while (self->ending_count > 0 && self->endings[self->ending_count - 1].distance > nearest)
        self->ending_count--;
}

static bool is_ending(const suggestion *self, const char *word, uint32_t length)
{
    size_t typed = strlen(self->last);
    if (self->is_exact)
        return length >= typed && memcmp(word, self->last, typed) == 0;
    for (uint32_t i = 0; i < self->ending_count; i++) {
        if (self->endings[i].length == length && memcmp(self->endings[i].text, word, length) == 0)
            return true;
    }
    return false;
}

/* {name brand category} : ("typed" AND ("ending" OR ...)); false where nothing can be meant. */
static bool write_expression(const suggestion *self, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "{name brand category} : (");
    for (uint32_t i = 0; i < self->typed_count; i++)
        used += (size_t)snprintf(out + used, size - used, "\"%s\" AND ", self->typed[i]);
    used += (size_t)snprintf(out + used, size - used, "(");
    if (self->is_exact && self->typed_count > 0 && strlen(self->last) > 1)
        used += (size_t)snprintf(out + used, size - used, "\"%s\"*", self->last);
    else
        for (uint32_t i = 0; i < self->ending_count; i++)
            used += (size_t)snprintf(out + used, size - used, "%s\"%.*s\"", i == 0 ? "" : " OR ",
                                     (int)self->endings[i].length, self->endings[i].text);
    snprintf(out + used, size - used, "))");
    return self->ending_count > 0;
}

/* --- phrases ---------------------------------------------------------------------------------- */

static bool is_longer(const char *key, const char *of)
{
    size_t length = strlen(of);
    return strncmp(key, of, length) == 0 && key[length] == ' ';
}

static void count_phrase(suggestion *self, const char *key, const char *text, uint32_t words)
{
    for (uint32_t i = 0; i < self->phrase_count; i++) {
        if (strcmp(self->phrases[i].key, key) == 0) {
            self->phrases[i].count++;
            return;
        }
    }
    if (self->phrase_count == PHRASES_MAX)
        return;
    phrase *to = &self->phrases[self->phrase_count++];
    snprintf(to->key, sizeof to->key, "%s", key);
    snprintf(to->text, sizeof to->text, "%s", text);
    to->count = 1;
    to->words = words;
}

/* The source of some words in lower case, one blank for what separates them. False where it is too
 * long. */
static bool copy_lower(const char *text, const aurora__fts_word *words, uint32_t count, char *out)
{
    size_t used = 0;
    for (size_t at = words[0].start; at < words[count - 1].end;) {
        size_t bytes;
        uint32_t code = aurora__fts_decode(text + at, words[count - 1].end - at, &bytes);
        if (used + AURORA__FTS_FOLDED_BYTES_MAX + 1 > TEXT_BYTES)
            return false;
        used += aurora__fts_lower(code, out + used);
        at += bytes;
    }
    out[used] = '\0';
    return true;
}

static bool key_of(const aurora__fts_word *words, uint32_t count, char *out)
{
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (used + words[i].length + 2 > TEXT_BYTES)
            return false;
        if (i > 0)
            out[used++] = ' ';
        memcpy(out + used, words[i].text, words[i].length);
        used += words[i].length;
    }
    out[used] = '\0';
    return true;
}

static void count_span(suggestion *self, const char *text, const aurora__fts_word *words,
                       uint32_t count)
{
    char key[TEXT_BYTES];
    char shown[TEXT_BYTES];
    if (key_of(words, count, key) && copy_lower(text, words, count, shown))
        count_phrase(self, key, shown, count);
}

/* A word that ends a phrase well: what follows it on the same breath. */
static bool is_good_end(const char *text, const aurora__fts_word *word,
                        const aurora__fts_word *next)
{
    bool has_digit = strpbrk(next->text, "0123456789") != NULL;
    return !next->is_unit && !has_digit && next->length > 1 &&
           !aurora__fts_is_stop_word(next->text) && next->start == word->end + 1 &&
           text[word->end] == ' ';
}

static bool is_typed_before(const suggestion *self, const aurora__fts_word *words, uint32_t at)
{
    for (uint32_t i = 0; i < self->typed_count; i++) {
        if (strcmp(words[at - self->typed_count + i].text, self->typed[i]) != 0)
            return false;
    }
    return true;
}

static void look_at_text(suggestion *self, const char *text, size_t length)
{
    aurora__fts_word words[NAME_WORDS_MAX];
    aurora__fts_reader reader;
    uint32_t count = 0;
    aurora__fts_words(&reader, text, length);
    while (count < NAME_WORDS_MAX && aurora__fts_next_word(&reader, &words[count]))
        count += words[count].length > 0;
    for (uint32_t i = self->typed_count; i < count; i++) {
        if (!is_ending(self, words[i].text, words[i].length) || !is_typed_before(self, words, i))
            continue;
        uint32_t first = i - self->typed_count;
        count_span(self, text, &words[first], self->typed_count + 1);
        if (i + 1 < count && is_good_end(text, &words[i], &words[i + 1]))
            count_span(self, text, &words[first], self->typed_count + 2);
        return;
    }
}

static aurora_status look_at_rows(suggestion *self, const char *expression)
{
    aurora_status rc;
    sqlite3_stmt *row = aurora__fts_keep(
        self->reader, AURORA__FTS_SAMPLE_WORDS,
        "SELECT d.name, d.brand, d.category FROM words_$ w CROSS JOIN documents_$ d"
        " ON d.id = w.rowid WHERE words_$ MATCH ?1 LIMIT ?2",
        self->meta.generation, &rc);
    if (row == NULL)
        return rc;
    sqlite3_bind_text(row, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, SAMPLE_ROWS);
    int code;
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        for (int c = 0; c < 3; c++) {
            const char *text = sqlite3_column_blob(row, c); /* as in aurora__fts_column_copy */
            if (text != NULL)
                look_at_text(self, text, (size_t)sqlite3_column_bytes(row, c));
        }
    }
    aurora__fts_rest(row);
    return aurora__fts_status(code);
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool is_better(const phrase *a, const phrase *b)
{
    if (a->count != b->count)
        return a->count > b->count;
    if (a->words != b->words)
        return a->words < b->words;
    return strcmp(a->text, b->text) < 0;
}

/* A longer phrase is left out where it says nothing more: all that begin like it are it. */
static bool is_told(const suggestion *self, const phrase *item)
{
    for (uint32_t i = 0; i < self->phrase_count; i++) {
        const phrase *other = &self->phrases[i];
        if (other->count == item->count && is_longer(other->key, item->key))
            return true;
    }
    return false;
}

static aurora_status take_best(suggestion *self, uint32_t limit, const aurora_arena_port *arena,
                               const char **items, uint32_t *count_out)
{
    while (*count_out < limit) {
        phrase *best = NULL;
        for (uint32_t i = 0; i < self->phrase_count; i++) {
            phrase *item = &self->phrases[i];
            if (item->count > 0 && (best == NULL || is_better(item, best)))
                best = item;
        }
        if (best == NULL)
            return AURORA_OK;
        if (best->count < 2 || !is_told(self, best)) {
            items[*count_out] = aurora__fts_arena_text(arena, best->text, strlen(best->text));
            if (items[*count_out] == NULL)
                return AURORA_ENOMEM;
            (*count_out)++;
        }
        best->count = 0;
    }
    return AURORA_OK;
}

static aurora_status run(suggestion *self, uint32_t limit, const aurora_arena_port *arena,
                         const char **items, uint32_t *count_out)
{
    const aurora_allocator *allocator = self->index->options.allocator;
    char expression[(TYPED_MAX + ENDINGS_MAX + 1) * (AURORA__FTS_WORD_BYTES_MAX + 10) + 64];
    aurora_status rc = aurora__fts_meta_read(self->reader, &self->meta);
    if (rc != AURORA_OK)
        return rc;
    self->vocabulary = aurora__fts_vocabulary_take(self->index, self->reader, &self->meta);
    if (self->vocabulary == NULL)
        return AURORA_OK;
    correct_typed(self);
    find_endings(self);
    if (!write_expression(self, expression, sizeof expression))
        return AURORA_OK;
    self->phrases = allocator->allocate(allocator->self, PHRASES_MAX * sizeof *self->phrases);
    rc = self->phrases == NULL ? AURORA_ENOMEM : look_at_rows(self, expression);
    return rc == AURORA_OK ? take_best(self, limit, arena, items, count_out) : rc;
}

aurora_status aurora__fts_suggest(void *self, const char *prefix, uint32_t limit,
                                  const aurora_arena_port *arena, const char ***items_out,
                                  uint32_t *count_out)
{
    suggestion now = {.index = self};
    const aurora_allocator *allocator = now.index->options.allocator;
    *count_out = 0;
    *items_out = aurora__fts_arena_take(arena, limit * sizeof **items_out);
    if (*items_out == NULL)
        return AURORA_ENOMEM;
    if (!read_prefix(&now, prefix))
        return AURORA_OK;
    aurora_status rc = aurora__fts_reader_take(now.index, &now.reader);
    if (rc != AURORA_OK)
        return rc;
    rc = aurora__fts_read_begin(now.reader);
    if (rc == AURORA_OK)
        rc = run(&now, limit, arena, *items_out, count_out);
    aurora__fts_read_end(now.reader);
    aurora__fts_reader_give(now.index, now.reader, rc);
    aurora__fts_vocabulary_release(now.vocabulary);
    allocator->release(allocator->self, now.phrases);
    return rc;
}
