/* SPDX-License-Identifier: MIT */
/* From a head that the gate let through to a request that a handler may see. */
#include "http/request.h"

#include "http/cors.h"
#include "http/field_name.h"
#include "http/loop.h"
#include "http/media_type.h"
#include "http/principal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define OWN_MEMORY_MAX 2048 /* bodies up to this lie in the exchange's own memory */
#define FIRST_PIECE_MAX 65536

/* --- reading ---------------------------------------------------------------------------------- */

static void read_target(aurora_http_exchange *exchange, const aurora__gate *gate, char *head)
{
    if (gate->target_len == 0) {
        exchange->path = (char *)"/";
        return;
    }
    exchange->path = head + gate->target_at;
    exchange->path[gate->target_len] = '\0';
    char *mark = strchr(exchange->path, '?');
    if (mark != NULL) {
        *mark = '\0';
        exchange->query = mark + 1;
    }
}

/* A name with "_" is another's with "-" to whoever hands fields on as variables (CGI and its
 * heirs): X_User_Id would speak for an X-User-Id that a proxy sets. They are as good as not
 * sent. */
static bool is_ambiguous(const char *name, size_t len)
{
    return memchr(name, '_', len) != NULL;
}

static bool read_fields(aurora_http_exchange *exchange, const aurora__gate *gate, char *head)
{
    uint32_t at = gate->fields_at;
    aurora__gate_field field;
    exchange->fields =
        aurora_http_alloc(exchange, (gate->field_count + 1) * sizeof(exchange->fields[0]));
    if (exchange->fields == NULL)
        return false;
    while (exchange->field_count < gate->field_count &&
           aurora__gate_next_field(head, gate->head_len, &at, &field)) {
        if (is_ambiguous(head + field.name_at, field.name_len))
            continue;
        head[field.name_at + field.name_len] = '\0';
        head[field.value_at + field.value_len] = '\0';
        exchange->fields[exchange->field_count++] =
            (aurora_http_pair){head + field.name_at, head + field.value_at};
    }
    return true;
}

/* The Fetch standard's page of another origin, where there is a list of those that may read. */
static void read_origin(aurora_http_exchange *exchange)
{
    const aurora__cors *cors =
        atomic_load_explicit(&exchange->loop->server->cors, memory_order_acquire);
    if (aurora__cors_is_empty(cors))
        return;
    exchange->has_origins = true;
    exchange->origin = aurora__cors_find(cors, aurora_http_header(exchange, "Origin"));
}

bool aurora__request_read(aurora_http_exchange *exchange, const aurora__gate *gate,
                          const char *head)
{
    char *copy = aurora__exchange_copy(exchange, head, gate->head_len);
    if (copy == NULL || !read_fields(exchange, gate, copy))
        return false;
    exchange->method = gate->method;
    exchange->method_text = copy + gate->method_at;
    exchange->method_text[gate->method_len] = '\0';
    if (gate->authority_len > 0) {
        exchange->authority =
            aurora__exchange_copy(exchange, copy + gate->authority_at, gate->authority_len);
        if (exchange->authority == NULL)
            return false;
    }
    read_target(exchange, gate, copy);
    read_origin(exchange);
    exchange->keeps_alive = aurora__gate_keeps_alive(gate);
    exchange->is_http_1_0 = gate->minor == 0;
    aurora__trace_begin(exchange, exchange->loop->random);
    return true;
}

static bool grow_body(aurora_http_exchange *exchange, size_t needed, size_t expected)
{
    if (expected <= OWN_MEMORY_MAX && needed <= expected) {
        exchange->body = aurora_http_alloc(exchange, expected + 1);
        exchange->body_capacity = expected;
        return exchange->body != NULL;
    }
    size_t capacity = exchange->body_capacity * 2;
    if (capacity < expected && expected <= FIRST_PIECE_MAX)
        capacity = expected;
    if (capacity < needed)
        capacity = needed;
    if (expected >= needed && capacity > expected)
        capacity = expected;
    char *larger = realloc(exchange->is_body_owned ? exchange->body : NULL, capacity + 1);
    if (larger == NULL)
        return false;
    aurora__exchange_hold(exchange, capacity - exchange->body_capacity);
    exchange->body = larger;
    exchange->is_body_owned = true;
    exchange->body_capacity = capacity;
    return true;
}

bool aurora__request_add(aurora_http_exchange *exchange, const char *data, size_t len,
                         size_t expected)
{
    size_t needed = exchange->body_len + len;
    if (len == 0)
        return true;
    if (needed > exchange->body_capacity && !grow_body(exchange, needed, expected))
        return false;
    memcpy(exchange->body + exchange->body_len, data, len);
    exchange->body_len = needed;
    exchange->body[needed] = '\0';
    return true;
}

/* --- judging ---------------------------------------------------------------------------------- */

static bool is_single(const char *name)
{
    static const char *const names[] = {"Content-Type", "Idempotency-Key", "Authorization",
                                        "Last-Event-ID", "Origin"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (aurora__field_name_is(name, names[i]))
            return true;
    }
    return strncasecmp(name, "aurora-", 7) == 0;
}

static const char *join(aurora_http_exchange *exchange, const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    char *text = aurora_http_alloc(exchange, a_len + b_len + 3);
    if (text == NULL)
        return a;
    memcpy(text, a, a_len);
    memcpy(text + a_len, ", ", 2);
    memcpy(text + a_len + 2, b, b_len + 1);
    return text;
}

/* RFC 9110, 5.3: fields of one name are a list, but for those that are not. */
static bool join_fields(aurora_http_exchange *exchange)
{
    aurora_http_pair *fields = exchange->fields;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < exchange->field_count; i++) {
        uint32_t same = 0;
        while (same < kept && !aurora__field_name_is(fields[same].name, fields[i].name))
            same++;
        if (same == kept) {
            fields[kept++] = fields[i];
        } else if (is_single(fields[i].name)) {
            exchange->origin = NULL; /* it may be that field, and of two nobody is believed */
            aurora_http_blame(exchange, AURORA_HTTP_AT_HEADER, fields[i].name, "is given twice");
            aurora_http_problem(exchange, 400, "invalid_header", "A header field is given twice.");
            return false;
        } else {
            fields[same].value = join(exchange, fields[same].value, fields[i].value);
        }
    }
    exchange->field_count = kept;
    return true;
}

static void answer_options(aurora_http_exchange *exchange, uint32_t allow)
{
    char text[64];
    aurora_router_allow(allow, text);
    aurora_http_set(exchange, "Allow", text);
    exchange->is_preflight = exchange->origin != NULL &&
                             aurora_http_header(exchange, "Access-Control-Request-Method") != NULL;
    aurora_http_reply(exchange, 204, NULL, NULL, 0);
}

static void answer_no_route(aurora_http_exchange *exchange)
{
    const aurora_router_match *match = &exchange->match;
    char text[64];
    if (match->status == 405 && exchange->method == AURORA_HTTP_OPTIONS) {
        answer_options(exchange, match->allow);
    } else if (match->status == 405) {
        aurora_router_allow(match->allow, text);
        aurora_http_set(exchange, "Allow", text);
        aurora_http_problem(exchange, 405, "method_not_allowed", "This path answers %s.", text);
    } else if (match->status == 400) {
        aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, match->bad,
                          "must be percent-encoded UTF-8 without / and NUL");
        aurora_http_problem(exchange, 400, "invalid_parameter",
                            "A part of the path is not what it should be.");
    } else {
        aurora_http_problem(exchange, 404, "not_found", "There is nothing at this path.");
    }
}

static bool find_route(aurora_http_exchange *exchange)
{
    char *memory = aurora_http_alloc(exchange, strlen(exchange->path) + 1);
    if (exchange->path[0] == '*') {
        answer_options(exchange, ~(1u << AURORA_HTTP_PATCH)); /* no route has it */
        return false;
    }
    if (memory == NULL) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return false;
    }
    aurora_router_find(exchange->loop->server->router, exchange->method, exchange->path, memory,
                       &exchange->match);
    exchange->route = exchange->match.route;
    if (exchange->route == NULL)
        answer_no_route(exchange);
    return exchange->route != NULL;
}

/* Whether the field that a token comes in was read; *out says what it is. */
static bool read_bearer(aurora_http_exchange *exchange, int64_t now_ms, aurora_http_bearer *out)
{
    const aurora_http_options *options = &exchange->loop->server->options;
    const char *authorization = aurora_http_header(exchange, "Authorization");
    if (options->authenticate == NULL || authorization == NULL ||
        (exchange->route->flags & AURORA_HTTP_SIGNED) != 0)
        return false;
    options->authenticate(options->self, authorization, now_ms, out);
    return true;
}

/* The texts of a token's principal, which are on the stack, become the exchange's. */
static bool keep_principal(aurora_http_exchange *exchange)
{
    aurora_http_principal *principal = &exchange->principal;
    const char *contact = principal->contact;
    principal->name = aurora__exchange_copy(exchange, principal->name, strlen(principal->name));
    if (contact != NULL)
        principal->contact = aurora__exchange_copy(exchange, contact, strlen(contact));
    if (principal->name != NULL && (contact == NULL || principal->contact != NULL))
        return true;
    *principal = (aurora_http_principal){.name = ""};
    aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
    return false;
}

static bool check_principal(aurora_http_exchange *exchange)
{
    struct timespec now;
    aurora_http_bearer bearer;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    bool has_bearer = read_bearer(exchange, now_ms, &bearer);
    if (has_bearer && bearer.verdict == AURORA_BEARER_WAIT && aurora__park(exchange))
        return false;
    const aurora_principal_request request = {
        .route = exchange->route,
        .method = exchange->method_text,
        .path = exchange->path,
        .query = exchange->query,
        .body = exchange->body,
        .body_len = exchange->body_len,
        .host = exchange->authority != NULL ? exchange->authority
                                            : aurora_http_header(exchange, "Host"),
        .content_type = aurora_http_header(exchange, "Content-Type"),
        .principal = aurora_http_header(exchange, "Aurora-Principal"),
        .scopes = aurora_http_header(exchange, "Aurora-Scopes"),
        .deadline = aurora_http_header(exchange, "Aurora-Deadline"),
        .signature = aurora_http_header(exchange, "Aurora-Signature"),
        .knows_peers = exchange->loop->server->options.knows_peers,
        .is_peer_trusted = exchange->is_peer_trusted,
        .contact = aurora_http_header(exchange, "Aurora-Contact"),
        .now_ms = now_ms,
        .takes_tokens = exchange->loop->server->options.authenticate != NULL,
        .bearer = has_bearer ? &bearer : NULL,
    };
    aurora_http_refusal refusal = {0};
    if (aurora_principal_read(exchange->loop->server->secret, &request, &exchange->principal,
                              &refusal))
        return !has_bearer || keep_principal(exchange);
    exchange->has_token = has_bearer;
    exchange->refusal = refusal;
    if (!has_bearer || keep_principal(exchange))
        aurora__dispatch_refuse(exchange);
    return false;
}

static bool refuse_type(aurora_http_exchange *exchange, const char *field, const char *rule)
{
    aurora_http_blame(exchange, AURORA_HTTP_AT_HEADER, field, "%s", rule);
    aurora_http_problem(exchange, 415, "unsupported_media_type",
                        "The body is of a type that is not read here.");
    return false;
}

static bool check_body(aurora_http_exchange *exchange)
{
    uint32_t flags = exchange->route->flags;
    const char *coding = aurora_http_header(exchange, "Content-Encoding");
    if (coding != NULL && strcasecmp(coding, "identity") != 0)
        return refuse_type(exchange, "Content-Encoding", "must not be given");
    if (exchange->body_len > 0 &&
        (flags & (AURORA_HTTP_JSON_BODY | AURORA_HTTP_JSON_MAYBE | AURORA_HTTP_ANY_BODY)) == 0) {
        aurora_http_problem(exchange, 400, "malformed_request", "This call takes no body.");
        return false;
    }
    return true;
}

static bool check_type(aurora_http_exchange *exchange)
{
    uint32_t flags = exchange->route->flags;
    bool is_asked = (flags & AURORA_HTTP_JSON_BODY) != 0 ||
                    ((flags & AURORA_HTTP_JSON_MAYBE) != 0 && exchange->body_len > 0);
    if (is_asked && !aurora__media_type_is_json(aurora_http_header(exchange, "Content-Type")))
        return refuse_type(exchange, "Content-Type", "must be application/json");
    return true;
}

static bool read_query(aurora_http_exchange *exchange)
{
    aurora_query_error error = {0};
    if (exchange->query[0] == '\0')
        return true;
    char *memory = aurora_http_alloc(exchange, strlen(exchange->query) + 1);
    exchange->parameters =
        aurora_http_alloc(exchange, AURORA_ROUTER_QUERY_MAX * sizeof(exchange->parameters[0]));
    if (memory == NULL || exchange->parameters == NULL) {
        aurora_http_refuse(exchange, AURORA_ENOMEM, NULL);
        return false;
    }
    if (aurora_query_parse(exchange->query, exchange->route->query, memory, exchange->parameters,
                           &exchange->query_count, &error))
        return true;
    exchange->query_count = 0;
    aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, error.parameter, "%s", error.rule);
    aurora_http_problem(exchange, 400, "invalid_parameter", "%s %s",
                        error.parameter[0] == '\0' ? "\"\"" : error.parameter, error.rule);
    return false;
}

/* Of all requests that are read, so that the log has whom it refused. */
static bool find_client(aurora_http_exchange *exchange)
{
    aurora__exchange_find_client(exchange);
    return true;
}

bool aurora__request_judge_again(aurora_http_exchange *exchange)
{
    return check_principal(exchange) && check_type(exchange) && read_query(exchange);
}

bool aurora__request_judge(aurora_http_exchange *exchange)
{
    return join_fields(exchange) && find_client(exchange) && find_route(exchange) &&
           check_body(exchange) && aurora__request_judge_again(exchange);
}
