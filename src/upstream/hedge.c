/* SPDX-License-Identifier: MIT */
/* A second attempt beside one that is slow, at another address. It is a call of its own without a
 * listener: the first good answer is the call's, and whoever comes second is given up. */
#include <stdlib.h>
#include <string.h>

#include "upstream/internal.h"

#define MS_NS INT64_C(1000000)
#define LEARN 128      /* calls before their times are trusted, and between two looks at them */
#define FORGET_AT 2048 /* calls, then each counts half */
#define DELAY_US_MIN 1000

/* --- what most calls take --------------------------------------------------------------------- */

/* Four buckets to each power of two of microseconds. */
static uint32_t bucket_of(uint64_t us)
{
    uint32_t power = 0;
    while (us >> power > 7)
        power++;
    uint32_t bucket = power * 4 + (uint32_t)(us >> power);
    return bucket < AURORA__LATENCY_BUCKETS ? bucket : AURORA__LATENCY_BUCKETS - 1;
}

static uint64_t us_above(uint32_t bucket)
{
    return bucket < 8 ? bucket + 1 : (uint64_t)(bucket % 4 + 5) << (bucket / 4 - 1);
}

static uint32_t look(aurora__latency *latency)
{
    uint32_t total = 0, below = 0, bucket = 0;
    for (uint32_t i = 0; i < AURORA__LATENCY_BUCKETS; i++)
        total += atomic_load_explicit(&latency->counts[i], memory_order_relaxed);
    for (; bucket < AURORA__LATENCY_BUCKETS - 1; bucket++) {
        below += atomic_load_explicit(&latency->counts[bucket], memory_order_relaxed);
        if ((uint64_t)below * 100 >= (uint64_t)total * 95)
            break;
    }
    for (uint32_t i = 0; total >= FORGET_AT && i < AURORA__LATENCY_BUCKETS; i++) {
        uint32_t half = atomic_load_explicit(&latency->counts[i], memory_order_relaxed) / 2;
        atomic_fetch_sub_explicit(&latency->counts[i], half, memory_order_relaxed);
    }
    uint64_t us = us_above(bucket);
    return us > DELAY_US_MIN ? (uint32_t)us : DELAY_US_MIN;
}

void aurora__latency_record(aurora__latency *latency, int64_t ns)
{
    uint32_t bucket = bucket_of((uint64_t)ns / 1000);
    atomic_fetch_add_explicit(&latency->counts[bucket], 1, memory_order_relaxed);
    if ((atomic_fetch_add_explicit(&latency->seen, 1, memory_order_relaxed) + 1) % LEARN == 0)
        atomic_store_explicit(&latency->p95_us, look(latency), memory_order_relaxed);
}

/* --- when ------------------------------------------------------------------------------------- */

static int64_t delay_ns(const aurora_upstream *upstream)
{
    uint32_t ms = atomic_load_explicit(&upstream->hedge_ms, memory_order_relaxed);
    if (ms != AURORA_UPSTREAM_HEDGE_P95)
        return ms * MS_NS;
    return atomic_load_explicit(&upstream->latency.p95_us, memory_order_relaxed) * INT64_C(1000);
}

int64_t aurora__hedge_at_ns(const aurora_upstream_call *call)
{
    const aurora_upstream *upstream = call->upstream;
    if (!call->request.may_hedge || call->has_hedged || call->is_probe || call->is_hedge ||
        upstream->address_count < 2)
        return INT64_MAX;
    int64_t delay = delay_ns(upstream);
    return delay > 0 ? aurora__now_ns() + delay : INT64_MAX;
}

/* --- the second attempt ----------------------------------------------------------------------- */

static aurora_upstream_call *new_hedge(aurora_upstream_call *owner)
{
    aurora_upstream_call *hedge = calloc(1, sizeof *hedge);
    char *text = malloc(owner->host_at + AURORA__CALL_TAIL_BYTES);
    if (hedge == NULL || text == NULL) {
        free(hedge);
        free(text);
        return NULL;
    }
    memcpy(text, owner->text, owner->host_at);
    hedge->pool = owner->pool;
    hedge->upstream = owner->upstream;
    hedge->place = owner->place;
    hedge->request = owner->request;
    hedge->is_hedge = true;
    hedge->text = text;
    hedge->host_at = owner->host_at;
    hedge->passed = owner->passed;
    return hedge;
}

/* Another address than the owner's, with a place of the bulkhead and a repeat of the budget. */
static bool find_room(aurora_upstream_call *owner, aurora_upstream_call *hedge)
{
    aurora_upstream *upstream = owner->upstream;
    uint32_t unused;
    hedge->has_place = aurora_bulkhead_try_enter(&upstream->bulkhead);
    if (!hedge->has_place)
        return false;
    hedge->address =
        aurora__upstream_choose(upstream, &hedge->passed, true, &hedge->ticket, &unused);
    bool is_other = hedge->address != NULL && hedge->address != owner->address;
    bool is_paid = is_other && aurora_retry_next_ns(&owner->retry, AURORA_RETRY_RETRIABLE, 0,
                                                    aurora__now_ns()) >= 0;
    if (is_paid)
        return true;
    if (hedge->address != NULL)
        aurora__upstream_leave(upstream, hedge->address, hedge->ticket, AURORA_BREAKER_IGNORED);
    aurora_bulkhead_leave(&upstream->bulkhead);
    return false;
}

void aurora__hedge_begin(aurora_upstream_call *owner)
{
    aurora_upstream *upstream = owner->upstream;
    uint32_t attempts_max = atomic_load_explicit(&upstream->attempts_max, memory_order_relaxed);
    owner->has_hedged = true;
    /* A budget that is asked in vain ends the call's repeats. */
    if (aurora_retry_attempts(&owner->retry) >= attempts_max ||
        aurora_retry_budget_left(&upstream->budget) == 0)
        return;
    aurora_upstream_call *hedge = new_hedge(owner);
    if (hedge == NULL)
        return;
    if (!find_room(owner, hedge)) {
        free(hedge->text);
        free(hedge);
        return;
    }
    atomic_fetch_add_explicit(&upstream->hedges, 1, memory_order_relaxed);
    owner->passed |= hedge->passed;
    owner->twin = hedge;
    hedge->twin = owner;
    aurora__call_link(hedge);
    aurora__call_start(hedge);
}

/* --- who is taken ----------------------------------------------------------------------------- */

static void part(aurora_upstream_call *hedge)
{
    hedge->twin->twin = NULL;
    hedge->twin = NULL;
}

void aurora__hedge_adopt(aurora_upstream_call *owner)
{
    aurora_upstream_call *hedge = owner->twin;
    char *text = owner->text;
    part(hedge);
    owner->connection = hedge->connection;
    owner->address = hedge->address;
    owner->ticket = hedge->ticket;
    owner->noted = hedge->noted;
    hedge->noted = NULL;
    owner->text = hedge->text;
    owner->text_len = hedge->text_len;
    owner->sent = hedge->sent;
    owner->may_have_been_sent = owner->may_have_been_sent || hedge->may_have_been_sent;
    owner->connection->call = owner;
    hedge->text = text;
    hedge->connection = NULL;
    hedge->address = NULL;
    int64_t end_ns = hedge->end_ns;
    aurora__call_bury(hedge);
    aurora__call_await(owner, end_ns);
}

aurora_upstream_call *aurora__hedge_win(aurora_upstream_call *hedge)
{
    aurora_upstream_call *owner = hedge->twin;
    atomic_fetch_add_explicit(&owner->upstream->won, 1, memory_order_relaxed);
    aurora__call_give_up(owner, AURORA_BREAKER_IGNORED);
    aurora__hedge_adopt(owner);
    return owner;
}

void aurora__hedge_drop(aurora_upstream_call *hedge, int32_t outcome)
{
    part(hedge);
    aurora__call_give_up(hedge, outcome);
    aurora__call_bury(hedge);
}
