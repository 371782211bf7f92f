/* SPDX-License-Identifier: MIT */
#include "limiter.h"

#include "limiter_locked.h"
#include "rules.h"

#include <string.h>

#define SHARDS_CHOSEN 16
#define KEYS_PER_SHARD_CHOSEN 256

_Static_assert(sizeof(aurora_limiter_figures) == 64, "pinned");
_Static_assert(sizeof(aurora_limiter) % 8 == 0 && sizeof(aurora__locked_shard) % 8 == 0,
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
    *bytes_out = sizeof(aurora_limiter) +
                 shards * (sizeof(aurora__locked_shard) + aurora__shard_bytes(keys));
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
    aurora__gcra rate;
    aurora_status rc =
        aurora__gcra_init(&rate, options->tokens, options->per_ns, options->burst, NULL);
    if (rc != AURORA_OK)
        return rc;
    for (uint32_t i = 0; i < options->shards; i++) {
        aurora__locked_shard *shard = &limiter->shards[i];
        memset(shard, 0, sizeof *shard);
        shard->rate = rate;
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

bool aurora_limiter_try_take(aurora_limiter *limiter, const void *key, size_t key_len, uint64_t n,
                             int64_t now_ns, aurora_limit *limit_out)
{
    aurora__digest digest = aurora__siphash(limiter->seed, key, key_len);
    aurora__locked_shard *shard = aurora__limiter_shard(limiter, digest);
    aurora__asked asked = {.n = n, .digest = digest};

    aurora__shard_lock(shard);
    const aurora__gcra rate = shard->rate;
    aurora__gcra_time now = aurora__gcra_at(&rate, now_ns);
    bool is_taken = aurora__shard_ask(shard, now, &asked);
    aurora__shard_settle(shard, now, &asked, is_taken);
    aurora__shard_unlock(shard);
    if (limit_out != NULL)
        aurora__asked_describe(&asked, &rate, now_ns, limit_out);
    return is_taken;
}

uint32_t aurora_limiter_try_take_many(aurora_limiter *limiter, const void *keys,
                                      const uint32_t *key_lens, uint32_t count, uint64_t n,
                                      int64_t now_ns, aurora_limit *limits_out)
{
    const unsigned char *key = keys == NULL ? (const unsigned char *)"" : keys;
    uint32_t taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        aurora_limit *limit = limits_out == NULL ? NULL : &limits_out[i];
        taken += aurora_limiter_try_take(limiter, key, key_lens[i], n, now_ns, limit);
        key += key_lens[i];
    }
    return taken;
}

void aurora_limiter_read(aurora_limiter *limiter, const void *key, size_t key_len, int64_t now_ns,
                         aurora_limit *limit_out)
{
    aurora__digest digest = aurora__siphash(limiter->seed, key, key_len);
    aurora__locked_shard *shard = aurora__limiter_shard(limiter, digest);
    aurora__asked asked = {.n = 1, .digest = digest};

    aurora__shard_lock(shard);
    const aurora__gcra rate = shard->rate;
    (void)aurora__shard_ask(shard, aurora__gcra_at(&rate, now_ns), &asked);
    aurora__shard_unlock(shard);
    aurora__asked_describe(&asked, &rate, now_ns, limit_out);
}

void aurora_limiter_read_figures(aurora_limiter *limiter, aurora_limiter_figures *figures_out)
{
    *figures_out = (aurora_limiter_figures){0};
    for (uint32_t i = 0; i < limiter->shard_count; i++) {
        aurora__locked_shard *shard = &limiter->shards[i];
        aurora__shard_lock(shard);
        figures_out->keys += shard->keys.count;
        figures_out->capacity += shard->keys.capacity;
        figures_out->admitted += shard->admitted;
        figures_out->refused += shard->refused;
        figures_out->evicted += shard->evicted;
        figures_out->evicted_busy += shard->evicted_busy;
        aurora__shard_unlock(shard);
    }
}
