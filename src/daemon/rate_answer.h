/* SPDX-License-Identifier: MIT */
/* What an answer says of rate limits: RateLimit and RateLimit-Policy
 * (draft-ietf-httpapi-ratelimit-headers-10), Retry-After, and the problems. */
#ifndef AURORA_DAEMON_RATE_ANSWER_H
#define AURORA_DAEMON_RATE_ANSWER_H

#include "daemon/rate_lease.h"
#include "http/exchange.h"

/* RateLimit-Policy, and RateLimit of the enforced buckets that are known. */
void aurora__rate_answer_fields(aurora_http_exchange *exchange, const char *policy_field,
                                const aurora__rate_ask *asks, uint32_t count);

/* 429 with the policies that refused, and Retry-After of the last of them to give way. The fields
 * were set. */
void aurora__rate_answer_refusal(aurora_http_exchange *exchange, const aurora__rate_ask *asks,
                                 uint32_t count);

/* 503 where nobody can count and the fallback is closed. */
void aurora__rate_answer_closed(aurora_http_exchange *exchange);

#endif
