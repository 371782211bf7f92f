/* SPDX-License-Identifier: MIT */
/* The span of one call to the bridge: from when the engine asked for it to when its outcome is
 * known. Its own context goes out, so that the bridge's spans are under it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/payment_http/bridge.h"

#define ATTRIBUTES_MAX 12

typedef struct {
    aurora_attribute items[ATTRIBUTES_MAX];
    uint32_t count;
} attributes;

static int64_t unix_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add_text(attributes *to, const char *key, const char *text)
{
    to->items[to->count++] =
        (aurora_attribute){.key = key, .kind = AURORA_ATTRIBUTE_TEXT, .text = text};
}

static void add_number(attributes *to, const char *key, int32_t kind, int64_t number)
{
    to->items[to->count++] = (aurora_attribute){.key = key, .kind = kind, .number = number};
}

void aurora__bridge_span_init(aurora__bridge *self)
{
    char *host = NULL, *port = NULL;
    CURLU *address = self->tracer == NULL ? NULL : curl_url();
    if (address == NULL)
        return;
    if (curl_url_set(address, CURLUPART_URL, self->url, 0) == CURLUE_OK &&
        curl_url_get(address, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(address, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        snprintf(self->host, sizeof self->host, "%s", host);
        self->port = strtol(port, NULL, 10);
    }
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(address);
}

/* What is not sampled goes out as it came; its span is told only if the call fails. */
void aurora__bridge_span_begin(aurora__bridge_call *call, const aurora_task *task)
{
    if (task->traceparent == NULL ||
        aurora_traceparent_parse(task->traceparent, &call->span) != AURORA_OK)
        return;
    if (call->bridge->tracer != NULL) {
        call->is_traced = true;
        call->order_id = task->order_id;
        call->attempt = task->attempt;
        call->span_start_ns = unix_ns();
        memcpy(call->parent_id, call->span.span_id, sizeof call->parent_id);
        if ((call->span.trace_flags & AURORA_TRACE_SAMPLED) != 0)
            aurora_span_id_derive(task->id, call->span_start_ns, call->span.span_id);
    }
    aurora_traceparent_format(&call->span, call->traceparent);
    if (call->is_traced && (call->span.trace_flags & AURORA_TRACE_SAMPLED) == 0)
        aurora_span_id_derive(task->id, call->span_start_ns, call->span.span_id);
}

static void describe(const aurora__bridge_call *call, attributes *to)
{
    add_text(to, "http.request.method", "POST");
    if (call->bridge->host[0] != '\0') {
        add_text(to, "server.address", call->bridge->host);
        add_number(to, "server.port", AURORA_ATTRIBUTE_INT, call->bridge->port);
    }
    if (call->http_status != 0)
        add_number(to, "http.response.status_code", AURORA_ATTRIBUTE_INT, call->http_status);
    if (call->attempt > 1)
        add_number(to, "http.request.resend_count", AURORA_ATTRIBUTE_INT, call->attempt - 1);
    add_text(to, "aurora.payment.verb", aurora_verb_name(call->verb));
    add_text(to, "aurora.payment.outcome", aurora_outcome_name(call->answer.outcome));
    add_number(to, "aurora.payment.attempt", AURORA_ATTRIBUTE_INT, call->attempt);
    if (call->is_query)
        add_number(to, "aurora.payment.query", AURORA_ATTRIBUTE_BOOL, 1);
}

void aurora__bridge_span_end(const aurora__bridge_call *call)
{
    attributes all = {.count = 0};
    char name[32], status[16], order_id[AURORA_ID_TEXT_BYTES];
    bool is_failed = call->why != NULL;
    if (!call->is_traced || (!is_failed && (call->span.trace_flags & AURORA_TRACE_SAMPLED) == 0))
        return;
    snprintf(name, sizeof name, "POST %s", aurora_verb_name(call->verb));
    snprintf(status, sizeof status, "%ld", call->http_status);
    aurora_id_format(call->order_id, order_id);
    describe(call, &all);
    add_text(&all, "aurora.order.id", order_id);
    if (is_failed)
        add_text(&all, "error.type", call->http_status != 0 ? status : "transport");
    aurora_span span = {.size = sizeof span,
                        .kind = AURORA_SPAN_CLIENT,
                        .trace_flags = call->span.trace_flags,
                        .status = is_failed ? AURORA_SPAN_ERROR : AURORA_SPAN_UNSET,
                        .name = name,
                        .status_message = call->why,
                        .start_ns = call->span_start_ns,
                        .end_ns = unix_ns(),
                        .attributes = all.items,
                        .attribute_count = all.count};
    memcpy(span.trace_id, call->span.trace_id, sizeof span.trace_id);
    memcpy(span.span_id, call->span.span_id, sizeof span.span_id);
    memcpy(span.parent_id, call->parent_id, sizeof span.parent_id);
    if (span.end_ns < span.start_ns)
        span.end_ns = span.start_ns;
    call->bridge->tracer->span(call->bridge->tracer->self, &span);
}
