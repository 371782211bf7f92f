/* SPDX-License-Identifier: MIT */
/* The payment module: one payment an order, its calls to a provider as leased tasks, and what comes
 * back. Replies, callbacks and answers to queries are one command, merged by the payment's state.
 * Each command here may emit events and change rows: it is run like any decision, with its cascade
 * after it. */
#ifndef AURORA_CORE_PAYMENT_H
#define AURORA_CORE_PAYMENT_H

#include "core/step.h"

#include <aurora/task.h>

/* A call that somebody shall make. Texts are in the payment's row or in the step's arena. */
typedef struct {
    aurora_id id; /* the provider's idempotency key */
    aurora_id order_id;
    aurora_id authorize_id;
    int32_t verb; /* AURORA_VERB_... */
    bool is_query;
    int64_t attempt; /* from 1 */
    int64_t amount_minor;
    int64_t lease_at; /* when it may be taken again, as a query */
    const char *currency;
    const char *payment_method;
    const char *provider_reference; /* of the authorization, for refunds of the capture */
    const aurora__saga *saga;       /* never NULL */
} aurora__payment_task;

/* How a call went. */
typedef struct {
    int32_t outcome; /* AURORA_OUTCOME_... */
    const char *provider_reference;
    const char *code;       /* with DECLINED */
    int64_t retry_after_ms; /* with PENDING and UNKNOWN; 0 = the policy's backoff */
} aurora__payment_result;

/* The id of an order's task: the order's with the verb in its lowest three bits, which are 0 in
 * every order id. */
aurora_id aurora__task_id(const aurora_id *order_id, int32_t verb);

/* The order of a task id; *verb_out is 0 where the id cannot be a payment task's. */
aurora_id aurora__task_order(const aurora_id *task_id, int32_t *verb_out);

/* Wants the rows of payment and order alone: what a lease, and any outcome but an authorization's,
 * needs as a rule. */
aurora_status aurora__payment_keys(aurora__step *step, const aurora_id *order_id);

/* Leases the order's wanted call until now + lease_ms. *taken_out is false, and nothing is due,
 * where there is no call, it is not due or leased to somebody; also where taking it showed that its
 * time is over: an expired lease that exhausts the attempts parks the payment, an authorize beyond
 * the deadline and its grace is declined as late. */
aurora_status aurora__payment_take(aurora__step *step, const aurora_id *order_id, int64_t lease_ms,
                                   aurora__payment_task *task_out, bool *taken_out);

/* Gives a lease back that led to no call at all: the attempt does not count, and the task may be
 * taken again after pause_ms. A no-op when it is not leased any more. lease_at is the task's, so
 * that whoever lost the lease meanwhile does not give back the next one's, whose call may be under
 * way; 0 = not known, and the next call then asks, as after a query. */
aurora_status aurora__payment_give_back(aurora__step *step, const aurora_id *task_id,
                                        int64_t lease_at, bool was_query, int64_t pause_ms);

/* Takes one outcome of a task, at any time and any number of times. AURORA_ENOTFOUND for an id that
 * cannot have been a task of this payment, AURORA_EINVAL for an outcome that does not exist. */
aurora_status aurora__payment_finish(aurora__step *step, const aurora_id *task_id,
                                     const aurora__payment_result *result);

/* Why a parked payment is parked, in one line; NULL when it is not. Static text. */
const char *aurora__payment_parked_reason(const aurora__payment_row *row);

/* Whether an operator may mark the payment with this result (AURORA_RESULT_...). */
bool aurora__payment_can_mark(const aurora__payment_row *row, int32_t result);

#endif
