/* SPDX-License-Identifier: MIT */
/* Generated from the tables in src/core by ./dev model tables: every cell, nothing else.
 * A cell that is not there is ILLEGAL, which the including model defines. */

/* --- order --- */

#define ORDER_NONE 0
#define ORDER_PENDING 1
#define ORDER_RESERVED 2
#define ORDER_COMPLETED 3
#define ORDER_FAILED 4
#define ORDER_CANCELLED 5

inline order_on_place(state)
{
    if
    :: state == ORDER_NONE -> state = ORDER_PENDING
    :: else -> ILLEGAL
    fi
}

inline order_on_reserved(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_RESERVED
    :: state == ORDER_RESERVED -> state = ORDER_RESERVED
    :: state == ORDER_COMPLETED -> state = ORDER_COMPLETED
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_rejected(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_FAILED
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_authorized(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_COMPLETED
    :: state == ORDER_RESERVED -> state = ORDER_COMPLETED
    :: state == ORDER_COMPLETED -> state = ORDER_COMPLETED
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_declined(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_FAILED
    :: state == ORDER_RESERVED -> state = ORDER_FAILED
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_deadline(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_FAILED
    :: state == ORDER_RESERVED -> state = ORDER_FAILED
    :: state == ORDER_COMPLETED -> state = ORDER_COMPLETED
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_cancel(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_CANCELLED
    :: state == ORDER_RESERVED -> state = ORDER_CANCELLED
    :: state == ORDER_COMPLETED -> state = ORDER_CANCELLED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_compensate(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_FAILED
    :: state == ORDER_RESERVED -> state = ORDER_FAILED
    :: state == ORDER_COMPLETED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_committed(state)
{
    if
    :: state == ORDER_COMPLETED -> state = ORDER_COMPLETED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_captured(state)
{
    if
    :: state == ORDER_COMPLETED -> state = ORDER_COMPLETED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_released(state)
{
    if
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_returned(state)
{
    if
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_voided(state)
{
    if
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_refunded(state)
{
    if
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

inline order_on_parked(state)
{
    if
    :: state == ORDER_PENDING -> state = ORDER_PENDING
    :: state == ORDER_RESERVED -> state = ORDER_RESERVED
    :: state == ORDER_COMPLETED -> state = ORDER_COMPLETED
    :: state == ORDER_FAILED -> state = ORDER_FAILED
    :: state == ORDER_CANCELLED -> state = ORDER_CANCELLED
    :: else -> ILLEGAL
    fi
}

/* --- reservation --- */

#define RESERVATION_NONE 0
#define RESERVATION_RESERVED 1
#define RESERVATION_REJECTED 2
#define RESERVATION_COMMITTED 3
#define RESERVATION_RELEASED 4
#define RESERVATION_RETURNED 5
#define RESERVATION_EXPIRED 6

inline reservation_on_reserve(state)
{
    if
    :: state == RESERVATION_NONE -> state = RESERVATION_RESERVED
    :: state == RESERVATION_RESERVED -> state = RESERVATION_RESERVED
    :: state == RESERVATION_REJECTED -> state = RESERVATION_REJECTED
    :: state == RESERVATION_COMMITTED -> state = RESERVATION_COMMITTED
    :: state == RESERVATION_RELEASED -> state = RESERVATION_RELEASED
    :: state == RESERVATION_RETURNED -> state = RESERVATION_RETURNED
    :: state == RESERVATION_EXPIRED -> state = RESERVATION_EXPIRED
    :: else -> ILLEGAL
    fi
}

inline reservation_on_reject(state)
{
    if
    :: state == RESERVATION_NONE -> state = RESERVATION_REJECTED
    :: else -> ILLEGAL
    fi
}

inline reservation_on_commit(state)
{
    if
    :: state == RESERVATION_RESERVED -> state = RESERVATION_COMMITTED
    :: state == RESERVATION_COMMITTED -> state = RESERVATION_COMMITTED
    :: state == RESERVATION_RETURNED -> state = RESERVATION_RETURNED
    :: else -> ILLEGAL
    fi
}

inline reservation_on_cancel(state)
{
    if
    :: state == RESERVATION_NONE -> state = RESERVATION_RELEASED
    :: state == RESERVATION_RESERVED -> state = RESERVATION_RELEASED
    :: state == RESERVATION_REJECTED -> state = RESERVATION_RELEASED
    :: state == RESERVATION_COMMITTED -> state = RESERVATION_RETURNED
    :: state == RESERVATION_RELEASED -> state = RESERVATION_RELEASED
    :: state == RESERVATION_RETURNED -> state = RESERVATION_RETURNED
    :: state == RESERVATION_EXPIRED -> state = RESERVATION_EXPIRED
    :: else -> ILLEGAL
    fi
}

inline reservation_on_expire(state)
{
    if
    :: state == RESERVATION_RESERVED -> state = RESERVATION_EXPIRED
    :: state == RESERVATION_EXPIRED -> state = RESERVATION_EXPIRED
    :: else -> ILLEGAL
    fi
}

/* --- payment --- */

#define PAYMENT_NONE 0
#define PAYMENT_AUTHORIZING 1
#define PAYMENT_AUTHORIZED 2
#define PAYMENT_DECLINED 3
#define PAYMENT_CAPTURING 4
#define PAYMENT_CAPTURED 5
#define PAYMENT_ABORTING 6
#define PAYMENT_VOIDING 7
#define PAYMENT_VOIDED 8
#define PAYMENT_UNCHARGED 9
#define PAYMENT_RETURNING 10
#define PAYMENT_REFUNDING 11
#define PAYMENT_REFUNDED 12
#define PAYMENT_REVERSING 13
#define PAYMENT_RECLAIMING 14
#define PAYMENT_REVERSED 15
#define PAYMENT_ORPHANED 16
#define PAYMENT_RECHECKING 17

inline payment_on_reserved(state)
{
    if
    :: state == PAYMENT_NONE -> state = PAYMENT_AUTHORIZING
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_AUTHORIZING
    :: state == PAYMENT_AUTHORIZED -> state = PAYMENT_AUTHORIZED
    :: state == PAYMENT_DECLINED -> state = PAYMENT_DECLINED
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_ABORTING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_ORPHANED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_reserved_late(state)
{
    if
    :: state == PAYMENT_NONE -> state = PAYMENT_DECLINED
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_AUTHORIZING
    :: state == PAYMENT_AUTHORIZED -> state = PAYMENT_AUTHORIZED
    :: state == PAYMENT_DECLINED -> state = PAYMENT_DECLINED
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_ABORTING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_ORPHANED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_completed(state)
{
    if
    :: state == PAYMENT_AUTHORIZED -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_ABORTING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_ORPHANED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_ended(state)
{
    if
    :: state == PAYMENT_NONE -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_ABORTING
    :: state == PAYMENT_AUTHORIZED -> state = PAYMENT_VOIDING
    :: state == PAYMENT_DECLINED -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_ABORTING -> state = PAYMENT_ABORTING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_ABORTING
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_ended_unsent(state)
{
    if
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_VOIDING
    :: else -> ILLEGAL
    fi
}

inline payment_on_orphaned(state)
{
    if
    :: state == PAYMENT_NONE -> state = PAYMENT_ORPHANED
    :: else -> ILLEGAL
    fi
}

inline payment_on_authorize_done(state)
{
    if
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_AUTHORIZED
    :: state == PAYMENT_AUTHORIZED -> state = PAYMENT_AUTHORIZED
    :: state == PAYMENT_DECLINED -> state = PAYMENT_REVERSING
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_VOIDING
    :: state == PAYMENT_RETURNING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_authorize_declined(state)
{
    if
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_DECLINED
    :: state == PAYMENT_AUTHORIZED -> state = PAYMENT_AUTHORIZED
    :: state == PAYMENT_DECLINED -> state = PAYMENT_DECLINED
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_ORPHANED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_authorize_not_found(state)
{
    if
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_AUTHORIZING
    :: state == PAYMENT_AUTHORIZED -> state = PAYMENT_AUTHORIZED
    :: state == PAYMENT_DECLINED -> state = PAYMENT_DECLINED
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_RETURNING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_ORPHANED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_capture_done(state)
{
    if
    :: state == PAYMENT_DECLINED -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_UNCHARGED -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_RETURNING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_REFUNDING
    :: else -> ILLEGAL
    fi
}

inline payment_on_capture_declined(state)
{
    if
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_VOIDING
    :: else -> ILLEGAL
    fi
}

inline payment_on_capture_not_found(state)
{
    if
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURING
    :: state == PAYMENT_CAPTURED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_VOIDING
    :: else -> ILLEGAL
    fi
}

inline payment_on_void_done(state)
{
    if
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDED
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_VOIDED
    :: else -> ILLEGAL
    fi
}

inline payment_on_void_declined(state)
{
    if
    :: state == PAYMENT_VOIDING -> state = PAYMENT_RECHECKING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_void_not_found(state)
{
    if
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSING
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_RECHECKING
    :: else -> ILLEGAL
    fi
}

inline payment_on_refund_done(state)
{
    if
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_REVERSED
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: else -> ILLEGAL
    fi
}

inline payment_on_refund_declined(state)
{
    if
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: else -> ILLEGAL
    fi
}

inline payment_on_refund_not_found(state)
{
    if
    :: state == PAYMENT_VOIDED -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REFUNDED -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_REVERSED -> state = PAYMENT_REVERSED
    :: else -> ILLEGAL
    fi
}

inline payment_on_marked_authorized(state)
{
    if
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_AUTHORIZED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_VOIDING
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_CAPTURING
    :: else -> ILLEGAL
    fi
}

inline payment_on_marked_declined(state)
{
    if
    :: state == PAYMENT_AUTHORIZING -> state = PAYMENT_DECLINED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_UNCHARGED
    :: else -> ILLEGAL
    fi
}

inline payment_on_marked_captured(state)
{
    if
    :: state == PAYMENT_CAPTURING -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_ABORTING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_VOIDING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_RETURNING -> state = PAYMENT_REFUNDING
    :: state == PAYMENT_REVERSING -> state = PAYMENT_RECLAIMING
    :: state == PAYMENT_ORPHANED -> state = PAYMENT_CAPTURED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_REFUNDING
    :: else -> ILLEGAL
    fi
}

inline payment_on_marked_voided(state)
{
    if
    :: state == PAYMENT_ABORTING -> state = PAYMENT_UNCHARGED
    :: state == PAYMENT_VOIDING -> state = PAYMENT_VOIDED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_VOIDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_VOIDED
    :: else -> ILLEGAL
    fi
}

inline payment_on_marked_refunded(state)
{
    if
    :: state == PAYMENT_ABORTING -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_VOIDING -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_RETURNING -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REFUNDING -> state = PAYMENT_REFUNDED
    :: state == PAYMENT_REVERSING -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECLAIMING -> state = PAYMENT_REVERSED
    :: state == PAYMENT_RECHECKING -> state = PAYMENT_REFUNDED
    :: else -> ILLEGAL
    fi
}

/* The call that a payment waits for, and what it tells the order. */
#define payment_verb(state) \
    (state == PAYMENT_AUTHORIZING -> VERB_AUTHORIZE : ( \
    state == PAYMENT_CAPTURING -> VERB_CAPTURE : ( \
    state == PAYMENT_ABORTING -> VERB_AUTHORIZE : ( \
    state == PAYMENT_VOIDING -> VERB_VOID : ( \
    state == PAYMENT_RETURNING -> VERB_CAPTURE : ( \
    state == PAYMENT_REFUNDING -> VERB_REFUND : ( \
    state == PAYMENT_REVERSING -> VERB_VOID : ( \
    state == PAYMENT_RECLAIMING -> VERB_REFUND : ( \
    state == PAYMENT_ORPHANED -> VERB_AUTHORIZE : ( \
    state == PAYMENT_RECHECKING -> VERB_CAPTURE : ( \
    VERB_NONE)))))))))))

#define payment_answer(state) \
    (state == PAYMENT_AUTHORIZED -> EVENT_AUTHORIZED : ( \
    state == PAYMENT_DECLINED -> EVENT_DECLINED : ( \
    state == PAYMENT_CAPTURED -> EVENT_CAPTURED : ( \
    state == PAYMENT_VOIDED -> EVENT_VOIDED : ( \
    state == PAYMENT_UNCHARGED -> EVENT_VOIDED : ( \
    state == PAYMENT_REFUNDED -> EVENT_REFUNDED : ( \
    state == PAYMENT_REVERSING -> EVENT_DECLINED : ( \
    state == PAYMENT_RECLAIMING -> EVENT_DECLINED : ( \
    state == PAYMENT_REVERSED -> EVENT_DECLINED : ( \
    EVENT_NONE))))))))))
