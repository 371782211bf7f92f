/* SPDX-License-Identifier: MIT */
/* What a service is sent: the client's fields without those of its connection and without ours,
 * who asks, until when, and the signature over that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "gateway/internal.h"
#include "http/clock.h"
#include "http/field_name.h"
#include "http/fields.h"
#include "http/signature.h"
#include "http/tracestate.h"

#define MS_NS INT64_C(1000000)
#define HOP_MS INT64_C(50) /* of a deadline, for the way there and back */
#define FIELDS_OF_OURS 11

/* --- fields ----------------------------------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
    return aurora__field_name_is(a, b);
}

/* Fields that the gateway makes anew, or has acted upon: a token is for it alone. And Proxy, which
 * no request has, and which programs that read fields as variables take for HTTP_PROXY. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {
        "Host",         "Content-Length",  "Expect",    "traceparent", "tracestate",
        "Via",          "X-Forwarded-For", "Forwarded", "X-Real-IP",   "Proxy",
        "Authorization"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (is_same(name, names[i]))
            return true;
    }
    return false;
}

/* From outside they would speak for others, but on a route whose caller signs by them itself. */
static bool is_internal(const aurora_http_route *route, const char *name)
{
    if (strncasecmp(name, "Aurora-", 7) != 0)
        return false;
    return (route->flags & AURORA_HTTP_SIGNED) == 0 ||
           (!is_same(name, "Aurora-Signature") && !is_same(name, "Aurora-Timestamp"));
}

/* Whether the client's Connection names it: RFC 9110, 7.6.1. */
static bool is_named(const char *list, const char *name)
{
    size_t name_len = strlen(name);
    while (list != NULL && *list != '\0') {
        list += strspn(list, ", \t");
        size_t len = strcspn(list, ", \t");
        if (len == name_len && strncasecmp(list, name, len) == 0)
            return true;
        list += len;
    }
    return false;
}

/* Whether the service sees an Idempotency-Key and goes by it: not every route has use for one, and
 * a client may have named it in Connection. */
static bool passes_key(const aurora_http_exchange *exchange)
{
    return (aurora_http_exchange_route(exchange)->flags & AURORA_HTTP_KEYED) != 0 &&
           aurora_http_header(exchange, "Idempotency-Key") != NULL &&
           !is_named(aurora_http_header(exchange, "Connection"), "Idempotency-Key");
}

static void add(aurora_upstream_field *fields, uint32_t *count, const char *name, const char *value)
{
    fields[(*count)++] = (aurora_upstream_field){name, value, strlen(name), strlen(value)};
}

static uint32_t copy_fields(const aurora_http_exchange *exchange, aurora_upstream_field *fields)
{
    const aurora_http_route *route = aurora_http_exchange_route(exchange);
    const char *connection = aurora_http_header(exchange, "Connection");
    bool is_kept = aurora__gateway_is_kept(exchange); /* in a form that all can read */
    const char *name, *value;
    uint32_t count = 0;
    for (uint32_t i = 0; aurora_http_field_at(exchange, i, &name, &value); i++) {
        if (count < AURORA__REQUEST_FIELDS_MAX - FIELDS_OF_OURS && !is_ours(name) &&
            !is_internal(route, name) && !aurora_upstream_is_of_connection(name, strlen(name)) &&
            !is_named(connection, name) && !(is_kept && is_same(name, "Accept-Encoding")))
            add(fields, &count, name, value);
    }
    return count;
}

/* What others have to say of the trace goes with it, as it came. */
static void add_tracestate(aurora_http_exchange *exchange, aurora_upstream_field *fields,
                           uint32_t *count)
{
    const char *state = aurora_http_header(exchange, "tracestate");
    if (state != NULL && aurora_http_trace_goes_on(exchange) &&
        aurora_http_tracestate_is_good(state))
        add(fields, count, "tracestate", state);
}

/* --- time ------------------------------------------------------------------------------------- */

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long the client has asked the service to wait. */
static int64_t asked_wait_ms(const aurora_http_exchange *exchange)
{
    const char *wait = aurora_http_query(exchange, "wait");
    int64_t seconds = wait != NULL ? strtoll(wait, NULL, 10) : 0;
    int64_t ms = aurora_http_prefer_wait_ms(exchange);
    if (seconds < 0 || seconds > 30)
        seconds = 0; /* which the service refuses at once */
    return seconds * 1000 > ms ? seconds * 1000 : ms;
}

static bool is_placing(const aurora_http_exchange *exchange)
{
    return strcmp(aurora_http_exchange_route(exchange)->operation, "placeOrder") == 0;
}

/* A service waits for the outcome of an order by itself, as its setting order_wait says. */
static int64_t served_wait_ms(const aurora_http_exchange *exchange)
{
    int64_t ms = asked_wait_ms(exchange);
    return is_placing(exchange) && ms < 5000 ? 5000 : ms;
}

/* What is left of the caller's own deadline, where it has said who it is. */
static int64_t left_ms(const aurora_http_exchange *exchange)
{
    if (!aurora_http_exchange_principal(exchange)->is_authenticated)
        return INT64_MAX;
    return aurora_http_left_ms(exchange);
}

/* A service has a little less than the gateway waits for it, so that it says first that it is
 * late. */
static int64_t hop_ms(int64_t ms)
{
    return ms < 4 * HOP_MS ? ms / 4 : HOP_MS;
}

static const char *write_deadline(aurora_http_exchange *exchange, int64_t at_ms)
{
    char *text = aurora_http_alloc(exchange, 24);
    if (text == NULL)
        return NULL;
    char *at = text + 23;
    *at = '\0';
    for (; at_ms > 0; at_ms /= 10)
        *--at = (char)('0' + at_ms % 10);
    return at;
}

/* --- who asks --------------------------------------------------------------------------------- */

/* Public calls of nobody stay unsigned, as their services take them; where our certificate speaks
 * for us, so do all. */
static bool sign(aurora_http_exchange *exchange, const aurora__gateway *gateway,
                 const aurora_upstream_request *request, const char *deadline,
                 aurora_upstream_field *fields, uint32_t *count)
{
    const aurora_http_principal *principal = aurora_http_exchange_principal(exchange);
    bool is_signed = gateway->secret[0] != '\0';
    if ((!is_signed && !gateway->has_certificate) || !principal->is_authenticated)
        return true;
    char *scopes = aurora_http_alloc(exchange, 160);
    char *signature = aurora_http_alloc(exchange, AURORA_SIGNATURE_TEXT_BYTES);
    if (scopes == NULL || signature == NULL)
        return false;
    aurora_scopes_write(principal->scopes, scopes);
    const aurora_signed_request covered = {
        .method = request->method,
        .path = request->path,
        .query = request->query,
        .body = request->body,
        .body_len = request->body_len,
        .principal = principal->name,
        .scopes = scopes,
        .deadline = deadline,
        .contact = principal->contact,
    };
    if (is_signed)
        aurora_signature_write(gateway->secret, &covered, signature);
    add(fields, count, "Aurora-Principal", principal->name);
    add(fields, count, "Aurora-Scopes", scopes);
    if (principal->contact != NULL)
        add(fields, count, "Aurora-Contact", principal->contact);
    if (is_signed)
        add(fields, count, "Aurora-Signature", signature);
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* HEAD goes on as the GET that serves it: the server leaves the body out, and has its length. */
static const char *method_text(int32_t method)
{
    switch (method) {
    case AURORA_HTTP_POST:
        return "POST";
    case AURORA_HTTP_PUT:
        return "PUT";
    case AURORA_HTTP_DELETE:
        return "DELETE";
    default:
        return "GET";
    }
}

static bool method_of_reads(int32_t method)
{
    return method == AURORA_HTTP_GET;
}

static int64_t relaxed(const _Atomic uint32_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

bool aurora__gateway_request(aurora_http_exchange *exchange, const aurora__gateway *gateway,
                             aurora__service service, const char *query,
                             aurora_upstream_field *fields, aurora_upstream_request *out)
{
    int32_t method = aurora_http_exchange_method(exchange);
    int64_t now_ms = wall_ms(), wait_ms = served_wait_ms(exchange);
    int64_t ms = relaxed(&gateway->timeout_ms[service]) + wait_ms, own_ms = left_ms(exchange);
    uint32_t count = copy_fields(exchange, fields);
    bool is_hurried = own_ms < ms;
    if (is_hurried)
        ms = own_ms > 1 ? own_ms : 1;
    *out = (aurora_upstream_request){
        .method = method_text(method),
        .path = aurora_http_exchange_path(exchange),
        .query = query,
        .is_repeatable = method != AURORA_HTTP_POST || passes_key(exchange),
        .deadline_ns = aurora__now_ns() + ms * MS_NS,
        .is_hurried = is_hurried,
        .attempt_ms = (uint32_t)(wait_ms + relaxed(&gateway->attempt_ms[service])),
        .may_hedge = method_of_reads(method) && wait_ms == 0,
    };
    out->body = aurora_http_body(exchange, &out->body_len);
    out->has_body = out->body_len > 0 || method == AURORA_HTTP_POST || method == AURORA_HTTP_PUT;
    const char *forwarded_for = aurora_http_exchange_forwarded_for(exchange);
    const char *deadline = write_deadline(exchange, now_ms + ms - hop_ms(ms));
    if (forwarded_for == NULL || deadline == NULL)
        return false;
    add(fields, &count, "X-Forwarded-For", forwarded_for);
    out->attempts = aurora_http_attempts_new(exchange, aurora__service_name(service));
    if (out->attempts == NULL)
        add(fields, &count, "traceparent", aurora_http_traceparent(exchange));
    add_tracestate(exchange, fields, &count);
    add(fields, &count, "Aurora-Deadline", deadline);
    if (!sign(exchange, gateway, out, deadline, fields, &count))
        return false;
    out->fields = fields;
    out->field_count = count;
    return true;
}
