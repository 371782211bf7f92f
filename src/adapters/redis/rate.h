/* SPDX-License-Identifier: MIT */
/* A bucket's rate as limiter.lua counts: in units of the in-process bucket (a token is a whole
 * number of them), and in periods of `micros` microseconds, which have a whole number too. */
#ifndef AURORA_ADAPTERS_REDIS_RATE_H
#define AURORA_ADAPTERS_REDIS_RATE_H

#include <aurora/port/limiter.h>

/* A time or a span: less than `units` of the period beyond whole periods. */
typedef struct {
    int64_t periods;
    int64_t units;
} aurora__rate_time;

typedef struct {
    uint64_t tokens; /* these two without a common divisor */
    uint64_t per_ns;
    uint64_t num; /* units a nanosecond are num / den */
    uint64_t den;
    uint64_t token_units;
    uint64_t burst;
    int64_t units;  /* of a period, below 2^52 */
    int64_t micros; /* a period, up to 2^40 */
} aurora__rate;

/* AURORA_EINVAL beyond the ranges of aurora_bucket_init; AURORA_ENOTSUP for a rate whose period is
 * longer than 2^40 microseconds. It never is where per_ns is up to 2^40 (18 minutes), or a whole
 * number of microseconds up to 2^40 of them (12.7 days), or tokens is 1 or 2. */
aurora_status aurora__rate_init(aurora__rate *rate, uint64_t tokens, uint64_t per_ns,
                                uint64_t burst);

/* What n tokens are, n up to the burst. */
aurora__rate_time aurora__rate_tokens(const aurora__rate *rate, uint64_t n);

/* What aurora_limiter_try_take fills in, for the level after the take and that at which a refused
 * take of `cost` would have worked. */
void aurora__rate_describe(const aurora__rate *rate, aurora__rate_time level,
                           aurora__rate_time works, int64_t now_micros, uint64_t cost,
                           bool is_allowed, aurora_limit *out);

#endif
