/* SPDX-License-Identifier: MIT */
/* The spans of a request that is over: its own, and those of what it asked of others. Names as
 * OpenTelemetry's conventions for HTTP have them; no query, which may hold what people look for. */
#include "http/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http/attempt.h"
#include "http/fields.h"

#define MS_NS INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)
#define ATTRIBUTES_MAX 16
#define HOST_BYTES 256

typedef struct {
    aurora_span span;
    aurora_attribute attributes[ATTRIBUTES_MAX];
    aurora_span_link link;
    char name[160], status[12], host[HOST_BYTES];
} draft;

static void add_text(draft *d, const char *key, const char *text)
{
    d->attributes[d->span.attribute_count++] =
        (aurora_attribute){.key = key, .kind = AURORA_ATTRIBUTE_TEXT, .text = text};
}

static void add_number(draft *d, const char *key, int64_t number)
{
    d->attributes[d->span.attribute_count++] =
        (aurora_attribute){.key = key, .kind = AURORA_ATTRIBUTE_INT, .number = number};
}

static void add_true(draft *d, const char *key)
{
    d->attributes[d->span.attribute_count++] =
        (aurora_attribute){.key = key, .kind = AURORA_ATTRIBUTE_BOOL, .number = 1};
}

/* "host:port", "[::1]:port" or a host alone, as two attributes. */
static void add_server(draft *d, const char *authority)
{
    const char *colon = strrchr(authority, ':');
    bool is_bracketed = authority[0] == '[';
    if (colon != NULL && is_bracketed && strchr(authority, ']') > colon)
        colon = NULL;
    size_t len = colon != NULL ? (size_t)(colon - authority) : strlen(authority);
    if (len >= HOST_BYTES)
        return;
    memcpy(d->host, authority, len);
    d->host[len] = '\0';
    add_text(d, "server.address", d->host);
    long port = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;
    if (port > 0 && port < 65536)
        add_number(d, "server.port", port);
}

/* --- ids and times ---------------------------------------------------------------------------- */

static int nibble(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Digits that are ours, or were judged. */
static void read_id(const char *text, uint8_t *id, size_t len)
{
    for (size_t i = 0; i < len; i++)
        id[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
}

/* Unix nanoseconds of a moment of the monotonic clock, as the two clocks stand to each other
 * now. */
static int64_t wall_offset_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec - aurora__now_ns();
}

/* --- the request's own ------------------------------------------------------------------------ */

static void begin(draft *d, const aurora_http_exchange *exchange, int32_t kind)
{
    memset(&d->span, 0, sizeof d->span);
    d->span.size = sizeof d->span;
    d->span.kind = kind;
    d->span.trace_flags = exchange->trace_flags;
    d->span.name = d->name;
    d->span.attributes = d->attributes;
    read_id(exchange->trace_id, d->span.trace_id, 16);
}

static void add_link(draft *d, const char *traceparent)
{
    d->link = (aurora_span_link){0};
    read_id(traceparent + 3, d->link.trace_id, 16);
    read_id(traceparent + 36, d->link.span_id, 8);
    d->link.trace_flags = (uint32_t)nibble(traceparent[54]) & 3;
    d->span.links = &d->link;
    d->span.link_count = 1;
}

static void add_request(draft *d, const aurora_http_exchange *exchange)
{
    const char *host =
        exchange->authority != NULL ? exchange->authority : aurora_http_header(exchange, "Host");
    bool is_known = exchange->method != 0;
    add_text(d, "http.request.method", is_known ? exchange->method_text : "_OTHER");
    if (exchange->route != NULL)
        add_text(d, "http.route", exchange->route->template_path);
    add_text(d, "url.path", exchange->path);
    add_text(d, "url.scheme", exchange->is_secure ? "https" : "http");
    if (host != NULL)
        add_server(d, host);
    if (exchange->peer[0] != '\0')
        add_text(d, "client.address", exchange->peer);
    if (exchange->status > 0)
        add_number(d, "http.response.status_code", exchange->status);
}

static void put_server(draft *d, const aurora_http_exchange *exchange, int64_t now_ns,
                       int64_t offset_ns)
{
    bool is_named = exchange->route != NULL;
    begin(d, exchange, AURORA_SPAN_SERVER);
    read_id(exchange->span_id, d->span.span_id, 8);
    if (exchange->parent_id[0] != '\0')
        read_id(exchange->parent_id, d->span.parent_id, 8);
    if (exchange->linked != NULL)
        add_link(d, exchange->linked);
    snprintf(d->name, sizeof d->name, "%s%s%s",
             exchange->method != 0 ? exchange->method_text : "HTTP", is_named ? " " : "",
             is_named ? exchange->route->template_path : "");
    d->span.start_ns = offset_ns + (exchange->started_ns != 0 ? exchange->started_ns : now_ns);
    d->span.end_ns = offset_ns + now_ns;
    add_request(d, exchange);
    if (exchange->status < 500)
        return;
    snprintf(d->status, sizeof d->status, "%d", exchange->status);
    add_text(d, "error.type", exchange->code[0] != '\0' ? exchange->code : d->status);
    d->span.status = AURORA_SPAN_ERROR;
}

/* --- those of attempts ------------------------------------------------------------------------ */

static void put_client(draft *d, const aurora_http_exchange *exchange,
                       const aurora_http_attempt *attempt, int64_t now_ns, int64_t offset_ns)
{
    begin(d, exchange, AURORA_SPAN_CLIENT);
    read_id(attempt->span_id, d->span.span_id, 8);
    read_id(exchange->span_id, d->span.parent_id, 8);
    snprintf(d->name, sizeof d->name, "%s", attempt->method);
    d->span.start_ns = offset_ns + attempt->begun_ns;
    d->span.end_ns = offset_ns + (attempt->ended_ns != 0 ? attempt->ended_ns : now_ns);
    add_text(d, "http.request.method", attempt->method);
    add_text(d, "peer.service", exchange->attempts->service);
    if (attempt->address != NULL)
        add_server(d, attempt->address);
    if (attempt->status > 0)
        add_number(d, "http.response.status_code", attempt->status);
    if (attempt->number > 0)
        add_number(d, "http.request.resend_count", attempt->number);
    if (attempt->is_hedge)
        add_true(d, "aurora.hedge");
    snprintf(d->status, sizeof d->status, "%d", attempt->status);
    if (attempt->error != NULL)
        add_text(d, "error.type", attempt->error);
    else if (attempt->status >= 400)
        add_text(d, "error.type", d->status);
    if (attempt->error != NULL || attempt->status >= 400)
        d->span.status = AURORA_SPAN_ERROR;
}

/* --- what is sent ----------------------------------------------------------------------------- */

/* Who asks to be kept waiting is not slow. */
static int64_t asked_wait_ns(const aurora_http_exchange *exchange)
{
    const char *wait = aurora_http_query(exchange, "wait");
    int64_t seconds = wait != NULL ? strtoll(wait, NULL, 10) : 0;
    if (seconds < 0 || seconds > 60)
        seconds = 0;
    return seconds * SECOND_NS + aurora_http_prefer_wait_ms(exchange) * MS_NS;
}

/* Of a stream, until its first byte. */
static bool is_slow(const aurora_http_exchange *exchange, int64_t now_ns)
{
    int64_t slow_ns = atomic_load_explicit(&exchange->loop->server->slow_ns, memory_order_relaxed);
    int64_t end_ns = exchange->streamed_ns != 0 ? exchange->streamed_ns : now_ns;
    if (slow_ns == 0 || exchange->started_ns == 0 || end_ns - exchange->started_ns <= slow_ns)
        return false;
    return end_ns - exchange->started_ns > slow_ns + asked_wait_ns(exchange);
}

/* Why it is sent although nobody asks for the trace: NULL = it is not. */
static const char *why_kept(const aurora_http_exchange *exchange, int64_t now_ns)
{
    if (exchange->loop->server->options.tracing.keeps_none)
        return NULL;
    if (exchange->status >= 500)
        return "error";
    return is_slow(exchange, now_ns) ? "slow" : NULL;
}

static bool may_keep(const aurora_http_tracing *tracing, const aurora_http_attempts *attempts)
{
    uint32_t count = 1 + (attempts != NULL ? attempts->count : 0);
    return tracing->may_keep == NULL || tracing->may_keep(tracing->self, count);
}

void aurora__span_report(const aurora_http_exchange *exchange)
{
    const aurora_http_tracing *tracing = &exchange->loop->server->options.tracing;
    if (tracing->span == NULL || exchange->method_text[0] == '\0' ||
        (exchange->route != NULL && (exchange->route->flags & AURORA_HTTP_PROBE) != 0))
        return;
    int64_t now_ns = aurora__now_ns();
    bool is_sampled = (exchange->trace_flags & AURORA_TRACE_SAMPLED) != 0;
    const char *kept = is_sampled ? NULL : why_kept(exchange, now_ns);
    const aurora_http_attempts *attempts = exchange->attempts;
    if (!is_sampled && (kept == NULL || !may_keep(tracing, attempts)))
        return;
    int64_t offset_ns = wall_offset_ns();
    draft d;
    for (uint32_t i = 0; attempts != NULL && i < attempts->count; i++) {
        put_client(&d, exchange, &attempts->attempts[i], now_ns, offset_ns);
        if (kept != NULL)
            add_text(&d, "aurora.kept", kept);
        tracing->span(tracing->self, &d.span);
    }
    put_server(&d, exchange, now_ns, offset_ns);
    if (attempts != NULL && attempts->left_out > 0)
        add_number(&d, "aurora.attempts.left_out", attempts->left_out);
    if (kept != NULL)
        add_text(&d, "aurora.kept", kept);
    tracing->span(tracing->self, &d.span);
}
