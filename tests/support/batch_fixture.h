/* SPDX-License-Identifier: MIT */
/* A shop without a worker whose commands wait until the test pumps, so that a test decides what one
 * batch holds; the store below it can be told what to refuse. One at a time in a process. */
#ifndef AURORA_TESTS_SUPPORT_BATCH_FIXTURE_H
#define AURORA_TESTS_SUPPORT_BATCH_FIXTURE_H

#include "adapters/store_memory/store_memory.h"
#include "engine/engine.h"
#include "shop.h"

#define BATCH_ORDERS_MAX 64

typedef struct {
    aurora_t *shop;
    aurora__engine *engine;
    aurora__store_memory_faults_t *faults; /* NULL for a file */
    aurora_manual_clock manual;
    aurora_clock clock;
    aurora_failing_allocator failing;
    aurora_allocator allocator;
    aurora_log log;
    uint32_t fatal_lines; /* of the log, since the fixture was opened */
    aurora_queue *queue;
    const char *sku; /* what is ordered next: SHOP_SKU unless a test sets another */
    aurora_completion done[BATCH_ORDERS_MAX]; /* as they came */
    uint32_t done_count;
    /* What the store below answers, until it is cleared. */
    aurora_status lasting;   /* every save: AURORA_OK = none */
    uint64_t poison;         /* bit i: a save that holds the order of tag i is AURORA_ECONFLICT */
    uint32_t saves;          /* calls since the fixture was opened */
    uint32_t resolves;       /* questions after an unknown commit */
    int64_t resolve_ms;      /* each of them takes so long by the clock */
    uint32_t early_answers;  /* completions that were out while a commit was unknown */
    uint64_t saved_poisoned; /* bit i: a save held that order */
} batch_fixture;

/* Opens "memory:" or a file, with up to two further settings (NULL = none), a clock that stands
 * still at SHOP_NOW, and 1,000 pieces of SHOP_SKU. */
void batch_fixture_open(batch_fixture *fixture, const char *url, const char *setting,
                        const char *another);
/* Closes; fails the test where some of the shop's memory is left. */
void batch_fixture_close(batch_fixture *fixture);

/* Submits orders of one piece of `sku` with the tags first..first + count - 1 and the keys "k0",
 * "k1", ... They wait. */
void batch_fixture_submit(batch_fixture *fixture, uint32_t first, uint32_t count);
/* One turn of the engine, which may break in it; then takes what completed. */
void batch_fixture_turn(batch_fixture *fixture);

/* The sum of all samples of one metric. */
uint64_t batch_fixture_metric(batch_fixture *fixture, const char *name);

/* Orders first..first + count - 1 in this order, each with this status, and nothing else; forgets
 * them. */
void batch_fixture_assert_done(batch_fixture *fixture, uint32_t first, uint32_t count,
                               aurora_status status);

/* Writes one row below the library, as another process would that should not. */
void batch_fixture_put(batch_fixture *fixture, uint32_t table, const void *row, uint32_t kind);

#endif
