/* SPDX-License-Identifier: MIT */
/* One saga out of its rows: the order, both participants, their parked keys. */
#ifndef AURORA_API_SAGA_READ_H
#define AURORA_API_SAGA_READ_H

#include "engine/engine.h"

#include <aurora/saga.h>

/* The rows of one saga; texts are in the query's arena. */
typedef struct {
    aurora_id id;
    bool has_order;
    bool has_reservation;
    bool has_payment;
    aurora__order_row order;
    aurora__reservation_row reservation;
    aurora__payment_row payment;
    bool has_parked[2]; /* keys of inventory and payment */
    aurora__parked_key_row parked[2];
} aurora__saga_rows;

/* Reads them; rows that are damaged count as parked. AURORA_ENOTFOUND when nobody knows the id. */
aurora_status aurora__saga_read(aurora__engine *engine, aurora_store_txn *txn,
                                aurora__query_arena *arena, const aurora_id *id,
                                aurora__saga_rows *out);

/* Fills the public struct and all it points to from the arena of a result. */
aurora_status aurora__saga_fill(aurora__arena *arena, const aurora__saga_rows *rows, int64_t now_ms,
                                aurora_saga *out);

#endif
