/* SPDX-License-Identifier: MIT */
/* The payment's transition table: what an order's events, the provider's answers and an operator's
 * marks do to a payment. A payment that does not exist is state 0. */
#ifndef AURORA_CORE_PAYMENT_MACHINE_H
#define AURORA_CORE_PAYMENT_MACHINE_H

#include <aurora/machine.h>

enum {
    AURORA__PAYMENT_NONE = 0,
    AURORA__PAYMENT_AUTHORIZING = 1,
    AURORA__PAYMENT_AUTHORIZED = 2,
    AURORA__PAYMENT_DECLINED = 3,
    AURORA__PAYMENT_CAPTURING = 4,
    AURORA__PAYMENT_CAPTURED = 5,
    AURORA__PAYMENT_ABORTING = 6, /* the order is over, what became of the authorize is unknown */
    AURORA__PAYMENT_VOIDING = 7,
    AURORA__PAYMENT_VOIDED = 8,     /* the provider said so: the authorize's key is dead */
    AURORA__PAYMENT_UNCHARGED = 9,  /* over, and as far as we know nothing was ever authorized */
    AURORA__PAYMENT_RETURNING = 10, /* cancelled while a capture is in flight */
    AURORA__PAYMENT_REFUNDING = 11,
    AURORA__PAYMENT_REFUNDED = 12,
    AURORA__PAYMENT_REVERSING = 13,  /* a success after DECLINED: a void of its own */
    AURORA__PAYMENT_RECLAIMING = 14, /* the same where the money was captured: a refund */
    AURORA__PAYMENT_REVERSED = 15,   /* the order still counts it as declined */
    AURORA__PAYMENT_ORPHANED = 16,   /* an order completed whose payment this store does not have */
    AURORA__PAYMENT_RECHECKING = 17, /* a void was refused: was the money captured after all? */
    AURORA__PAYMENT_STATES = 17,
};

/* The answers stand in the order of AURORA_VERB_..., three each, the marks in the order of
 * AURORA_RESULT_AUTHORIZED to REFUNDED: events are computed from both. */
enum {
    AURORA__PAYMENT_ON_RESERVED = 1,
    AURORA__PAYMENT_ON_LATE = 2, /* inventory.reserved beyond the deadline and its grace */
    AURORA__PAYMENT_ON_COMPLETED = 3,
    AURORA__PAYMENT_ON_ENDED = 4,  /* order.failed or order.cancelled */
    AURORA__PAYMENT_ON_UNSENT = 5, /* the same while the wanted call never reached the provider */
    AURORA__PAYMENT_ON_ORPHANED = 6,
    AURORA__PAYMENT_ON_AUTHORIZE_DONE = 7,
    AURORA__PAYMENT_ON_AUTHORIZE_DECLINED = 8,
    AURORA__PAYMENT_ON_AUTHORIZE_NOT_FOUND = 9,
    AURORA__PAYMENT_ON_CAPTURE_DONE = 10,
    AURORA__PAYMENT_ON_CAPTURE_DECLINED = 11,
    AURORA__PAYMENT_ON_CAPTURE_NOT_FOUND = 12,
    AURORA__PAYMENT_ON_VOID_DONE = 13,
    AURORA__PAYMENT_ON_VOID_DECLINED = 14,
    AURORA__PAYMENT_ON_VOID_NOT_FOUND = 15,
    AURORA__PAYMENT_ON_REFUND_DONE = 16,
    AURORA__PAYMENT_ON_REFUND_DECLINED = 17,
    AURORA__PAYMENT_ON_REFUND_NOT_FOUND = 18,
    AURORA__PAYMENT_ON_MARK_AUTHORIZED = 19,
    AURORA__PAYMENT_ON_MARK_DECLINED = 20,
    AURORA__PAYMENT_ON_MARK_CAPTURED = 21,
    AURORA__PAYMENT_ON_MARK_VOIDED = 22,
    AURORA__PAYMENT_ON_MARK_REFUNDED = 23,
    AURORA__PAYMENT_EVENTS = 23,
};

extern const aurora_machine aurora__payment_machine;

/* The call that a payment in this state waits for, AURORA_VERB_...; 0 = it rests. */
int32_t aurora__payment_verb(int32_t state);

/* The event that tells the order of this state, AURORA_EVENT_PAYMENT_...; 0 = nothing to tell. */
int32_t aurora__payment_answer(int32_t state);

#endif
