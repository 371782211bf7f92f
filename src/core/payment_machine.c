/* SPDX-License-Identifier: MIT */
#include "core/payment_machine.h"

#include <aurora/event.h>
#include <aurora/task.h>

#define STATE(name) AURORA__PAYMENT_##name
#define CELL(state, event, next)                                                                   \
    [STATE(state) * (AURORA__PAYMENT_EVENTS + 1) + AURORA__PAYMENT_ON_##event] = STATE(next)

/* Facts that the state already reflects: repeats, and answers that others overtook. */
#define SAME(state, event) CELL(state, event, state)
#define SAME_RESERVED(state) SAME(state, RESERVED), SAME(state, LATE)
#define SAME_CALL(state, verb)                                                                     \
    SAME(state, verb##_DONE), SAME(state, verb##_DECLINED), SAME(state, verb##_NOT_FOUND)
/* A call that this state runs: refused for good it parks, not found it is sent again. */
#define RUNNING_CALL(state, verb, next)                                                            \
    CELL(state, verb##_DONE, next), SAME(state, verb##_DECLINED), SAME(state, verb##_NOT_FOUND)

/* What the provider says wins over what we believe wherever money could be left behind: a success
 * that nobody waits for any more leads to a void or a refund. An answer to a call that this payment
 * cannot have made is absent. */
static const uint8_t cells[(AURORA__PAYMENT_STATES + 1) * (AURORA__PAYMENT_EVENTS + 1)] = {
    CELL(NONE, RESERVED, AUTHORIZING),
    CELL(NONE, LATE, DECLINED),
    CELL(NONE, ENDED, UNCHARGED),
    CELL(NONE, ORPHANED, ORPHANED),

    SAME_RESERVED(AUTHORIZING),
    CELL(AUTHORIZING, ENDED, ABORTING),
    CELL(AUTHORIZING, UNSENT, UNCHARGED),
    CELL(AUTHORIZING, AUTHORIZE_DONE, AUTHORIZED),
    CELL(AUTHORIZING, AUTHORIZE_DECLINED, DECLINED),
    SAME(AUTHORIZING, AUTHORIZE_NOT_FOUND),
    CELL(AUTHORIZING, MARK_AUTHORIZED, AUTHORIZED),
    CELL(AUTHORIZING, MARK_DECLINED, DECLINED),

    SAME_RESERVED(AUTHORIZED),
    CELL(AUTHORIZED, COMPLETED, CAPTURING),
    CELL(AUTHORIZED, ENDED, VOIDING),
    SAME_CALL(AUTHORIZED, AUTHORIZE),

    SAME_RESERVED(DECLINED),
    CELL(DECLINED, ENDED, UNCHARGED),
    CELL(DECLINED, AUTHORIZE_DONE, REVERSING),
    SAME(DECLINED, AUTHORIZE_DECLINED),
    SAME(DECLINED, AUTHORIZE_NOT_FOUND),
    CELL(DECLINED, CAPTURE_DONE, RECLAIMING),

    SAME_RESERVED(CAPTURING),
    SAME(CAPTURING, COMPLETED),
    CELL(CAPTURING, ENDED, RETURNING),
    CELL(CAPTURING, UNSENT, VOIDING),
    SAME_CALL(CAPTURING, AUTHORIZE),
    RUNNING_CALL(CAPTURING, CAPTURE, CAPTURED),
    CELL(CAPTURING, MARK_CAPTURED, CAPTURED),

    SAME_RESERVED(CAPTURED),
    SAME(CAPTURED, COMPLETED),
    CELL(CAPTURED, ENDED, REFUNDING),
    SAME_CALL(CAPTURED, AUTHORIZE),
    SAME_CALL(CAPTURED, CAPTURE),

    SAME_RESERVED(ABORTING),
    SAME(ABORTING, COMPLETED),
    SAME(ABORTING, ENDED),
    CELL(ABORTING, AUTHORIZE_DONE, VOIDING),
    CELL(ABORTING, AUTHORIZE_DECLINED, UNCHARGED),
    CELL(ABORTING, AUTHORIZE_NOT_FOUND, VOIDING),
    CELL(ABORTING, CAPTURE_DONE, REFUNDING),
    CELL(ABORTING, MARK_AUTHORIZED, VOIDING),
    CELL(ABORTING, MARK_DECLINED, UNCHARGED),
    CELL(ABORTING, MARK_CAPTURED, REFUNDING),
    CELL(ABORTING, MARK_VOIDED, UNCHARGED),
    CELL(ABORTING, MARK_REFUNDED, REFUNDED),

    SAME_RESERVED(VOIDING),
    SAME(VOIDING, COMPLETED),
    SAME(VOIDING, ENDED),
    SAME_CALL(VOIDING, AUTHORIZE),
    CELL(VOIDING, CAPTURE_DONE, REFUNDING),
    SAME(VOIDING, CAPTURE_DECLINED),
    SAME(VOIDING, CAPTURE_NOT_FOUND),
    CELL(VOIDING, VOID_DONE, VOIDED),
    CELL(VOIDING, VOID_DECLINED, RECHECKING),
    SAME(VOIDING, VOID_NOT_FOUND),
    CELL(VOIDING, MARK_CAPTURED, REFUNDING),
    CELL(VOIDING, MARK_VOIDED, VOIDED),
    CELL(VOIDING, MARK_REFUNDED, REFUNDED),

    SAME_RESERVED(RECHECKING),
    SAME(RECHECKING, COMPLETED),
    SAME(RECHECKING, ENDED),
    SAME_CALL(RECHECKING, AUTHORIZE),
    CELL(RECHECKING, CAPTURE_DONE, REFUNDING),
    CELL(RECHECKING, CAPTURE_DECLINED, VOIDING),
    CELL(RECHECKING, CAPTURE_NOT_FOUND, VOIDING),
    CELL(RECHECKING, VOID_DONE, VOIDED),
    SAME(RECHECKING, VOID_DECLINED),
    SAME(RECHECKING, VOID_NOT_FOUND),
    CELL(RECHECKING, MARK_CAPTURED, REFUNDING),
    CELL(RECHECKING, MARK_VOIDED, VOIDED),
    CELL(RECHECKING, MARK_REFUNDED, REFUNDED),

    SAME_RESERVED(VOIDED),
    SAME(VOIDED, COMPLETED),
    SAME(VOIDED, ENDED),
    SAME_CALL(VOIDED, AUTHORIZE),
    CELL(VOIDED, CAPTURE_DONE, REFUNDING),
    SAME(VOIDED, CAPTURE_DECLINED),
    SAME(VOIDED, CAPTURE_NOT_FOUND),
    SAME_CALL(VOIDED, VOID),
    SAME_CALL(VOIDED, REFUND),

    SAME_RESERVED(UNCHARGED),
    SAME(UNCHARGED, COMPLETED),
    SAME(UNCHARGED, ENDED),
    CELL(UNCHARGED, AUTHORIZE_DONE, VOIDING),
    SAME(UNCHARGED, AUTHORIZE_DECLINED),
    SAME(UNCHARGED, AUTHORIZE_NOT_FOUND),
    CELL(UNCHARGED, CAPTURE_DONE, REFUNDING),

    SAME_RESERVED(RETURNING),
    SAME(RETURNING, COMPLETED),
    SAME(RETURNING, ENDED),
    SAME_CALL(RETURNING, AUTHORIZE),
    CELL(RETURNING, CAPTURE_DONE, REFUNDING),
    CELL(RETURNING, CAPTURE_DECLINED, VOIDING),
    CELL(RETURNING, CAPTURE_NOT_FOUND, VOIDING),
    CELL(RETURNING, MARK_CAPTURED, REFUNDING),
    CELL(RETURNING, MARK_VOIDED, VOIDED),
    CELL(RETURNING, MARK_REFUNDED, REFUNDED),

    SAME_RESERVED(REFUNDING),
    SAME(REFUNDING, COMPLETED),
    SAME(REFUNDING, ENDED),
    SAME_CALL(REFUNDING, AUTHORIZE),
    SAME_CALL(REFUNDING, CAPTURE),
    SAME_CALL(REFUNDING, VOID),
    RUNNING_CALL(REFUNDING, REFUND, REFUNDED),
    CELL(REFUNDING, MARK_VOIDED, VOIDED),
    CELL(REFUNDING, MARK_REFUNDED, REFUNDED),

    SAME_RESERVED(REFUNDED),
    SAME(REFUNDED, COMPLETED),
    SAME(REFUNDED, ENDED),
    SAME_CALL(REFUNDED, AUTHORIZE),
    SAME_CALL(REFUNDED, CAPTURE),
    SAME_CALL(REFUNDED, VOID),
    SAME_CALL(REFUNDED, REFUND),

    SAME_RESERVED(REVERSING),
    CELL(REVERSING, ENDED, VOIDING),
    SAME_CALL(REVERSING, AUTHORIZE),
    CELL(REVERSING, CAPTURE_DONE, RECLAIMING),
    RUNNING_CALL(REVERSING, VOID, REVERSED),
    CELL(REVERSING, MARK_CAPTURED, RECLAIMING),
    CELL(REVERSING, MARK_VOIDED, REVERSED),
    CELL(REVERSING, MARK_REFUNDED, REVERSED),

    SAME_RESERVED(RECLAIMING),
    CELL(RECLAIMING, ENDED, REFUNDING),
    SAME_CALL(RECLAIMING, AUTHORIZE),
    SAME_CALL(RECLAIMING, CAPTURE),
    SAME_CALL(RECLAIMING, VOID),
    RUNNING_CALL(RECLAIMING, REFUND, REVERSED),
    CELL(RECLAIMING, MARK_VOIDED, REVERSED),
    CELL(RECLAIMING, MARK_REFUNDED, REVERSED),

    SAME_RESERVED(REVERSED),
    CELL(REVERSED, ENDED, VOIDED),
    SAME_CALL(REVERSED, AUTHORIZE),
    CELL(REVERSED, CAPTURE_DONE, RECLAIMING),
    SAME(REVERSED, CAPTURE_DECLINED),
    SAME(REVERSED, CAPTURE_NOT_FOUND),
    SAME_CALL(REVERSED, VOID),
    SAME_CALL(REVERSED, REFUND),

    SAME_RESERVED(ORPHANED),
    SAME(ORPHANED, COMPLETED),
    CELL(ORPHANED, ENDED, ABORTING),
    RUNNING_CALL(ORPHANED, AUTHORIZE, CAPTURING),
    CELL(ORPHANED, CAPTURE_DONE, CAPTURED),
    CELL(ORPHANED, MARK_AUTHORIZED, CAPTURING),
    CELL(ORPHANED, MARK_CAPTURED, CAPTURED),
};

static const char *const state_names[AURORA__PAYMENT_STATES + 1] = {
    "",         "AUTHORIZING", "AUTHORIZED", "DECLINED",  "CAPTURING", "CAPTURED",
    "ABORTING", "VOIDING",     "VOIDED",     "UNCHARGED", "RETURNING", "REFUNDING",
    "REFUNDED", "REVERSING",   "RECLAIMING", "REVERSED",  "ORPHANED",  "RECHECKING"};

static const char *const event_names[AURORA__PAYMENT_EVENTS + 1] = {"",
                                                                    "reserved",
                                                                    "reserved late",
                                                                    "completed",
                                                                    "ended",
                                                                    "ended unsent",
                                                                    "orphaned",
                                                                    "authorize done",
                                                                    "authorize declined",
                                                                    "authorize not found",
                                                                    "capture done",
                                                                    "capture declined",
                                                                    "capture not found",
                                                                    "void done",
                                                                    "void declined",
                                                                    "void not found",
                                                                    "refund done",
                                                                    "refund declined",
                                                                    "refund not found",
                                                                    "marked authorized",
                                                                    "marked declined",
                                                                    "marked captured",
                                                                    "marked voided",
                                                                    "marked refunded"};

const aurora_machine aurora__payment_machine = {
    .size = sizeof(aurora_machine),
    .state_count = AURORA__PAYMENT_STATES,
    .event_count = AURORA__PAYMENT_EVENTS,
    .cells = cells,
    .state_names = state_names,
    .event_names = event_names,
};

int32_t aurora__payment_verb(int32_t state)
{
    static const uint8_t verbs[AURORA__PAYMENT_STATES + 1] = {
        [STATE(AUTHORIZING)] = AURORA_VERB_AUTHORIZE, [STATE(ABORTING)] = AURORA_VERB_AUTHORIZE,
        [STATE(ORPHANED)] = AURORA_VERB_AUTHORIZE,    [STATE(CAPTURING)] = AURORA_VERB_CAPTURE,
        [STATE(RETURNING)] = AURORA_VERB_CAPTURE,     [STATE(VOIDING)] = AURORA_VERB_VOID,
        [STATE(REVERSING)] = AURORA_VERB_VOID,        [STATE(REFUNDING)] = AURORA_VERB_REFUND,
        [STATE(RECLAIMING)] = AURORA_VERB_REFUND,     [STATE(RECHECKING)] = AURORA_VERB_CAPTURE,
    };
    return verbs[state];
}

int32_t aurora__payment_answer(int32_t state)
{
    static const uint8_t kinds[AURORA__PAYMENT_STATES + 1] = {
        [STATE(AUTHORIZED)] = AURORA_EVENT_PAYMENT_AUTHORIZED,
        [STATE(DECLINED)] = AURORA_EVENT_PAYMENT_DECLINED,
        [STATE(REVERSING)] = AURORA_EVENT_PAYMENT_DECLINED,
        [STATE(RECLAIMING)] = AURORA_EVENT_PAYMENT_DECLINED,
        [STATE(REVERSED)] = AURORA_EVENT_PAYMENT_DECLINED,
        [STATE(CAPTURED)] = AURORA_EVENT_PAYMENT_CAPTURED,
        [STATE(VOIDED)] = AURORA_EVENT_PAYMENT_VOIDED,
        [STATE(UNCHARGED)] = AURORA_EVENT_PAYMENT_VOIDED,
        [STATE(REFUNDED)] = AURORA_EVENT_PAYMENT_REFUNDED,
    };
    return kinds[state];
}
