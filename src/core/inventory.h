/* SPDX-License-Identifier: MIT */
/* The inventory module: reservations for orders, stand-alone reservations, receipts and
 * adjustments. Every change of a counter goes through it. */
#ifndef AURORA_CORE_INVENTORY_H
#define AURORA_CORE_INVENTORY_H

#include "core/step.h"

#include <aurora/stock.h>

/* The scope of movements that returns of orders make. */
#define AURORA__RETURN_SCOPE "return"

/* Wants the rows of a SKU: its number first, its stock once that is known. */
aurora_status aurora__inventory_want(aurora__step *step, const char *sku);

/* Wants what an event of another service asks for, beside the rows of its order: an order that is
 * new here has no reservation yet that could name its stock. */
aurora_status aurora__inventory_event_keys(aurora__step *step, const aurora__event *event);

/* Wants the stock rows of an order's reservation, once that is loaded. */
aurora_status aurora__inventory_want_order(aurora__step *step, const aurora_id *order_id);

typedef struct {
    int32_t kind; /* AURORA_MOVEMENT_... */
    const char *scope;
    const char *key;
    const char *sku;
    int64_t quantity; /* signed */
    const char *reason;
} aurora__movement;

/* Keys and decision of a receipt or an adjustment. The same key with the same SKU, quantity and
 * kind is a no-op, with others AURORA_EKEYREUSED. What adds stock to an unknown SKU makes it known;
 * taking from one, or more than is available, is AURORA_EINSUFFICIENT and leaves the key free.
 * AURORA_EOVERFLOW. The stock row after it (of a repeat: the row of now) is in *out. */
aurora_status aurora__stock_move_keys(aurora__step *step, const aurora__movement *movement);
aurora_status aurora__stock_move(aurora__step *step, const aurora__movement *movement,
                                 aurora__stock_row *out);

typedef struct {
    const char *sku;
    int64_t quantity;
} aurora__hold_line;

typedef struct {
    const char *scope;
    const char *key;
    uint8_t request_hash[32];
    const aurora__hold_line *lines;
    uint32_t line_count;
    int64_t ttl_ms;
} aurora__hold;

/* A stand-alone reservation: all lines, summed per SKU, or none; *decision_out is
 * AURORA_DECISION_... and is kept with the key for ever. AURORA_EKEYREUSED when the key came with
 * another request_hash. */
aurora_status aurora__hold_reserve_keys(aurora__step *step, const aurora__hold *hold);
aurora_status aurora__hold_reserve(aurora__step *step, const aurora__hold *hold,
                                   int32_t *decision_out);

/* Keys for the three below. */
aurora_status aurora__hold_keys(aurora__step *step, const char *scope, const char *key);

/* Turns the stock of a hold into sold; a repeat is a no-op. AURORA_ENOTFOUND; AURORA_ECONFLICT when
 * it was rejected or released. One whose time has run out is AURORA_OK with *is_expired_out set,
 * also when this call is what expired it: its writes are to be kept, and the caller is answered
 * AURORA_EEXPIRED. */
aurora_status aurora__hold_commit(aurora__step *step, const char *scope, const char *key,
                                  bool *is_expired_out);

/* Gives the stock of a hold back; a repeat, and one that was rejected or has expired, is a no-op.
 * One whose time has run out ends EXPIRED. AURORA_ENOTFOUND; AURORA_ECONFLICT when it was
 * committed. */
aurora_status aurora__hold_release(aurora__step *step, const char *scope, const char *key);

/* The timer of a hold; a no-op when it is not due, has ended or is not there. */
aurora_status aurora__hold_expire(aurora__step *step, const char *scope, const char *key);

#endif
