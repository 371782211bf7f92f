/* SPDX-License-Identifier: MIT */
/* The follower "customers": which orders are a customer's. An index in random order would cost each
 * batch a page an order, so the list is written behind the commit, sorted, one of 512 slices at a
 * time, each with the position up to which it is complete; a listing adds the orders after it. */
#ifndef AURORA_ENGINE_CUSTOMERS_H
#define AURORA_ENGINE_CUSTOMERS_H

#include "engine/follower.h"

/* The at most `limit` (1..65,536) orders of `customer` as the snapshot `txn` has them, newest id
 * first, only ids below *before unless that is NULL. Exact on any handle, also in a process that
 * follows nothing. Any thread. */
aurora_status aurora__customers_list(aurora__engine *engine, aurora_store_txn *txn,
                                     const char *customer, const aurora_id *before, uint32_t limit,
                                     aurora_id *ids_out, uint32_t *count_out);

/* --- between the follower and the listing ---------------------------------------------------- */

/* Ids that a listing has found outside of the index. */
typedef struct {
    aurora__query_arena *arena;
    const char *customer;
    const aurora_id *before;
    aurora_id *ids;
    uint32_t count;
    uint32_t capacity;
} aurora__customers_found;

/* AURORA_ENOMEM. */
aurora_status aurora__customers_found_add(aurora__customers_found *found, const aurora_id *id);

/* Adds the orders of found->customer that memory holds with after < position <= head.
 * *complete_out is the position up to which memory then was complete; below `after` where it is of
 * no use: nothing is followed here, or more was stored since the snapshot that `after` is from. */
aurora_status aurora__customers_pending(aurora__engine *engine, aurora__customers_found *found,
                                        int64_t after, int64_t head, int64_t *complete_out);

#endif
