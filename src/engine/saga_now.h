/* SPDX-License-Identifier: MIT */
/* How sagas stand now, for the metrics page: unsettled orders and the oldest of each status, who is
 * parked, dead letters, holds beyond their time, followers' lag. Read from the store, so that it is
 * right after a start and where several instances share it, by the indexes of what is unsettled:
 * settled orders cost nothing.
 *
 * A pass begins at most each 5 seconds, between batches, and reads at most 256 rows each 50 ms. So
 * with more than 256 unsettled orders it takes several looks, 100,000 take 20 seconds; the page has
 * the figures of the last whole pass until then, and none before the first. */
#ifndef AURORA_ENGINE_SAGA_NOW_H
#define AURORA_ENGINE_SAGA_NOW_H

#include "engine/saga_counts.h"

typedef struct aurora__engine aurora__engine;

typedef struct {
    int64_t orders[AURORA_ORDER_PARKED + 1];    /* by the status that is shown */
    int64_t oldest_ms[AURORA_ORDER_PARKED + 1]; /* since when; meant where there are any */
    int64_t parked[AURORA__PARKED_BY_COUNT][AURORA__PARKED_WHY_COUNT];
    int64_t dead_letters;
} aurora__saga_sums;

typedef struct {
    aurora__saga_sums sums; /* of the pass that is under way */
    int32_t stage;          /* 0 = none is */
    int64_t next_ns;        /* no look before */
    /* Where the stage goes on: behind the last row that it read. */
    bool has_last;
    int64_t last_ms;
    int64_t last_sequence;
    aurora_id last_id;
    char last_consumer[64];
    char last_key[AURORA_TEXT_BYTES_MAX + 1];
    /* Made with the first pass: what is not known is not shown as 0. */
    bool is_shown;
    aurora__gauge *orders[AURORA_ORDER_PARKED + 1];
    aurora__gauge *ages_ms[AURORA_ORDER_PARKED + 1];
    aurora__gauge *parked[AURORA__PARKED_BY_COUNT][AURORA__PARKED_WHY_COUNT];
    aurora__gauge *dead_letters;
    aurora__gauge *expiry_lag_ms;
} aurora__saga_now;

/* A look, if it is time for one; on the driving thread, outside of any transaction. */
void aurora__saga_look(aurora__engine *engine);

#endif
