/* SPDX-License-Identifier: MIT */
/* A user's text as a query of the index. The text goes into it as JSON texts alone, never as a
 * syntax. */
#ifndef AURORA_ADAPTERS_SEARCH_ELASTIC_PLAN_H
#define AURORA_ADAPTERS_SEARCH_ELASTIC_PLAN_H

#include "adapters/search_elastic/text.h"
#include "adapters/search_elastic/words.h"

#define AURORA__ELASTIC_QUERY_BYTES 1280 /* of the words of a text, with one blank each */

/* How much a hit may miss; each level finds all that the one before does. */
enum {
    AURORA__ELASTIC_ALL,   /* every word, as it is written */
    AURORA__ELASTIC_CLOSE, /* every word, or what it begins or is close to */
    AURORA__ELASTIC_MOST,  /* two thirds of the words */
    AURORA__ELASTIC_ANY,   /* one of them */
    AURORA__ELASTIC_LEVELS,
};

typedef struct {
    char text[AURORA__ELASTIC_QUERY_BYTES]; /* the words that are looked at, one blank between */
    aurora__elastic_word words[AURORA__ELASTIC_WORDS_MAX]; /* in `text` */
    uint32_t count;
    uint32_t wanted;     /* words that may not be missed */
    uint32_t last;       /* the last of them */
    bool is_for_another; /* the user looks for what belongs to something */
    const char *analyzer;
} aurora__elastic_plan;

/* Cuts the text; false where there is no word in it. */
bool aurora__elastic_plan_begin(aurora__elastic_plan *plan, const char *text);

/* Whether the level finds more than the one before it. */
bool aurora__elastic_plan_has_level(const aurora__elastic_plan *plan, uint32_t level);

/* Adds the query that matches and scores at a level: products, by relevance. */
void aurora__elastic_plan_query(const aurora__elastic_plan *plan, uint32_t level,
                                aurora__elastic_text *to);

/* Adds the query whose matches are marked in shown texts. */
void aurora__elastic_plan_marks(const aurora__elastic_plan *plan, uint32_t level,
                                aurora__elastic_text *to);

#endif
