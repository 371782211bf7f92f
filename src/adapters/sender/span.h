/* SPDX-License-Identifier: MIT */
/* The span of one attempt to send a notification. */
#ifndef AURORA_ADAPTERS_SENDER_SPAN_H
#define AURORA_ADAPTERS_SENDER_SPAN_H

#include "adapters/sender/sender.h"

#include <aurora/trace.h>

typedef struct {
    bool is_traced;
    aurora_trace_context own;
    uint8_t parent_id[8];
    int64_t start_ns;
    char traceparent[AURORA_TRACEPARENT_BYTES];
} aurora__sender_span;

/* Begins one; *task then carries it, so that what goes out names it. Nothing without a tracer. */
void aurora__sender_span_begin(aurora__sender_span *span, const aurora_tracer *tracer,
                               aurora_task *task);
void aurora__sender_span_end(const aurora__sender_span *span, const aurora_tracer *tracer,
                             const aurora_task *task, long reply_code,
                             const aurora__sender_result *result);

#endif
