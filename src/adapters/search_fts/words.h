/* SPDX-License-Identifier: MIT */
/* Text as words: what the index holds and what a query looks for are cut by the same rules.
 * Pure. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_WORDS_H
#define AURORA_ADAPTERS_SEARCH_FTS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__FTS_WORD_BYTES_MAX 64 /* what is longer is cut */

typedef struct {
    char text[AURORA__FTS_WORD_BYTES_MAX + 1]; /* folded, and singular */
    uint32_t length;
    size_t start; /* of its bytes in the source */
    size_t end;
    /* Written together with the word before, as usb-c, 500gb and each character of a Chinese
     * sentence are; also a unit behind its number, with a blank or without. */
    bool is_glued;
    bool is_unit;
} aurora__fts_word;

typedef struct {
    const char *text;
    size_t length;
    size_t at;
    bool is_number; /* the word before is one */
    bool has_begun;
} aurora__fts_reader;

/* Starts at the beginning of text[0..length), which may be any bytes. */
void aurora__fts_words(aurora__fts_reader *reader, const char *text, size_t length);

/* The next word; false at the end. */
bool aurora__fts_next_word(aurora__fts_reader *reader, aurora__fts_word *out);

/* Words that a query may miss. */
bool aurora__fts_is_stop_word(const char *word);

/* Words for what belongs to another thing, whose name stands before them: a keyboard cover is no
 * keyboard. */
bool aurora__fts_is_accessory(const char *word);

#endif
