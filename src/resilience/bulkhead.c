/* SPDX-License-Identifier: MIT */
#include <aurora/bulkhead.h>

#include "rules.h"

/* Word 0: running in the low half, waiting in the high half, changed together. Word 1: their
 * bounds likewise. Neither half can run over: the bounds are below 2^31. */
#define RUNNING_ONE ((uint64_t)1)
#define WAITING_ONE ((uint64_t)1 << 32)

static uint64_t running(uint64_t word)
{
    return word & UINT32_MAX;
}

static uint64_t waiting(uint64_t word)
{
    return word >> 32;
}

aurora_status aurora_bulkhead_init(aurora_bulkhead *bulkhead, uint32_t running_max,
                                   uint32_t waiting_max)
{
    const aurora__rule rules[] = {
        {"running_max", running_max, 1, AURORA_BULKHEAD_MAX},
        {"waiting_max", waiting_max, 0, AURORA_BULKHEAD_MAX},
    };

    *bulkhead = (aurora_bulkhead){{0, 0}};
    aurora_status rc = aurora__rule_check(rules, sizeof rules / sizeof *rules, NULL);
    if (rc == AURORA_OK)
        bulkhead->words[1] = running_max | (uint64_t)waiting_max << 32;
    return rc;
}

/* What a call asks of the counts, and what it does to them. */
typedef struct {
    bool needs_place, needs_queue, needs_running, needs_waiting;
    uint64_t add; /* modulo 2^64, so that a decrement is the two's complement */
} change;

static bool is_possible(const change *wanted, uint64_t counts, uint64_t bounds)
{
    return !(wanted->needs_place && running(counts) >= running(bounds)) &&
           !(wanted->needs_queue && waiting(counts) >= waiting(bounds)) &&
           !(wanted->needs_running && running(counts) == 0) &&
           !(wanted->needs_waiting && waiting(counts) == 0);
}

/* Acquire and release: what a call did before it left is seen by the one that takes its place. */
static bool try_change(aurora_bulkhead *bulkhead, change wanted)
{
    uint64_t *word = &bulkhead->words[0];
    uint64_t counts = __atomic_load_n(word, __ATOMIC_RELAXED);

    do {
        if (!is_possible(&wanted, counts, bulkhead->words[1]))
            return false;
    } while (!__atomic_compare_exchange_n(word, &counts, counts + wanted.add, true,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return true;
}

bool aurora_bulkhead_try_enter(aurora_bulkhead *bulkhead)
{
    return try_change(bulkhead, (change){.needs_place = true, .add = RUNNING_ONE});
}

void aurora_bulkhead_leave(aurora_bulkhead *bulkhead)
{
    (void)try_change(bulkhead, (change){.needs_running = true, .add = 0 - RUNNING_ONE});
}

bool aurora_bulkhead_try_wait(aurora_bulkhead *bulkhead)
{
    return try_change(bulkhead, (change){.needs_queue = true, .add = WAITING_ONE});
}

bool aurora_bulkhead_try_promote(aurora_bulkhead *bulkhead)
{
    return try_change(
        bulkhead,
        (change){.needs_place = true, .needs_waiting = true, .add = RUNNING_ONE - WAITING_ONE});
}

void aurora_bulkhead_abandon(aurora_bulkhead *bulkhead)
{
    (void)try_change(bulkhead, (change){.needs_waiting = true, .add = 0 - WAITING_ONE});
}

void aurora_bulkhead_read(const aurora_bulkhead *bulkhead, uint32_t *running_out,
                          uint32_t *waiting_out)
{
    uint64_t counts = __atomic_load_n(&bulkhead->words[0], __ATOMIC_RELAXED);

    if (running_out != NULL)
        *running_out = (uint32_t)running(counts);
    if (waiting_out != NULL)
        *waiting_out = (uint32_t)waiting(counts);
}
