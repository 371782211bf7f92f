/* SPDX-License-Identifier: MIT */
/* A token bucket: `tokens` arrive per `per_ns`, at most `burst` lie in it. It is the generic cell
 * rate algorithm (ITU-T I.371) in integers: one word says when the bucket will be full again, a
 * take moves it on. A token is a whole number of units of that word, so no rate drifts: where a
 * token takes a whole or half number of nanoseconds (1 a minute, 1,000 a second) every answer is
 * exact to the nanosecond; elsewhere (7 a second) tokens that follow each other are exact and a
 * full bucket that is used again may refill later, never earlier, by less than 1 ns.
 * Not a clock, and not many keys: limiter.h has those. */
#ifndef AURORA_BUCKET_H
#define AURORA_BUCKET_H

#include <aurora/base.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_BUCKET_PER_NS_MAX 1000000000000000000  /* 10^18 ns, 31 years */
#define AURORA_BUCKET_BURST_MAX 10000000000000000     /* 10^16 tokens */
#define AURORA_BUCKET_FILL_NS_MAX 2000000000000000000 /* burst * per_ns / tokens, 63 years */

/* The caller's memory: no pointer in it, nothing to release. A copy made by memcpy while nobody
 * else uses it is a second bucket with the same content. A zeroed one refuses every take. */
typedef struct {
    uint64_t words[4];
} aurora_bucket;

/* What a bucket answers, as the RateLimit headers of an HTTP answer want it. The caller's memory,
 * pinned size. */
typedef struct {
    uint64_t limit;         /* the burst */
    uint64_t remaining;     /* tokens that one take could have now */
    int64_t retry_after_ns; /* 0 allowed; > 0 the same take works then; -1 never: n > limit */
    int64_t reset_ns;       /* until the bucket is full; 0 = it is */
    uint32_t is_allowed;    /* 0 or 1 */
    uint32_t reserved32;    /* 0 */
    uint64_t reserved[3];   /* 0 */
} aurora_limit;

/* Fills `bucket` to the brim at `now_ns`. tokens 1..per_ns (so at most one a nanosecond), per_ns
 * 1..10^18, burst 1..10^16, and burst * per_ns / tokens at most 2 * 10^18 ns. Returns
 * AURORA_EINVAL beyond them and leaves a bucket that refuses every take.
 *
 * now_ns, here and below: nanoseconds of one clock, best a monotonic one; below 0 it is taken as
 * 0, above 2^62 - 1 (146 years) as that. Threads: confined. */
AURORA_API aurora_status aurora_bucket_init(aurora_bucket *bucket, uint64_t tokens, uint64_t per_ns,
                                            uint64_t burst, int64_t now_ns);

/* Takes `n` tokens, all or none; n 0 takes nothing and is true. False changes nothing, and
 * *retry_after_ns_out (may be NULL) says how long until the same take works if nobody else takes:
 * -1 where n is above the burst. True writes 0.
 *
 * A clock that steps back adds nothing: the bucket refills again once the clock has passed the
 * newest time it was used with, and retry_after covers that. Threads: shared (one atomic word,
 * relaxed: a take orders no other memory). */
AURORA_API bool aurora_bucket_try_take(aurora_bucket *bucket, uint64_t n, int64_t now_ns,
                                       int64_t *retry_after_ns_out);

/* Reads without taking: is_allowed and retry_after_ns speak of one token. Threads: shared. */
AURORA_API void aurora_bucket_read(const aurora_bucket *bucket, int64_t now_ns,
                                   aurora_limit *limit_out);

#ifdef __cplusplus
}
#endif
#endif
