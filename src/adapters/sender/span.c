/* SPDX-License-Identifier: MIT */
#include "adapters/sender/span.h"

#include <string.h>
#include <time.h>

#define ATTRIBUTES_MAX 8

static int64_t unix_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool is_sampled(const aurora__sender_span *span)
{
    return (span->own.trace_flags & AURORA_TRACE_SAMPLED) != 0;
}

/* What is not sampled goes out as it came; its span is told only if it fails. */
void aurora__sender_span_begin(aurora__sender_span *span, const aurora_tracer *tracer,
                               aurora_task *task)
{
    *span = (aurora__sender_span){0};
    if (tracer == NULL || aurora_traceparent_parse(task->traceparent, &span->own) != AURORA_OK)
        return;
    span->is_traced = true;
    span->start_ns = unix_ns();
    memcpy(span->parent_id, span->own.span_id, sizeof span->parent_id);
    aurora_span_id_derive(task->id, span->start_ns, span->own.span_id);
    if (!is_sampled(span))
        return;
    aurora_traceparent_format(&span->own, span->traceparent);
    task->traceparent = span->traceparent;
}

void aurora__sender_span_end(const aurora__sender_span *span, const aurora_tracer *tracer,
                             const aurora_task *task, long reply_code,
                             const aurora__sender_result *result)
{
    char order_id[AURORA_ID_TEXT_BYTES];
    bool is_failed = result->outcome != AURORA_OUTCOME_DONE;
    if (!span->is_traced || (!is_failed && !is_sampled(span)))
        return;
    aurora_id_format(task->order_id, order_id);
    const aurora_attribute attributes[ATTRIBUTES_MAX] = {
        {.key = "aurora.order.id", .kind = AURORA_ATTRIBUTE_TEXT, .text = order_id},
        {.key = "aurora.notification.kind",
         .kind = AURORA_ATTRIBUTE_TEXT,
         .text = aurora_notification_name(task->notification_kind)},
        {.key = "aurora.notification.outcome",
         .kind = AURORA_ATTRIBUTE_TEXT,
         .text = aurora_outcome_name(result->outcome)},
        {.key = "aurora.notification.attempt",
         .kind = AURORA_ATTRIBUTE_INT,
         .number = task->attempt},
        {.key = "aurora.reply.code", .kind = AURORA_ATTRIBUTE_INT, .number = reply_code},
        {.key = "error.type",
         .kind = AURORA_ATTRIBUTE_TEXT,
         .text = result->code[0] != '\0' ? result->code : "not_sent"},
    };
    int64_t end_ns = unix_ns();
    aurora_span out = {.size = sizeof out,
                       .kind = AURORA_SPAN_CLIENT,
                       .trace_flags = span->own.trace_flags,
                       .status = is_failed ? AURORA_SPAN_ERROR : AURORA_SPAN_UNSET,
                       .name = "send notification",
                       .status_message = is_failed ? result->why : NULL,
                       .start_ns = span->start_ns,
                       .end_ns = end_ns > span->start_ns ? end_ns : span->start_ns,
                       .attributes = attributes,
                       .attribute_count = is_failed ? 6 : 5};
    memcpy(out.trace_id, span->own.trace_id, sizeof out.trace_id);
    memcpy(out.span_id, span->own.span_id, sizeof out.span_id);
    memcpy(out.parent_id, span->parent_id, sizeof out.parent_id);
    tracer->span(tracer->self, &out);
}
