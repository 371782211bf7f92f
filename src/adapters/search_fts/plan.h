/* SPDX-License-Identifier: MIT */
/* A user's text as what to look for. Each word of it is a slot that several phrases can fill:
 * itself, its other spellings, synonyms, what it begins, what it was probably meant to be. The
 * expression for FTS5 is made of quoted phrases only, so no text can be syntax. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_PLAN_H
#define AURORA_ADAPTERS_SEARCH_FTS_PLAN_H

#include "adapters/search_fts/vocabulary.h"
#include "adapters/search_fts/weights.h"
#include "adapters/search_fts/words.h"

#define AURORA__FTS_SLOTS_MAX 16 /* what a text has beyond is not looked at */
#define AURORA__FTS_PHRASES_MAX 96
#define AURORA__FTS_PARTS_MAX 8
#define AURORA__FTS_EXPRESSION_BYTES 16384

/* How much a hit may miss; each level finds all that the one before does. */
enum {
    AURORA__FTS_ALL,   /* every word, as it is written */
    AURORA__FTS_CLOSE, /* every word, or what it begins or is close to */
    AURORA__FTS_MOST,  /* two thirds of the words */
    AURORA__FTS_ANY,   /* one of them */
    AURORA__FTS_LEVELS,
};

typedef struct {
    uint32_t slot;
    uint32_t words;
    double weight;
} aurora__fts_phrase;

typedef struct {
    char text[AURORA__FTS_PARTS_MAX * (AURORA__FTS_WORD_BYTES_MAX + 1)]; /* words with blanks */
    char joined[AURORA__FTS_WORD_BYTES_MAX + 1]; /* without; "" where that is too long */
    uint32_t words;
    bool is_stop; /* may be missed */
    uint32_t documents;
    double rarity;  /* BM25's idf */
    uint32_t first; /* its piece of `pieces` */
    uint32_t end;
} aurora__fts_slot;

typedef struct {
    const aurora__fts_weights *weights;
    const aurora__fts_vocabulary *vocabulary; /* NULL = nothing is known */
    uint32_t level;
    uint32_t slot_count;
    uint32_t phrase_count;
    uint32_t quorum; /* slots that a hit must fill */
    bool has_for;    /* the user looks for what belongs to something */
    bool is_open;    /* a last word that is well known may still have begun a longer one */
    double rarity;   /* of all slots */
    aurora__fts_slot slots[AURORA__FTS_SLOTS_MAX];
    aurora__fts_phrase phrases[AURORA__FTS_PHRASES_MAX];
    /* Each slot's alternatives, "a" OR "b c", and then the whole. */
    char pieces[AURORA__FTS_EXPRESSION_BYTES];
    uint32_t used;
    char expression[2 * AURORA__FTS_EXPRESSION_BYTES];
} aurora__fts_plan;

/* Cuts the text into slots; whether there is any word in it. */
bool aurora__fts_plan_begin(aurora__fts_plan *plan, const char *text,
                            const aurora__fts_weights *weights,
                            const aurora__fts_vocabulary *vocabulary);

/* Fills in phrases and expression for a level. False when the level finds no more than the one
 * below it. */
bool aurora__fts_plan_level(aurora__fts_plan *plan, uint32_t level);

/* Whether a word of a product is one that was looked for: for showing. */
bool aurora__fts_plan_has(const aurora__fts_plan *plan, const char *word, uint32_t length);

#endif
