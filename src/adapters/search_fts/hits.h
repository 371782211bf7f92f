/* SPDX-License-Identifier: MIT */
/* What a search passes over: the rows that match, counted for facets, and the best of them. */
#ifndef AURORA_ADAPTERS_SEARCH_FTS_HITS_H
#define AURORA_ADAPTERS_SEARCH_FTS_HITS_H

#include <aurora/port/search.h>

#define AURORA__FTS_SCAN_MAX                                                                       \
    50000                         /* rows that one search looks at; what lies behind is not found */
#define AURORA__FTS_FACETS_MAX 20 /* values of one kind */

/* One row that matches the text. */
typedef struct {
    int64_t id;
    int64_t category;
    int64_t brand;
    int64_t price_minor;
    int64_t created_at;
    double score;
    const char *sku; /* in the arena */
} aurora__fts_row;

/* Where a page ends: the key of its last hit. */
typedef struct {
    double score;
    int64_t number; /* price or time */
    char sku[AURORA_SKU_BYTES_MAX + 1];
} aurora__fts_mark;

typedef struct {
    int64_t label;
    uint64_t count;
} aurora__fts_count;

typedef struct {
    aurora__fts_count *counts; /* open addressing by label, 0 = free */
    uint32_t capacity;
    uint32_t used;
} aurora__fts_tally;

typedef struct {
    const aurora_allocator *allocator;
    aurora__fts_row *rows;
    uint32_t count;
    uint32_t capacity;
    uint64_t total;
    aurora__fts_tally categories;
    aurora__fts_tally brands;
} aurora__fts_hits;

void aurora__fts_hits_init(aurora__fts_hits *hits, const aurora_allocator *allocator);
void aurora__fts_hits_clear(aurora__fts_hits *hits);
void aurora__fts_hits_free(aurora__fts_hits *hits);

/* The filters of a query as labels; -1 = the label does not exist, so nothing has it. */
typedef struct {
    int64_t category; /* 0 = any */
    int64_t brand;
    int64_t price_min_minor;
    int64_t price_max_minor; /* 0 = no bound */
} aurora__fts_filter;

/* Counts a row, for each facet without that facet's own filter, and keeps it if it passes all. */
aurora_status aurora__fts_hits_add(aurora__fts_hits *hits, const aurora__fts_filter *filter,
                                   const aurora__fts_row *row);

/* Moves the first `limit` rows behind the mark (NULL = of all) to the front, in the order of
 * AURORA_SORT_...; answers how many, and whether more follow. */
uint32_t aurora__fts_hits_page(aurora__fts_hits *hits, int32_t sort, const aurora__fts_mark *mark,
                               uint32_t limit, bool *has_more_out);
void aurora__fts_mark_of(const aurora__fts_row *row, int32_t sort, aurora__fts_mark *out);

/* The labels with the highest counts, best first; at most AURORA__FTS_FACETS_MAX. */
uint32_t aurora__fts_tally_top(const aurora__fts_tally *tally, aurora__fts_count *out);

#endif
