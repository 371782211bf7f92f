/* SPDX-License-Identifier: MIT */
/* One exchange on its way to a service, and the answer on its way back: whole where it is small,
 * piece by piece where it is long or has no end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/internal.h"
#include "http/clock.h"
#include "http/field_name.h"

#define HELD_BYTES_MAX 1048576 /* of an answer; longer ones are passed on as they come */
#define AHEAD_BYTES_MAX 131072 /* of a stream, that its client has not taken */

typedef struct {
    aurora_http_exchange *exchange;
    aurora_upstream_call *call; /* NULL = it is over */
    const char *service;
    int status;
    const char *content_type;
    bool is_stream;
    bool is_repeatable;
    bool is_limited; /* by the gateway itself, which says so */
    bool is_kept;    /* a good answer stays here for worse times */
    bool is_stale;   /* an older answer takes the place of this one */
    aurora__stale *stale;
    char *held;
    size_t held_len, expected;
} forward;

/* --- answers that are kept -------------------------------------------------------------------- */

bool aurora__gateway_is_kept(const aurora_http_exchange *exchange)
{
    const char *operation = aurora_http_exchange_route(exchange)->operation;
    return strcmp(operation, "popularProducts") == 0 ||
           (strcmp(operation, "trendingProducts") == 0 &&
            aurora_http_query(exchange, "at") == NULL);
}

static void write_key(const aurora_http_exchange *exchange, char key_out[AURORA__STALE_KEY_BYTES])
{
    const char *query = aurora_http_query_text(exchange);
    int len = snprintf(key_out, AURORA__STALE_KEY_BYTES, "%s%s%s",
                       aurora_http_exchange_path(exchange), *query != '\0' ? "?" : "", query);
    if (len < 0 || len >= AURORA__STALE_KEY_BYTES)
        key_out[0] = '\0';
}

static void keep(const forward *f, const char *body, size_t len)
{
    char key[AURORA__STALE_KEY_BYTES];
    write_key(f->exchange, key);
    if (key[0] != '\0')
        aurora__stale_put(f->stale, key, body, len, aurora__now_ns());
}

/* RFC 5861, 4: what was good of late is better than an error. */
static bool answer_stale(const forward *f)
{
    char key[AURORA__STALE_KEY_BYTES], age[16];
    size_t len;
    uint32_t age_s;
    write_key(f->exchange, key);
    char *body = aurora__stale_get(f->stale, key, aurora__now_ns(), &len, &age_s);
    if (body == NULL)
        return false;
    snprintf(age, sizeof age, "%u", age_s);
    aurora_http_set(f->exchange, "Age", age);
    aurora_http_set(f->exchange, "Aurora-Stale", "true");
    aurora_http_set(f->exchange, "Cache-Control", "no-store");
    aurora_http_reply_owned(f->exchange, 200, "application/json", body, len);
    return true;
}

/* --- failures --------------------------------------------------------------------------------- */

static void answer_failure(forward *f, int why, const char *detail, uint32_t retry_after_s)
{
    /* Whether it was done is not known; with a key, or by its method, it can be asked again. */
    const char *unsure = f->is_repeatable || why == AURORA_UPSTREAM_FULL ||
                                 why == AURORA_UPSTREAM_BROKEN || why == AURORA_UPSTREAM_DOWN
                             ? ""
                             : " What was asked for may have been done.";
    char seconds[16];
    snprintf(seconds, sizeof seconds, "%u", retry_after_s > 0 ? retry_after_s : 1);
    aurora_http_set(f->exchange, "Retry-After", seconds);
    switch (why) {
    case AURORA_UPSTREAM_LATE:
        aurora_http_problem(f->exchange, 504, "timeout", "The %s service %s.%s", f->service, detail,
                            unsure);
        break;
    case AURORA_UPSTREAM_FULL:
        aurora_http_problem(f->exchange, 503, "overloaded", "The %s service %s.", f->service,
                            detail);
        break;
    case AURORA_UPSTREAM_BROKEN:
    case AURORA_UPSTREAM_DOWN:
        aurora_http_problem(f->exchange, 503, "unavailable", "The %s service %s.", f->service,
                            detail);
        break;
    case AURORA_UPSTREAM_BAD:
        aurora_http_problem(f->exchange, 502, "upstream_unavailable",
                            "The answer of the %s service %s.%s", f->service, detail, unsure);
        break;
    default:
        aurora_http_problem(f->exchange, 502, "upstream_unavailable", "The %s service %s.%s",
                            f->service, detail, unsure);
    }
}

static void on_failed(void *self, int why, const char *detail, uint32_t retry_after_s)
{
    forward *f = self;
    f->call = NULL;
    aurora_http_on_leave(f->exchange, NULL, NULL);
    free(f->held);
    f->held = NULL;
    if (f->is_stream)
        aurora_http_stream_abort(f->exchange); /* an end would look like the answer's own */
    else if (!f->is_kept || !answer_stale(f))
        answer_failure(f, why, detail, retry_after_s);
}

/* --- streams ---------------------------------------------------------------------------------- */

static void on_closed(void *self)
{
    forward *f = self;
    aurora_upstream_call *call = f->call;
    f->call = NULL;
    if (call != NULL)
        aurora_upstream_cancel(call);
}

static void on_drained(void *self)
{
    const forward *f = self;
    if (f->call != NULL)
        aurora_upstream_resume(f->call);
}

static void stream(forward *f, const char *data, size_t len)
{
    if (!aurora_http_stream_send(f->exchange, data, len)) {
        on_closed(f);
        aurora_http_stream_end(f->exchange);
        return;
    }
    if (aurora_http_stream_waiting(f->exchange) > AHEAD_BYTES_MAX) {
        aurora_upstream_pause(f->call);
        aurora_http_stream_await(f->exchange, on_drained);
    }
}

/* --- the answer ------------------------------------------------------------------------------- */

/* What our own server says of itself. Vary is written where it chooses by Accept-Encoding; a body
 * that is packed already keeps what its service said. */
static bool is_servers(const char *name, bool is_packed)
{
    static const char *const names[] = {"Server",
                                        "Date",
                                        "Content-Length",
                                        "Content-Type",
                                        "X-Content-Type-Options",
                                        "Referrer-Policy",
                                        "Strict-Transport-Security",
                                        "X-Request-Id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (aurora__field_name_is(name, names[i]))
            return true;
    }
    if (strncasecmp(name, "Access-Control-", 15) == 0)
        return true; /* which pages may read is the edge's to say */
    return !is_packed && aurora__field_name_is(name, "Vary");
}

/* What the gateway has said already; two of them would contradict each other. */
static bool is_said(const forward *f, const char *name)
{
    return f->is_limited && (aurora__field_name_is(name, "RateLimit") ||
                             aurora__field_name_is(name, "RateLimit-Policy"));
}

static const char *value_of(const aurora_upstream_head *head, const char *name)
{
    for (uint32_t i = 0; i < head->field_count; i++) {
        if (aurora__field_name_is(head->fields[i].name, name))
            return head->fields[i].value;
    }
    return NULL;
}

static const char *copy(aurora_http_exchange *exchange, const char *text)
{
    size_t size = text != NULL ? strlen(text) + 1 : 0;
    char *made = size > 0 ? aurora_http_alloc(exchange, size) : NULL;
    return made != NULL ? memcpy(made, text, size) : NULL;
}

static bool is_events(const char *content_type)
{
    static const char name[] = "text/event-stream";
    return content_type != NULL && strncasecmp(content_type, name, sizeof name - 1) == 0;
}

static void on_head(void *self, const aurora_upstream_head *head)
{
    forward *f = self;
    bool is_packed = value_of(head, "Content-Encoding") != NULL;
    f->is_stale = f->is_kept && head->status >= 500;
    if (f->is_stale)
        return; /* it has not begun its answer: the fields would be the failure's */
    for (uint32_t i = 0; i < head->field_count; i++) {
        if (!is_servers(head->fields[i].name, is_packed) && !is_said(f, head->fields[i].name))
            aurora_http_set(f->exchange, head->fields[i].name, head->fields[i].value);
    }
    f->status = head->status;
    f->content_type = copy(f->exchange, value_of(head, "Content-Type"));
    f->expected = (size_t)head->length;
    f->is_stream = head->has_body && (!head->has_length || head->length > HELD_BYTES_MAX ||
                                      is_events(f->content_type));
    if (!f->is_stream)
        return;
    aurora_http_on_leave(f->exchange, NULL, NULL);
    aurora_http_stream_begin(f->exchange, f->status,
                             f->content_type != NULL ? f->content_type : "application/octet-stream",
                             on_closed, f);
}

static void on_body(void *self, const char *data, size_t len)
{
    forward *f = self;
    if (f->is_stale)
        return; /* nobody wants what a failure says, which may be of any length */
    if (f->is_stream) {
        stream(f, data, len);
        return;
    }
    if (f->held == NULL)
        f->held = malloc(f->expected);
    if (f->held != NULL)
        memcpy(f->held + f->held_len, data, len);
    f->held_len += len;
}

static void answer_held(const forward *f, char *held)
{
    if (f->is_kept && f->status == 200 && held != NULL)
        keep(f, held, f->held_len);
    aurora_http_reply_owned(f->exchange, f->status, f->content_type, held, f->held_len);
}

/* The service has answered that it cannot; where nothing older is there, the gateway says so. */
static void answer_failed_kept(const forward *f)
{
    if (answer_stale(f))
        return;
    aurora_http_set(f->exchange, "Retry-After", "1");
    aurora_http_problem(f->exchange, 503, "unavailable",
                        "The %s service cannot answer at the moment.", f->service);
}

static void on_ended(void *self)
{
    forward *f = self;
    char *held = f->held;
    f->call = NULL;
    f->held = NULL;
    aurora_http_on_leave(f->exchange, NULL, NULL);
    if (f->is_stream)
        aurora_http_stream_end(f->exchange);
    else if (f->is_stale)
        answer_failed_kept(f);
    else if (held == NULL && f->held_len > 0)
        aurora_http_refuse(f->exchange, AURORA_ENOMEM, NULL);
    else
        answer_held(f, held);
}

/* --- the call --------------------------------------------------------------------------------- */

/* The client has gone before its answer: nobody wants it. */
static void on_left(void *self)
{
    forward *f = self;
    on_closed(f);
    free(f->held);
    f->held = NULL;
    aurora_http_reply(f->exchange, 499, NULL, NULL, 0); /* for the log and the counters alone */
}

void aurora__gateway_forward(aurora_http_exchange *exchange, aurora__gateway *gateway,
                             aurora__service service, const char *query)
{
    static const aurora_upstream_listener listener = {
        .head = on_head, .body = on_body, .ended = on_ended, .failed = on_failed};
    aurora_upstream_field fields[AURORA__REQUEST_FIELDS_MAX];
    aurora_upstream_request request;
    aurora_upstream_pool *pool = aurora_http_loop_slot(aurora_http_exchange_loop(exchange));
    forward *f = aurora_http_alloc(exchange, sizeof *f);
    if (f == NULL ||
        !aurora__gateway_request(exchange, gateway, service, query, fields, &request)) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return;
    }
    *f = (forward){.exchange = exchange,
                   .service = aurora__service_name(service),
                   .is_repeatable = request.is_repeatable,
                   .is_kept = aurora__gateway_is_kept(exchange),
                   .stale = gateway->stale,
                   .is_limited = aurora_daemon_has_rate_limit(gateway->daemon)};
    f->call = aurora_upstream_send(pool, gateway->upstreams[service], &request, &listener, f);
    if (f->call == NULL)
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    else
        aurora_http_on_leave(exchange, on_left, f);
}
