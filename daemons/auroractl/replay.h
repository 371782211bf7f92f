/* SPDX-License-Identifier: MIT */
/* One replay on its way: the file, the shop, and where each order of the file stands there. */
#ifndef AURORACTL_REPLAY_H
#define AURORACTL_REPLAY_H

#include "retail.h"
#include "shop.h"

/* Where one order of the file stands in the shop. */
typedef struct {
    aurora_id id;
    uint64_t version;
    int64_t total_minor;
    int32_t outcome; /* AURORA_ORDER_COMPLETED, _FAILED, _CANCELLED; 0 = none yet */
    bool is_stored;
    bool is_parked;
    bool is_settled;
} ctl_replay_state;

/* What became of an order that was sent. */
typedef struct {
    uint32_t number; /* of the order in the file */
    aurora_status status;
    aurora_id taken_by; /* with AURORA_ETAKEN, where it is known */
    ctl_replay_state state;
    char why[188]; /* of a refusal, "" = nothing beside the status */
} ctl_replay_result;

typedef struct ctl_replay_run ctl_replay_run;

/* How orders travel, many at a time: into a store's queue, or over connections. */
typedef struct {
    uint32_t in_flight_max;
    bool keeps_order; /* decides them in the order in which they are sent */
    aurora_status (*open)(ctl_replay_run *replay);
    void (*close)(ctl_replay_run *replay);
    /* Sends the first of `count` orders that there is room for. */
    aurora_status (*submit)(ctl_replay_run *replay, const uint32_t *numbers, uint32_t count,
                            uint32_t *accepted_out);
    /* Takes what is complete, at most in_flight_max; waits a little where nothing is. */
    aurora_status (*take)(ctl_replay_run *replay, ctl_replay_result *results_out,
                          uint32_t *count_out);
    /* Brings all states up to date, and waits until they are settled or time is over. */
    aurora_status (*settle)(ctl_replay_run *replay);
} ctl_replay_carrier;

extern const ctl_replay_carrier ctl_replay_by_store;
extern const ctl_replay_carrier ctl_replay_by_url;

struct ctl_replay_run {
    ctl_shop shop;
    const ctl_replay_carrier *carrier;
    void *carrying; /* the carrier's */
    ctl_retail_file file;
    ctl_replay_state *states; /* beside file.orders */
    uint32_t order_count;     /* of those before --until */
    uint32_t stock_percent;
    uint32_t refused_count; /* orders that the shop would not take */
    int64_t until_ms;
    int64_t patience_ms; /* without one answer that is not "later" */
};

#define CTL_REPLAY_SETTLE_MS                                                                       \
    120000                       /* calls that a kill cut off are asked again after their lease */
#define CTL_REPLAY_WAIT_MS 30000 /* of one order for its outcome */
#define CTL_REPLAY_KEY "replay/online-retail/"

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

/* An invoice as a request, without a key. */
void ctl_replay_request(const ctl_retail_invoice *invoice, aurora_order_request *request_out);

/* What an order's JSON says of its state. */
ctl_replay_state ctl_replay_state_read(aurora_json_value order);

#endif
