/* SPDX-License-Identifier: MIT */
/* What the files of the follower "customers" share. */
#ifndef AURORA_ENGINE_CUSTOMERS_STATE_H
#define AURORA_ENGINE_CUSTOMERS_STATE_H

#include "engine/customers_slice.h"
#include "engine/internal.h"

typedef struct {
    aurora__follower head;
    pthread_mutex_t lock; /* listings read what follows */
    aurora__customers_slice slices[AURORA__CUSTOMER_SLICES];
    int64_t stored[AURORA__CUSTOMER_SLICES]; /* memory holds what lies above */
    int64_t complete;                        /* and up to here */
    uint32_t count;
    /* The driving thread's. */
    uint32_t owed; /* orders fed since a slice had its turn */
    uint32_t next;
    int64_t stored_all;
    bool was_idle;
    bool is_rebuilding;
    aurora_id rebuild_after;
    int64_t rebuild_position;
    int64_t hold_ns; /* monotonic: the last store failed */
} aurora__customers;

/* A row of the list on its way into the store. */
typedef struct {
    uint32_t slice;
    aurora__customers_record record;
} aurora__customers_put;

/* For qsort: by slice, customer, order id. */
int aurora__customers_in_order(const void *a, const void *b);

/* Writes sorted records; an order that is listed already stays so. */
aurora_status aurora__customers_put_all(aurora__turn *turn, const aurora__customers_put *records,
                                        uint32_t count);

aurora__key aurora__customers_slice_key(int64_t slice);
/* Moves a slice's position, never back. */
aurora_status aurora__customers_set_position(aurora__step *step, int64_t slice, int64_t position);

/* A command of the follower's ended; after a failure none is made for a second. */
void aurora__customers_hold(aurora__customers *self, aurora_status status);

/* --- customers_rebuild.c ---------------------------------------------------------------------- */

/* Retention passed us: forgets what is in memory, for every order is in its table. Until the last
 * page is stored, listings read that table too, because no position moves before. */
aurora_status aurora__customers_rebuild(aurora__follower *follower, aurora_store_txn *txn);

/* The command for the next page; NULL without memory. */
aurora__command *aurora__customers_rebuild_page(aurora__customers *self);

#endif
