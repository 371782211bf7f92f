/* SPDX-License-Identifier: MIT */
#include "limiter.h"

#include "gcra.h"
#include "limiter_shard.h"
#include "rules.h"

#include <pthread.h>
#include <string.h>

#define SHARDS_CHOSEN 16
#define KEYS_PER_SHARD_CHOSEN 256

/* Two cache lines or more, so that neighbours do not share one. */
typedef struct {
    pthread_mutex_t lock;
    aurora__shard keys;
    uint64_t admitted, refused, evicted, evicted_busy;
    uint64_t padding[8];
} locked_shard;

struct aurora_limiter {
    aurora_allocator allocator;
    aurora__gcra rate;
    uint64_t seed[2];
    uint32_t shard_count;
    locked_shard shards[];
};

_Static_assert(sizeof(aurora_limiter_figures) == 64, "pinned");
_Static_assert(sizeof(aurora_limiter) % 8 == 0 && sizeof(locked_shard) % 8 == 0,
               "what follows must stay aligned");

static uint32_t choose_shards(uint32_t capacity)
{
    uint32_t shards = SHARDS_CHOSEN;
    while (shards > 1 && capacity / shards < KEYS_PER_SHARD_CHOSEN)
        shards /= 2;
    return shards;
}

aurora_status aurora__limiter_plan(aurora_limiter_options *options, size_t *bytes_out,
                                   aurora_error *err)
{
    const aurora__rule rules[] = {
        {"capacity", options->capacity, 1, AURORA_LIMITER_CAPACITY_MAX},
        {"reserved", options->reserved, 0, 0},
    };
    aurora__gcra rate;

    aurora_status rc = aurora__rule_check(rules, sizeof rules / sizeof *rules, err);
    if (rc == AURORA_OK)
        rc = aurora__gcra_init(&rate, options->tokens, options->per_ns, options->burst, err);
    if (rc != AURORA_OK)
        return rc;
    uint32_t shards = options->shards == 0 ? choose_shards(options->capacity) : options->shards;
    if ((shards & (shards - 1)) != 0 || shards > AURORA_LIMITER_SHARDS_MAX ||
        shards > options->capacity)
        return aurora__rule_refuse(err, "shards",
                                   "must be a power of two to 256, not above capacity");

    uint32_t keys = (options->capacity + shards - 1) / shards;
    options->shards = shards;
    options->capacity = keys * shards;
    *bytes_out =
        sizeof(aurora_limiter) + shards * (sizeof(locked_shard) + aurora__shard_bytes(keys));
    return AURORA_OK;
}

static void destroy_locks(aurora_limiter *limiter, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        (void)pthread_mutex_destroy(&limiter->shards[i].lock);
}

aurora_status aurora__limiter_init(aurora_limiter *limiter, const aurora_limiter_options *options,
                                   const aurora_allocator *allocator)
{
    uint32_t keys = options->capacity / options->shards;
    char *memory = (char *)&limiter->shards[options->shards];

    limiter->allocator = *allocator;
    limiter->shard_count = options->shards;
    memcpy(limiter->seed, options->seed, sizeof limiter->seed);
    aurora_status rc =
        aurora__gcra_init(&limiter->rate, options->tokens, options->per_ns, options->burst, NULL);
    if (rc != AURORA_OK)
        return rc;
    for (uint32_t i = 0; i < options->shards; i++) {
        locked_shard *shard = &limiter->shards[i];
        memset(shard, 0, sizeof *shard);
        if (pthread_mutex_init(&shard->lock, NULL) != 0) {
            destroy_locks(limiter, i);
            return AURORA_ENOMEM;
        }
        aurora__shard_init(&shard->keys, keys, memory + i * aurora__shard_bytes(keys));
    }
    return AURORA_OK;
}

aurora_allocator aurora__limiter_deinit(aurora_limiter *limiter)
{
    destroy_locks(limiter, limiter->shard_count);
    return limiter->allocator;
}

/* The table uses the low word; the shard comes from the other, so that each shard's chains are
 * used evenly. */
static locked_shard *shard_of(aurora_limiter *limiter, aurora__digest digest)
{
    return &limiter->shards[digest.high & (limiter->shard_count - 1)];
}

/* A failing lock means a destroyed limiter: there is no answer that would be right. */
static void lock(locked_shard *shard)
{
    if (pthread_mutex_lock(&shard->lock) != 0)
        __builtin_trap();
}

static void unlock(locked_shard *shard)
{
    if (pthread_mutex_unlock(&shard->lock) != 0)
        __builtin_trap();
}

static void store(locked_shard *shard, aurora__digest digest, uint64_t level, uint64_t now)
{
    uint64_t evicted_level;

    if (!aurora__shard_insert(&shard->keys, digest, level, &evicted_level))
        return;
    shard->evicted++;
    shard->evicted_busy += evicted_level > now;
}

/* Writes the key's level after the take, then that at which a refused take would have worked. */
static bool take(aurora_limiter *limiter, aurora__digest digest, uint64_t n, aurora__gcra_time now,
                 uint64_t level_out[2])
{
    locked_shard *shard = shard_of(limiter, digest);

    lock(shard);
    uint32_t slot = aurora__shard_find(&shard->keys, digest);
    uint64_t level = slot == AURORA__SLOT_NONE ? aurora__shard_first_level(&shard->keys)
                                               : aurora__shard_level(&shard->keys, slot);
    uint64_t moved = level;
    bool is_taken = n == 0 || (n <= aurora__gcra_burst(&limiter->rate) &&
                               aurora__gcra_move(&limiter->rate, now, n, &moved));
    if (is_taken && n > 0) {
        if (slot == AURORA__SLOT_NONE)
            store(shard, digest, moved, now.floor);
        else
            aurora__shard_raise(&shard->keys, slot, moved);
        level = moved;
    }
    shard->admitted += is_taken;
    shard->refused += !is_taken;
    unlock(shard);
    level_out[0] = level;
    level_out[1] = moved;
    return is_taken;
}

bool aurora_limiter_try_take(aurora_limiter *limiter, const void *key, size_t key_len, uint64_t n,
                             int64_t now_ns, aurora_limit *limit_out)
{
    const aurora__gcra *rate = &limiter->rate;
    aurora__gcra_time now = aurora__gcra_at(rate, now_ns);
    aurora__digest digest = aurora__siphash(limiter->seed, key, key_len);
    uint64_t level[2];

    bool is_taken = take(limiter, digest, n, now, level);
    if (limit_out != NULL) {
        aurora__gcra_describe(rate, level[0], now_ns, limit_out);
        limit_out->is_allowed = is_taken;
        if (n > limit_out->limit)
            limit_out->retry_after_ns = -1;
        else if (!is_taken)
            limit_out->retry_after_ns = aurora__gcra_wait_ns(rate, level[1], now_ns);
    }
    return is_taken;
}

void aurora_limiter_read(aurora_limiter *limiter, const void *key, size_t key_len, int64_t now_ns,
                         aurora_limit *limit_out)
{
    const aurora__gcra *rate = &limiter->rate;
    aurora__gcra_time now = aurora__gcra_at(rate, now_ns);
    aurora__digest digest = aurora__siphash(limiter->seed, key, key_len);
    locked_shard *shard = shard_of(limiter, digest);

    lock(shard);
    uint32_t slot = aurora__shard_find(&shard->keys, digest);
    uint64_t level = slot == AURORA__SLOT_NONE ? aurora__shard_first_level(&shard->keys)
                                               : aurora__shard_level(&shard->keys, slot);
    unlock(shard);
    aurora__gcra_describe(rate, level, now_ns, limit_out);
    limit_out->is_allowed = aurora__gcra_move(rate, now, 1, &level);
    if (!limit_out->is_allowed)
        limit_out->retry_after_ns = aurora__gcra_wait_ns(rate, level, now_ns);
}

void aurora_limiter_read_figures(aurora_limiter *limiter, aurora_limiter_figures *figures_out)
{
    *figures_out = (aurora_limiter_figures){0};
    for (uint32_t i = 0; i < limiter->shard_count; i++) {
        locked_shard *shard = &limiter->shards[i];
        lock(shard);
        figures_out->keys += shard->keys.count;
        figures_out->capacity += shard->keys.capacity;
        figures_out->admitted += shard->admitted;
        figures_out->refused += shard->refused;
        figures_out->evicted += shard->evicted;
        figures_out->evicted_busy += shard->evicted_busy;
        unlock(shard);
    }
}
