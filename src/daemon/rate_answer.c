/* SPDX-License-Identifier: MIT */
#include "daemon/rate_answer.h"

#include <string.h>

#include "http/decimal.h"

#define SECOND_NS INT64_C(1000000000)
#define FIELD_BYTES 96 /* of one bucket: its name, two numbers and what is around them */
#define TYPES "https://iana.org/assignments/http-problem-types#"

static int64_t seconds_up(int64_t ns)
{
    return (ns + SECOND_NS - 1) / SECOND_NS;
}

static char *put_text(char *at, const char *text)
{
    size_t len = strlen(text);
    memcpy(at, text, len);
    return at + len;
}

static bool is_shown(const aurora__rate_ask *ask)
{
    return ask->is_known && !ask->claim->rule->is_shadow;
}

static char *put_bucket(char *at, const aurora__rate_ask *ask)
{
    const aurora_limit *limit = &ask->limit;
    int64_t wait_ns = limit->is_allowed ? limit->reset_ns : limit->retry_after_ns;
    *at++ = '"';
    at = put_text(at, ask->claim->rule->windows[ask->claim->window].name);
    at = put_text(at, "\";r=");
    at = aurora__decimal_write(at, limit->remaining);
    at = put_text(at, ";t=");
    return aurora__decimal_write(at, (uint64_t)seconds_up(wait_ns > 0 ? wait_ns : 0));
}

void aurora__rate_answer_fields(aurora_http_exchange *exchange, const char *policy_field,
                                const aurora__rate_ask *asks, uint32_t count)
{
    char text[AURORA__RATE_CLAIMS_MAX * FIELD_BYTES], *at = text;
    if (policy_field[0] == '\0')
        return;
    aurora_http_set(exchange, "RateLimit-Policy", policy_field);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_shown(&asks[i]))
            continue;
        if (at != text)
            at = put_text(at, ", ");
        at = put_bucket(at, &asks[i]);
    }
    *at = '\0';
    if (at != text)
        aurora_http_set(exchange, "RateLimit", text);
}

void aurora__rate_answer_refusal(aurora_http_exchange *exchange, const aurora__rate_ask *asks,
                                 uint32_t count)
{
    char names[AURORA__RATE_CLAIMS_MAX * (AURORA__RATE_WINDOW_NAME_BYTES + 1)], *at = names;
    char seconds[24];
    int64_t wait_ns = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_shown(&asks[i]) || asks[i].limit.is_allowed)
            continue;
        if (at != names)
            *at++ = ' ';
        at = put_text(at, asks[i].claim->rule->windows[asks[i].claim->window].name);
        if (asks[i].limit.retry_after_ns > wait_ns)
            wait_ns = asks[i].limit.retry_after_ns;
    }
    *at = '\0';
    *aurora__decimal_write(seconds, (uint64_t)seconds_up(wait_ns)) = '\0';
    aurora_http_set(exchange, "Retry-After", seconds);
    aurora_http_type(exchange, TYPES "quota-exceeded");
    aurora_http_extend_list(exchange, "violated-policies", names);
    aurora_http_problem(exchange, 429, "quota_exceeded",
                        "Too many requests: RateLimit-Policy says how many may come.");
}

void aurora__rate_answer_closed(aurora_http_exchange *exchange)
{
    aurora_http_type(exchange, TYPES "temporary-reduced-capacity");
    aurora_http_problem(exchange, 503, "unavailable",
                        "The rate limiter cannot be reached, and nothing passes without it.");
}
