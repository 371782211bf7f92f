/* SPDX-License-Identifier: MIT */
#include "adapters/search_fts/highlight.h"

#include "adapters/search_fts/index.h"

#include <string.h>

#define FRAGMENT_BYTES 200 /* of a text that is longer */
#define BEFORE_BYTES 60    /* of it before the first word */
#define GROWTH 6           /* of one escaped byte: &quot; */
#define MARKS_MAX 64       /* words in <em> */

static bool is_wanted(const aurora__fts_plan *plan, const aurora__fts_word *word)
{
    return word->length > 0 && !aurora__fts_is_stop_word(word->text) &&
           aurora__fts_plan_has(plan, word->text, word->length);
}

/* Where the first wanted word begins; length where there is none. */
static size_t find_first(const aurora__fts_plan *plan, const char *text, size_t length)
{
    aurora__fts_reader reader;
    aurora__fts_word word;
    aurora__fts_words(&reader, text, length);
    while (aurora__fts_next_word(&reader, &word)) {
        if (is_wanted(plan, &word))
            return word.start;
    }
    return length;
}

static bool is_inside(char byte)
{
    return ((uint8_t)byte & 0xC0) == 0x80;
}

/* The fragment around `first`, cut at blanks where they are near, never inside a character. */
static void cut(const char *text, size_t length, size_t first, size_t *start_out, size_t *end_out)
{
    size_t start = length <= FRAGMENT_BYTES || first < BEFORE_BYTES ? 0 : first - BEFORE_BYTES;
    size_t end = length - start <= FRAGMENT_BYTES ? length : start + FRAGMENT_BYTES;
    while (start > 0 && start < first && text[start - 1] != ' ')
        start++;
    while (end < length && end > first + BEFORE_BYTES && text[end] != ' ')
        end--;
    while (start > 0 && is_inside(text[start]))
        start--;
    while (end < length && is_inside(text[end]))
        end++;
    *start_out = start;
    *end_out = end;
}

static char *escape(char *to, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char *name = text[i] == '<'    ? "&lt;"
                           : text[i] == '>'  ? "&gt;"
                           : text[i] == '&'  ? "&amp;"
                           : text[i] == '"'  ? "&quot;"
                           : text[i] == '\'' ? "&#39;"
                                             : NULL;
        size_t size = name == NULL ? 1 : strlen(name);
        memcpy(to, name == NULL ? text + i : name, size);
        to += size;
    }
    return to;
}

static const char *mark(const aurora__fts_plan *plan, const char *text, size_t length,
                        const aurora_arena_port *arena)
{
    aurora__fts_reader reader;
    aurora__fts_word word;
    size_t at = 0;
    uint32_t marks = 0;
    char *out = aurora__fts_arena_take(arena, length * GROWTH + (size_t)MARKS_MAX * 9 + 1);
    if (out == NULL)
        return NULL;
    char *to = out;
    aurora__fts_words(&reader, text, length);
    while (marks < MARKS_MAX && aurora__fts_next_word(&reader, &word)) {
        if (!is_wanted(plan, &word))
            continue;
        to = escape(to, text + at, word.start - at);
        memcpy(to, "<em>", 4);
        to = escape(to + 4, text + word.start, word.end - word.start);
        memcpy(to, "</em>", 5);
        to += 5;
        at = word.end;
        marks++;
    }
    to = escape(to, text + at, length - at);
    *to = '\0';
    return out;
}

const char *aurora__fts_highlight(const aurora__fts_plan *plan, const aurora_product *product,
                                  const aurora_arena_port *arena)
{
    const char *const texts[] = {product->name, product->description, product->category,
                                 product->brand};
    size_t start;
    size_t end;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t length = strlen(texts[i]);
        size_t first = find_first(plan, texts[i], length);
        if (first == length)
            continue;
        cut(texts[i], length, first, &start, &end);
        return mark(plan, texts[i] + start, end - start, arena);
    }
    cut(product->name, strlen(product->name), 0, &start, &end);
    return mark(plan, product->name + start, end - start, arena);
}
