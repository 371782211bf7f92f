/* SPDX-License-Identifier: MIT */
/* Header fields and query parameters that several routes read, each refusing with a problem that
 * names it: pages, conditions, keys, preferences. Each returns false after it has answered. */
#ifndef AURORA_HTTP_FIELDS_H
#define AURORA_HTTP_FIELDS_H

#include "http/exchange.h"

/* 400 invalid_parameter or invalid_header, which blames this one: "limit must be ...". The rule
 * goes on behind the name. Both return false. */
bool aurora_http_refuse_parameter(aurora_http_exchange *exchange, const char *name,
                                  const char *rule);
bool aurora_http_refuse_header(aurora_http_exchange *exchange, const char *name, const char *rule);

/* A whole decimal number. An absent parameter leaves *out alone. */
bool aurora_http_query_int(aurora_http_exchange *exchange, const char *name, int64_t min,
                           int64_t max, int64_t *out);
/* RFC 3339. */
bool aurora_http_query_time(aurora_http_exchange *exchange, const char *name, int64_t *ms_out);
/* limit= 1..max; *out keeps its default where it is absent. */
bool aurora_http_query_limit(aurora_http_exchange *exchange, uint32_t max, uint32_t *out);
/* cursor=: the library's cursor out of the sealed text (HMAC-SHA-256 with `key`, bound to route,
 * principal's right to see all, and filters): 400 invalid_cursor for any text that we did not make.
 * *out is NULL for the first page. */
bool aurora_http_query_cursor(aurora_http_exchange *exchange, const uint8_t key[32],
                              const char **out);
/* Seals the library's next_cursor for the same route; NULL gives NULL. Freed with the exchange.
 * Without memory it is "", which no page has: a list must not seem to end. */
const char *aurora_http_cursor_seal(aurora_http_exchange *exchange, const uint8_t key[32],
                                    const char *next_cursor);

/* Idempotency-Key, bare or as a quoted structured-field string, 1..255 bytes; NULL when absent. */
bool aurora_http_idempotency_key(aurora_http_exchange *exchange, const char **out);
/* Prefer: wait=N in milliseconds, capped at 30,000; 0 when absent. Other preferences are
 * ignored. */
uint32_t aurora_http_prefer_wait_ms(const aurora_http_exchange *exchange);
/* What is left of the time in Aurora-Deadline, in milliseconds; 0 = it has passed, INT64_MAX =
 * there is none. One that nobody has signed is heard as well: it shortens its own request alone. */
int64_t aurora_http_left_ms(const aurora_http_exchange *exchange);
/* Answers 504 where nothing is left of it: nobody waits for the work any more. */
bool aurora_http_refuse_late(aurora_http_exchange *exchange);

/* ETags are "\"<version>\"", strong. If-Match as if_version of a put: *out is a version, 0 with
 * If-None-Match: *, AURORA_ANY_VERSION when absent or "*" (then is_star). 400 for a weak or
 * malformed one, for a list, which no single version can meet, and for both fields at once;
 * is_never for a well-formed tag that is not ours (412 by the handler). */
typedef struct {
    uint64_t version;
    bool is_star;
    bool is_never;
    bool is_given;
} aurora_http_condition;
bool aurora_http_if_match(aurora_http_exchange *exchange, aurora_http_condition *out);
/* Whether If-None-Match names this version (or "*"): answer 304. */
bool aurora_http_is_unmodified(const aurora_http_exchange *exchange, uint64_t version);
/* The same for what has no version: `tag` is an entity tag with its quotes. */
bool aurora_http_has_tag(const aurora_http_exchange *exchange, const char *tag);
void aurora_http_set_etag(aurora_http_exchange *exchange, uint64_t version);

#endif
