/* SPDX-License-Identifier: MIT */
/* Letters as they are compared: lower case, without accents. Not a collation and not a language. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_FOLD_H
#define AURORA_ADAPTERS_SEARCH_FTS_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__FTS_FOLDED_BYTES_MAX 4

/* Takes one character of text[0..length), length > 0; broken UTF-8 is one byte of 0xFFFD. */
uint32_t aurora__fts_decode(const char *text, size_t length, size_t *bytes_out);

/* The folded letters or digits of a character in UTF-8; their number of bytes. 0 = not part of a
 * word. A combining mark gives 0 and *is_mark_out. */
size_t aurora__fts_fold(uint32_t code, char out[AURORA__FTS_FOLDED_BYTES_MAX], bool *is_mark_out);

/* Whether each character is a word of its own: the scripts that write no blanks. */
bool aurora__fts_is_ideograph(uint32_t code);

/* The character in lower case, with its accents: for showing. */
size_t aurora__fts_lower(uint32_t code, char out[AURORA__FTS_FOLDED_BYTES_MAX]);

#endif
