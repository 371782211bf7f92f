/* SPDX-License-Identifier: MIT */
/* The sketches of one store: what sells and what is viewed now by three half-lives each, what sold
 * most ever, what is bought together; and the position of the log that they have counted up to. Not
 * thread-safe by itself. Of completed orders one is counted per (order, SKU), at the time they were
 * placed; of views all, at the time of their event. */
#ifndef AURORA_ENGINE_TRENDING_SET_H
#define AURORA_ENGINE_TRENDING_SET_H

#include "engine/engine.h"

#include <aurora/related.h>
#include <aurora/trending.h>

#define AURORA__RELATED_NEIGHBOURS 32
#define AURORA__TRENDING_SKUS_MAX AURORA_ORDER_LINES_MAX

enum {
    AURORA__TRENDING_HOUR = 0,
    AURORA__TRENDING_DAY = 1,
    AURORA__TRENDING_WEEK = 2,
    AURORA__TRENDING_POPULAR = 3, /* counted at time 0, so that nothing decays */
    AURORA__TRENDING_VIEWS = 4,   /* hour, day and week again */
    AURORA__TRENDING_RANKINGS = 7,
    AURORA__TRENDING_WINDOWS = 3,
};

typedef struct {
    aurora_topk rankings[AURORA__TRENDING_RANKINGS];
    aurora_related related;
    int64_t position;
    int64_t newest_ms;       /* of the orders */
    int64_t newest_views_ms; /* of the views */
    uint64_t counted;        /* orders and views since the set was made or restored */
    /* Of the order that is being counted. */
    const char *skus[AURORA__TRENDING_SKUS_MAX];
    uint16_t slots[2 * 1024]; /* of distinct SKUs, index + 1 */
    char *texts;
    size_t text_bytes;
    const aurora_allocator *allocator;
    void *memory[AURORA__TRENDING_RANKINGS + 1];
} aurora__trending_set;

/* An empty set at position 0, as large as the options say; NULL without memory. */
aurora__trending_set *aurora__trending_set_new(const aurora__engine_options *options);
void aurora__trending_set_free(aurora__trending_set *set);
void aurora__trending_set_reset(aurora__trending_set *set);
/* The same but for views, which no table holds. */
void aurora__trending_set_reset_orders(aurora__trending_set *set);

/* Counts an order. `lines` is as orders.lines; damaged ones count nothing. AURORA_ENOMEM. */
aurora_status aurora__trending_set_count(aurora__trending_set *set, const char *lines,
                                         int64_t placed_at_ms);

/* Counts an event if it is of views, or of a completed order and not a repeat. Times ahead of the
 * event's are taken as the event's. */
aurora_status aurora__trending_set_take(aurora__trending_set *set, const aurora__event *event);

/* Brings the set to the head of the snapshot: out of the log, or out of the orders where the log no
 * longer reaches back. Those know what is COMPLETED now, so that orders returned since are left
 * out; views are then counted from what is left of the log. A set at position 0 that counted
 * nothing starts from what is stored. */
aurora_status aurora__trending_set_catch_up(aurora__trending_set *set, aurora__engine *engine,
                                            aurora_store_txn *txn);

/* Reads the stored snapshots; AURORA_ENOTFOUND, with an empty set, when there are none that fit,
 * as those of a larger set that hold more. */
aurora_status aurora__trending_set_load(aurora__trending_set *set, aurora__engine *engine,
                                        aurora_store_txn *txn);

/* Writes all snapshots and the position `position` inside a write transaction. */
aurora_status aurora__trending_set_save(const aurora__trending_set *set, aurora__turn *turn,
                                        int64_t position);

/* The number of a window, 0 to AURORA__TRENDING_WINDOWS - 1, -1 for another. */
int32_t aurora__trending_window(int64_t window_ms);

/* The position of the stored snapshot; 0 when there is none. */
aurora_status aurora__trending_set_stored(aurora__engine *engine, aurora_store_txn *txn,
                                          int64_t *position_out);

#endif
