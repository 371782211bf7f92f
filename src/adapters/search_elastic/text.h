/* SPDX-License-Identifier: MIT */
/* A text that grows: requests are written into one, replies are gathered in one. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_TEXT_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <aurora/allocator.h>

/* Start with zeros and an allocator. Where memory is missing `is_failed` is set and what is added
 * is dropped; clearing does not reset it, freeing does. */
typedef struct {
    const aurora_allocator *allocator;
    char *bytes; /* a NUL stands behind them; NULL before anything was added */
    size_t length;
    size_t size;
    bool is_failed;
} aurora__elastic_text;

void aurora__elastic_text_clear(aurora__elastic_text *text);
void aurora__elastic_text_free(aurora__elastic_text *text);

/* Makes room for `length` bytes in all. */
bool aurora__elastic_text_reserve(aurora__elastic_text *text, size_t length);
void aurora__elastic_text_add(aurora__elastic_text *text, const char *bytes, size_t length);

/* Adds JSON. In the pattern an apostrophe stands for a quotation mark, %q takes a const char * as
 * a JSON text with its quotes, %r one as it is, and %d an int64_t: no other type, so numbers are
 * cast. */
void aurora__elastic_json(aurora__elastic_text *text, const char *pattern, ...);

/* Adds text[0..length) as a JSON text. */
void aurora__elastic_json_text(aurora__elastic_text *to, const char *text, size_t length);

#endif
