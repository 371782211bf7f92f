/* SPDX-License-Identifier: MIT */
/* Counters, gauges and histograms with labels, and what they say at one moment as a page. The one
 * way to count here: the library has a registry in each handle, a program one of its own.
 *
 * A family is a static const description. A series is a family with values for its labels: looked
 * up once (under a lock), kept as a pointer and used from any thread without one. Figures that
 * somebody else keeps are not counted again but collected: a collector is asked at each page.
 *
 *     static const aurora__family sent = AURORA__COUNTER_FAMILY_BY(
 *         "aurora_letters_total", "Letters by how they went.", "by");
 *     aurora__counter *by_ship = aurora__registry_counter(registry, &sent, AURORA__VALUES("ship"));
 *     aurora__counter_add(by_ship, 1);
 *
 * Names: prefix aurora_, base units (_seconds, _bytes), _total for counters; docs/METRICS.md has a
 * row for each, which a check holds against the code. Labels have few values: no ids. */
#ifndef AURORA_METRIC_METRIC_H
#define AURORA_METRIC_METRIC_H

#include <aurora/metric.h>

#include "metric/cells.h"
#include "metric/exemplar.h"
#include "metric/scale.h"

#define AURORA__FAMILY_LABELS_MAX 4
#define AURORA__FAMILY_SERIES_MAX 1000 /* further ones are counted together and not shown */
#define AURORA__FAMILY_NANOSECONDS UINT64_C(1000000000)
#define AURORA__FAMILY_MILLISECONDS UINT64_C(1000)

/* Compared by name. All texts are static. */
typedef struct {
    int32_t kind; /* AURORA_METRIC_... */
    const char *name;
    const char *help; /* one sentence with its full stop */
    const char *labels[AURORA__FAMILY_LABELS_MAX];
    /* How many of what is counted make one of the unit in the name; 0 = 1. Of a histogram of
     * durations always AURORA__FAMILY_NANOSECONDS. */
    uint64_t per;
    int32_t scale; /* of a histogram: AURORA__SCALE_... */
} aurora__family;

/* The ways to describe one; _BY has the names of labels at its end. What stands in them is what
 * the check of docs/METRICS.md reads. */
#define AURORA__COUNTER_FAMILY(name_, help_)                                                       \
    {                                                                                              \
        .kind = AURORA_METRIC_COUNTER, .name = (name_), .help = (help_)                            \
    }
#define AURORA__COUNTER_FAMILY_BY(name_, help_, ...)                                               \
    {                                                                                              \
        .kind = AURORA_METRIC_COUNTER, .name = (name_), .help = (help_), .labels = { __VA_ARGS__ } \
    }
#define AURORA__GAUGE_FAMILY(name_, help_)                                                         \
    {                                                                                              \
        .kind = AURORA_METRIC_GAUGE, .name = (name_), .help = (help_)                              \
    }
#define AURORA__GAUGE_FAMILY_BY(name_, help_, ...)                                                 \
    {                                                                                              \
        .kind = AURORA_METRIC_GAUGE, .name = (name_), .help = (help_), .labels = { __VA_ARGS__ }   \
    }
/* Set in milliseconds, shown in seconds. */
#define AURORA__AGE_FAMILY(name_, help_)                                                           \
    {                                                                                              \
        .kind = AURORA_METRIC_GAUGE, .name = (name_), .help = (help_),                             \
        .per = AURORA__FAMILY_MILLISECONDS                                                         \
    }
#define AURORA__AGE_FAMILY_BY(name_, help_, ...)                                                   \
    {                                                                                              \
        .kind = AURORA_METRIC_GAUGE, .name = (name_), .help = (help_), .labels = {__VA_ARGS__},    \
        .per = AURORA__FAMILY_MILLISECONDS                                                         \
    }
#define AURORA__DURATION_FAMILY(name_, help_)                                                      \
    {                                                                                              \
        .kind = AURORA_METRIC_HISTOGRAM, .name = (name_), .help = (help_),                         \
        .per = AURORA__FAMILY_NANOSECONDS, .scale = AURORA__SCALE_DURATION                         \
    }
#define AURORA__DURATION_FAMILY_BY(name_, help_, ...)                                              \
    {                                                                                              \
        .kind = AURORA_METRIC_HISTOGRAM, .name = (name_), .help = (help_),                         \
        .labels = {__VA_ARGS__}, .per = AURORA__FAMILY_NANOSECONDS,                                \
        .scale = AURORA__SCALE_DURATION                                                            \
    }
#define AURORA__SIZE_FAMILY(name_, help_)                                                          \
    {                                                                                              \
        .kind = AURORA_METRIC_HISTOGRAM, .name = (name_), .help = (help_),                         \
        .scale = AURORA__SCALE_SIZE                                                                \
    }

typedef struct aurora__registry aurora__registry;
typedef struct aurora__sheet aurora__sheet;

/* What is added to is inline below; nobody else touches members. */
typedef struct {
    aurora__cells *cells;
    uint32_t at;
    aurora__cell shared; /* of the threads without cells */
} aurora__counter;

typedef struct {
    _Atomic int64_t value;
} aurora__gauge;

typedef struct {
    aurora__cells *cells;
    const aurora__scale *scale;
    uint32_t at;                                    /* the buckets, then the sum */
    _Atomic(aurora__exemplar_slot *) exemplars;     /* NULL until the first */
    aurora__cell shared[AURORA__SCALE_BUCKETS_MAX]; /* likewise */
} aurora__histogram;

/* The values of a series' labels, in the order of its family's. */
#define AURORA__VALUES(...) ((const char *const[AURORA__FAMILY_LABELS_MAX]){__VA_ARGS__})

/* --- life cycle ------------------------------------------------------------------------------- */

/* NULL without memory. `threads_max`: how many threads get cells of their own; 64 is plenty. The
 * allocator is copied; NULL is the C library's. Closing needs that nobody counts any more; series
 * go with it. Threads: confined. */
aurora__registry *aurora__registry_open(const aurora_allocator *allocator, uint32_t threads_max);
void aurora__registry_close(aurora__registry *registry);

/* AURORA_ENOMEM if some series or collector could not be had since it was opened. */
aurora_status aurora__registry_status(const aurora__registry *registry);

/* --- series ----------------------------------------------------------------------------------- */

/* The series of a family with these values (copied; NULL where it has no labels), made at 0 if it
 * is not there. Never NULL, and valid as long as the registry: without memory, or beyond
 * AURORA__FAMILY_SERIES_MAX, it is one that nobody sees. Threads: shared; takes a lock, so look up
 * once and keep. */
aurora__counter *aurora__registry_counter(aurora__registry *registry, const aurora__family *family,
                                          const char *const *values);
aurora__gauge *aurora__registry_gauge(aurora__registry *registry, const aurora__family *family,
                                      const char *const *values);
aurora__histogram *aurora__registry_histogram(aurora__registry *registry,
                                              const aurora__family *family,
                                              const char *const *values);

/* What was counted by all threads. Threads: shared. */
uint64_t aurora__counter_read(const aurora__counter *counter);

/* Of a histogram: how many, and their sum. Threads: shared. */
uint64_t aurora__histogram_read(const aurora__histogram *histogram, uint64_t *sum_out);

/* --- pages ------------------------------------------------------------------------------------ */

/* Asked at every page, on the thread that wants it, possibly several at once: must not block. It
 * says what it knows by aurora__sheet_add. */
typedef void (*aurora__collect)(void *self, aurora__sheet *sheet);

/* `self` must live as long as the registry. Threads: shared. */
void aurora__registry_collector(aurora__registry *registry, aurora__collect collect, void *self);

/* One sample of a counter or gauge, in the unit of the name (`per` is not looked at). Samples of a
 * family may come in any order and from any collector. Values are copied. Threads: confined. */
void aurora__sheet_add(aurora__sheet *sheet, const aurora__family *family,
                       const char *const *values, double value);

/* All samples of another page. */
void aurora__sheet_merge(aurora__sheet *sheet, const aurora_metric_page *page);

/* All series and collectors as one page, to be freed with aurora_metric_page_free. AURORA_ENOMEM.
 * Threads: shared. */
aurora_status aurora__registry_page(aurora__registry *registry, int64_t at_ms,
                                    aurora_metric_page **out);

/* --- counting: shared by all threads, no lock ------------------------------------------------- */

static inline void aurora__counter_add(aurora__counter *counter, uint64_t count)
{
    aurora__cell *cell = aurora__cells_find(counter->cells, counter->at);
    if (cell != NULL)
        aurora__cell_add(cell, count);
    else
        atomic_fetch_add_explicit(&counter->shared, count, memory_order_relaxed);
}

static inline void aurora__gauge_set(aurora__gauge *gauge, int64_t value)
{
    atomic_store_explicit(&gauge->value, value, memory_order_relaxed);
}

static inline void aurora__gauge_add(aurora__gauge *gauge, int64_t count)
{
    atomic_fetch_add_explicit(&gauge->value, count, memory_order_relaxed);
}

static inline int64_t aurora__gauge_read(const aurora__gauge *gauge)
{
    return atomic_load_explicit(&gauge->value, memory_order_relaxed);
}

/* Counts one of `value`: nanoseconds on the scale of durations. Returns its bucket. */
static inline uint32_t aurora__histogram_add(aurora__histogram *histogram, uint64_t value)
{
    uint32_t bucket = aurora__scale_bucket(histogram->scale, value);
    uint32_t sum = histogram->scale->step_count + 1;
    aurora__cell *cell = aurora__cells_find(histogram->cells, histogram->at);
    if (cell != NULL) {
        aurora__cell_add(cell + bucket, 1);
        aurora__cell_add(cell + sum, value);
    } else {
        atomic_fetch_add_explicit(&histogram->shared[bucket], 1, memory_order_relaxed);
        atomic_fetch_add_explicit(&histogram->shared[sum], value, memory_order_relaxed);
    }
    return bucket;
}

/* The same, and keeps `trace_id` as the bucket's example. Only for traces that are sampled: an id
 * that nobody can look up is no help. `at_ms` is Unix time. */
void aurora__histogram_add_traced(aurora__histogram *histogram, uint64_t value,
                                  const uint8_t trace_id[16], int64_t at_ms);

#endif
