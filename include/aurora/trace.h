/* SPDX-License-Identifier: MIT */
/* Traces: spans as the library reports them to a tracer of the host's, and the W3C Trace Context
 * that names them. Not an exporter: what a tracer makes of a span (OTLP, a file, a count) is its
 * own affair. docs/TRACING.md lists the spans. */
#ifndef AURORA_TRACE_H
#define AURORA_TRACE_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_TRACEPARENT_BYTES 56 /* 55 characters and the NUL */

/* aurora_trace_context.flags; other bits are never set. */
#define AURORA_TRACE_SAMPLED 1u /* whoever began the trace wants it recorded */
#define AURORA_TRACE_RANDOM 2u  /* the trace id was drawn at random (W3C, level 2) */

/* aurora_span.kind, numbered as in OTLP. */
enum {
    AURORA_SPAN_INTERNAL = 1, /* work of its own */
    AURORA_SPAN_SERVER = 2,   /* answers a request */
    AURORA_SPAN_CLIENT = 3,   /* waits for another server */
    AURORA_SPAN_PRODUCER = 4, /* puts work where another will find it */
    AURORA_SPAN_CONSUMER = 5  /* takes it from there */
};

/* aurora_span.status, numbered as in OTLP. */
enum { AURORA_SPAN_UNSET = 0, AURORA_SPAN_OK = 1, AURORA_SPAN_ERROR = 2 };

/* aurora_attribute.kind. */
enum {
    AURORA_ATTRIBUTE_TEXT = 1,   /* text */
    AURORA_ATTRIBUTE_INT = 2,    /* number */
    AURORA_ATTRIBUTE_DOUBLE = 3, /* real */
    AURORA_ATTRIBUTE_BOOL = 4    /* number, 0 or 1 */
};

/* What a traceparent says: a trace, one span of it, and whether it is recorded. Pinned layout. */
typedef struct {
    uint8_t trace_id[16]; /* not all zero */
    uint8_t span_id[8];   /* not all zero */
    uint32_t trace_flags; /* AURORA_TRACE_... */
    uint32_t reserved;    /* 0 */
} aurora_trace_context;

/* A span that has to do with this one without being its parent. Pinned layout. */
typedef aurora_trace_context aurora_span_link;

/* One attribute; the member that counts is told by `kind`, the others are 0. Pinned layout. */
typedef struct {
    const char *key; /* "aurora.order.id" */
    int32_t kind;    /* AURORA_ATTRIBUTE_... */
    uint32_t reserved;
    const char *text; /* UTF-8 */
    int64_t number;   /* with _INT and _BOOL */
    double real;      /* with _DOUBLE */
} aurora_attribute;

/* One finished span. It may grow at its end. */
typedef struct {
    uint32_t size;
    int32_t kind;                       /* AURORA_SPAN_... */
    uint8_t trace_id[16];               /* not all zero */
    uint8_t span_id[8];                 /* not all zero */
    uint8_t parent_id[8];               /* all zero = the trace begins here */
    uint32_t trace_flags;               /* AURORA_TRACE_...; a failure comes without SAMPLED, too */
    int32_t status;                     /* AURORA_SPAN_UNSET, _OK or _ERROR */
    const char *name;                   /* "place order": few different ones */
    const char *status_message;         /* with AURORA_SPAN_ERROR; else NULL */
    int64_t start_ns;                   /* Unix nanoseconds */
    int64_t end_ns;                     /* not before start_ns */
    const aurora_attribute *attributes; /* attribute_count of them */
    const aurora_span_link *links;      /* link_count of them */
    uint32_t attribute_count;
    uint32_t link_count;
} aurora_span;

/* Who is told of spans: aurora_options.tracer. */
typedef struct {
    uint32_t size; /* sizeof(aurora_tracer) */
    uint32_t reserved;
    void *self; /* handed back to the calls */
    /* One span, after the fact; it and all it points to are valid during the call. Required. Called
     * on any thread that is inside the library and on threads of ours, several at once; must not
     * block and calls nothing of ours but the helpers below. What has no room is to be dropped. */
    void (*span)(void *self, const aurora_span *span);
    /* So many spans will not be told, for want of room: a bus that acknowledges nothing for long.
     * As span; NULL = nobody counts them. */
    void (*dropped)(void *self, uint64_t span_count);
} aurora_tracer;

/* Reads a traceparent of version 00, or the part of a later version's that has stayed the same.
 * Flags that are not known are dropped. AURORA_EINVAL for anything else and for NULL; *context_out
 * is then all zero. Threads: shared. W3C Trace Context, section 3.2. */
AURORA_API aurora_status aurora_traceparent_parse(const char *text,
                                                  aurora_trace_context *context_out);

/* Writes version 00 and a NUL. Threads: shared. */
AURORA_API void aurora_traceparent_format(const aurora_trace_context *context,
                                          char text_out[AURORA_TRACEPARENT_BYTES]);

/* The id of the span that stands for one thing that has a place in something named: of the event at
 * `position` in the log `source`, of call `position` of the payment task `source`. The same for the
 * same input in every process and release; never all zero. Threads: shared. */
AURORA_API void aurora_span_id_derive(aurora_id source, int64_t position, uint8_t span_id_out[8]);

#ifdef __cplusplus
}
#endif
#endif
