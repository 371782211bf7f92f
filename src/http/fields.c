/* SPDX-License-Identifier: MIT */
/* Numbers, times and pages out of the query; keys and preferences out of the head. */
#include "http/fields.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "http/time_text.h"

#define KEY_BYTES_MAX 255
#define WAIT_MS_MAX 30000

bool aurora_http_refuse_parameter(aurora_http_exchange *exchange, const char *name,
                                  const char *rule)
{
    aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, name, "%s", rule);
    aurora_http_problem(exchange, 400, "invalid_parameter", "%s %s", name, rule);
    return false;
}

bool aurora_http_refuse_header(aurora_http_exchange *exchange, const char *name, const char *rule)
{
    aurora_http_blame(exchange, AURORA_HTTP_AT_HEADER, name, "%s", rule);
    aurora_http_problem(exchange, 400, "invalid_header", "%s %s", name, rule);
    return false;
}

/* -?[0-9]+ within int64. */
static bool read_int(const char *at, int64_t *out)
{
    bool is_negative = *at == '-';
    int64_t number = 0;
    at += is_negative;
    if (*at == '\0')
        return false;
    for (; *at != '\0'; at++) {
        int digit = *at - '0';
        if (digit < 0 || digit > 9 || number < (INT64_MIN + digit) / 10)
            return false;
        number = number * 10 - digit;
    }
    if (!is_negative && number == INT64_MIN)
        return false;
    *out = is_negative ? number : -number;
    return true;
}

bool aurora_http_query_int(aurora_http_exchange *exchange, const char *name, int64_t min,
                           int64_t max, int64_t *out)
{
    const char *text = aurora_http_query(exchange, name);
    int64_t number = 0;
    if (text == NULL)
        return true;
    if (!read_int(text, &number) || number < min || number > max) {
        aurora_http_blame(exchange, AURORA_HTTP_AT_PARAMETER, name,
                          "must be a whole number from %" PRId64 " to %" PRId64, min, max);
        aurora_http_problem(exchange, 400, "invalid_parameter",
                            "%s must be a whole number from %" PRId64 " to %" PRId64, name, min,
                            max);
        return false;
    }
    *out = number;
    return true;
}

bool aurora_http_query_time(aurora_http_exchange *exchange, const char *name, int64_t *ms_out)
{
    const char *text = aurora_http_query(exchange, name);
    if (text == NULL || aurora__http_time_read(text, ms_out))
        return true;
    return aurora_http_refuse_parameter(
        exchange, name,
        "must be a time as RFC 3339 writes it, 2026-11-23T06:38:06Z; a plus "
        "sign in a query is written %2B");
}

bool aurora_http_query_limit(aurora_http_exchange *exchange, uint32_t max, uint32_t *out)
{
    int64_t limit = *out;
    if (!aurora_http_query_int(exchange, "limit", 1, max, &limit))
        return false;
    *out = (uint32_t)limit;
    return true;
}

/* --- the head --------------------------------------------------------------------------------- */

/* A structured-field string (RFC 9651, section 3.3.3) without its quotes and escapes; the length,
 * or 0 for anything else. */
static size_t unquote(const char *at, char *out, size_t capacity)
{
    size_t length = 0;
    for (at++; *at != '"'; at++) {
        if (*at == '\\') {
            at++;
            if (*at != '"' && *at != '\\')
                return 0;
        }
        if (*at < 0x20 || *at > 0x7e || length == capacity)
            return 0;
        out[length++] = *at;
    }
    return at[1] == '\0' ? length : 0;
}

/* Visible ASCII. No quote, which belongs to the other form, and no comma, which is what two fields
 * of this name are joined by. */
static size_t read_bare(const char *at, char *out, size_t capacity)
{
    size_t length = 0;
    for (; *at != '\0'; at++) {
        if (*at <= 0x20 || *at > 0x7e || *at == '"' || *at == ',' || length == capacity)
            return 0;
        out[length++] = *at;
    }
    return length;
}

bool aurora_http_idempotency_key(aurora_http_exchange *exchange, const char **out)
{
    static const char name[] = "Idempotency-Key";
    static const char rule[] = "must be 1 to 255 visible ASCII characters without quote and comma, "
                               "or such a text with blanks and commas in double quotes";
    const char *text = aurora_http_header(exchange, name);
    *out = NULL;
    if (text == NULL)
        return true;
    char *key = aurora_http_alloc(exchange, KEY_BYTES_MAX + 1);
    if (key == NULL) {
        aurora_http_problem(exchange, 503, "overloaded", "there is no memory for the key");
        return false;
    }
    size_t length =
        *text == '"' ? unquote(text, key, KEY_BYTES_MAX) : read_bare(text, key, KEY_BYTES_MAX);
    if (length == 0)
        return aurora_http_refuse_header(exchange, name, rule);
    key[length] = '\0';
    *out = key;
    return true;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* The end of a preference: its comma or the end of the text; commas in quotes do not count. */
static const char *preference_end(const char *at)
{
    bool is_quoted = false;
    for (; *at != '\0' && (is_quoted || *at != ','); at++) {
        if (*at == '\\' && is_quoted && at[1] != '\0')
            at++;
        else if (*at == '"')
            is_quoted = !is_quoted;
    }
    return at;
}

/* `wait=N`, also `wait = "N"`; -1 for any other preference. */
static int64_t read_wait(const char *at)
{
    int64_t seconds = 0;
    if (strncasecmp(at, "wait", 4) != 0)
        return -1;
    at = skip_blanks(at + 4);
    if (*at != '=')
        return -1;
    at = skip_blanks(at + 1);
    at += *at == '"';
    if (*at < '0' || *at > '9')
        return -1;
    for (; *at >= '0' && *at <= '9'; at++)
        seconds = seconds < WAIT_MS_MAX ? seconds * 10 + (*at - '0') : seconds;
    at = skip_blanks(at + (*at == '"'));
    if (*at != '\0' && *at != ',' && *at != ';')
        return -1;
    return seconds > WAIT_MS_MAX / 1000 ? WAIT_MS_MAX : seconds * 1000;
}

/* RFC 7240: the first of several counts, and what is not understood is ignored. */
uint32_t aurora_http_prefer_wait_ms(const aurora_http_exchange *exchange)
{
    const char *at = aurora_http_header(exchange, "Prefer");
    while (at != NULL && *at != '\0') {
        int64_t wait_ms = read_wait(skip_blanks(at));
        if (wait_ms >= 0)
            return (uint32_t)wait_ms;
        at = preference_end(at);
        at += *at == ',';
    }
    return 0;
}

#define DEADLINE_DIGITS_MAX 15

int64_t aurora_http_left_ms(const aurora_http_exchange *exchange)
{
    const char *text = aurora_http_header(exchange, "Aurora-Deadline");
    struct timespec now;
    int64_t deadline_ms = 0;
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
    if (digits == 0 || digits > DEADLINE_DIGITS_MAX || text[digits] != '\0')
        return INT64_MAX;
    for (size_t i = 0; i < digits; i++)
        deadline_ms = deadline_ms * 10 + (text[i] - '0');
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t left_ms = deadline_ms - ((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    return left_ms > 0 ? left_ms : 0;
}

bool aurora_http_refuse_late(aurora_http_exchange *exchange)
{
    if (aurora_http_left_ms(exchange) > 0)
        return false;
    aurora_http_set(exchange, "Retry-After", "1");
    aurora_http_problem(exchange, 504, "timeout",
                        "The request's deadline had passed before it was worked on.");
    return true;
}
