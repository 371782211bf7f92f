/* SPDX-License-Identifier: MIT */
/* The payment simulator: a provider whose books are rows of our own store, so that a kill cannot
 * make it forget. A pure function of its ledger row, the call and a seed. Payments that it answers
 * inline have no ledger row: their own row is the book. */
#ifndef AURORA_CORE_SIMULATOR_H
#define AURORA_CORE_SIMULATOR_H

#include "core/payment.h"

/* ledger.state */
enum {
    AURORA__LEDGER_AUTHORIZED = 1,
    AURORA__LEDGER_DECLINED = 2,
    AURORA__LEDGER_CAPTURED = 3,
    AURORA__LEDGER_VOIDED = 4, /* also a key that was void before it was ever authorized */
    AURORA__LEDGER_REFUNDED = 5,
};

#define AURORA__SIMULATOR_ANSWERS_MAX 2

/* The answers to one call: each is a finish command of its own, in this order. */
typedef struct {
    aurora__payment_result items[AURORA__SIMULATOR_ANSWERS_MAX];
    uint32_t count;
} aurora__simulator_answers;

/* Whether this payment method needs no second thought: all but tok_timeout, tok_timeout_approve and
 * tok_duplicate. NULL counts as an ordinary token. */
bool aurora__simulator_answers_at_once(const char *payment_method);

/* The code with which this method is declined for this order, or NULL: tok_approve is not,
 * tok_decline and tok_decline_<code> are, of the others the share that the policy says, drawn from
 * its seed and the order's id. */
const char *aurora__simulator_decline_code(const aurora__policy *policy, const aurora_id *order_id,
                                           const char *payment_method);

/* Wants the rows that a call on this order needs. */
aurora_status aurora__simulator_keys(aurora__step *step, const aurora_id *order_id);

/* Makes one call, or a query with task->is_query, and writes the books. The same key again never
 * moves money again. */
aurora_status aurora__simulator_call(aurora__step *step, const aurora__payment_task *task,
                                     aurora__simulator_answers *answers_out);

#endif
