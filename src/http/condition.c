/* SPDX-License-Identifier: MIT */
/* Conditional requests (RFC 9110, section 13) over versions: If-Match, If-None-Match, ETag. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <aurora/product.h>

#include "http/fields.h"

/* The end of a strong entity tag at `at`, behind its second quote; NULL where there is none. */
static const char *tag_end(const char *at)
{
    if (*at != '"')
        return NULL;
    for (at++; *at != '"'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x21 || c == 0x7f)
            return NULL;
    }
    return at + 1;
}

/* The version of a tag that we made, 0 for another's: versions begin at 1. */
static uint64_t tag_version(const char *at, const char *end)
{
    uint64_t version = 0;
    if (at[1] == '0')
        return 0;
    for (at++; at < end - 1; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (digit > 9 || version > (UINT64_MAX - digit) / 10)
            return 0;
        version = version * 10 + digit;
    }
    return version;
}

static bool read_match(aurora_http_exchange *exchange, const char *text, aurora_http_condition *out)
{
    static const char rule[] = "must be * or one strong entity tag such as \"3\"";
    out->is_given = true;
    if (strcmp(text, "*") == 0) {
        out->is_star = true;
        return true;
    }
    const char *end = tag_end(text);
    if (end == NULL || *end != '\0')
        return aurora_http_refuse_header(exchange, "If-Match", rule);
    uint64_t version = tag_version(text, end);
    out->is_never = version == 0 || version == AURORA_ANY_VERSION;
    if (!out->is_never)
        out->version = version;
    return true;
}

bool aurora_http_if_match(aurora_http_exchange *exchange, aurora_http_condition *out)
{
    const char *match = aurora_http_header(exchange, "If-Match");
    const char *none_match = aurora_http_header(exchange, "If-None-Match");
    *out = (aurora_http_condition){.version = AURORA_ANY_VERSION};
    if (match != NULL && none_match != NULL)
        return aurora_http_refuse_header(exchange, "If-None-Match",
                                         "cannot be given with If-Match");
    if (match != NULL)
        return read_match(exchange, match, out);
    if (none_match == NULL)
        return true;
    if (strcmp(none_match, "*") != 0)
        return aurora_http_refuse_header(exchange, "If-None-Match",
                                         "must be * where something is written");
    out->is_given = true;
    out->version = 0;
    return true;
}

/* Whether If-None-Match is "*" or has a tag that `is_ours` knows. The weak comparison, as for every
 * GET: W/"3" is "3". */
static bool has_match(const aurora_http_exchange *exchange,
                      bool (*is_ours)(const char *at, const char *end, const void *what),
                      const void *what)
{
    const char *at = aurora_http_header(exchange, "If-None-Match");
    if (at == NULL)
        return false;
    if (strcmp(at, "*") == 0)
        return true;
    for (;;) {
        at += strspn(at, " \t,");
        if (at[0] == 'W' && at[1] == '/')
            at += 2;
        const char *end = tag_end(at);
        if (end == NULL)
            return false;
        if (is_ours(at, end, what))
            return true;
        at = end;
    }
}

static bool is_version(const char *at, const char *end, const void *version)
{
    return tag_version(at, end) == *(const uint64_t *)version;
}

static bool is_tag(const char *at, const char *end, const void *tag)
{
    size_t len = (size_t)(end - at);
    return strlen(tag) == len && memcmp(at, tag, len) == 0;
}

bool aurora_http_is_unmodified(const aurora_http_exchange *exchange, uint64_t version)
{
    return version != 0 && has_match(exchange, is_version, &version);
}

bool aurora_http_has_tag(const aurora_http_exchange *exchange, const char *tag)
{
    return has_match(exchange, is_tag, tag);
}

void aurora_http_set_etag(aurora_http_exchange *exchange, uint64_t version)
{
    char text[24];
    snprintf(text, sizeof text, "\"%" PRIu64 "\"", version);
    aurora_http_set(exchange, "ETag", text);
}
