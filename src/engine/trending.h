/* SPDX-License-Identifier: MIT */
/* The follower "trending": keeps the sketches of a store up to date and stores snapshots of them.
 * Queries on any thread borrow them, caught up to what is committed. */
#ifndef AURORA_ENGINE_TRENDING_H
#define AURORA_ENGINE_TRENDING_H

#include "engine/follower.h"
#include "engine/trending_set.h"

/* What a query holds. */
typedef struct {
    aurora__engine *engine;
    aurora__trending_set *set;
} aurora__trending_loan;

/* Lends the sketches at the head of the snapshot; nobody else reads or feeds them until the loan is
 * over, so it is short. A handle for reading makes its own at the first query. */
aurora_status aurora__trending_borrow(aurora__engine *engine, aurora_store_txn *txn,
                                      aurora__trending_loan *out);
void aurora__trending_return(aurora__trending_loan *loan);

#endif
