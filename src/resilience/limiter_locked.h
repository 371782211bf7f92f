/* SPDX-License-Identifier: MIT */
/* The inside of a limiter: its shards with their locks, and a take in two steps, asking and
 * settling, so that several buckets can be asked before one is taken from. */
#ifndef AURORA_RESILIENCE_LIMITER_LOCKED_H
#define AURORA_RESILIENCE_LIMITER_LOCKED_H

#include <pthread.h>

#include "gcra.h"
#include "limiter.h"
#include "limiter_shard.h"

/* Two cache lines or more, so that neighbours do not share one. The rate is one for all shards, and
 * lies here so that it changes together with the levels, which are in its units. */
typedef struct {
    pthread_mutex_t lock;
    aurora__shard keys;
    aurora__gcra rate;
    uint64_t admitted, refused, evicted, evicted_busy;
    uint64_t padding[8];
} aurora__locked_shard;

struct aurora_limiter {
    aurora_allocator allocator;
    uint64_t seed[2];
    uint32_t shard_count;
    uint32_t unused;
    aurora__locked_shard shards[];
};

/* A take of a key. */
typedef struct {
    uint64_t n;
    aurora__digest digest;
    uint32_t slot;
    bool is_allowed;
    uint64_t level; /* before the take, and after it where it was settled so */
    uint64_t moved; /* after it, or the level at which it would have worked */
} aurora__asked;

/* The table uses the low word; the shard comes from the other, so that each shard's chains are
 * used evenly. */
static inline aurora__locked_shard *aurora__limiter_shard(aurora_limiter *limiter,
                                                          aurora__digest digest)
{
    return &limiter->shards[digest.high & (limiter->shard_count - 1)];
}

/* A failing lock means a destroyed limiter: there is no answer that would be right. */
static inline void aurora__shard_lock(aurora__locked_shard *shard)
{
    if (pthread_mutex_lock(&shard->lock) != 0)
        __builtin_trap();
}

static inline void aurora__shard_unlock(aurora__locked_shard *shard)
{
    if (pthread_mutex_unlock(&shard->lock) != 0)
        __builtin_trap();
}

/* Whether the bucket has asked->n tokens; changes nothing. The shard is locked, here and below. */
bool aurora__shard_ask(const aurora__locked_shard *shard, aurora__gcra_time now,
                       aurora__asked *asked);

/* Takes what was asked for and allowed, where is_taken says so, and counts it. */
void aurora__shard_settle(aurora__locked_shard *shard, aurora__gcra_time now, aurora__asked *asked,
                          bool is_taken);

/* What the asker is told. */
void aurora__asked_describe(const aurora__asked *asked, const aurora__gcra *rate, int64_t now_ns,
                            aurora_limit *limit_out);

#endif
