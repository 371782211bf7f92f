/* SPDX-License-Identifier: MIT */
/* Placing and cancelling an order as questions to a shop: what orders cancel, seed and replay
 * do. */
#ifndef AURORACTL_ORDERS_H
#define AURORACTL_ORDERS_H

#include "shop.h"

/* The caller's memory, not to be moved between init and deinit. */
typedef struct {
    aurora_order_request request;
    ctl_target target;
    aurora_json_out body;
    ctl_ask ask;
} ctl_place;

/* Copies *request; its texts and arrays are borrowed. A server waits as long as the store would. */
void ctl_place_init(ctl_place *place, const aurora_order_request *request);
void ctl_place_deinit(ctl_place *place);

typedef struct {
    aurora_cancel request;
    ctl_target target;
    aurora_json_out body;
    ctl_ask ask;
} ctl_cancel;

/* Copies *request; its texts are borrowed. */
void ctl_cancel_init(ctl_cancel *cancel, const aurora_cancel *request);
void ctl_cancel_deinit(ctl_cancel *cancel);

#endif
