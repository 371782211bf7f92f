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
    AURORA_METRIC_COUNTER = 1,  /* only grows while the handle is open */
    AURORA_METRIC_GAUGE = 2,    /* goes up and down */
    AURORA_METRIC_HISTOGRAM = 3 /* samples with suffix _bucket (label "le"), _sum and _count */
};

/* A request that fell into a bucket, as an example of it: the newest whose trace was sampled. */
typedef struct {
    uint32_t size;
    uint32_t reserved;
    double value;      /* in the unit of its metric */
    int64_t at_ms;     /* Unix time */
    char trace_id[40]; /* 32 hex digits and NULs */
} aurora_metric_exemplar;

/* One sample. Samples of one name follow each other. */
typedef struct {
    uint32_t size;
    int32_t kind;              /* AURORA_METRIC_... */
    const char *name;          /* "aurora_orders_total"; of the family, without suffix */
    const char *suffix;        /* "", "_bucket", "_sum", "_count" */
    const char *help;          /* one sentence, the same for a family */
    const aurora_pair *labels; /* label_count of them; none has NULLs */
    uint32_t label_count;
    uint32_t reserved;
    double value;                           /* durations are in seconds */
    const aurora_metric_exemplar *exemplar; /* NULL = none; of buckets only */
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

/* Formats of a page as text. */
enum {
    AURORA_METRIC_FORMAT_PROMETHEUS = 1, /* Prometheus' text format 0.0.4 */
    AURORA_METRIC_FORMAT_OPENMETRICS = 2 /* OpenMetrics 1.0, with exemplars */
};

/* The format that suits an HTTP request best, by the value of its Accept field (RFC 9110, section
 * 12.5.1; NULL = none was sent): OpenMetrics where it is preferred to text/plain, else Prometheus'.
 * Threads: shared. */
AURORA_API int32_t aurora_metric_format(const char *accept);

/* The value of Content-Type for a format; "" for an unknown one. Static text. Threads: shared. */
AURORA_API const char *aurora_metric_content_type(int32_t format);

/* Writes a page in one of the formats, and a NUL. *length_out (may be NULL) is the length without
 * the NUL, also when it did not fit: then AURORA_ETOOBIG, and what the buffer holds means nothing.
 * buffer NULL with capacity 0 asks for the length and answers AURORA_OK. AURORA_EINVAL for another
 * format. Threads: shared. */
AURORA_API aurora_status aurora_metric_page_text(const aurora_metric_page *page, int32_t format,
                                                 char *buffer, size_t capacity, size_t *length_out);

/* Frees the page and all it points to; NULL is a no-op. Threads: confined. */
AURORA_API void aurora_metric_page_free(aurora_metric_page *page);

#ifdef __cplusplus
}
#endif
#endif
