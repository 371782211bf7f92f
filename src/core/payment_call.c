/* SPDX-License-Identifier: MIT */
/* Calls to the provider: leased, repeated, given up, and what their outcomes do. */
#include "core/payment_turn.h"

#include "plant/plant.h"

#include <aurora/event.h>
#include <aurora/order.h>

/* --- attempts --------------------------------------------------------------------------------- */

void aurora__payment_renew(aurora__payment_turn *turn)
{
    aurora__payment_row *row = &turn->row;
    if (row->call == AURORA__CALL_TAKEN)
        return; /* whoever has it may still answer */
    if (row->call == AURORA__CALL_NONE)
        row->call = AURORA__CALL_WAITING;
    else if (row->attempts > 0)
        row->call = AURORA__CALL_ASK;
    row->attempts = 0;
    row->first_attempt_at = 0;
    row->due_at = turn->step->now_ms;
}

/* Parked, and nobody tries: due_at is then when the order is told again, or 0. A renewed call has
 * made no attempt yet, or has a first one. */
static bool is_resting(const aurora__payment_row *row)
{
    return row->parked_at != 0 && row->call != AURORA__CALL_TAKEN && row->attempts > 0 &&
           row->first_attempt_at == 0;
}

/* Where the order is another service's, what it was told may be lost; the order itself does not ask
 * once it is settled. */
static void repeat_later(aurora__payment_turn *turn)
{
    const aurora__policy *policy = turn->step->policy;
    aurora__payment_row *row = &turn->row;
    int64_t pause = turn->step->now_ms - row->parked_at;
    if ((policy->modules & AURORA__MODULE_ORDER) != 0)
        return;
    pause = pause < policy->resend_first_ms ? policy->resend_first_ms : pause;
    row->due_at =
        turn->step->now_ms + (pause < policy->resend_max_ms ? pause : policy->resend_max_ms);
    row->first_attempt_at = 0;
    row->attempts = row->attempts > 0 ? row->attempts : 1;
}

aurora_status aurora__payment_give_up(aurora__payment_turn *turn)
{
    turn->row.due_at = 0;
    turn->row.parked_at = turn->step->now_ms;
    turn->is_changed = true;
    repeat_later(turn);
    if (AURORA_PLANT(PARK_SILENTLY))
        return AURORA_OK;
    return aurora__payment_emit(turn, AURORA_EVENT_PAYMENT_PARKED, false);
}

static bool is_exhausted(const aurora__payment_turn *turn)
{
    const aurora__policy *policy = turn->step->policy;
    const aurora__payment_row *row = &turn->row;
    if (AURORA_PLANT(RETRY_WITHOUT_END))
        return false;
    return row->attempts >= policy->attempts_max ||
           (row->attempts >= policy->park_attempts_min &&
            turn->step->now_ms - row->first_attempt_at >= policy->park_after_ms);
}

static int64_t backoff(const aurora__policy *policy, int64_t attempts)
{
    int64_t pause = AURORA_PLANT(RETRY_AT_ONCE) ? 0 : policy->retry_first_ms;
    for (int64_t i = 1; i < attempts && pause < policy->retry_max_ms; i++)
        pause *= 2;
    return pause < policy->retry_max_ms ? pause : policy->retry_max_ms;
}

aurora_status aurora__payment_attempt_failed(aurora__payment_turn *turn, int64_t failed_at,
                                             int64_t retry_after_ms)
{
    const aurora__policy *policy = turn->step->policy;
    turn->is_changed = true;
    turn->row.call = AURORA_PLANT(SEND_UNASKED) ? AURORA__CALL_WAITING : AURORA__CALL_ASK;
    if (is_exhausted(turn))
        return aurora__payment_give_up(turn);
    int64_t pause = backoff(policy, turn->row.attempts);
    /* A provider may slow us down, but not so far that giving up is put off without end. */
    if (retry_after_ms > policy->park_after_ms)
        retry_after_ms = policy->park_after_ms;
    turn->row.due_at = failed_at + (retry_after_ms > pause ? retry_after_ms : pause);
    if (AURORA_PLANT(NO_RETRY))
        turn->row.due_at = 0;
    return AURORA_OK;
}

aurora_status aurora__payment_keys(aurora__step *step, const aurora_id *order_id)
{
    aurora__key payment = aurora__key_uuid(AURORA__TABLE_payment, order_id);
    aurora_status rc = aurora__rows_want(step->rows, &payment);
    if (rc != AURORA_OK || (step->policy->modules & AURORA__MODULE_ORDER) == 0)
        return rc;
    aurora__key order = aurora__key_uuid(AURORA__TABLE_order, order_id);
    return aurora__rows_want(step->rows, &order);
}

/* --- take ------------------------------------------------------------------------------------- */

static bool is_due(const aurora__payment_turn *turn)
{
    return turn->row.verb != 0 && turn->row.due_at != 0 && turn->row.due_at <= turn->step->now_ms;
}

/* What the time that went by did to the call before anybody takes it. */
static aurora_status catch_up(aurora__payment_turn *turn)
{
    aurora__payment_row *row = &turn->row;
    if (row->call == AURORA__CALL_TAKEN)
        return aurora__payment_attempt_failed(turn, row->due_at, 0);
    int64_t too_late = turn->step->now_ms - turn->step->policy->late_grace_ms;
    if (row->state != AURORA__PAYMENT_AUTHORIZING || row->call != AURORA__CALL_WAITING ||
        row->attempts > 0 || row->deadline_at == 0 || too_late <= row->deadline_at)
        return AURORA_OK;
    row->reason = AURORA_REASON_LATE;
    return aurora__payment_apply(turn, AURORA__PAYMENT_ON_AUTHORIZE_DECLINED);
}

static void lease(aurora__payment_turn *turn, int64_t lease_ms, aurora__payment_task *task_out)
{
    aurora__payment_row *row = &turn->row;
    bool is_query = row->call == AURORA__CALL_ASK;
    row->call = AURORA__CALL_TAKEN;
    row->attempts++;
    if (row->first_attempt_at == 0)
        row->first_attempt_at = turn->step->now_ms;
    row->due_at = turn->step->now_ms + lease_ms;
    turn->is_changed = true;
    *task_out = (aurora__payment_task){.id = aurora__task_id(&row->order_id, (int32_t)row->verb),
                                       .order_id = row->order_id,
                                       .authorize_id =
                                           aurora__task_id(&row->order_id, AURORA_VERB_AUTHORIZE),
                                       .verb = (int32_t)row->verb,
                                       .is_query = is_query,
                                       .attempt = row->attempts,
                                       .amount_minor = row->amount_minor,
                                       .lease_at = row->due_at,
                                       .currency = row->currency,
                                       .payment_method = row->payment_method,
                                       .provider_reference = row->provider_reference,
                                       .saga = turn->saga};
    if (AURORA_PLANT(REFUND_SHORT) && row->verb == AURORA_VERB_REFUND)
        task_out->amount_minor--;
}

aurora_status aurora__payment_take(aurora__step *step, const aurora_id *order_id, int64_t lease_ms,
                                   aurora__payment_task *task_out, bool *taken_out)
{
    *taken_out = false;
    aurora__payment_turn turn;
    aurora_status rc = aurora__payment_open(&turn, step, order_id, NULL);
    if (rc != AURORA_OK || !turn.is_found || !is_due(&turn))
        return rc;
    if (is_resting(&turn.row)) {
        repeat_later(&turn);
        turn.is_changed = true;
        rc = aurora__payment_emit(&turn, AURORA_EVENT_PAYMENT_PARKED, true);
        return rc == AURORA_OK ? aurora__payment_close(&turn) : rc;
    }
    rc = catch_up(&turn);
    if (rc != AURORA_OK)
        return rc;
    bool is_taken = is_due(&turn);
    if (is_taken)
        lease(&turn, lease_ms, task_out);
    rc = aurora__payment_close(&turn);
    *taken_out = rc == AURORA_OK && is_taken;
    return rc;
}

aurora_status aurora__payment_give_back(aurora__step *step, const aurora_id *task_id,
                                        int64_t lease_at, bool was_query, int64_t pause_ms)
{
    int32_t verb;
    aurora_id order_id = aurora__task_order(task_id, &verb);
    aurora__payment_turn turn;
    aurora_status rc = aurora__payment_open(&turn, step, &order_id, NULL);
    if (rc != AURORA_OK || !turn.is_found || turn.row.call != AURORA__CALL_TAKEN ||
        turn.row.verb != verb || turn.row.attempts < 1)
        return rc;
    if (lease_at != 0 && turn.row.due_at != lease_at)
        return AURORA_OK;
    turn.row.attempts--;
    if (turn.row.attempts == 0)
        turn.row.first_attempt_at = 0;
    turn.row.call = was_query || lease_at == 0 ? AURORA__CALL_ASK : AURORA__CALL_WAITING;
    turn.row.due_at = step->now_ms + pause_ms;
    turn.is_changed = true;
    return aurora__payment_close(&turn);
}

/* --- finish ----------------------------------------------------------------------------------- */

/* The wanted call's own outcome where it leaves the state: refused for good, or never arrived. */
static aurora_status take_refusal(aurora__payment_turn *turn, const char *code)
{
    turn->row.call = AURORA__CALL_NONE;
    turn->row.decline_code = code;
    return aurora__payment_give_up(turn);
}

static aurora_status take_not_found(aurora__payment_turn *turn)
{
    aurora__payment_row *row = &turn->row;
    if (row->call != AURORA__CALL_TAKEN && row->call != AURORA__CALL_ASK)
        return AURORA_OK;
    bool has_given_up = row->due_at == 0 || is_resting(row);
    row->call = AURORA__CALL_WAITING;
    turn->is_changed = true;
    if (has_given_up)
        return AURORA_OK;
    if (is_exhausted(turn))
        return aurora__payment_give_up(turn);
    row->due_at = turn->step->now_ms;
    return AURORA_OK;
}

static aurora_status take_no_outcome(aurora__payment_turn *turn,
                                     const aurora__payment_result *result)
{
    aurora__payment_row *row = &turn->row;
    if (row->call != AURORA__CALL_TAKEN)
        return AURORA_OK;
    /* Only an authorization has no older reference that this one would hide. */
    if (row->verb == AURORA_VERB_AUTHORIZE && result->provider_reference != NULL)
        row->provider_reference = result->provider_reference;
    return aurora__payment_attempt_failed(turn, turn->step->now_ms, result->retry_after_ms);
}

/* An outcome that moves the payment. */
static aurora_status take_move(aurora__payment_turn *turn, int32_t verb, int32_t machine_event,
                               const aurora__payment_result *result)
{
    aurora__payment_row *row = &turn->row;
    bool is_charge = verb == AURORA_VERB_AUTHORIZE || verb == AURORA_VERB_CAPTURE;
    if (result->outcome == AURORA_OUTCOME_DONE && is_charge && result->provider_reference != NULL)
        row->provider_reference = result->provider_reference;
    if (result->outcome == AURORA_OUTCOME_DECLINED && row->state == AURORA__PAYMENT_AUTHORIZING)
        row->reason = AURORA_REASON_PAYMENT_DECLINED;
    if (result->outcome == AURORA_OUTCOME_DECLINED &&
        (row->state == AURORA__PAYMENT_AUTHORIZING || row->state == AURORA__PAYMENT_VOIDING))
        row->decline_code = result->code;
    bool was_rechecking = row->state == AURORA__PAYMENT_RECHECKING;
    aurora_status rc = aurora__payment_apply(turn, machine_event);
    if (rc != AURORA_OK || !was_rechecking || row->state != AURORA__PAYMENT_VOIDING)
        return rc;
    row->attempts = 1; /* nothing was captured: the void's refusal stands */
    return take_refusal(turn, row->decline_code);
}

/* A refusal that has parked the payment already. */
static bool is_known_refusal(const aurora__payment_row *row, int32_t verb, int32_t outcome)
{
    return outcome == AURORA_OUTCOME_DECLINED && row->verb == verb &&
           row->call == AURORA__CALL_NONE;
}

/* That nothing was captured contradicts the refused void: the capture may still be under way, or
 * this is an old answer that comes late. It counts once it was asked often enough. */
static bool is_doubtful(const aurora__payment_turn *turn, int32_t verb, int32_t outcome)
{
    const aurora__payment_row *row = &turn->row;
    return row->state == AURORA__PAYMENT_RECHECKING && row->verb == verb &&
           row->attempts < turn->step->policy->park_attempts_min &&
           (outcome == AURORA_OUTCOME_DECLINED || outcome == AURORA_OUTCOME_NOT_FOUND);
}

static aurora_status merge(aurora__payment_turn *turn, int32_t verb,
                           const aurora__payment_result *result)
{
    bool is_open =
        result->outcome == AURORA_OUTCOME_PENDING || result->outcome == AURORA_OUTCOME_UNKNOWN;
    int32_t event =
        aurora__payment_result_event(verb, is_open ? AURORA_OUTCOME_DONE : result->outcome);
    int32_t next = aurora_machine_next(&aurora__payment_machine, (int32_t)turn->row.state, event);
    if (next == 0)
        return AURORA_ENOTFOUND;
    if (is_known_refusal(&turn->row, verb, result->outcome))
        return AURORA_OK;
    if (is_doubtful(turn, verb, result->outcome))
        return take_no_outcome(turn, result);
    if (!is_open && next != turn->row.state)
        return take_move(turn, verb, event, result);
    if (turn->row.verb != verb || result->outcome == AURORA_OUTCOME_DONE)
        return AURORA_OK;
    switch (result->outcome) {
    case AURORA_OUTCOME_DECLINED:
        return take_refusal(turn, result->code);
    case AURORA_OUTCOME_NOT_FOUND:
        return take_not_found(turn);
    default:
        return take_no_outcome(turn, result);
    }
}

/* The result with its texts in the step's arena: the command that brought them may be gone before
 * the row is saved. */
static aurora_status copy_result(aurora__step *step, const aurora__payment_result *result,
                                 aurora__payment_result *copy_out)
{
    *copy_out = *result;
    copy_out->provider_reference = aurora__arena_text(step->arena, result->provider_reference);
    copy_out->code = aurora__arena_text(step->arena, result->code);
    bool is_out_of_memory =
        (copy_out->provider_reference == NULL && result->provider_reference != NULL) ||
        (copy_out->code == NULL && result->code != NULL);
    return is_out_of_memory ? AURORA_ENOMEM : AURORA_OK;
}

aurora_status aurora__payment_finish(aurora__step *step, const aurora_id *task_id,
                                     const aurora__payment_result *result)
{
    int32_t verb;
    aurora_id order_id = aurora__task_order(task_id, &verb);
    if (verb == 0)
        return AURORA_ENOTFOUND;
    if (result->outcome < AURORA_OUTCOME_DONE || result->outcome > AURORA_OUTCOME_UNKNOWN)
        return aurora__step_refuse(step, AURORA_EINVAL, "outcome", "is none that a payment has");
    aurora__payment_turn turn;
    aurora_status rc = aurora__payment_open(&turn, step, &order_id, NULL);
    if (rc != AURORA_OK)
        return rc;
    if (!turn.is_found || turn.row.is_inline)
        return AURORA_ENOTFOUND;
    aurora__payment_result copy;
    rc = copy_result(step, result, &copy);
    if (rc == AURORA_OK)
        rc = merge(&turn, verb, &copy);
    return rc == AURORA_OK ? aurora__payment_close(&turn) : rc;
}

/* --- for people ------------------------------------------------------------------------------- */

const char *aurora__payment_parked_reason(const aurora__payment_row *row)
{
    if (row->parked_at == 0)
        return NULL;
    if (row->state == AURORA__PAYMENT_ORPHANED && row->call != AURORA__CALL_NONE)
        return "the order completed without a payment here";
    if (row->verb != 0 && row->due_at != 0 && !is_resting(row))
        return "is being tried again";
    if (row->verb == 0)
        return "an event could not be taken";
    if (row->call == AURORA__CALL_NONE)
        return "the provider refused for good";
    return "no outcome after all attempts";
}
