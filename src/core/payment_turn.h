/* SPDX-License-Identifier: MIT */
/* One decision on one payment: the row is copied, changed, and written back at the end if anything
 * changed. Shared by the files of the payment module only. */
#ifndef AURORA_CORE_PAYMENT_TURN_H
#define AURORA_CORE_PAYMENT_TURN_H

#include "core/payment.h"
#include "core/payment_machine.h"

typedef struct {
    aurora__step *step;
    aurora__payment_row row; /* the copy that is decided on; cleared when there is none */
    bool is_found;
    bool is_changed;
    bool is_cause_new; /* saga and version come from an event, not out of the row */
    const aurora__saga *saga;
    int64_t order_version;
} aurora__payment_turn;

/* Loads the payment. `event` is the cause, or NULL: the row then gives the saga. */
aurora_status aurora__payment_open(aurora__payment_turn *turn, aurora__step *step,
                                   const aurora_id *order_id, const aurora__event *event);

/* Writes the copy back if it was changed. */
aurora_status aurora__payment_close(aurora__payment_turn *turn);

/* Moves the payment along its table: starts the call that the new state wants, or tells the order.
 * AURORA__EILLEGAL where the cell is empty; a state that stays changes nothing. */
aurora_status aurora__payment_apply(aurora__payment_turn *turn, int32_t machine_event);

/* The table's event for an outcome of a call, AURORA_OUTCOME_DONE, DECLINED or NOT_FOUND. */
int32_t aurora__payment_result_event(int32_t verb, int32_t outcome);

/* Emits one of our events about the payment as it is. */
aurora_status aurora__payment_emit(aurora__payment_turn *turn, int32_t kind, bool is_resend);

/* The saga's data as the row keeps it while an answer may come, and out of it. */
const char *aurora__payment_saga_text(aurora__payment_turn *turn);
aurora_status aurora__payment_saga_load(aurora__payment_turn *turn);

/* The order wants another step of a payment that had given up: the attempts count anew, and what
 * may have reached the provider is asked first. */
void aurora__payment_renew(aurora__payment_turn *turn);

/* Gives up until an operator or a late answer: emits payment.parked. */
aurora_status aurora__payment_give_up(aurora__payment_turn *turn);

/* The running attempt brought no outcome: tries again after the backoff, or gives up. */
aurora_status aurora__payment_attempt_failed(aurora__payment_turn *turn, int64_t failed_at,
                                             int64_t retry_after_ms);

#endif
