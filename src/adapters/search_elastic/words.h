/* SPDX-License-Identifier: MIT */
/* What the adapter itself knows of words; cutting and folding them is the index's work. Pure. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_WORDS_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURORA__ELASTIC_WORDS_MAX 16 /* what a text has beyond is not looked at */

typedef struct {
    const char *text; /* in the source */
    size_t length;
    bool is_stop;   /* may be missed */
    bool has_digit; /* a code: it is meant as it is written */
} aurora__elastic_word;

/* Cuts at blanks; pieces without a letter or digit are left out. Returns how many. */
uint32_t aurora__elastic_words(const char *text, aurora__elastic_word words[], uint32_t capacity);

/* Words for what belongs to another thing: cover, case, cable. Case and plural do not matter. */
bool aurora__elastic_is_accessory(const aurora__elastic_word *word);
bool aurora__elastic_is_for(const aurora__elastic_word *word);

/* The i-th stop word, and the i-th group of words that mean the same, "tv, television"; NULL
 * behind the last. */
const char *aurora__elastic_stop_word(size_t i);
const char *aurora__elastic_synonyms(size_t i);

#endif
