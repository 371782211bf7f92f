/* SPDX-License-Identifier: MIT */
/* What sells or is looked at now, what is bought together, what sold most: queries over the
 * sketches that a handle keeps from its own orders and aurora_product_view. The sketches
 * themselves, for use without a handle, are in topk.h and related.h. How many SKUs they hold are
 * the settings trending_capacity and related_skus; where that is less than what is stored, the log
 * or the orders are counted again at open. Views are in the log alone: where it was trimmed and no
 * snapshot is left, they are gone. */
#ifndef AURORA_TRENDING_H
#define AURORA_TRENDING_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Windows, in milliseconds. A window is a half-life: an order counts 2^-(age / window). */
#define AURORA_WINDOW_HOUR_MS INT64_C(3600000)
#define AURORA_WINDOW_DAY_MS INT64_C(86400000)
#define AURORA_WINDOW_WEEK_MS INT64_C(604800000)

/* What is counted: one per completed order and SKU, or each view of a product. */
enum {
    AURORA_TREND_ORDERS = 1, /* completed orders */
    AURORA_TREND_VIEWS = 2,  /* views of product pages */
};

/* What to rank. */
typedef struct {
    uint32_t size;        /* sizeof(aurora_trend_query) */
    uint32_t limit;       /* 1..1,000; 0 = 20 */
    int64_t window_ms;    /* one of the three above; 0 = a day */
    const char *category; /* exact; NULL = all */
    int64_t at_ms;        /* as seen at this time; 0 = now */
    int32_t kind;         /* AURORA_TREND_...; 0 = orders */
    uint32_t reserved;
} aurora_trend_query;

/* The true score lies in [score - error, score]. */
typedef struct {
    uint32_t size;
    uint32_t reserved;
    const char *sku; /* the product */
    double score;    /* never below the truth */
    double error;    /* how far the score may be above the truth */
} aurora_trend;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_trend *const *items; /* highest score first, then by SKU */
    int64_t at_ms;                    /* the time the scores are for */
} aurora_trend_page;

/* C++ and FFI: zeroes *query and sets its size. Threads: confined. */
static inline void aurora_trend_query_init(aurora_trend_query *query)
{
    memset(query, 0, sizeof(*query));
    query->size = (uint32_t)sizeof(*query);
}

#ifndef __cplusplus
#define AURORA_TREND_QUERY(...)                                                                    \
    (&(const aurora_trend_query){.size = (uint32_t)sizeof(aurora_trend_query), __VA_ARGS__})
#endif

/* The SKUs with the highest decayed count of completed orders, or of views. query may be NULL.
 * AURORA_EINVAL with field "window_ms" for another window, "kind" for another kind, and "at_ms" for
 * a time before the newest that was counted. *out is freed with aurora_trend_page_free. Threads:
 * shared. */
AURORA_API aurora_status aurora_trending(aurora_t *shop, const aurora_trend_query *query,
                                         aurora_trend_page **out, aurora_error *err);

/* The SKUs most often in one order with `sku`. limit is 1..100 (0 = 10). A SKU that was never sold
 * gives an empty page. *out is freed with aurora_trend_page_free. Threads: shared. */
AURORA_API aurora_status aurora_related_products(aurora_t *shop, const char *sku, uint32_t limit,
                                                 aurora_trend_page **out, aurora_error *err);

/* The SKUs in most completed orders ever, without decay. category may be NULL; limit is 1..1,000 (0
 * = 20). *out is freed with aurora_trend_page_free. Threads: shared. */
AURORA_API aurora_status aurora_popular_products(aurora_t *shop, const char *category,
                                                 uint32_t limit, aurora_trend_page **out,
                                                 aurora_error *err);

/* Frees the page of any of the three; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_trend_page_free(aurora_trend_page *page);

#ifdef __cplusplus
}
#endif
#endif
