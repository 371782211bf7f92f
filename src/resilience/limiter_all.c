/* SPDX-License-Identifier: MIT */
/* Takes in two steps, takes that go together, and another rate for buckets that are in use. */
#include "limiter_locked.h"

#include <string.h>

/* --- one bucket ------------------------------------------------------------------------------- */

bool aurora__shard_ask(const aurora__locked_shard *shard, aurora__gcra_time now,
                       aurora__asked *asked)
{
    asked->slot = aurora__shard_find(&shard->keys, asked->digest);
    asked->level = asked->slot == AURORA__SLOT_NONE
                       ? aurora__shard_first_level(&shard->keys)
                       : aurora__shard_level(&shard->keys, asked->slot);
    asked->moved = asked->level;
    asked->is_allowed =
        asked->n == 0 || (asked->n <= aurora__gcra_burst(&shard->rate) &&
                          aurora__gcra_move(&shard->rate, now, asked->n, &asked->moved));
    return asked->is_allowed;
}

static void store(aurora__locked_shard *shard, aurora__digest digest, uint64_t level, uint64_t now)
{
    uint64_t evicted_level;

    if (!aurora__shard_insert(&shard->keys, digest, level, &evicted_level))
        return;
    shard->evicted++;
    shard->evicted_busy += evicted_level > now;
}

void aurora__shard_settle(aurora__locked_shard *shard, aurora__gcra_time now, aurora__asked *asked,
                          bool is_taken)
{
    shard->admitted += is_taken;
    shard->refused += !is_taken;
    if (!is_taken || asked->n == 0)
        return;
    if (asked->slot == AURORA__SLOT_NONE)
        store(shard, asked->digest, asked->moved, now.floor);
    else
        aurora__shard_raise(&shard->keys, asked->slot, asked->moved);
    asked->level = asked->moved;
}

void aurora__asked_describe(const aurora__asked *asked, const aurora__gcra *rate, int64_t now_ns,
                            aurora_limit *limit_out)
{
    aurora__gcra_describe(rate, asked->level, now_ns, limit_out);
    limit_out->is_allowed = asked->is_allowed;
    if (asked->n > limit_out->limit)
        limit_out->retry_after_ns = -1;
    else if (!asked->is_allowed)
        limit_out->retry_after_ns = aurora__gcra_wait_ns(rate, asked->moved, now_ns);
}

/* --- several ---------------------------------------------------------------------------------- */

/* What is kept of each claim while all are locked. */
typedef struct {
    aurora__locked_shard *shard;
    aurora__gcra_time now;
    aurora__asked asked;
} claimed;

/* Neighbours mostly have one key, and limiters of one owner one seed: it is hashed once. */
static aurora__digest digest_of(const aurora_limiter_claim *claim,
                                const aurora_limiter_claim *previous, aurora__digest known)
{
    if (previous != NULL && previous->key == claim->key && previous->key_len == claim->key_len &&
        memcmp(previous->limiter->seed, claim->limiter->seed, sizeof claim->limiter->seed) == 0)
        return known;
    return aurora__siphash(claim->limiter->seed, claim->key, claim->key_len);
}

static void find_shards(const aurora_limiter_claim *const *claims, uint32_t count, claimed *found)
{
    for (uint32_t i = 0; i < count; i++) {
        const aurora_limiter_claim *previous = i > 0 ? claims[i - 1] : NULL;
        aurora__digest known = i > 0 ? found[i - 1].asked.digest : (aurora__digest){0, 0};
        found[i].asked =
            (aurora__asked){.n = claims[i]->n, .digest = digest_of(claims[i], previous, known)};
        found[i].shard = aurora__limiter_shard(claims[i]->limiter, found[i].asked.digest);
    }
}

/* Each lock once and in the order of addresses, in which nobody can wait for somebody who waits. */
static uint32_t lock_all(const claimed *found, uint32_t count, aurora__locked_shard **locked)
{
    uint32_t locks = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = locks;
        while (at > 0 && locked[at - 1] > found[i].shard)
            at--;
        if (at > 0 && locked[at - 1] == found[i].shard)
            continue;
        for (uint32_t j = locks; j > at; j--)
            locked[j] = locked[j - 1];
        locked[at] = found[i].shard;
        locks++;
    }
    for (uint32_t i = 0; i < locks; i++)
        aurora__shard_lock(locked[i]);
    return locks;
}

bool aurora_limiter_try_take_all(const aurora_limiter_claim *const *claims, uint32_t count,
                                 int64_t now_ns, aurora_limit *limits_out)
{
    claimed found[AURORA_LIMITER_CLAIMS_MAX];
    aurora__locked_shard *locked[AURORA_LIMITER_CLAIMS_MAX];
    bool is_allowed = true;

    if (count > AURORA_LIMITER_CLAIMS_MAX)
        return false;
    find_shards(claims, count, found);
    uint32_t locks = lock_all(found, count, locked);
    for (uint32_t i = 0; i < count; i++) {
        claimed *at = &found[i];
        at->now = aurora__gcra_at(&at->shard->rate, now_ns);
        bool has_tokens = aurora__shard_ask(at->shard, at->now, &at->asked);
        is_allowed &= has_tokens || (claims[i]->flags & AURORA_LIMITER_SHADOW) != 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        claimed *at = &found[i];
        aurora__shard_settle(at->shard, at->now, &at->asked, is_allowed && at->asked.is_allowed);
        if (limits_out != NULL)
            aurora__asked_describe(&at->asked, &at->shard->rate, now_ns, &limits_out[i]);
    }
    for (uint32_t i = 0; i < locks; i++)
        aurora__shard_unlock(locked[i]);
    return is_allowed;
}

/* --- another rate ----------------------------------------------------------------------------- */

typedef struct {
    aurora__gcra_time from_now, to_now;
    aurora__gcra from, to;
} change;

/* The level at which as many tokens are missing, rounded up to a unit. It grows with the old one,
 * so that a heap stays one. */
static uint64_t changed_level(const change *how, uint64_t level)
{
    uint64_t from = aurora__gcra_units(&how->from), to = aurora__gcra_units(&how->to);
    if (level <= how->from_now.floor)
        return 0;
    uint64_t missing = level - how->from_now.floor;
    uint64_t whole = missing / from, burst = aurora__gcra_burst(&how->to);
    if (whole >= burst)
        return how->to_now.ceil + burst * to;
    return how->to_now.ceil + whole * to + aurora__gcra_scale(missing % from, to, from).ceil;
}

aurora_status aurora_limiter_set_rate(aurora_limiter *limiter, uint64_t tokens, uint64_t per_ns,
                                      uint64_t burst, int64_t now_ns, aurora_error *err)
{
    change how;
    aurora_status rc = aurora__gcra_init(&how.to, tokens, per_ns, burst, err);
    if (rc != AURORA_OK)
        return rc;
    how.to_now = aurora__gcra_at(&how.to, now_ns);
    for (uint32_t i = 0; i < limiter->shard_count; i++) {
        aurora__locked_shard *shard = &limiter->shards[i];
        aurora__shard_lock(shard);
        how.from = shard->rate;
        how.from_now = aurora__gcra_at(&how.from, now_ns);
        for (uint32_t j = 0; j < shard->keys.count; j++)
            shard->keys.ranked[j].level = changed_level(&how, shard->keys.ranked[j].level);
        shard->rate = how.to;
        aurora__shard_unlock(shard);
    }
    return AURORA_OK;
}
