/* SPDX-License-Identifier: MIT */
/* What Go cannot say by itself: memory that one call works in, a log that is pulled, and loops that
 * would otherwise cross from Go to C once for each element. No domain rule. */
#ifndef AURORA_GO_SHIM_H
#define AURORA_GO_SHIM_H

#include <stdlib.h>

#ifdef AURORA_GO_BUNDLED
#include <aurora.h>
#else
#include <aurora/aurora.h>
#include <aurora/testing.h>
#endif

/* The outs of one call. It lies in C memory and is used again by later calls. */
typedef struct {
    aurora_error err;
    void *result;
    uint64_t numbers[2];
    uint32_t count;
    int32_t decision;
    union {
        aurora_stock stock;
        aurora_drain drain;
        uint8_t key[32];
    } as;
} aurora_go_outs;

/* A bucket's answer in one word, so that nothing has to be allocated for it: 0 = taken, else as
 * *retry_after_ns_out of aurora_bucket_try_take. */
static inline int64_t aurora_go_bucket_take(aurora_bucket *bucket, uint64_t n, int64_t now_ns)
{
    int64_t retry_after_ns;
    aurora_bucket_try_take(bucket, n, now_ns, &retry_after_ns);
    return retry_after_ns;
}

/* The ticket, which is never 0, or 0 = refused. */
static inline uint64_t aurora_go_breaker_enter(aurora_breaker *breaker, int64_t now_ns)
{
    uint64_t ticket;
    aurora_breaker_try_enter(breaker, now_ns, &ticket);
    return ticket;
}

#endif
