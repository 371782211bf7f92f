/* SPDX-License-Identifier: MIT */
/* What a handle has counted since it was opened, as flat samples that any exposition format can be
 * written from. */
#ifndef AURORA_METRIC_H
#define AURORA_METRIC_H

#include <aurora/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    AURORA_METRIC_COUNTER = 1, /* only grows while the handle is open */
    AURORA_METRIC_GAUGE = 2,
    AURORA_METRIC_HISTOGRAM = 3 /* samples with suffix _bucket (label "le"), _sum and _count */
};

/* One sample. Samples of one name follow each other. */
typedef struct {
    uint32_t size;
    int32_t kind;       /* AURORA_METRIC_... */
    const char *name;   /* "aurora_orders_total"; of the family, without suffix */
    const char *suffix; /* "", "_bucket", "_sum", "_count" */
    const char *help;   /* one sentence, the same for a family */
    const aurora_pair *labels;
    uint32_t label_count;
    uint32_t reserved;
    double value; /* durations are in seconds */
} aurora_metric;

typedef struct {
    uint32_t size;
    uint32_t count;
    const aurora_metric *const *items;
    int64_t at_ms;
} aurora_metric_page;

/* Takes a snapshot; never waits for the engine. *out is freed with aurora_metric_page_free.
 * Threads: shared. */
AURORA_API aurora_status aurora_metrics(aurora_t *shop, aurora_metric_page **out);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_metric_page_free(aurora_metric_page *page);

#ifdef __cplusplus
}
#endif
#endif
