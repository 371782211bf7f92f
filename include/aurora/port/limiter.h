/* SPDX-License-Identifier: MIT */
/* What a rate limiter that several processes share fills in. Its decisions are those of
 * aurora_bucket_try_take on the same arrivals: tests/integration/test_redis_limiter.c. */
#ifndef AURORA_PORT_LIMITER_H
#define AURORA_PORT_LIMITER_H

#include <aurora/allocator.h>
#include <aurora/breaker.h>
#include <aurora/bucket.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AURORA_LIMITER_TAKES_MAX 16 /* takes of one call */

/* aurora_limiter_take.flags: it takes where it can, and where it cannot it stops nobody. */
#define AURORA_LIMITER_TAKE_SHADOW 1u

/* One take of one key under one policy. */
typedef struct {
    const char *policy; /* [a-z0-9_-]{1,40}; with the key it names the bucket */
    const char *key;    /* any bytes; key_len of them */
    uint32_t key_len;   /* 0..512 */
    uint32_t flags;     /* AURORA_LIMITER_TAKE_SHADOW, or 0 */
    uint64_t tokens;    /* these three as in aurora_bucket_init */
    uint64_t per_ns;    /* the time in which `tokens` arrive */
    uint64_t burst;     /* tokens that a full bucket holds */
    uint64_t cost;      /* tokens to take */
    uint64_t extra;     /* tokens that are wanted beside the cost: all of them, or none */
} aurora_limiter_take;

/* What an adapter fills in. */
typedef struct {
    uint32_t size; /* sizeof(aurora_limiter_port) */
    uint32_t reserved;
    void *self;
    /* Takes, or says why not, in *limit_out (AURORA_OK in both cases). AURORA_EIO and
     * AURORA_ETIMEDOUT: nothing is known, the caller follows its fallback. AURORA_EINVAL;
     * AURORA_ENOTSUP: the adapter cannot count this rate exactly. Any thread; ends within the
     * adapter's time limit. */
    aurora_status (*take)(void *self, const aurora_limiter_take *take, aurora_limit *limit_out);
    /* Nobody calls any more. */
    void (*close)(void *self);
    /* Reads the breaker that stands before it, for operators; any thread. NULL = there is none. */
    void (*breaker)(void *self, aurora_breaker_figures *figures_out);
    /* Takes from several buckets, all or none, as aurora_limiter_try_take_all does; `count` up to
     * AURORA_LIMITER_TAKES_MAX. extras_out[i] is what was taken beside the cost of takes[i]. A
     * bucket whose rate has changed keeps what is missing in it, at most a burst. As `take` in all
     * else. */
    aurora_status (*take_all)(void *self, const aurora_limiter_take *takes, uint32_t count,
                              aurora_limit *limits_out, uint64_t *extras_out);
} aurora_limiter_port;

/* How to open. */
typedef struct {
    uint32_t size; /* sizeof(aurora_limiter_port_options) */
    uint32_t reserved;
    const char *address;                                         /* behind "scheme:" */
    const aurora_allocator *allocator;                           /* never NULL */
    void (*log)(void *self, int32_t level, const char *message); /* NULL = silence */
    void *log_self;
} aurora_limiter_port_options;

/* Opens; connects lazily. On failure *err names the field "limiter". */
typedef aurora_status (*aurora_limiter_open_fn)(const aurora_limiter_port_options *options,
                                                aurora_limiter_port *out, aurora_error *err);

#ifdef __cplusplus
}
#endif
#endif
