/* SPDX-License-Identifier: MIT */
/* The spans of what the relay publishes. An event's span begins when it was emitted and ends with
 * its acknowledgement; its id is computed from the event's place in the log, so that a repeat by
 * another process is the same span. */
#include "codec/names.h"
#include "engine/relay.h"

#include <aurora/event.h>

#include <stdio.h>
#include <string.h>

#define WAITING_MAX 4096

void aurora__relay_spans_init(aurora__relay_spans *spans, const aurora__bus *bus)
{
    *spans = (aurora__relay_spans){0};
    if (aurora__trace_is_on(bus->engine))
        spans->items =
            bus->allocator->allocate(bus->allocator->self, WAITING_MAX * sizeof *spans->items);
}

void aurora__relay_spans_free(aurora__relay_spans *spans, const aurora__bus *bus)
{
    if (spans->items != NULL)
        bus->allocator->release(bus->allocator->self, spans->items);
    spans->items = NULL;
}

void aurora__relay_spans_forget(aurora__relay_spans *spans)
{
    spans->count = 0;
}

/* Where more wait than fit, or there was no memory, the newest have no span: whether it is
 * there. */
static bool push(aurora__relay_spans *spans, const aurora__relay_span *span)
{
    if (spans->items == NULL || spans->count == WAITING_MAX)
        return false;
    spans->items[(spans->first + spans->count) % WAITING_MAX] = *span;
    spans->count++;
    return true;
}

void aurora__relay_spans_sent(aurora__relay_spans *spans, const aurora__bus *bus,
                              aurora__relay_page *page, int64_t position)
{
    uint64_t dropped = 0;
    while (page->spans_sent < page->span_count &&
           page->spans[page->spans_sent].position <= position) {
        dropped += !push(spans, &page->spans[page->spans_sent]);
        page->spans_sent++;
    }
    if (dropped > 0)
        aurora__span_drop(bus->engine, dropped);
}

static void tell(const aurora__bus *bus, const aurora__relay_span *of, int64_t now_ns)
{
    aurora__span_draft draft;
    char message_id[AURORA_ID_TEXT_BYTES + 24];
    char log_id[AURORA_ID_TEXT_BYTES];
    aurora_id_format(of->log_id, log_id);
    snprintf(message_id, sizeof message_id, "%s-%lld", log_id, (long long)of->position);
    aurora__span_start(&draft, &of->own, of->parent_id, AURORA_SPAN_PRODUCER);
    aurora__span_name(&draft, "send", aurora_event_name(of->kind));
    aurora__span_text(&draft, "messaging.system", "kafka");
    aurora__span_text(&draft, "messaging.operation.type", "send");
    aurora__span_text(&draft, "messaging.destination.name", aurora__topic_name(of->topic));
    aurora__span_text(&draft, "messaging.message.id", message_id);
    aurora__span_text(&draft, "aurora.module", aurora__event_module(of->kind));
    aurora__span_number(&draft, "aurora.event.position", of->position);
    aurora__span_order(&draft, &of->order_id);
    if (of->is_resend)
        aurora__span_flag(&draft, "aurora.resend", true);
    aurora__span_tell(bus->engine, &draft, of->at_ms * 1000000, now_ns);
}

void aurora__relay_spans_acked(aurora__relay_spans *spans, const aurora__bus *bus, int64_t position)
{
    int64_t now_ns = 0;
    while (spans->count > 0 && spans->items[spans->first].position <= position) {
        if (now_ns == 0)
            now_ns = aurora__trace_now_ns(bus->engine);
        tell(bus, &spans->items[spans->first], now_ns);
        spans->first = (spans->first + 1) % WAITING_MAX;
        spans->count--;
    }
}

static aurora__relay_span *add(aurora__relay_page *page)
{
    if (page->span_count == page->span_capacity) {
        uint32_t capacity = page->span_capacity == 0 ? 64 : page->span_capacity * 2;
        aurora__relay_span *spans =
            aurora__arena_take(&page->arena.arena, capacity * sizeof *spans);
        if (spans == NULL)
            return NULL;
        if (page->span_count > 0)
            memcpy(spans, page->spans, page->span_count * sizeof *spans);
        page->spans = spans;
        page->span_capacity = capacity;
    }
    return &page->spans[page->span_count++];
}

aurora_status aurora__relay_trace(const aurora__bus *bus, aurora__relay_page *page,
                                  const aurora__relay_span *what, const char *stored,
                                  const char **out)
{
    aurora_trace_context context;
    char text[AURORA_TRACEPARENT_BYTES];
    *out = NULL;
    if (!aurora__trace_read(stored, &context))
        return AURORA_OK;
    if (aurora__trace_is_on(bus->engine) && (context.trace_flags & AURORA_TRACE_SAMPLED) != 0) {
        aurora__relay_span *span = add(page);
        if (span == NULL)
            return AURORA_ENOMEM;
        *span = *what;
        memcpy(span->parent_id, context.span_id, sizeof span->parent_id);
        aurora_span_id_derive(what->log_id, what->position, context.span_id);
        span->own = context;
    }
    aurora_traceparent_format(&context, text);
    *out = aurora__arena_text(&page->arena.arena, text);
    return *out == NULL ? AURORA_ENOMEM : AURORA_OK;
}
