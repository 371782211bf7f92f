/* SPDX-License-Identifier: MIT */
/* The numbers of the ranking; docs/SEARCH.md says how they were found. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_WEIGHTS_H
#define AURORA_ADAPTERS_SEARCH_FTS_WEIGHTS_H

/* Columns of the index, in its order. */
enum {
    AURORA__FTS_NAME,
    AURORA__FTS_BRAND,
    AURORA__FTS_CATEGORY,
    AURORA__FTS_DESCRIPTION,
    AURORA__FTS_ATTRIBUTES,
    AURORA__FTS_CODES, /* the SKU, and what is written together, as one word: usbc */
    AURORA__FTS_COLUMNS,
};

typedef struct {
    double column[AURORA__FTS_COLUMNS]; /* how much one word there counts */
    double length[AURORA__FTS_COLUMNS]; /* BM25F's b: how much a long text takes away */
    double saturation;                  /* BM25F's k1 */
    double cover;                       /* share of the query found in name, brand and category */
    double together;  /* share of neighbours in the query that are neighbours in the name */
    double head;      /* the last word of the query is the category's last word */
    double early;     /* a word of the query begins the name */
    double exact;     /* the name is the query and nothing else */
    double all;       /* every word was found */
    double accessory; /* taken away: the query only says what the product belongs to */
    double glued;     /* alternatives of a word: written together or apart */
    double synonym;
    double prefix;
    double typo;
} aurora__fts_weights;

extern const aurora__fts_weights aurora__fts_weights_default;

#endif
