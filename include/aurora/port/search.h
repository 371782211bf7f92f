/* SPDX-License-Identifier: MIT */
/* The search port: an index of products that follows the log. It knows products, words and
 * positions; it knows no store and no engine. tests/contract/test_search_port.c is the promise.
 *
 * One adapter instance serves one handle. All calls are safe on any thread. Several instances, of
 * several processes too, may serve one index: each change carries its product's version and is
 * ignored where that version or a newer one is there, and the position never moves back, so that
 * who applies what does not matter. Stable per minor release. */
#ifndef AURORA_PORT_SEARCH_H
#define AURORA_PORT_SEARCH_H

#include <aurora/breaker.h>
#include <aurora/port/store.h>
#include <aurora/search.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_SEARCH_AFTER_BYTES_MAX 1024 /* of what says where a page ended */

/* One product as an event told it. */
typedef struct {
    const aurora_product *product; /* NULL = deleted: a marker with the version stays */
    const char *sku;               /* the product's */
    uint64_t version;              /* that the event gave it */
} aurora_search_change;

/* What an index holds. */
typedef struct {
    uint32_t size;
    uint32_t is_rebuilding; /* a new generation is being filled: see rebuild_page */
    int64_t position;       /* every event up to here is in; -1 = the index was just made */
    aurora_id log_id;       /* of the log epoch that `position` lies in */
    uint64_t rebuild;       /* the number of the rebuild under way, or of the last one */
    char rebuild_after[AURORA_SKU_BYTES_MAX + 1]; /* the last SKU of the new generation */
} aurora_search_state;

/* All changes of the events in (from, to], in order. */
typedef struct {
    const aurora_search_change *changes; /* `count` of them */
    uint32_t count;
    uint32_t reserved;
    int64_t from;     /* the position before the first event */
    int64_t to;       /* the position of the last event */
    aurora_id log_id; /* of the log epoch that both lie in */
} aurora_search_batch;

/* The next products of a rebuild, by SKU. */
typedef struct {
    uint64_t rebuild;                    /* the number of the rebuild */
    const char *after;                   /* what the state's rebuild_after must still be */
    const aurora_search_change *changes; /* `count` of them */
    uint32_t count;
    uint32_t is_last; /* the new generation takes the place of the old one */
} aurora_search_pages;

/* A search. Arguments were checked; query->time_max_ms bounds what waits for a network. */
typedef struct {
    const aurora_query *query; /* what to find */
    const void *after; /* hits behind what `after_out` of the last page said; NULL = the first */
    uint32_t after_length;
    uint32_t limit; /* 1..100 */
} aurora_search_request;

/* All in the caller's arena. */
typedef struct {
    const aurora_hit *hits; /* best first */
    uint32_t count;
    uint32_t facet_count;
    const aurora_facet *facets;                   /* first page only */
    uint64_t total;                               /* hits over all pages */
    uint32_t after_length;                        /* 0 = this is the last page */
    uint8_t after[AURORA_SEARCH_AFTER_BYTES_MAX]; /* where this page ended, for the next request */
} aurora_search_result;

/* All calls return AURORA_OK or: AURORA_EBUSY (others write; try again), AURORA_EIO, AURORA_EFULL,
 * AURORA_ENOMEM, AURORA_ENOTFOUND (there is no index and this instance may not make one),
 * AURORA_EREADONLY (a writing call of an instance for reading). An index that turns out to be
 * damaged is dropped and made anew by the next writing call, which says so in the log; queries
 * answer AURORA_ECORRUPT until then. */
typedef struct {
    uint32_t size; /* sizeof(aurora_search_port) that the adapter was compiled with */
    uint32_t reserved;
    void *self;

    /* Makes the index if there is none (position -1), and answers what it holds. */
    aurora_status (*state)(void *self, aurora_search_state *out);

    /* Applies changes and moves the position to `to`, in one transaction; into both generations
     * while a rebuild is under way. An index that is at `to` or beyond is left alone.
     * AURORA_ECONFLICT when it is not yet at `from`, or was just made: read the state, then start
     * from there. */
    aurora_status (*apply)(void *self, const aurora_search_batch *batch);

    /* Starts a new empty generation; one that was under way is dropped. position >= 0 also sets the
     * index's position and log_id: what the log can no longer tell will come from the pages. */
    aurora_status (*rebuild_begin)(void *self, int64_t position, aurora_id log_id);

    /* Adds products to the new generation; searches go on in the old one until the last page.
     * AURORA_ECONFLICT when another instance was faster or started another rebuild. */
    aurora_status (*rebuild_page)(void *self, const aurora_search_pages *pages);

    /* Finds products. Of an index that is missing: AURORA_ENOTFOUND. AURORA_EINVAL for an `after`
     * that is not of this adapter. AURORA_ETIMEDOUT where the query's time_max_ms went by, which
     * says nothing about the index: no breaker counts it. */
    aurora_status (*query)(void *self, const aurora_search_request *request,
                           const aurora_arena_port *arena, aurora_search_result *out);

    /* At most `limit` (1..20) completions of `prefix`, best first, in the caller's arena. */
    aurora_status (*suggest)(void *self, const char *prefix, uint32_t limit,
                             const aurora_arena_port *arena, const char ***items_out,
                             uint32_t *count_out);

    /* The documents by SKU behind `after` (NULL = from the start), at most `limit`. */
    aurora_status (*list)(void *self, const char *after, uint32_t limit,
                          const aurora_arena_port *arena, const aurora_product ***items_out,
                          uint32_t *count_out);

    /* In a forked child it only frees memory. */
    void (*close)(void *self);

    /* Reads the breaker that stands before the index, for operators; any thread. NULL = there is
     * none. */
    void (*breaker)(void *self, aurora_breaker_figures *figures_out);
} aurora_search_port;

enum {
    AURORA_SEARCH_READONLY = 1, /* nothing is created or written */
    AURORA_SEARCH_MEMORY = 2,   /* the index dies with the instance; address is not looked at */
};

/* How to open. */
typedef struct {
    uint32_t size;
    uint32_t flags;      /* 0 */
    const char *address; /* of the store, as it was given; of a driver's index, its own URL behind
                            the scheme. Borrowed for the call. */
    const aurora_allocator *allocator;                           /* never NULL */
    void (*log)(void *self, int32_t level, const char *message); /* never NULL */
    void *log_self;
} aurora_search_options;

/* Opens lazily: what is wrong with the index is said by the calls. AURORA_ENOMEM, AURORA_EINVAL. */
typedef aurora_status (*aurora_search_open_fn)(const aurora_search_options *options,
                                               aurora_search_port *out, aurora_error *err);

/* Reads the breaker before this handle's index. AURORA_ENOTSUP where it has no index, or one with
 * no breaker. Threads: shared. */
AURORA_API aurora_status aurora_search_breaker(aurora_t *shop, aurora_breaker_figures *figures_out);

#ifdef __cplusplus
}
#endif
#endif
