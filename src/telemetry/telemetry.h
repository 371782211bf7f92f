/* SPDX-License-Identifier: MIT */
/* Sends spans to a collector: OTLP over HTTP in JSON, in batches, by a thread of its own. What
 * comes while the collector is slow or away waits in a bounded queue; what has no room there is
 * dropped and counted. No request ever waits for it. Not a judge of what is worth a span.
 *
 * Threads: shared, but to be started, stopped and freed by one thread. */
#ifndef AURORA_TELEMETRY_TELEMETRY_H
#define AURORA_TELEMETRY_TELEMETRY_H

#include <stdbool.h>
#include <stddef.h>

#include <aurora/trace.h>

typedef struct aurora_telemetry aurora_telemetry;

/* Zero means the default in brackets. */
typedef struct {
    const char *url; /* where spans are POSTed: "http://127.0.0.1:4318/v1/traces" */
    const char *ca;  /* a PEM file of authorities; NULL or "" = the system's */
    bool is_gzip;
    const char *const *headers; /* "Name: value" lines for each request; they are never logged */
    uint32_t header_count;
    uint32_t timeout_ms;              /* of one request [10000] */
    uint32_t export_ms;               /* of a batch with its repeats [30000] */
    uint32_t delay_ms;                /* that a batch waits to become full [5000] */
    uint32_t batch_max;               /* spans in a batch [512] */
    uint32_t queue_max;               /* spans that wait [2048] */
    size_t bytes_max;                 /* of these, as JSON [2 KiB for each, at least 4 MiB] */
    const aurora_attribute *resource; /* what all spans are of */
    uint32_t resource_count;
    /* Any thread: `level` is AURORA_LOG_... NULL = nobody is told. */
    void (*log)(void *self, int32_t level, const char *message);
    void *log_self;
} aurora_telemetry_options;

/* Copies the options and starts the thread; asks nothing of the collector. AURORA_ENOMEM,
 * AURORA_EINVAL for a URL that is none. *out is freed with aurora_telemetry_free. */
aurora_status aurora_telemetry_start(const aurora_telemetry_options *options,
                                     aurora_telemetry **out);

/* Takes a span, or drops it where there is no room; never waits. One that is not sampled is told to
 * be kept for an error unless it has an attribute aurora.kept, and then only where there is room as
 * below. As aurora_tracer.span has it, with the telemetry as `self`. Threads: any. */
void aurora_telemetry_span(void *self, const aurora_span *span);

/* So many spans are lost before they came here. As aurora_tracer.dropped has it. Threads: any. */
void aurora_telemetry_dropped(void *self, uint64_t span_count);

/* Whether a request's spans with aurora.kept are to follow: of what nobody asked for only
 * AURORA__KEPT_PER_SECOND a second are kept. Else `span_count` are counted as dropped. Threads:
 * any. */
bool aurora_telemetry_may_keep(void *self, uint32_t span_count);

/* Sends what waits, each batch once, and ends the thread: at most about a second later than after
 * `timeout_ms`. Spans that come later are dropped. NULL is a no-op. */
void aurora_telemetry_stop(aurora_telemetry *telemetry, uint32_t timeout_ms);
/* After stop, or without it: then nothing is sent any more. NULL is a no-op. */
void aurora_telemetry_free(aurora_telemetry *telemetry);

typedef struct {
    uint64_t exported; /* spans that the collector has taken */
    uint64_t dropped;  /* that had no room, were too many failures a second, or that the collector
                          did not want of a batch */
    uint64_t failed;   /* that were given up with their batch */
    uint32_t waiting;
    bool is_down; /* the newest request has failed */
} aurora_telemetry_figures;

void aurora_telemetry_figures_get(aurora_telemetry *telemetry, aurora_telemetry_figures *out);

#endif
