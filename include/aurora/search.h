/* SPDX-License-Identifier: MIT */
/* Full-text search over products, and suggestions. The index follows the log: it lags a put,
 * normally by less than 100 ms. A handle without an index (the setting search=none:, the module
 * search left out, or for reading only where nobody has made one) answers AURORA_ENOTSUP. */
#ifndef AURORA_SEARCH_H
#define AURORA_SEARCH_H

#include <aurora/product.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Orders of hits. Equal hits are ordered by SKU. */
enum {
    AURORA_SORT_RELEVANCE = 1,  /* also 0; without a text: by SKU */
    AURORA_SORT_PRICE_UP = 2,   /* cheapest first */
    AURORA_SORT_PRICE_DOWN = 3, /* dearest first */
    AURORA_SORT_NEWEST = 4      /* by created_at_ms, newest first */
};

/* What a facet counts: hits by category, or by brand. */
enum { AURORA_FACET_CATEGORY = 1, AURORA_FACET_BRAND = 2 };

/* What to find; conditions are joined by "and". */
typedef struct {
    uint32_t size;        /* sizeof(aurora_query) */
    int32_t sort;         /* AURORA_SORT_..., 0 = relevance */
    const char *text;     /* the user's words, at most 1,024 bytes, no syntax; NULL = everything */
    const char *category; /* exact; NULL = any */
    const char *brand;    /* exact; NULL = any */
    int64_t price_min_minor; /* inclusive, 0 = no bound */
    int64_t price_max_minor; /* inclusive, 0 = no bound */
    int64_t time_max_ms;     /* how long its caller waits for a remote index; 0 = as it is set up */
} aurora_query;

/* A product that was found. */
typedef struct {
    uint32_t size;
    uint32_t reserved;
    const aurora_product *product; /* belongs to the page */
    double score;                  /* higher is better; comparable within one search only */
    const char *highlight;         /* HTML-escaped fragment, matches in <em>; "" without a text */
} aurora_hit;

/* How many hits have one category or brand. */
typedef struct {
    uint32_t size;
    int32_t kind;      /* AURORA_FACET_... */
    const char *value; /* the category or brand */
    uint64_t count;
} aurora_facet;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_hit *const *items;
    const char *next_cursor;           /* NULL = this is the last page */
    uint64_t total;                    /* hits over all pages */
    const aurora_facet *const *facets; /* the most frequent values, on the first page only */
    uint32_t facet_count;
    uint32_t reserved;
} aurora_search_page;

typedef struct {
    uint32_t size;
    uint32_t count;
    const char *const *items; /* completions, best first */
} aurora_suggestion_page;

/* C++ and FFI: zeroes *query and sets its size. Threads: confined. */
static inline void aurora_query_init(aurora_query *query)
{
    memset(query, 0, sizeof(*query));
    query->size = (uint32_t)sizeof(*query);
}

#ifndef __cplusplus
#define AURORA_QUERY(...)                                                                          \
    (&(const aurora_query){.size = (uint32_t)sizeof(aurora_query), __VA_ARGS__})
#endif

/* Finds products. cursor as in aurora_product_list; limit is 1..100 (0 = 20). A page begins behind
 * the last hit of the one before, wherever that stands by then. AURORA_EINVAL, AURORA_ENOTSUP;
 * AURORA_ETIMEDOUT when a remote index did not answer in time_max_ms;
 * AURORA_ECORRUPT once where the index was damaged: it is then made again. *out is freed with
 * aurora_search_page_free. Threads: shared. */
AURORA_API aurora_status aurora_search(aurora_t *shop, const aurora_query *query,
                                       const char *cursor, uint32_t limit, aurora_search_page **out,
                                       aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_search_page_free(aurora_search_page *page);

/* Completes what a user is typing: at most `limit` (1..20, 0 = 10) texts that begin with, or are
 * close to, `prefix` (1..255 bytes). AURORA_ENOTSUP. *out is freed with
 * aurora_suggestion_page_free. Threads: shared. */
AURORA_API aurora_status aurora_search_suggest(aurora_t *shop, const char *prefix, uint32_t limit,
                                               aurora_suggestion_page **out, aurora_error *err);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_suggestion_page_free(aurora_suggestion_page *page);

/* Drops the index and fills it again from the products; searches answer from what is there
 * meanwhile. Returns when the rebuild is started; a handle without a worker goes on with it
 * whenever it is driven. AURORA_ENOTSUP, AURORA_EREADONLY, AURORA_EBUSY. Threads: shared. */
AURORA_API aurora_status aurora_search_rebuild(aurora_t *shop, aurora_error *err);

#ifdef __cplusplus
}
#endif
#endif
