/* SPDX-License-Identifier: MIT */
/* The arithmetic of one token bucket, without its storage: bucket.c keeps the level in an atomic
 * word, limiter.c under a lock, many to one rate.
 *
 * The level is the time at which the bucket will be full again, counted in units from time 0. A
 * token is `units` units, a whole number, so that taking tokens rounds nothing. Units per
 * nanosecond are num / den. Where a token takes a whole or half number of ns, a unit is 1 or 1/2 ns
 * and den is 1; elsewhere a token is a power of two of units, the largest that keeps a unit from
 * falling below 1/2 ns, and a time is rounded up to a unit when a full bucket starts to be used.
 * With 1/2 ns at least, 2^62 ns of time and 2 * 10^18 ns of filling stay below 2^64 units. */
#ifndef AURORA_RESILIENCE_GCRA_H
#define AURORA_RESILIENCE_GCRA_H

#include <aurora/bucket.h>

/* Three words, so that it lies in an aurora_bucket beside its level. Zeros are a bucket of no
 * tokens. */
typedef struct {
    uint64_t num;
    uint64_t den_or_units; /* units where den is 1 */
    uint64_t shape;        /* burst << 8 | shift; AURORA__GCRA_WHOLE as shift: den is 1 */
} aurora__gcra;

#define AURORA__GCRA_WHOLE 255

/* A time in units, rounded both ways. They are equal where it falls on a unit. */
typedef struct {
    uint64_t floor, ceil;
} aurora__gcra_time;

/* Checks the ranges of bucket.h. Zeros `rate` and returns AURORA_EINVAL beyond them. */
aurora_status aurora__gcra_init(aurora__gcra *rate, uint64_t tokens, uint64_t per_ns,
                                uint64_t burst, aurora_error *err);

/* by * num / den, where the quotient is below 2^64. */
aurora__gcra_time aurora__gcra_scale(uint64_t by, uint64_t num, uint64_t den);

/* How long from now_ns until the time `level`, rounded up to a ns; 0 if it has come. */
int64_t aurora__gcra_wait_ns(const aurora__gcra *rate, uint64_t level, int64_t now_ns);

/* Fills limit, remaining and reset_ns, and zeros the rest, which speaks of a take. */
void aurora__gcra_describe(const aurora__gcra *rate, uint64_t level, int64_t now_ns,
                           aurora_limit *limit_out);

static inline uint64_t aurora__gcra_burst(const aurora__gcra *rate)
{
    return rate->shape >> 8;
}

/* Units of one token. */
static inline uint64_t aurora__gcra_units(const aurora__gcra *rate)
{
    uint64_t shift = rate->shape & 255;
    return shift == AURORA__GCRA_WHOLE ? rate->den_or_units : (uint64_t)1 << shift;
}

static inline uint64_t aurora__gcra_clamp(int64_t now_ns)
{
    const int64_t max = ((int64_t)1 << 62) - 1;
    return now_ns < 0 ? 0 : (uint64_t)(now_ns > max ? max : now_ns);
}

static inline aurora__gcra_time aurora__gcra_at(const aurora__gcra *rate, int64_t now_ns)
{
    uint64_t now = aurora__gcra_clamp(now_ns);

    if ((rate->shape & 255) == AURORA__GCRA_WHOLE) {
        now *= rate->num;
        return (aurora__gcra_time){now, now};
    }
    return aurora__gcra_scale(now, rate->num, rate->den_or_units);
}

/* Moves *level by n tokens, n 1..burst, if that leaves it no further ahead than a full bucket of
 * them. Otherwise *level becomes the level at which it would have worked. */
static inline bool aurora__gcra_move(const aurora__gcra *rate, aurora__gcra_time now, uint64_t n,
                                     uint64_t *level)
{
    uint64_t units = aurora__gcra_units(rate);
    uint64_t full = aurora__gcra_burst(rate) * units;
    bool is_full = *level <= now.floor;
    uint64_t to = (is_full ? now.ceil : *level) + n * units;

    if (is_full || to <= full || to - full <= now.floor) {
        *level = to;
        return true;
    }
    *level = to - full;
    return false;
}

#endif
