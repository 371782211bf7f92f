/* SPDX-License-Identifier: MIT */
/* What a payment answers to the events of its order. */
#include "core/payment_turn.h"
#include "core/simulator.h"

#include <aurora/event.h>
#include <aurora/order.h>
#include <aurora/saga.h>

/* The stored answer again, for an order that may have missed it. A payment that waits for the
 * provider has none yet. */
static aurora_status restate(aurora__payment_turn *turn)
{
    int32_t kind = turn->row.parked_at != 0 ? AURORA_EVENT_PAYMENT_PARKED
                                            : aurora__payment_answer((int32_t)turn->row.state);
    return kind == 0 ? AURORA_OK : aurora__payment_emit(turn, kind, true);
}

static bool is_inline(const aurora__step *step, const aurora__saga *saga)
{
    if (saga->total_minor == 0)
        return true;
    return step->policy->provider == AURORA__PROVIDER_SIMULATOR &&
           step->policy->simulator_latency_ms == 0 &&
           aurora__simulator_answers_at_once(saga->payment_method);
}

static void begin(aurora__payment_turn *turn)
{
    aurora__payment_row *row = &turn->row;
    row->amount_minor = turn->saga->total_minor;
    row->currency = turn->saga->currency;
    row->payment_method = turn->saga->payment_method;
    row->deadline_at = turn->saga->deadline_at;
    row->created_at = turn->step->now_ms;
    row->is_inline = is_inline(turn->step, turn->saga);
}

static bool is_late(const aurora__step *step, int64_t deadline_at)
{
    return deadline_at != 0 && step->now_ms - step->policy->late_grace_ms > deadline_at;
}

static aurora_status on_reserved(aurora__payment_turn *turn)
{
    if (!is_late(turn->step, turn->saga->deadline_at))
        return aurora__payment_apply(turn, AURORA__PAYMENT_ON_RESERVED);
    if (!turn->is_found)
        turn->row.reason = AURORA_REASON_LATE;
    return aurora__payment_apply(turn, AURORA__PAYMENT_ON_LATE);
}

/* The order is over. A call that nobody took is withdrawn; one whose fate is known already needs
 * not be asked for. */
static aurora_status on_ended(aurora__payment_turn *turn, int32_t reason)
{
    aurora__payment_row *row = &turn->row;
    int32_t before = (int32_t)row->state;
    int64_t call = row->call;
    bool is_sent = row->attempts > 0;
    if (aurora__payment_answer(before) != AURORA_EVENT_PAYMENT_VOIDED &&
        aurora__payment_answer(before) != AURORA_EVENT_PAYMENT_REFUNDED)
        row->reason = reason;
    if (call == AURORA__CALL_WAITING && !is_sent &&
        aurora_machine_next(&aurora__payment_machine, before, AURORA__PAYMENT_ON_UNSENT) != 0)
        return aurora__payment_apply(turn, AURORA__PAYMENT_ON_UNSENT);
    aurora_status rc = aurora__payment_apply(turn, AURORA__PAYMENT_ON_ENDED);
    if (rc != AURORA_OK || row->state == before)
        return rc;
    if (row->state != AURORA__PAYMENT_ABORTING && row->state != AURORA__PAYMENT_RETURNING)
        return AURORA_OK;
    int32_t verb = (int32_t)row->verb;
    if (call == AURORA__CALL_NONE)
        return aurora__payment_apply(turn,
                                     aurora__payment_result_event(verb, AURORA_OUTCOME_DECLINED));
    if (call == AURORA__CALL_WAITING)
        return aurora__payment_apply(turn,
                                     aurora__payment_result_event(verb, AURORA_OUTCOME_NOT_FOUND));
    return AURORA_OK;
}

/* A payment at rest is parked by an event that was refused: a mark of what it is already. */
static bool is_mark_of_rest(const aurora__payment_row *row, int32_t result)
{
    static const int32_t kinds[] = {[AURORA_RESULT_AUTHORIZED] = AURORA_EVENT_PAYMENT_AUTHORIZED,
                                    [AURORA_RESULT_DECLINED] = AURORA_EVENT_PAYMENT_DECLINED,
                                    [AURORA_RESULT_CAPTURED] = AURORA_EVENT_PAYMENT_CAPTURED,
                                    [AURORA_RESULT_VOIDED] = AURORA_EVENT_PAYMENT_VOIDED,
                                    [AURORA_RESULT_REFUNDED] = AURORA_EVENT_PAYMENT_REFUNDED};
    return row->verb == 0 && result >= AURORA_RESULT_AUTHORIZED &&
           result <= AURORA_RESULT_REFUNDED &&
           aurora__payment_answer((int32_t)row->state) == kinds[result];
}

bool aurora__payment_can_mark(const aurora__payment_row *row, int32_t result)
{
    int32_t event = AURORA__PAYMENT_ON_MARK_AUTHORIZED + (result - AURORA_RESULT_AUTHORIZED);
    if (result < AURORA_RESULT_AUTHORIZED || result > AURORA_RESULT_REFUNDED)
        return false;
    return aurora_machine_next(&aurora__payment_machine, (int32_t)row->state, event) != 0 ||
           is_mark_of_rest(row, result);
}

static aurora_status mark(aurora__payment_turn *turn, int32_t result)
{
    int32_t event = AURORA__PAYMENT_ON_MARK_AUTHORIZED + (result - AURORA_RESULT_AUTHORIZED);
    int32_t state = (int32_t)turn->row.state;
    if (!aurora__payment_can_mark(&turn->row, result))
        return restate(turn); /* a result that this step cannot have leaves it parked */
    if (is_mark_of_rest(&turn->row, result)) {
        turn->row.parked_at = 0;
        turn->is_changed = true;
        return restate(turn);
    }
    if (event == AURORA__PAYMENT_ON_MARK_DECLINED && state == AURORA__PAYMENT_AUTHORIZING)
        turn->row.reason = AURORA_REASON_PAYMENT_DECLINED;
    return aurora__payment_apply(turn, event);
}

static aurora_status on_repair(aurora__payment_turn *turn, const aurora__event *event)
{
    aurora__payment_row *row = &turn->row;
    if (row->parked_at == 0)
        return restate(turn); /* the order shows it as parked: it missed our answer */
    if (event->action == AURORA_REPAIR_MARK)
        return mark(turn, event->result);
    if (event->action != AURORA_REPAIR_RETRY)
        return AURORA_OK;
    turn->is_changed = true;
    if (row->verb != 0) {
        aurora__payment_renew(turn);
        return AURORA_OK;
    }
    /* No call had failed: an event was refused, and the payment itself is at rest. */
    row->parked_at = 0;
    return restate(turn);
}

static aurora_status decide(aurora__payment_turn *turn, const aurora__event *event)
{
    switch (event->kind) {
    case AURORA_EVENT_INVENTORY_RESERVED:
        return on_reserved(turn);
    case AURORA_EVENT_ORDER_COMPLETED:
        return turn->is_found ? aurora__payment_apply(turn, AURORA__PAYMENT_ON_COMPLETED)
                              : AURORA__EORPHAN;
    case AURORA_EVENT_ORDER_FAILED:
    case AURORA_EVENT_ORDER_CANCELLED:
        return on_ended(turn, event->reason);
    default:
        return AURORA_OK;
    }
}

aurora_status aurora__payment_on_event(aurora__step *step, const aurora__event *event)
{
    bool is_repair = event->kind == AURORA_EVENT_ORDER_REPAIR;
    if (is_repair && event->participant != AURORA_PARTICIPANT_PAYMENT)
        return AURORA_OK;
    aurora__payment_turn turn;
    aurora_status rc = aurora__payment_open(&turn, step, &event->order_id, event);
    if (rc != AURORA_OK)
        return rc;
    if (turn.saga->total_minor < 0)
        return AURORA_EOVERFLOW;
    if (!turn.is_found && !is_repair)
        begin(&turn);
    rc = is_repair ? on_repair(&turn, event) : decide(&turn, event);
    bool is_told = turn.is_changed || is_repair || !event->is_resend;
    if (rc == AURORA_OK && !is_told)
        rc = restate(&turn);
    if (rc == AURORA__EILLEGAL && event->is_resend && turn.row.parked_at != 0)
        return restate(&turn); /* parked because of this very event */
    return rc == AURORA_OK ? aurora__payment_close(&turn) : rc;
}

aurora_status aurora__payment_park(aurora__step *step, const aurora__event *event)
{
    aurora__payment_turn turn;
    aurora_status rc = aurora__payment_open(&turn, step, &event->order_id, event);
    bool is_readable = rc == AURORA_OK;
    if (!is_readable && rc != AURORA_ECORRUPT)
        return rc;
    if (!is_readable) { /* the damaged row stays as it is, and nothing of it is told */
        turn = (aurora__payment_turn){.step = step, .saga = event->saga};
        turn.row.order_id = event->order_id;
        rc = AURORA_OK;
    }
    if (is_readable && !turn.is_found && event->kind == AURORA_EVENT_ORDER_COMPLETED &&
        event->saga != NULL) {
        begin(&turn);
        turn.row.is_inline = 0; /* an answer given inline went away with its row */
        rc = aurora__payment_apply(&turn, AURORA__PAYMENT_ON_ORPHANED);
        turn.row.call = AURORA__CALL_ASK;
        turn.row.due_at = 0;
    }
    if (turn.is_found || turn.is_changed) {
        turn.is_changed = true;
        turn.row.parked_at = step->now_ms;
    }
    if (rc == AURORA_OK && turn.saga == NULL)
        rc = aurora__payment_saga_load(&turn);
    if (rc != AURORA_OK)
        return rc;
    turn.order_version = event->order_version;
    rc = aurora__payment_emit(&turn, AURORA_EVENT_PAYMENT_PARKED, false);
    return rc == AURORA_OK ? aurora__payment_close(&turn) : rc;
}
