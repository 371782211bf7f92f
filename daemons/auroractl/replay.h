/* SPDX-License-Identifier: MIT */
/* One replay on its way: the file, the store, and where each order of the file stands. */
#ifndef AURORACTL_REPLAY_H
#define AURORACTL_REPLAY_H

#include "ctl.h"
#include "retail.h"

/* Where one order of the file stands in the store. */
typedef struct {
    aurora_id id;
    uint64_t version;
    int64_t total_minor;
    int32_t outcome; /* AURORA_ORDER_COMPLETED, _FAILED, _CANCELLED; 0 = none yet */
    bool is_stored;
    bool is_parked;
} ctl_replay_state;

typedef struct {
    aurora_t *shop;
    ctl_retail_file file;
    ctl_replay_state *states; /* beside file.orders */
    uint32_t order_count;     /* of those before --until */
    uint32_t stock_percent;
    uint32_t refused_count; /* orders that the store would not take */
    int64_t until_ms;
} ctl_replay_run;

/* Puts the products of the file, and receives their stock once and for all: the key of a receipt is
 * its SKU's. An exit status. */
int ctl_replay_products(ctl_replay_run *replay);
int ctl_replay_stock(ctl_replay_run *replay);

/* Places the orders and fills in their states, in the order of the file, hundreds at a time. An
 * exit status. */
int ctl_replay_orders(ctl_replay_run *replay);

/* Waits until orders that have no outcome yet have one, or time is over. An exit status. */
int ctl_replay_settle(ctl_replay_run *replay);

/* Cancels the orders that the file's returns take back whole. An exit status. */
int ctl_replay_returns(ctl_replay_run *replay);

/* Takes over what the store says of an order. */
void ctl_replay_state_set(ctl_replay_state *state, const aurora_order *order);

#endif
